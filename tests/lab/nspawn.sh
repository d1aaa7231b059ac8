#!/bin/sh
# SPDX-License-Identifier: ISC
# nspawn.sh: N throw-away nodes with their own systemd, journald, sshd and a real restart, in
# systemd-nspawn, on one machine, as root. What lab.sh does in less time with shims, here is real.
#
#	nspawn.sh run N SCRIPT [ARGS...]	nodes n1..nN up, run SCRIPT, everything down; exits as SCRIPT did
#	nspawn.sh root		only makes the root file system of the nodes and says where it is
# From SCRIPT (where `lab` is in the PATH; all exit 69 if the node is down and has to be up):
#	lab in NODE CMD...	run CMD in the node, without ssh
#	lab crash NODE		power cut; the node comes back by itself
#	lab down|up NODE	cut, mend the network link (also over a restart)
#	lab hostkey NODE	new ssh host key, sshd restarted; `lab trust NODE` makes it known
#	lab noreturn NODE	stays off after the next restart, until `lab allow NODE`
#	lab wait NODE [COUNT]	until sshd answers and it was restarted at least COUNT times (60 s at most)
#	lab waitoff NODE	until it is off (to use with noreturn or a power off)
#	lab bootid|reboots|addr NODE
# Environment in SCRIPT: LAB (folder), LAB_SSH_CONFIG (for ssh -F), LAB_NODES ("n1 n2 n3").
# Settings, before run: LAB_DOWN_MS (200, how long a node is off in a restart; later
# $LAB/NODE/down_ms), LAB_LAYER (folder copied over the nodes' files), LAB_PACKAGES (more Debian
# packages for the nodes), CAU_LAB_CACHE (see nspawn-root.sh).
#
# The whole lab lives in network, mount, pid and cgroup namespaces of its own. When their first
# process ends, the kernel ends every other and drops every mount. What it cannot drop, the cgroups
# and an empty folder, is removed by a process that waits for that end (sweep).
# Status 77: cannot run here (the reason is on stderr).
set -eu
umask 022 # of the files of the nodes, too
case $0 in */*) here=$(cd "${0%/*}" && pwd) ;; *) here=$PWD ;; esac

die() {
	echo "lab: $2" >&2
	exit "$1"
}

# shellcheck source=bridge.sh
. "$here/bridge.sh"

usage() {
	sed -n '3,/^#.Status 77/s/^# \{0,1\}//p' "$here/nspawn.sh" >&2
	exit 2
}

need() {
	missing=
	[ "$(id -u)" = 0 ] || missing=" root"
	for c in systemd-nspawn:systemd-container mmdebstrap:mmdebstrap apt-config:apt ssh:openssh-client \
		ssh-keygen:openssh-client ip:iproute2 unshare:util-linux nsenter:util-linux \
		setpriv:util-linux flock:util-linux; do
		command -v "${c%:*}" >/dev/null || missing="$missing ${c#*:}"
	done
	grep -qw overlay /proc/filesystems || missing="$missing overlayfs"
	[ -z "$missing" ] || die 77 "needs:$missing"
	unshare --net --mount --propagation private --pid --cgroup --fork --mount-proc \
		sh "$here/nspawn.sh" _sys 2>/dev/null ||
		die 77 "needs the right to make namespaces and to mount cgroup2"
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	[ -n "$own" ] || die 77 "needs cgroup v2"
}

# Sets root.
get_root() {
	need
	# shellcheck source=nspawn-root.sh
	. "$here/nspawn-root.sh"
	# shellcheck disable=SC2086 # words
	root_get "$here/nspawn-root.sh" ${LAB_PACKAGES-}
}

# Outside. pdeathsig: even a kill -9 of this shell takes the lab with it.
run() {
	case ${1-} in '' | 0* | *[!0-9]*) usage ;; esac
	[ $# -ge 2 ] || usage
	get_root
	for c in bin sbin lib lib64; do
		# such a folder would hide the nodes' link of that name, and all behind it
		[ ! -L "$root/$c" ] || [ ! -d "${LAB_LAYER:-/nowhere}/$c" ] || die 2 "LAB_LAYER: put $c/ into usr/"
	done
	base=$(mktemp -d "${TMPDIR:-/tmp}/cau-lab.XXXXXX")
	group=${own%/}/${base##*/}
	# Everything in the lab inherits this lock.
	exec 4>"$base/alive"
	flock 4
	setsid unshare --mount --propagation private sh "$here/nspawn.sh" _sweep "$base" "$group" \
		</dev/null >/dev/null 2>&1 4>&- 5<&- &
	sweeper=$!
	sig=
	trap 'sig=130; stop' INT
	trap 'sig=143; stop' TERM
	trap 'sig=129; stop' HUP
	exec 3<&0 # a background command would otherwise get /dev/null
	LAB=$base LAB_ROOT=$root LAB_GROUP=$group setpriv --pdeathsig KILL unshare --net --mount \
		--propagation private --pid --fork --kill-child --mount-proc \
		sh "$here/nspawn.sh" _enter "$@" <&3 3<&- &
	child=$!
	ended "$child"
	status=$rc
	exec 4>&-
	ended "$sweeper"
	[ "$rc" = 0 ] || echo "lab: could not remove $base and the cgroup $group" >&2
	exit "${sig:-$status}"
}

# ended PID: sets rc. wait also returns for a signal: go on until the process is really gone.
ended() {
	while :; do
		rc=0
		wait "$1" || rc=$?
		kill -0 "$1" 2>/dev/null || break
	done
}

