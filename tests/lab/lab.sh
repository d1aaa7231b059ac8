#!/bin/sh
# lab.sh: N throw-away nodes with real sshd and a real restart, on one machine, as root.
#
#	lab.sh run N SCRIPT [ARGS...]	nodes n1..nN up, run SCRIPT, everything down; exits as SCRIPT did
# From SCRIPT (where `lab` is in the PATH; all exit 69 if the node is down and has to be up):
#	lab in NODE CMD...	run CMD in the node, without ssh
#	lab crash NODE		power cut; the node comes back by itself
#	lab down|up NODE	cut, mend the network link (also over a restart)
#	lab hostkey NODE	new ssh host key, sshd restarted; `lab trust NODE` makes it known
#	lab noreturn NODE	stays off after the next restart, until `lab allow NODE`
#	lab wait NODE [COUNT]	until it is up and was restarted at least COUNT times (30 s at most)
#	lab waitoff NODE	until it is off (to use with noreturn or a power off)
#	lab bootid|reboots|addr NODE
# Environment in SCRIPT: LAB (folder), LAB_SSH_CONFIG (for ssh -F), LAB_NODES ("n1 n2 n3").
# Settings, before run: LAB_REBOOT_MS (300, from the order to the end), LAB_DOWN_MS (200, how long
# it is off; later $LAB/NODE/reboot_ms, down_ms), LAB_LAYER (folder copied over the machine's files).
#
# The whole lab lives in network, mount and pid namespaces of its own. When their first process
# ends, the kernel ends every other and drops every mount: there is nothing to clean up by hand.
# Status 77: cannot run here (the reason is on stderr).
set -eu
case $0 in */*) here=$(cd "${0%/*}" && pwd) ;; *) here=$PWD ;; esac

die() {
	echo "lab: $2" >&2
	exit "$1"
}

# shellcheck source=bridge.sh
. "$here/bridge.sh"

usage() {
	sed -n '2,/^#.status 77/Is/^# \{0,1\}//p' "$here/lab.sh" >&2
	exit 2
}

need() {
	missing=
	[ "$(id -u)" = 0 ] || missing=" root"
	for c in /usr/sbin/sshd:openssh-server ssh:openssh-client ssh-keygen:openssh-client ip:iproute2 \
		unshare:util-linux nsenter:util-linux setpriv:util-linux pivot_root:util-linux bash:bash; do
		command -v "${c%:*}" >/dev/null || missing="$missing ${c#*:}"
	done
	grep -qw overlay /proc/filesystems || missing="$missing overlayfs"
	[ -z "$missing" ] || die 77 "needs:$missing"
	unshare --net --mount --pid --fork true 2>/dev/null || die 77 "needs the right to make namespaces"
}

# Outside. pdeathsig: even a kill -9 of this shell takes the lab with it.
run() {
	case ${1-} in '' | 0* | *[!0-9]*) usage ;; esac
	[ $# -ge 2 ] || usage
	need
	for c in bin sbin lib lib64; do
		# such a folder would hide the machine's link of that name, and all behind it
		[ ! -L "/$c" ] || [ ! -d "${LAB_LAYER:-/nowhere}/$c" ] || die 2 "LAB_LAYER: put $c/ into usr/"
	done
	base=$(mktemp -d "${TMPDIR:-/tmp}/cau-lab.XXXXXX")
	sig=
	trap 'sig=130; stop' INT
	trap 'sig=143; stop' TERM
	trap 'sig=129; stop' HUP
	exec 3<&0 # a background command would otherwise get /dev/null
	LAB=$base setpriv --pdeathsig KILL unshare --net --mount --propagation private --pid --fork \
		--kill-child --mount-proc sh "$here/lab.sh" _lab "$@" <&3 3<&- &
	child=$!
	while :; do
		rc=0
		wait "$child" || rc=$?
		# wait also returns for a signal: go on until the child is really gone
		kill -0 "$child" 2>/dev/null || break
	done
	rmdir "$base"
	exit "${sig:-$rc}"
}

stop() {
	inner=
	read -r inner _ <"/proc/$child/task/$child/children" || :
	kill -TERM "${inner:-$child}" 2>/dev/null || :
}

# Inside, as pid 1 of the lab.
lab() {
	trap 'exit 143' TERM INT HUP
	n=$1
	shift
	mount -t tmpfs -o mode=755 cau-lab "$LAB"
	export LAB LAB_SSH_CONFIG="$LAB/ssh_config" LAB_NODES=
	unset SSH_AUTH_SOCK
	mkdir "$LAB/bin"
	printf '#!/bin/sh\nexec sh "%s/lab.sh" "$@"\n' "$here" >"$LAB/bin/lab"
	# shellcheck disable=SC2016 # for the shell of that script
	printf '#!/bin/sh\necho "lab: not the machine itself: $0 $*" >&2\nexit 1\n' >"$LAB/bin/refuse"
	chmod 755 "$LAB/bin/lab" "$LAB/bin/refuse"
	# A mistake in SCRIPT must not restart the real machine either.
	for c in systemctl reboot shutdown poweroff halt telinit; do
		c=$(command -v "$c") || continue
		c=$(readlink -f "$c")
		cmp -s "$c" "$LAB/bin/refuse" || mount --bind "$LAB/bin/refuse" "$c"
	done

	lab_run "$here/node.sh" "$n" "$@"
}

# Sets pid to the node's init, as seen from here; fails unless the node is up.
node_pid() {
	pid=
	{ read -r pid <"$LAB/$1/init.pid"; } 2>/dev/null || return 1
	[ -e "/proc/$pid/root/run/lab-ready" ]
}

wait_up() {
	i=0
	D=$LAB/$1
	until [ -e "$D/init.pid" ] && [ "$(reboots)" -ge "$2" ] && node_pid "$1"; do
		[ $((i += 1)) -le 1500 ] && [ ! -e "$D/broken" ] || return 1
		sleep 0.02
	done
}

enter() {
	nsenter -t "$pid" -m -u -i -n -p -T -r -w env -i TERM="${TERM:-dumb}" HOME=/root USER=root \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

cmd=${1-}
[ $# = 0 ] || shift
case $cmd in
run) run "$@" ;;
_lab) lab "$@" ;;
in | crash | down | up | hostkey | trust | noreturn | allow | wait | waitoff | bootid | reboots | addr) ;;
*) usage ;;
esac

[ -d "${LAB:-/nowhere}/bin" ] || die 69 "no lab here (LAB is not set)"
node=${1-}
[ -d "$LAB/${node:-?}/upper" ] || die 69 "no such node: $node"
shift
D=$LAB/$node
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
		[ $((i += 1)) -le 1500 ] || die 1 "$node is still on"
		sleep 0.02
	done
	;;
bootid) cat "$D/boot_id" ;;
reboots) reboots ;;
addr) addr "$node" ;;
esac
