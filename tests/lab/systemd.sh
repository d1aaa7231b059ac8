#!/bin/sh
# SPDX-License-Identifier: ISC
# The complete Updating Run on three real nodes (run by tests/lab/run.sh inside
# nspawn.sh): systemd, sshd, `systemctl reboot`. What only such nodes can show:
# services that do not come up, late, double and failed restarts, scripts,
# stop, two coordinators.
# The installers expand on the node, the verdicts are evaluated.
# shellcheck disable=SC2016,SC2034,SC1091,SC2086,SC2154
. "$(dirname "$0")/common.sh"

# The commands that take a node out and in note their turns here.
cat >tool <<'X'
echo "$@" >>order
X
cat >pre <<X
#!/bin/sh
echo "pre \$(systemctl is-active ssh)"
X
cat >post <<X
#!/bin/sh
[ "\$(systemctl is-active ssh)" = active ] && echo "post \$(cut -d. -f1 /proc/uptime)"
X
chmod 755 pre post


start() {
	for n in $LAB_NODES; do
		lab wait "$n"
		lab in "$n" sh -c 'systemctl is-system-running --wait >/dev/null; rm -f /var/lib/waiting'
	done
	fresh
	rm -f order
}

# drained WORD...: a run of the three nodes.
drained() {
	run --suspend-command 'sh tool out' --resume-command 'sh tool in' "$@"
}

# began WORD...: the same on n1 in the background, as $pid.
began() {
	"$CAU" run $quick --state-dir state --nodes n1 --rsh "$rsh" --root "$top/root" \
		--suspend-command 'sh tool out' --resume-command 'sh tool in' "$@" >out 2>err &
	pid=$!
}

# told TEXT: until the run in the background has said so.
told() {
	until grep -q "$1" err; do sleep 0.02; done
}

waits='while [ ! -e /var/lib/go ]; do sleep 0.05; done'

start
installer 1.sh 'exit 0'
installer 2.sh 'echo new >/etc/motd' 'exit 194'
drained --pre-update-script pre --post-update-script post
rc=$?
verdict "three nodes with scripts, drain and a real restart" eval 'is 0 $rc &&
	is "out n1
