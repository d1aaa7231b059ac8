#!/bin/sh
# SPDX-License-Identifier: ISC
# nspawn-selftest.sh: proves what nspawn.sh promises.
#	sh tests/lab/nspawn.sh run 3 tests/lab/nspawn-selftest.sh	the nodes
#	sh tests/lab/nspawn-selftest.sh		the same, and that nothing is left afterwards
# shellcheck disable=SC2016,SC2317 # much is for other shells, and called by way of ok
set -u
case $0 in */*) here=$(cd "${0%/*}" && pwd) ;; *) here=$PWD ;; esac
bad=0 count=0

# ok NAME COMMAND...: one test
ok() {
	name=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		bad=$((bad + 1))
	fi
}
is() { [ "$1" = "$2" ] || { echo "# is '$1', should be '$2'" && false; }; }
less() { [ "$1" -lt "$2" ] || { echo "# is $1, should be less than $2" && false; }; }
has() { case $1 in *"$2"*) ;; *) echo "# '$1' has no '$2'" && false ;; esac }
not() { ! "$@" >/dev/null; }

finish() {
	echo "1..$count"
	[ $bad = 0 ] || exit 1
	exit 0
}

# --- from outside: statuses, interruptions, leftovers ---

run() { TMPDIR=$out sh "$here/nspawn.sh" run "$@"; }

# Anything left of the lab whose folder and namespaces stand in $out/marks?
nothing_left() {
	[ -s "$out/marks" ] || { echo "# no marks" && return 1; }
	for p in /proc/[0-9]*; do
		for k in pid net mnt cgroup; do readlink "$p/ns/$k" 2>/dev/null; done
	done | sort -u >"$out/now"
	! grep -xF -f "$out/marks" "$out/now" || return 1
	# What runs outside of it names its folder.
	echo "$out/cau-lab." >"$out/pattern"
	! grep -lsF -f "$out/pattern" /proc/[0-9]*/cmdline || return 1
	! grep -F "$out/" /proc/mounts || return 1
	! ip addr | grep -F 10.77. || return 1
	! find /sys/fs/cgroup -name "$(cat "$out/name")" | grep . || return 1
	set -- "$out"/cau-lab.*
	[ ! -e "$1" ] || { echo "# $1 is left" && false; }
}

# Start a lab that stays; interrupt it with signal $1.
interrupted() {
	rm -f "$out/marks"
	TMPDIR=$out sh "$here/nspawn.sh" run 2 "$out/stay.sh" "$out" &
	lab=$!
	until [ -e "$out/marks" ] || ! kill -0 $lab 2>/dev/null; do sleep 0.02; done
	[ "$1" != TERM ] || ok "while it runs, it is seen" not nothing_left
	kill -s "$1" $lab
	rc=0
	wait $lab 2>/dev/null || rc=$?
	if [ "$1" = KILL ]; then # nobody waits for the rest
		i=0
		until nothing_left >/dev/null || [ $((i += 1)) -gt 250 ]; do sleep 0.02; done
	fi
}

outside() {
	out=$(mktemp -d "${TMPDIR:-/tmp}/cau-selftest.XXXXXX")
	trap 'rm -rf "$out"' EXIT
	# Made by the first run, if it has to be; not below $out, which is empty each time.
	root=$(sh "$here/nspawn.sh" root) || exit
	CAU_LAB_CACHE=${root%/*/root}
	export CAU_LAB_CACHE
	cat >"$out/mark.sh" <<-'X'
		for n in $LAB_NODES; do lab in "$n" sh -c 'cd /proc/1/ns; readlink pid net mnt cgroup'; done >"$1/m"
		(cd /proc/1/ns; readlink pid net mnt cgroup) >>"$1/m"
		echo "${LAB##*/}" >"$1/name"
		mv "$1/m" "$1/marks"
	X
	{
		cat "$out/mark.sh"
		echo 'sh "$2/nspawn-selftest.sh"'
	} >"$out/all.sh"
	{
		cat "$out/mark.sh"
		echo 'trap "echo trapped >$1/trapped; exit 9" TERM; sleep 1000 & wait'
	} >"$out/stay.sh"
	{
		cat "$out/mark.sh"
		echo 'cat >"$1/in"; exit 42'
	} >"$out/fail.sh"
	rc=0
	run 3 "$out/all.sh" "$out" "$here" || rc=$?
	ok "the tests in the lab" is $rc 0
	ok "nothing left after them" nothing_left

	rc=0
	rm -f "$out/marks"
	echo hello | run 1 "$out/fail.sh" "$out" || rc=$?
	ok "the script's status comes out" is $rc 42
	ok "the script gets stdin" is "$(cat "$out/in")" hello
	ok "nothing left after a failure" nothing_left
	rc=0
	e=$(CAU_LAB_CACHE=$out/cache LAB_PACKAGES=no-such-package run 1 true 2>&1) || rc=$?
	ok "no root file system: status" is $rc 77
	ok "no root file system: reason" has "$e" "no-such-package"

	interrupted TERM
	ok "TERM: status" is $rc 143
	ok "TERM: the script could run its traps" is "$(cat "$out/trapped" 2>/dev/null)" trapped
	ok "TERM: nothing left" nothing_left
	interrupted HUP
	ok "HUP: nothing left" nothing_left
	interrupted KILL
	ok "KILL: nothing left" nothing_left
	finish
}

