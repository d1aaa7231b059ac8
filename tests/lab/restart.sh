#!/bin/sh
# SPDX-License-Identifier: ISC
# Restarts of nodes and what proves that they are back (run by tests/lab/run.sh
# inside the lab): services, old kernels, host keys, nodes that do not go down or
# do not stay up, soft reboots.
# The hooks expand on the node, the verdicts are evaluated.
# shellcheck disable=SC2016,SC2034,SC1091,SC2086,SC2154
. "$(dirname "$0")/common.sh"

# lets NODE FILE: standard input becomes a file of the node.
lets() {
	lab in "$1" sh -c "mkdir -p \"\$(dirname '$2')\" && cat >'$2'"
}

# A node as it was, and an installer that asks for a restart.
afresh() {
	lab wait n1
	fresh
	installer 1.sh 'exit 194'
	lab in n1 sh -c 'rm -rf /etc/lab-* /run/lab-failed /run/lab-jobs /run/lab-kexec /lib/modules/cau-* \
		/boot/*-cau-* /usr/local/sbin/uname /usr/local/sbin/kexec /var/lib/lab
		echo running >/run/lab-state
		mkdir -p /var/lib/lab'
}

# at_boot: standard input runs on n1 before sshd, at each start. when_asked N
# COMMAND in it runs COMMAND once systemctl has been asked N times.
at_boot() {
	{
		echo 'rm -f /run/lab-asked
		when_asked() {
			( until [ -e /run/lab-asked ] && [ "$(wc -l </run/lab-asked)" -ge "$1" ]; do sleep 0.02; done
			shift; "$@" ) >/dev/null 2>&1 &
		}
		say() { echo "$1" >"/run/lab-$2"; }'
		cat
	} | lets n1 /etc/lab-boot
}

# Ends the restarts of n1, which may be on its way down.
enough() {
	until lab in n1 touch /var/lib/lab/enough && lab crash n1; do lab wait n1; done 2>/dev/null
	lab wait n1
}

# restart ARGS...: the run. The last of an option counts.
restart() {
	cau run --nodes n1 --rsh "$rsh" --root "$top/root" --max-retries-per-node 0 --settle-time 0s "$@"
}

# With or without a node's error, which both may hold more.
error() {
	report '.nodes[0].error // ""' | grep -qF "$1" || {
		report '.nodes[0].error' >>err
		false
	}
}

# came_to WORD: the result of the last restart in the report.
came_to() {
	is "$1" "$(report '.nodes[0].reboots[-1].result')"
}

reboots() {
	report '.nodes[0].reboots | length'
}

# What is wrong with a node that is back.
flaw() {
	cat state/runs/*/journal.jsonl >journal
	jq -r 'select(.op == "Restart" and .outcome == "flawed") | .error' journal | grep -qF "$1" || {
		grep Restart journal >>err
		false
	}
}

flawless() {
	! grep -q flawed state/runs/*/journal.jsonl
}

# Services.
afresh
printf '%s\n' a.service | lets n1 /run/lab-failed
lab in n1 sh -c 'echo degraded >/run/lab-state'
at_boot <<'X'
say degraded up
printf '%s\n' a.service 'b\x2d1.service' c.mount d.timer e.service >/run/lab-failed
X
restart
rc=$?
verdict "services that failed in the restart" eval 'came_to ServicesFailed && [ $rc != 0 ] &&
	error "the node is back, but services have failed that had not failed before: b\\x2d1.service, c.mount, d.timer and 1 more" &&
	is 1 "$(reboots)"'

afresh
printf '%s\n' a.service z.service | lets n1 /run/lab-failed
lab in n1 sh -c 'echo degraded >/run/lab-state'
at_boot <<'X'
say degraded up
say z.service failed
X
restart
rc=$?
verdict "services that had failed before" eval 'came_to Restarted && is 0 $rc && flawless && is Succeeded "$(report .status)"'

afresh
at_boot <<'X'
say starting up
printf '%s\n' 'later.service waiting' 'slow.service running' >/run/lab-jobs
X
restart --reboot-timeout 3s
rc=$?
verdict "services that do not come up in time" eval 'came_to ServicesNotStarted && [ $rc != 0 ] &&
	error "the node is back, but did not start all its services within 3.0 s (it is starting): waiting for slow.service, later.service"'