in n1
out n2
in n2
out n3
in n3" "$(cat order)" &&
	is "1 1 1" "$(lab reboots n1) $(lab reboots n2) $(lab reboots n3)" &&
	is "full full full" "$(report "[.nodes[].reboots[].kind] | join(\" \")")" &&
	is "pre active" "$(cat state/runs/*/log/n2/pre-script-1.log)" &&
	grep -q "^post" state/runs/*/log/n3/post-script-1.log'
verdict "a second run touches nothing" eval 'drained --pre-update-script pre &&
	is 6 "$(wc -l <order)" && is 1 "$(lab reboots n1)"'

start
installer 1.sh 'exit 194'
echo 9000 >"$LAB/n2/down_ms"
drained --reboot-timeout 4s --connect-timeout 1s --max-retries-per-node 20
rc=$?
echo 200 >"$LAB/n2/down_ms"
verdict "a node that comes back late is seen by a further attempt" eval 'is 0 $rc &&
	is "Succeeded null" "$(report ".nodes[1] | \"\(.status) \(.error)\"")" &&
	is Restarted "$(report ".nodes[1].reboots | map(.result) | join(\" \")")" &&
	grep -q "cured: .*did not come back within 4.0 s" out &&
	is 1 "$(grep -c "out n2" order)"'

start
installer 1.sh 'exit 194'
lab noreturn n1
drained --reboot-timeout 3s --connect-timeout 1s --max-retries-per-node 0
rc=$?
verdict "a node that never comes back: kept out, told loudly, the others not touched" eval 'is 1 $rc &&
	is "out n1" "$(cat order)" &&
	grep -q "LEFT OUT OF SERVICE.*run: sh tool in n1" out &&
	grep -q "did not come back within 3.0 s" out && is NotBack "$(report ".nodes[0].reboots[0].result")" &&
	is "Canceled Canceled" "$(report "[.nodes[1,2].status]|join(\" \")")"'
lab allow n1

start
installer 1.sh 'exit 194'
lab in n1 mount --bind /bin/true /usr/bin/systemctl
drained --reboot-timeout 2s --max-retries-per-node 0 --connect-timeout 1s
rc=$?
lab in n1 umount /usr/bin/systemctl
verdict "a node that never goes down" eval 'is 1 $rc &&
	grep -q "did not go down within 2.0 s" out && is "out n1" "$(cat order)"'
sh tool in n1
n=$(lab reboots n1)
drained
rc=$?
verdict "its restart comes with the next run, which installs nothing there" eval 'is 0 $rc &&
	is $((n + 1)) "$(lab reboots n1)" && is "n1 1.sh
n2 1.sh
n3 1.sh" "$(starts)" &&
	report ".nodes[0].reboots[0].reason" | grep -q "^CAUHotfix_All/1.sh asked for it in run "'

start
installer 1.sh 'cat >/etc/systemd/system/broken.service <<Y
[Service]
Type=oneshot
ExecStart=/bin/false
[Install]
WantedBy=multi-user.target
Y
systemctl enable -q broken.service' 'exit 194'
drained --max-retries-per-node 1
rc=$?
verdict "a service that fails after the restart: kept out, and named" eval 'is 1 $rc &&
	grep -q "error: .*broken.service" out && is "out n1" "$(cat order)" &&
	is "Canceled Canceled" "$(report "[.nodes[1,2].status]|join(\" \")")"'

start
installer 2.sh 'exit 194'
drained
rc=$?
verdict "a service that had failed before is no reason" eval 'is 0 $rc &&
	is "Succeeded" "$(report ".nodes[0].status")" && is 6 "$(wc -l <order)"'
lab in n1 sh -c 'systemctl disable -q broken.service; rm /etc/systemd/system/broken.service
	systemctl daemon-reload; systemctl reset-failed'

start
installer 1.sh 'cat >/etc/systemd/system/slow.service <<Y
[Service]
Type=oneshot
ExecStart=/bin/sleep 1000
[Install]
WantedBy=multi-user.target
Y
systemctl enable -q slow.service' 'exit 194'
began --max-retries-per-node 0 --reboot-timeout 6s
wait $pid
rc=$?
verdict "a service that never ends starting: the node fails at the time limit, and it is named" eval 'is 1 $rc &&
	grep -q "error: .*slow.service" out && is "out n1" "$(cat order)"'
lab in n1 sh -c 'systemctl disable -q slow.service; systemctl stop --no-block slow.service
	rm /etc/systemd/system/slow.service; systemctl daemon-reload'

start
# It waits until cau is back on the node, or that could miss the first one.
installer 1.sh 'cat >/etc/systemd/system/again.service <<Y
[Unit]
After=ssh.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c "systemctl disable again.service; rm -f /etc/systemd/system/again.service; until pgrep -f [s]shd:.root; do sleep 0.05; done; systemctl --no-block reboot"
[Install]
WantedBy=multi-user.target
Y
systemctl enable -q again.service' 'exit 194'
n=$(lab reboots n1)
began
wait $pid
rc=$?
verdict "a node that restarts twice: seen, said, and back in service" eval '
	is $((n + 2)) "$(lab reboots n1)" &&
	is "out n1
in n1" "$(cat order)" &&
	is 3 $rc && grep -q "restarted again by itself" out'

start
installer 1.sh 'rm -f /etc/ssh/ssh_host_ed25519_key*
ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key' 'exit 194'
began --max-retries-per-node 0
wait $pid
rc=$?
verdict "another host key after the restart: kept out, and what to do is said" eval 'is 1 $rc &&
	grep -q "host key.*ssh-keygen.*-R" out && is "out n1" "$(cat order)"'
lab trust n1

start
installer 1.sh ': >/var/lib/waiting' "$waits" 'exit 0'
installer 2.sh 'exit 0'
began
wait_for n1 /var/lib/waiting
"$CAU" stop --state-dir state >out2 2>err2
rc2=$?
lab in n1 touch /var/lib/go
wait $pid
rc=$?
verdict "cau stop: the installer is waited for, the node put back" eval 'is 0 $rc2 && is 6 $rc &&
	is "n1 1.sh" "$(starts)" && is "out n1
in n1" "$(cat order)" &&
	is "Succeeded Canceled" "$(report "[.nodes[0].updates[].result] | join(\" \")")"'

start
installer 1.sh ': >/var/lib/waiting' 'trap "" TERM' "$waits"
began
wait_for n1 /var/lib/waiting
"$CAU" stop --state-dir state --now --wait >out2 2>err2
rc2=$?
wait $pid
rc=$?
verdict "cau stop --now: the installer is ended on the node, its outcome unknown" eval 'is 8 $rc2 && is 8 $rc &&
	is "Unknown" "$(report ".nodes[0].updates[0].result")" &&
	is "out n1" "$(cat order)" && is "" "$(lab in n1 pgrep -f "[1].sh")"'

start
installer 1.sh 'exit 194'
lab noreturn n1
began
lab waitoff n1
kill -TERM $pid
told 'stopping at the next safe point'
kill -TERM $pid
wait $pid
rc=$?
lab allow n1
verdict "stopped for good while the node is down: kept out, and said" eval 'is 6 $rc &&
	grep -q "LEFT OUT OF SERVICE" out && is "out n1" "$(cat order)"'

start
installer 1.sh ': >/var/lib/waiting' "$waits" 'exit 194'
began --pre-update-script pre --post-update-script post
wait_for n1 /var/lib/waiting
kill -9 $pid
wait $pid 2>/dev/null
lab in n1 touch /var/lib/go
cau recover
rc=$?
verdict "kill -9 in the middle, then recover: restart, resume, script" eval 'is 0 $rc &&
	is "n1 1.sh" "$(starts)" && is "out n1
in n1" "$(cat order)" && grep -q "^post" state/runs/*/log/n1/post-script-1.log'

