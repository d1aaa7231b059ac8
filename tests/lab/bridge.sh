# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2154
# bridge.sh: what the labs of lab.sh and nspawn.sh have in common: a network of
# their own, ssh to the nodes on it, and the script that they are for. To be
# sourced. die, wait_up, $LAB and $here are theirs.

# lab_run PROGRAM N SCRIPT...: as pid 1 of a lab: PROGRAM supervises each of the N
# nodes. Ends with the exit status of SCRIPT.
lab_run() {
	program=$1 n=$2
	shift 2
	ssh-keygen -q -t ed25519 -N '' -C lab -f "$LAB/key"
	cat >"$LAB/ssh_config" <<-X
		IgnoreUnknown WarnWeakCrypto
		Host *
		 User root
		 IdentityFile $LAB/key
		 IdentitiesOnly yes
		 UserKnownHostsFile $LAB/known_hosts
		 GlobalKnownHostsFile /dev/null
		 StrictHostKeyChecking yes
		 BatchMode yes
		 ConnectTimeout 5
		 WarnWeakCrypto no
	X
	cat >"$LAB/ip" <<-X
		link set lo up
		link add cau0 address 02:77:00:00:ff:fe type bridge
		addr add 10.77.255.254/16 dev cau0
		link set cau0 up
	X
	i=0
	while [ $((i += 1)) -le "$n" ]; do
		a=$(addr "n$i")
		LAB_NODES="$LAB_NODES${LAB_NODES:+ }n$i"
		echo "$a n$i" >>"$LAB/hosts"
		printf 'Host n%s\n HostName %s\n HostKeyAlias n%s\n' "$i" "$a" "$i" >>"$LAB/ssh_config"
		# Fixed neighbours: a cut link is a silent black hole, never "no route to host".
		echo "neigh add $a lladdr $(mac "n$i") dev cau0 nud permanent" >>"$LAB/ip"
	done
	ip -b "$LAB/ip"
	echo "127.0.0.1 localhost" >>"$LAB/hosts"
	[ ! -f /etc/hosts ] || mount --bind "$LAB/hosts" /etc/hosts
	sh "$program" common
	for node in $LAB_NODES; do
		mkdir "$LAB/$node"
		sh "$program" supervise "$node" </dev/null >"$LAB/$node/log" 2>&1 &
	done
	for node in $LAB_NODES; do
		wait_up "$node" 0 || {
			cat "$LAB/$node/log" >&2
			die 1 "$node does not start"
		}
	done

	PATH=$LAB/bin:$PATH
	[ -x "$1" ] || [ ! -f "$1" ] || set -- sh "$@"
	exec 3<&0
	# In the background, so that a signal is heard here while it runs; without the right to reboot.
	setpriv --bounding-set=-sys_boot "$@" <&3 3<&- &
	script=$!
	trap 'give_up' TERM INT HUP
	rc=0
	wait "$script" || rc=$?
	exit "$rc"
}

# SCRIPT gets 2 s for its own traps; then this pid 1 ends, and all else with it.
give_up() {
	trap '' TERM INT HUP
	kill -TERM "$script" 2>/dev/null || :
	i=0
	while kill -0 "$script" 2>/dev/null && [ $((i += 1)) -le 100 ]; do sleep 0.02; done
	exit 143
}

addr() { echo "10.77.$((${1#n} / 250)).$((${1#n} % 250 + 1))"; }
mac() { printf '02:77:00:00:%02x:%02x\n' $((${1#n} / 250)) $((${1#n} % 250 + 1)); }
reboots() { echo $(($(cat "$D/boots") - 1)); }