afresh
at_boot <<'X'
say maintenance up
X
restart --reboot-timeout 2s
rc=$?
verdict "a node in maintenance" eval '[ $rc != 0 ] && error "within 2.0 s (it is maintenance)"'

afresh
at_boot <<'X'
say starting up
when_asked 3 say running state
X
restart
rc=$?
verdict "services are waited for" eval 'is 0 $rc && flawless &&
	[ "$(lab in n1 grep -c starting /run/lab-asked)" -ge 3 ]'

afresh
at_boot <<'X'
say offline up
: >/run/nologin
when_asked 3 rm /run/nologin
X
restart
rc=$?
verdict "without systemd: until logins are allowed" eval 'is 0 $rc && flawless &&
	[ "$(lab in n1 grep -c offline /run/lab-asked)" -ge 3 ]'

# A node that does not go down.
afresh
: | lets n1 /etc/lab-deaf
restart --reboot-timeout 2s
rc=$?
verdict "a node that does not go down" eval 'came_to NotDown && [ $rc != 0 ] &&
	error "the node did not go down within 2.0 s (its boot id is still $(lab bootid n1 | cut -c 1-8))"'

afresh
: | lets n1 /etc/lab-refuse
old=$(lab bootid n1)
restart
rc=$?
verdict "a node that refuses" eval 'came_to Refused && [ $rc != 0 ] && is "$old" "$(lab bootid n1)" &&
	error "the node could not be restarted: reboot: Access denied" &&
	is "" "$(lab in n1 find /var/lib/cau/node -name restart -o -name restart.new)"'

# A node that restarts by itself.
afresh
at_boot <<'X'
say starting up
if mkdir /var/lib/lab/once; then when_asked 1 systemctl reboot; else say running up; fi
X
old=$(lab reboots n1)
restart
rc=$?
verdict "a second restart while it comes up" eval 'came_to RestartedAgain && is 3 $rc && is 2 $(($(lab reboots n1) - old)) &&
	flaw "it restarted again by itself while it was coming up" &&
	is "$(lab bootid n1)" "$(report ".nodes[0].reboots[0].boot_id_after")"'

afresh
at_boot <<'X'
say starting up
[ -e /var/lib/lab/enough ] || when_asked 1 systemctl reboot
X
restart --reboot-timeout 5s
rc=$?
verdict "a node that restarts again and again" eval 'came_to Unstable && [ $rc != 0 ] &&
	error "the node does not stay up: it went down" && error "by itself within 5.0 s"'
enough

# kill -9 of the coordinator while services start.
afresh
printf '%s\n' a.service | lets n1 /run/lab-failed
lab in n1 sh -c 'echo degraded >/run/lab-state'
at_boot <<'X'
say starting up
printf '%s\n' a.service b.service >/run/lab-failed
X
old=$(lab reboots n1)
"$CAU" run --state-dir state --nodes n1 --rsh "$rsh" --root "$top/root" --max-retries-per-node 0 >out 2>err &
pid=$!
lab wait n1 $((old + 1))
wait_for n1 /run/lab-asked
kill -9 $pid
wait $pid 2>/dev/null
lab in n1 sh -c 'echo degraded >/run/lab-state'
cau recover
rc=$?
verdict "recover knows what had failed before the restart" eval '[ $rc != 0 ] &&
	error "had not failed before: b.service" && is $((old + 1)) "$(lab reboots n1)"'

