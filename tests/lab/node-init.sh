#!/bin/sh
# node-init.sh: pid 1 of a node. Ends with 3 for a restart, 4 for power off; the kernel then ends
# every process of the node, and node.sh (supervise) starts it again.
# Asked by signal: USR1 restart, USR2 power off, HUP soft reboot (see shim.sh). Needs a shell whose
# wait cannot lose a signal that comes just before it (dash since 0.5.11, bash).
delay=$LAB_DELAY
unset LAB_DELAY
umask 022

bye() {
	trap '' USR1 USR2 HUP
	echo stopping >/run/lab-state
	sleep "$delay"
	kill -TERM -1 # all but this one
	sleep 0.03
	exit "$1"
}
trap 'bye 3' USR1
trap 'bye 4' USR2

# A restart of everything but the kernel: boot id and /run stay.
soft() {
	echo stopping >/run/lab-state
	sleep "$delay"
	systemctl stop ssh
	kill -TERM -1
	sleep 0.03
	kill -KILL -1
	read -r count time </run/lab-soft
	[ "$count" = - ] || count=$((count + 1))
	echo "$count $((time + 1))" >/run/lab-soft
	up
}
trap soft HUP

# /etc/lab-boot, which a test may write, runs before sshd; the state that it leaves in lab-up is
# that of the node once it is up.
up() {
	echo starting >/run/lab-state
	echo running >/run/lab-up
	[ ! -e /etc/lab-boot ] || sh /etc/lab-boot
	systemctl start ssh || exit 1
	cat /run/lab-up >/run/lab-state
}

: >/run/lab-node # for shim.sh: this is a node indeed
echo "0 1" >/run/lab-soft
up
: >/run/lab-ready
while :; do
	sleep 86400 &
	wait $!
done
