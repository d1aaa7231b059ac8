#!/bin/sh
# shim.sh: in a node, stands for systemctl, reboot, shutdown, poweroff, halt, telinit and init.
# The state it reports is /run/lab-state, which a test may write: degraded, maintenance, ...
me=${0##*/}
fail() {
	echo "$me: $2" >&2
	exit "$1"
}
[ -e /run/lab-node ] || fail 1 "not in a lab node"

# Tells pid 1 and returns at once, as the real ones do.
order() {
	kill -s "$1" 1 2>/dev/null || fail 1 "Access denied"
	exit 0
}

stop_ssh() {
	{ read -r pid </run/sshd.pid; } 2>/dev/null || return 0
	kill "$pid" || exit 1
	while kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
	rm -f /run/sshd.pid
}

start_ssh() {
	[ ! -s /run/sshd.pid ] || return 0
	/usr/sbin/sshd -E /run/sshd.log || exit 1
	# written once it listens
	until [ -s /run/sshd.pid ]; do sleep 0.005; done
}

systemctl() {
	quiet=
	verb=
	unit=
	for a; do
		case $a in
		-q | --quiet) quiet=1 ;;
		-*) ;;
		*) if [ -z "$verb" ]; then verb=$a; else unit=${a%.service}; fi ;;
		esac
	done
	case $verb in
	reboot) order USR1 ;;
	poweroff | halt) order USR2 ;;
	is-system-running)
		read -r state </run/lab-state
		[ "$quiet" ] || echo "$state"
		[ "$state" = running ]
		;;
	start | stop | restart | is-active)
		case $unit in ssh | sshd) ;; *) fail 5 "Unit $unit.service not found." ;; esac
		case $verb in
		start) start_ssh ;;
		stop) stop_ssh ;;
		restart) stop_ssh && start_ssh ;;
		is-active)
			state=inactive
			[ ! -s /run/sshd.pid ] || state=active
			[ "$quiet" ] || echo $state
			[ $state = active ] || exit 3
			;;
		esac
		;;
	*) fail 1 "'$verb' is not simulated" ;;
	esac
}

case $me in
systemctl) systemctl "$@" ;;
reboot) order USR1 ;;
poweroff | halt) order USR2 ;;
init | telinit) case ${1-} in 6) order USR1 ;; 0) order USR2 ;; *) fail 1 "runlevel '${1-}' is not simulated" ;; esac ;;
shutdown)
	sig=USR2
	when=
	for a; do
		case $a in
		-r | --reboot) sig=USR1 ;;
		-h | -P | -H | --poweroff | --halt) ;;
		now | +0) when=now ;;
		*) [ -n "$when" ] || fail 1 "'$a' is not simulated" ;; # later ones are the message
		esac
	done
	[ -n "$when" ] || fail 1 "only 'now' is simulated"
	order $sig
	;;
esac