# Stopped at once while services start; recover goes on.
afresh
at_boot <<'X'
say starting up
X
old=$(lab reboots n1)
"$CAU" run --state-dir state --nodes n1 --rsh "$rsh" --root "$top/root" --max-retries-per-node 0 >out 2>err &
pid=$!
lab wait n1 $((old + 1))
wait_for n1 /run/lab-asked
kill -TERM $pid
until grep -q stop_requested state/runs/*/journal.jsonl; do :; done
kill -TERM $pid
begin=$(date +%s)
wait $pid
took=$(($(date +%s) - begin))
verdict "stopped at once" eval 'came_to Canceled && [ $took -le 5 ] &&
	error "the run was stopped while the node was restarting"'

# A coordinator that was stopped (^Z) for longer than the limit has not seen that
# the node did not come back in time.
afresh
old=$(lab reboots n1)
"$CAU" run $quick --state-dir state --nodes n1 --rsh "$rsh" --root "$top/root" --max-retries-per-node 0 \
	--reboot-timeout 3s >out 2>err &
pid=$!
until grep -q 'n1: restarting' err; do sleep 0.02; done
kill -STOP $pid
lab wait n1 $((old + 1))
sleep 8
kill -CONT $pid
wait $pid
rc=$?
verdict "the time in which the coordinator was stopped does not count" eval 'is 0 $rc && flawless &&
	is 1 "$(reboots)"'

# Kernels.
kernels() {
	printf '%s\n' '#!/bin/sh' '[ "$1" = -r ] || exec /usr/bin/uname "$@"' 'cat /etc/lab-release' |
		lets n1 /usr/local/sbin/uname
	lab in n1 chmod 755 /usr/local/sbin/uname
	echo "$1" | lets n1 /etc/lab-release
}
# A folder is installed since the boot when a second has begun since.
install_kernel() {
	: | lets n1 "/lib/modules/$1/modules.builtin"
	lab in n1 sh -c 'boot=$(sed -n "s/^btime //p" /proc/stat)
		until [ "$(stat -c %Z "$1")" -gt "$boot" ]; do rmdir "$1/x" 2>/dev/null || mkdir "$1/x"; done' sh "/lib/modules/$1"
}

afresh
kernels cau-6.1.0-9
for k in cau-6.1.0-9 cau-6.1.0-10 cau-6.1.0-8; do install_kernel $k; done
restart
rc=$?
verdict "the old kernel although there is a new one" eval 'came_to OldKernel && is 3 $rc &&
	flaw "the node came back with the old kernel cau-6.1.0-9 although cau-6.1.0-10 is installed: look at its boot loader"'
afresh
kernels cau-6.1.0-9
install_kernel cau-6.1.0-10
at_boot <<'X'
echo cau-6.1.0-10 >/etc/lab-release
X
restart
rc=$?
verdict "the new kernel" eval 'is 0 $rc && flawless'

# Another host key.
new_key='k=/etc/ssh/ssh_host_ed25519_key; [ -e /var/lib/lab/key ] || { rm -f $k $k.pub
	ssh-keygen -q -t ed25519 -N "" -C new -f $k; : >/var/lib/lab/key; }'
for strict in yes no; do
	afresh
	echo "$new_key" | at_boot
	begin=$(date +%s)
	restart --rsh "$rsh -oStrictHostKeyChecking=$strict" --reboot-timeout 5m
	rc=$?
	took=$(($(date +%s) - begin))
	command="ssh-keygen -R n1 -f $LAB/known_hosts"
	verdict "another host key, StrictHostKeyChecking=$strict" eval 'came_to HostKeyChanged && [ $rc != 0 ] && [ $took -lt 60 ] &&
		error "the ssh host key of n1 is not the one that is known" && error "$command"'
	$command >out 2>err
	verdict "the command forgets the key" eval '! grep -q "^n1 " "$LAB/known_hosts"'
	echo "n1 none" >>"$LAB/known_hosts"
	lab trust n1
done

# Softly. A fake kexec(8) loads what it is given.
kexec_tool() {
	printf '%s\n' '#!/bin/sh' 'echo "$*" >>/var/lib/lab/kexec' '[ ! -e /etc/lab-no-kexec ] || exit 1' \
		': >/run/lab-kexec' | lets n1 /usr/local/sbin/kexec
	lab in n1 chmod 755 /usr/local/sbin/kexec
	for k in 9 10; do
		: | lets n1 /boot/vmlinuz-cau-6.1.0-$k
		: | lets n1 /boot/initrd.img-cau-6.1.0-$k
	done
}
kind() {
	cat state/runs/*/journal.jsonl >journal
	is "$1" "$(jq -r 'select(.kind != null) | .kind' journal)"
}

afresh
kernels cau-6.1.0-9
install_kernel cau-6.1.0-10
kexec_tool
echo 'echo cau-6.1.0-10 >/etc/lab-release' | at_boot
restart --attempt-soft-reboot
rc=$?
verdict "kexec into the new kernel" eval 'is 0 $rc && flawless && kind kexec &&
	is "-l /boot/vmlinuz-cau-6.1.0-10 --initrd=/boot/initrd.img-cau-6.1.0-10 --reuse-cmdline" \
		"$(lab in n1 cat /var/lib/lab/kexec)"'

afresh
kernels cau-6.1.0-9
install_kernel cau-6.1.0-10
kexec_tool
: | lets n1 /etc/lab-no-kexec
: | lets n1 /etc/lab-soft-reboot
echo 'echo cau-6.1.0-10 >/etc/lab-release' | at_boot
restart --attempt-soft-reboot
rc=$?
verdict "no kexec and a new kernel: a full restart" eval 'is 0 $rc && flawless && kind full'

