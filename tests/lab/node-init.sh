#!/bin/sh
# node-init.sh: pid 1 of a node. Ends with 3 for a restart, 4 for power off; the kernel then ends
# every process of the node, and node.sh (supervise) starts it again.
# Asked by signal: USR1 restart, USR2 power off (see shim.sh). Needs a shell whose wait cannot lose
# a signal that comes just before it (dash since 0.5.11, bash).
delay=$LAB_DELAY
unset LAB_DELAY
umask 022

bye() {
	trap '' USR1 USR2
	echo stopping >/run/lab-state
	sleep "$delay"
	kill -TERM -1 # all but this one
	sleep 0.03
	exit "$1"
}
trap 'bye 3' USR1
trap 'bye 4' USR2

: >/run/lab-node # for shim.sh: this is a node indeed
echo starting >/run/lab-state
systemctl start ssh || exit 1
echo running >/run/lab-state
: >/run/lab-ready
while :; do
	sleep 86400 &
	wait $!
done