# --- in the lab ---

s() { ssh -F "$LAB_SSH_CONFIG" "$@" </dev/null; }
id_of() { s "$1" cat /proc/sys/kernel/random/boot_id; }
state() { s "$1" systemctl is-system-running --wait; }
# Both in 1/100 s.
uptime_of() { s "$1" cat /proc/uptime | cut -d' ' -f1 | tr -d .; }
now() { echo $(($(date +%s%N) / 10000000)); }

until_runs() {
	i=0
	until lab in "$1" pgrep -fx "$2" >/dev/null || [ $((i += 1)) -gt 200 ]; do sleep 0.02; done
}

# restart NODE COMMAND...: by ssh, then wait for it. 255: sshd was faster.
restart() {
	n=$1
	before=$(lab reboots "$n") id=$(id_of "$n") rc=0
	shift
	s "$@" 2>/dev/null || rc=$?
	[ "$rc" = 0 ] || [ "$rc" = 255 ] || return 1
	lab wait "$n" $((before + 1)) && is "$(lab reboots "$n")" $((before + 1)) && not is "$(id_of "$n")" "$id"
}

inside() {
	t=$LAB/t
	mkdir "$t"
	id1=$(id_of n1) id2=$(id_of n2) id3=$(id_of n3)
	ok "three nodes" is "$(for n in $LAB_NODES; do s "$n" uname -n; done | xargs)" "n1 n2 n3"
	ok "boot ids differ" is "$(printf '%s\n' "$id1" "$id2" "$id3" | sort -u | wc -l)" 3
	ok "machine ids differ" is "$(for n in $LAB_NODES; do s "$n" cat /etc/machine-id; done | sort -u | wc -l)" 3
	ok "lab bootid" is "$(lab bootid n1)" "$id1"
	ok "lab in" is "$(lab in n2 uname -n)" n2
	for n in $LAB_NODES; do ok "$n is running" is "$(state "$n")" running; done
	ok "pid 1 is systemd" is "$(s n1 cat /proc/1/comm)" systemd
	ok "fresh uptime" less "$(uptime_of n1)" 6000
	ok "a node reaches another" is "$(lab in n1 bash -c 'read -r -t 2 l <>/dev/tcp/n2/22; echo "${l%%-*}"')" SSH
	ok "its own host key only" is "$(s n1 'cd /etc/ssh; echo ssh_host_*')" "ssh_host_ed25519_key ssh_host_ed25519_key.pub"
	ok "no right to reboot(2) in the script" is "$(setpriv -d | grep '^Capability bounding' | tr , '\n' | grep -cx sys_boot)" 0
	ok "no socket of the machine" is "$(find /run -type s -o -type p)" ""

	s n1 'mkdir /var/lib/cau; echo kept >/var/lib/cau/lab-selftest; touch /run/gone /tmp/gone; systemd-run -q --unit stray sleep 4711'
	ok "/var/lib/cau is not the other nodes'" not s n2 test -e /var/lib/cau/lab-selftest
	ok "/var/lib/cau is not the machine's" not test -e /var/lib/cau/lab-selftest
	ok "the unit runs" is "$(s n1 systemctl is-active stray)" active
	ok "and not in another node" is "$(s n2 systemctl is-active stray)" inactive
	begin=$(now)
	ok "systemctl reboot" restart n1 n1 systemctl reboot
	ok "uptime starts anew" less "$(uptime_of n1)" $(($(now) - begin))
	ok "it is running again" is "$(state n1)" running
	ok "lab bootid is the new one" is "$(lab bootid n1)" "$(id_of n1)"
	ok "/var/lib/cau survives" is "$(s n1 cat /var/lib/cau/lab-selftest)" kept
	ok "/run and /tmp do not" is "$(s n1 ls -d /run/gone /tmp/gone 2>/dev/null)" ""
	ok "processes do not" not s n1 'pgrep -fx "sleep 4711"'
	ok "the journal knows both boots" is "$(s n1 'journalctl -q --list-boots | wc -l')" 2
	ok "and how the first one ended" has "$(s n1 journalctl -q -b -1 -o cat)" "Reached target reboot.target"
	ok "others unaffected" is "$(id_of n2) $(id_of n3) $(lab reboots n2) $(lab reboots n3)" "$id2 $id3 0 0"
	ok "shutdown -r now" restart n1 n1 shutdown -r now
	ok "reboot" restart n1 n1 reboot

	ok "admin logs in" is "$(s admin@n1 id -un)" admin
	ok "admin alone may not restart" not s admin@n1 systemctl reboot 2>/dev/null
	ok "sudo" is "$(s admin@n1 sudo -n id -u)" 0
	ok "sudo systemctl reboot" restart n1 admin@n1 sudo -n systemctl reboot
	ok "noisy login shell" has "$(s noisy@n1 'echo answer')" "Welcome to n1! Last update: never ***
answer"

	printf '%s\n' '[Service]' Type=oneshot ExecStart=/bin/false '[Install]' WantedBy=multi-user.target >"$t/unit"
	lab in n2 sh -c 'cat >/etc/systemd/system/broken.service && systemctl -q enable broken' <"$t/unit"
	ok "restart into a failed unit" restart n2 n2 systemctl reboot
	ok "it is degraded" is "$(state n2)" degraded
	ok "by that unit" is "$(s n2 "systemctl --failed --plain --no-legend | cut -d' ' -f1")" broken.service
	lab in n2 systemctl -q disable broken
	ok "restart without it" restart n2 n2 systemctl reboot
	ok "is running" is "$(state n2)" running
	id2=$(id_of n2)

	s -o ServerAliveInterval=1 -o ServerAliveCountMax=1 n2 'sleep 100' 2>"$t/crash" &
	c=$!
	until_runs n2 'sleep 100'
	ok "power cut" lab crash n2
	ok "comes back by itself" lab wait n2 3
	ok "with a new boot id" not is "$(id_of n2)" "$id2"
	wait $c
	ok "its connections break" is $? 255
	ok "it did not say goodbye" not has "$(s n2 journalctl -q -b -1 -o cat)" "Reached target reboot.target"
	ok "it is running" is "$(state n2)" running

	s n3 'sleep 0.5; echo late' >"$t/late" &
	c=$!
	until_runs n3 'sleep 0.5'
	lab down n3
	e=$(s -o ConnectTimeout=1 n3 true 2>&1)
	ok "cut link: status" is $? 255
	ok "cut link: silence" has "$e" "timed out"
	ok "cut link: from the node too" not lab in n3 timeout 0.5 bash -c ': <>/dev/tcp/10.77.255.254/22' 2>/dev/null
	ok "cut link: nothing is killed" is "$(lab in n3 cat /proc/sys/kernel/random/boot_id)" "$id3"
	lab up n3
	wait $c
	ok "an open connection outlives a short cut" is "$(cat "$t/late")" late
	ok "mended link" is "$(s n3 uname -n)" n3
	lab down n3
	lab in n3 systemctl reboot
	lab wait n3 1
	ok "a cut link stays cut over a restart" not s -o ConnectTimeout=1 n3 true 2>/dev/null
	lab up n3
	ok "and is mended" s n3 true

	ok "new host key" lab hostkey n1
	e=$(s n1 true 2>&1)
	ok "new host key: status" is $? 255
	ok "new host key: ssh says so" has "$e" "Host key verification failed"
	lab trust n1
	ok "new host key, trusted" s n1 true
	ok "and after a restart" restart n1 n1 systemctl reboot

	r=$(lab reboots n1)
	lab noreturn n1
	s n1 systemctl reboot 2>/dev/null
	lab waitoff n1
	sleep 0.5 # longer than it is off by itself
	ok "no return: stays off" is "$(lab reboots n1)" "$r"
	ok "no return: no answer" not s -o ConnectTimeout=1 n1 true 2>/dev/null
	lab in n1 true 2>/dev/null
	ok "lab in: it is down" is $? 69
	lab allow n1
	ok "allowed again" lab wait n1 $((r + 1))
	ok "with ssh" s n1 true

	r=$(lab reboots n2)
	s n2 systemctl poweroff 2>/dev/null
	lab waitoff n2
	sleep 0.5
	ok "power off: stays off" is "$(lab reboots n2)" "$r"
	lab allow n2
	ok "and on" lab wait n2 $((r + 1))
	echo 1500 >"$LAB/n2/down_ms"
	begin=$(now)
	ok "a slow restart" restart n2 n2 systemctl reboot
	ok "took that long" less 150 $(($(now) - begin))
	finish
}

if [ -n "${LAB-}" ]; then inside; else outside; fi