afresh
: | lets n1 /etc/lab-soft-reboot
: | lets n1 /boot/initrd.img-cau-6.1.0-9
restart --attempt-soft-reboot
rc=$?
verdict "an initrd has changed: a full restart" eval 'is 0 $rc && flawless && kind full'

for count in 0 -; do
	afresh
	: | lets n1 /etc/lab-soft-reboot
	: | lets n1 /run/reboot-required
	lab in n1 sh -c "echo '$count 1' >/run/lab-soft"
	# Without the count, jobs tell that it has not started what is to be started.
	[ $count = 0 ] || at_boot <<'X'
echo 'slow.service running' >/run/lab-jobs
when_asked 3 rm /run/lab-jobs
X
	old=$(lab bootid n1)
	restart --attempt-soft-reboot
	rc=$?
	verdict "a soft reboot keeps the boot id (count of systemd: $count)" eval 'is 0 $rc && flawless &&
		kind soft && is "$old" "$(lab bootid n1)" && is 1 "$(reboots)" &&
		is 2 "$(lab in n1 sed "s/.* //" /run/lab-soft)" &&
		lab in n1 test ! -e /run/lab-jobs -a ! -e /run/reboot-required'
done

afresh
: | lets n1 /etc/lab-soft-reboot
: | lets n1 /etc/lab-deaf
restart --attempt-soft-reboot --reboot-timeout 2s
rc=$?
verdict "a soft reboot that does not happen" eval '[ $rc != 0 ] && error "did not go down within 2.0 s"'

afresh
lab in n1 mkdir /run/nextroot
restart --reboot-timeout 10s
rc=$?
verdict "a root that waits for a soft reboot: a full restart all the same" eval 'is 0 $rc && flawless && kind full'

# Two plug-ins, whose updates both ask for a restart.
cat >second <<'X'
#!/bin/sh
case $1 in
describe) echo '{"type":"description","protocol":1,"name":"Lab.Second","version":"1","runs_on":"node","stage":false}' ;;
scan) [ -e /var/lib/lab/second ] || echo '{"type":"update","id":"s1"}' ;;
stage) ;;
install)
	: >/var/lib/lab/second
	echo '{"type":"result","id":"s1","result":"Succeeded","reboot_required":true}'
	;;
*) exit 2 ;;
esac
X
chmod 755 second
# both WORD...: the run.
both() {
	afresh
	"$CAU" plugin register "$top/second" --state-dir state >out 2>err
	cau run --nodes n1 --rsh "$rsh" --max-retries-per-node 0 --settle-time 0s \
		-p Microsoft.HotfixPlugin,Lab.Second \
		-a "HotfixRootFolderPath=$top/root" -a '' "$@"
}
steps() {
	cat state/runs/*/journal.jsonl | jq -r 'select(.event == "op_started" and
		(.op == "Install" or .op == "Restart")) | .op' | tr '\n' ' '
}
both
rc=$?
verdict "two plug-ins: one restart after both" eval 'is 0 $rc &&
	is "Install Install Restart " "$(steps)"'
both --separate-reboots
rc=$?
verdict "two plug-ins, --separate-reboots: each has its own, before the next one installs" eval 'is 0 $rc &&
	is "Install Restart Install Restart " "$(steps)" &&
	is "1.sh asked for it, s1 asked for it" \
		"$(report "[.nodes[0].reboots[].reason] | join(\", \")" | sed s,CAUHotfix_All/,,)"'

# It has to stay up.
afresh
at_boot <<'X'
! mkdir /var/lib/lab/once || when_asked 2 systemctl reboot
X
old=$(lab reboots n1)
restart --settle-time 3s
rc=$?
verdict "a second restart after it was up" eval 'is 3 $rc && is 2 $(($(lab reboots n1) - old)) &&
	flaw "it restarted again by itself while it was coming up"'
afresh
at_boot <<'X'
[ -e /var/lib/lab/enough ] || when_asked 2 systemctl reboot
X
restart --settle-time 3s --reboot-timeout 4s
rc=$?
verdict "a node that restarts whenever it was up" eval '[ $rc != 0 ] &&
	error "the node does not stay up: it went down"'
enough

[ "$bad" = 0 ]