# More than once: the first process of a pid namespace does not hear what it has no trap for yet.
stop() {
	inner=
	read -r inner _ <"/proc/$child/task/$child/children" || :
	while kill -TERM "${inner:-$child}" 2>/dev/null && [ -n "$inner" ]; do sleep 0.02; done
}

# In a session and a mount namespace of its own.
sweep() {
	exec 4<"$1/alive"
	flock 4
	mount -t cgroup2 cgroup2 "$1"
	if [ -d "$1$2" ]; then
		echo 1 >"$1$2/cgroup.kill" || : # what was still dying when its lock was gone
		i=0
		until remove_cgroup "$1$2" || [ $((i += 1)) -gt 500 ]; do sleep 0.02; done
		[ ! -d "$1$2" ]
	fi
	umount "$1"
	rm "$1/alive"
	rmdir "$1"
}

remove_cgroup() { find "$1" -depth -type d -exec rmdir {} +; }

# A /sys of this network, with nothing but version 2 in it: no controllers are needed.
mount_sys() {
	mount -t sysfs sysfs /sys
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
}

# Inside, as pid 1 of the lab.
enter_lab() {
	# All sockets by which this machine could be told to restart are there.
	mount -t tmpfs -o mode=755 run /run
	[ ! -e /proc/sysrq-trigger ] || mount --bind /dev/null /proc/sysrq-trigger
	mount_sys
	mkdir "/sys/fs/cgroup$LAB_GROUP" || die 77 "needs the right to make a cgroup"
	echo 0 >"/sys/fs/cgroup$LAB_GROUP/cgroup.procs"
	exec unshare --cgroup sh "$here/nspawn.sh" _lab "$@"
}

lab() {
	trap 'exit 143' TERM INT HUP
	umount /sys/fs/cgroup # now its root is the lab's
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	n=$1
	shift
	mount -t tmpfs -o mode=755 cau-lab "$LAB"
	export LAB LAB_SSH_CONFIG="$LAB/ssh_config" LAB_NODES=
	unset SSH_AUTH_SOCK
	mkdir "$LAB/bin"
	printf '#!/bin/sh\nexec sh "%s/nspawn.sh" "$@"\n' "$here" >"$LAB/bin/lab"
	chmod 755 "$LAB/bin/lab"

	lab_run "$here/nspawn-node.sh" "$n" "$@"
}

# Sets pid to the node's systemd, as seen from here; fails if it is off.
node_pid() {
	pid=
	{ read -r pid <"$LAB/$1/init.pid"; } 2>/dev/null || return 1
	[ -d "/proc/$pid" ]
}

# sshd writes its pid when it listens.
wait_up() {
	i=0
	D=$LAB/$1
	until [ -e "$D/init.pid" ] && [ "$(reboots)" -ge "$2" ] && node_pid "$1" &&
		[ -e "/proc/$pid/root/run/sshd.pid" ]; do
		[ $((i += 1)) -le 3000 ] && [ ! -e "$D/broken" ] || return 1
		sleep 0.02
	done
}

enter() {
	nsenter -t "$pid" -m -u -i -n -p -C -T -r -w env -i TERM="${TERM:-dumb}" HOME=/root USER=root \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

cmd=${1-}
[ $# = 0 ] || shift
case $cmd in
run) run "$@" ;;
root)
	get_root
	echo "$root"
	exit
	;;
_sys)
	mount_sys
	exit
	;;
_sweep)
	sweep "$@"
	exit
	;;
_enter) enter_lab "$@" ;;
_lab) lab "$@" ;;
in | crash | down | up | hostkey | trust | noreturn | allow | wait | waitoff | bootid | reboots | addr) ;;
*) usage ;;
esac

[ -d "${LAB:-/nowhere}/bin" ] || die 69 "no lab here (LAB is not set)"
node=${1-}
D=$LAB/${node:-?}
[ -f "$D/boots" ] || die 69 "no such node: $node"
shift
case $cmd in in | crash | hostkey | trust) node_pid "$node" || die 69 "$node is down" ;; esac
case $cmd in
in) enter "$@" ;;
crash) # the cable first: a machine without power says no goodbye
	ip link set "v${node#n}" down
	: >"$D/crash"
	kill -KILL "$pid"
	while [ "$(cat "$D/init.pid" 2>/dev/null)" = "$pid" ]; do sleep 0.01; done
	;;
down)
	: >"$D/cut"
	ip link set "v${node#n}" down 2>/dev/null || : # off: the mark is enough
	;;
up)
	rm -f "$D/cut"
	ip link set "v${node#n}" up 2>/dev/null || :
	;;
hostkey)
	# shellcheck disable=SC2016 # for the node's shell
	enter sh -c 'k=/etc/ssh/ssh_host_ed25519_key; rm -f $k $k.pub
		ssh-keygen -q -t ed25519 -N "" -C new -f $k && systemctl restart ssh'
	;;
trust)
	key=$(enter cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)
	sed "s|^$node .*|$node $key|" "$LAB/known_hosts" >"$LAB/known_hosts.new"
	mv "$LAB/known_hosts.new" "$LAB/known_hosts"
	;;
noreturn) : >"$D/noreturn" ;;
allow) rm -f "$D/noreturn" ;;
wait) wait_up "$node" "${1:-0}" || die 1 "$node did not come up" ;;
waitoff)
	i=0
	while [ -e "$D/init.pid" ]; do
		[ $((i += 1)) -le 3000 ] || die 1 "$node is still on"
		sleep 0.02
	done
	;;
bootid) cat "$D/boot_id" ;;
reboots) reboots ;;
addr) addr "$node" ;;
esac