start
installer 1.sh ': >/var/lib/waiting' "$waits" 'exit 194'
began
wait_for n1 /var/lib/waiting
kill -9 $pid
wait $pid 2>/dev/null
cau recover --abandon
rc=$?
lab in n1 touch /var/lib/go
verdict "abandoned while an installer runs: kept out, exit 8" eval 'is 8 $rc && is "out n1" "$(cat order)"'

start
installer 1.sh ': >/var/lib/waiting' "$waits" 'exit 0'
began
wait_for n1 /var/lib/waiting
"$CAU" run --state-dir other --nodes n2,n1 --rsh "$rsh" --root "$top/root" >out2 2>err2
rc2=$?
lab in n1 touch /var/lib/go
wait $pid
rc=$?
verdict "another coordinator is kept out by the lock of the node" eval 'is 5 $rc2 && is 0 $rc &&
	grep -q "n1: the node is locked by run" out2 && is "n1 1.sh" "$(starts)" &&
	! lab in n2 test -e /var/lib/cau/node/lock && ! lab in n1 test -e /var/lib/cau/node/lock'

start
installer 1.sh ': >/var/lib/waiting' "$waits" 'exit 0'
began
wait_for n1 /var/lib/waiting
lab crash n1
wait $pid
rc=$?
verdict "power cut while an installer runs: unknown, kept out" eval 'is 8 $rc &&
	is "Unknown" "$(report ".nodes[0].updates[0].result")" && is "out n1" "$(cat order)"'

start
installer 1.sh 'exit 0'
lab down n2
drained --alert-action continue --connect-timeout 1s --max-retries-per-node 1 --require-all-nodes-online
rc=$?
verdict "--require-all-nodes-online with a dead node: nothing is touched" eval '
	is 4 $rc && grep -q "RequireAllNodesOnline: n2 is not reachable" out && is "" "$(starts)" && ! test -e order'
drained --alert-action continue --connect-timeout 1s --max-retries-per-node 0
rc=$?
verdict "without it the others are updated" eval 'is 3 $rc &&
	is "n1 1.sh
n3 1.sh" "$(starts)" && is "Failed" "$(report ".nodes[1].status")"'
lab up n2

. "$here/fileset.sh"

[ "$bad" = 0 ]
