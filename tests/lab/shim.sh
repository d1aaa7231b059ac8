#!/bin/sh
# shim.sh: in a node, stands for systemctl, reboot, shutdown, poweroff, halt, telinit and init.
# What it reports is in files of /run, which a test may write (or /etc/lab-boot, see node-init.sh):
#	lab-state	degraded, maintenance, ...
#	lab-failed	units that have failed, one a line
#	lab-jobs	jobs of systemd: unit, and running or waiting
#	lab-soft	how many soft reboots there were, if systemd counts them (or -), and their time
#	lab-kexec	is there when a kernel is loaded for kexec
#	nextroot	makes a reboot a soft one, unless the environment says otherwise
# lab-asked gets a line whenever the state is asked for. With /etc/lab-soft-reboot it knows of
# soft-reboot; with /etc/lab-refuse it refuses to restart, with /etc/lab-deaf it only says yes.
me=${0##*/}
fail() {
	echo "$me: $2" >&2
	exit "$1"
}
[ -e /run/lab-node ] || fail 1 "not in a lab node"

# Tells pid 1 and returns at once, as the real ones do.
order() {
	[ ! -e /etc/lab-refuse ] || fail 1 "Access denied"
	[ ! -e /etc/lab-deaf ] || exit 0
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

# lab FILE: what is in it, if it is there
lab() { [ ! -e "/run/lab-$1" ] || cat "/run/lab-$1"; }

property() {
	[ -e /run/lab-soft ] || return 0
	read -r count time </run/lab-soft
	case $1 in
	SoftRebootsCount) [ "$count" = - ] || echo "$count" ;;
	ActiveEnterTimestampMonotonic) echo "$time" ;;
	esac
}

systemctl() {
	quiet=
	verb=
	unit=
	for a; do
		case $a in
		-q | --quiet) quiet=1 ;;
		--failed) verb=list-failed ;;
		--help) verb=help ;;
		-*) ;;
		*) if [ -z "$verb" ]; then verb=$a; else unit=${a%.service}; fi ;;
		esac
	done
	case $verb in
	reboot)
		# As since 256.
		[ ! -e /run/nextroot ] || [ "${SYSTEMCTL_SKIP_AUTO_SOFT_REBOOT-}" = 1 ] || order HUP
		order USR1
		;;
	poweroff | halt) order USR2 ;;
	kexec)
		[ -e /run/lab-kexec ] || fail 1 "No kexec kernel loaded"
		order USR1
		;;
	soft-reboot)
		[ -e /etc/lab-soft-reboot ] || fail 1 "Unknown command verb soft-reboot."
		order HUP
		;;
	help)
		echo "  reboot           Shut down and reboot the system"
		[ ! -e /etc/lab-soft-reboot ] || echo "  soft-reboot      Shut down and reboot userspace"
		;;
	list-failed) lab failed | sed 's/$/ loaded failed failed A unit of a test/' ;;
	list-jobs) lab jobs | while read -r u s; do echo "7 $u start $s"; done ;;
	show)
		while [ "$1" != -p ]; do shift; done
		property "$2"
		;;
	is-system-running)
		read -r state </run/lab-state
		echo "$state" >>/run/lab-asked
		[ "$quiet" ] || echo "$state"
		[ "$state" = running ]
		;;
	start | stop | restart | is-active)
		if [ "$verb $unit" = "is-active default.target" ]; then
			[ ! -s /run/lab-jobs ]
			exit
		fi
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
