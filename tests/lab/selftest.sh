#!/bin/sh
# selftest.sh: proves what lab.sh promises.
#	sh tests/lab/lab.sh run 3 tests/lab/selftest.sh		the nodes
#	sh tests/lab/selftest.sh				the same, and that nothing is left afterwards
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
has() { case $1 in *"$2"*) ;; *) echo "# '$1' has no '$2'" && false ;; esac }
not() { ! "$@" >/dev/null; }

finish() {
	echo "1..$count"
	[ $bad = 0 ] || exit 1
	exit 0
}

# --- from outside: statuses, interruptions, leftovers ---

# Anything left of the lab whose folder and namespaces stand in $out/marks?
nothing_left() {
	[ -s "$out/marks" ] || { echo "# no marks" && return 1; }
	for p in /proc/[0-9]*; do
		for k in pid net mnt; do readlink "$p/ns/$k" 2>/dev/null; done
	done | sort -u >"$out/now"
	! grep -xF -f "$out/marks" "$out/now" || return 1
	! grep -F "$out/" /proc/mounts || return 1
	! ip addr | grep -F 10.77. || return 1
	set -- "$out"/cau-lab.*
	[ ! -e "$1" ] || { echo "# $1 is left" && false; }
}

# Start a lab that stays; interrupt it with signal $1.
interrupted() {
	rm -f "$out/marks"
	TMPDIR=$out sh "$here/lab.sh" run 2 "$out/stay.sh" "$out" &
	lab=$!
	until [ -e "$out/marks" ]; do sleep 0.02; done
	[ "$1" != TERM ] || ok "while it runs, it is seen" not nothing_left
	kill -s "$1" $lab
	rc=0
	wait $lab 2>/dev/null || rc=$?
	if [ "$1" = KILL ]; then # nobody waits for the rest, and nobody is left to remove the empty folder
		i=0
		until rmdir "$out"/cau-lab.* 2>/dev/null || [ $((i += 1)) -gt 100 ]; do sleep 0.02; done
		i=0
		until nothing_left >/dev/null || [ $((i += 1)) -gt 100 ]; do sleep 0.02; done
	fi
}

outside() {
	out=$(mktemp -d "${TMPDIR:-/tmp}/cau-selftest.XXXXXX")
	trap 'rm -rf "$out"' EXIT
	cat >"$out/mark.sh" <<-'X'
		for n in $LAB_NODES; do lab in "$n" sh -c 'readlink /proc/1/ns/pid /proc/1/ns/net /proc/1/ns/mnt'; done >"$1/m"
		readlink /proc/1/ns/pid /proc/1/ns/net /proc/1/ns/mnt >>"$1/m"
		mv "$1/m" "$1/marks"
	X
	{
		cat "$out/mark.sh"
		echo 'sh "$2/selftest.sh"'
	} >"$out/all.sh"
	{
		cat "$out/mark.sh"
		echo 'trap "echo trapped >$1/trapped; exit 9" TERM; sleep 1000 & wait'
	} >"$out/stay.sh"
	rc=0
	TMPDIR=$out sh "$here/lab.sh" run 3 "$out/all.sh" "$out" "$here" || rc=$?
	[ $rc != 77 ] || exit 77
	ok "the tests in the lab" is $rc 0
	ok "nothing left after them" nothing_left

	rc=0
	echo hello | TMPDIR=$out sh "$here/lab.sh" run 1 sh -c 'cat >"$1/in"; exit 42' sh "$out" || rc=$?
	ok "the script's status comes out" is $rc 42
	ok "the script gets stdin" is "$(cat "$out/in")" hello

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

until_runs() {
	i=0
	until lab in "$1" pgrep -fx "$2" >/dev/null || [ $((i += 1)) -gt 200 ]; do sleep 0.02; done
}

# The names that could stop a machine, wherever they stand in the node.
only_shims() {
	s n1 'for c in systemctl reboot shutdown poweroff halt telinit init; do
		for d in /bin /sbin /usr/bin /usr/sbin /usr/local/bin /usr/local/sbin; do
			[ ! -e $d/$c ] || grep -q "not in a lab node" $d/$c || echo "$d/$c"; done; done'
}

# restart NODE COMMAND...: by ssh, then wait for it
restart() {
	n=$1
	before=$(lab reboots "$n") id=$(id_of "$n")
	shift
	s "$@" || return 1
	lab wait "$n" $((before + 1)) && is "$(lab reboots "$n")" $((before + 1)) && not is "$(id_of "$n")" "$id"
}

inside() {
	t=$LAB/t
	mkdir "$t"
	id1=$(id_of n1) id2=$(id_of n2) id3=$(id_of n3)
	ok "three nodes" is "$(for n in $LAB_NODES; do s "$n" uname -n; done | xargs)" "n1 n2 n3"
	ok "boot ids differ" is "$(printf '%s\n' "$id1" "$id2" "$id3" | sort -u | wc -l)" 3
	ok "lab bootid" is "$(lab bootid n1)" "$id1"
	ok "lab in" is "$(lab in n2 uname -n)" n2
	ok "system is running" is "$(s n1 systemctl is-system-running)" running
	ok "fresh uptime" is "$(s n1 cut -d. -f1 /proc/uptime | wc -c)" 2
	ok "a node reaches another" is "$(lab in n1 bash -c 'read -r -t 2 l <>/dev/tcp/n2/22; echo "${l%%-*}"')" SSH
	ok "nothing else in root's home" is "$(s n1 'cat .bashrc; ls -A' | xargs)" ".bashrc .ssh"
	ok "only shims can be called" is "$(only_shims)" ""
	ok "no right to reboot(2) in a node" is "$(s n1 'setpriv -d' | grep '^Capability bounding' | tr , '\n' | grep -cx sys_boot)" 0
	ok "the machine itself is out of reach" not systemctl reboot 2>/dev/null

	s n1 'mkdir -p /var/lib/cau; echo kept >/var/lib/cau/lab-selftest; touch /run/gone /tmp/gone; setsid sleep 4711 >/dev/null 2>&1 &'
	ok "/var/lib/cau is not the other nodes'" not s n2 test -e /var/lib/cau/lab-selftest
	ok "/var/lib/cau is not the machine's" not test -e /var/lib/cau/lab-selftest
	ok "the process runs" s n1 'pgrep -fx "sleep 4711" >/dev/null'
	ok "systemctl reboot" restart n1 n1 systemctl reboot
	ok "/var/lib/cau survives" is "$(s n1 cat /var/lib/cau/lab-selftest)" kept
	ok "/run and /tmp do not" is "$(s n1 ls -d /run/gone /tmp/gone 2>/dev/null)" ""
	ok "processes do not" not s n1 'pgrep -fx "sleep 4711"'
	ok "others unaffected" is "$(id_of n2) $(id_of n3) $(lab reboots n2) $(lab reboots n3)" "$id2 $id3 0 0"
	ok "shutdown -r now" restart n1 n1 shutdown -r now
	ok "reboot" restart n1 n1 reboot

	ok "admin logs in" is "$(s admin@n1 id -un)" admin
	ok "admin alone may not restart" not s admin@n1 systemctl reboot 2>/dev/null
	if s n1 'command -v sudo' >/dev/null; then
		ok "sudo" is "$(s admin@n1 sudo -n id -u)" 0
		ok "sudo systemctl reboot" restart n1 admin@n1 sudo -n systemctl reboot
	else
		ok "sudo # SKIP not installed" true
	fi
	ok "noisy login shell" has "$(s noisy@n1 'echo answer')" "Welcome to n1! Last update: never ***
answer"
	ok "noisy is root" is "$(s noisy@n1 id -u | tail -n 1)" 0

	s -o ServerAliveInterval=1 -o ServerAliveCountMax=1 n2 'sleep 100' 2>"$t/crash" &
	c=$!
	until_runs n2 'sleep 100'
	ok "power cut" lab crash n2
	ok "comes back by itself" lab wait n2 1
	ok "with a new boot id" not is "$(id_of n2)" "$id2"
	wait $c
	ok "its connections break" is $? 255

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
	lab in n3 reboot
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

	r=$(lab reboots n1)
	lab noreturn n1
	s n1 reboot
	lab waitoff n1
	sleep 0.5 # longer than it is off by itself
	ok "no return: stays off" is "$(lab reboots n1)" "$r"
	ok "no return: no answer" not s -o ConnectTimeout=1 n1 true 2>/dev/null
	lab allow n1
	ok "allowed again" lab wait n1 $((r + 1))
	ok "with ssh" s n1 true

	s n2 poweroff
	lab waitoff n2
	ok "power off" test -e "$LAB/n2/noreturn"
	lab allow n2
	ok "and on" lab wait n2 2
	finish
}

if [ -n "${LAB-}" ]; then inside; else outside; fi
