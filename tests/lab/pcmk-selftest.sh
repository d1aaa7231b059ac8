#!/bin/sh
# SPDX-License-Identifier: ISC
# pcmk-selftest.sh: proves what cluster.sh and pcmk.sh promise, and says how long it takes.
#	sh tests/lab/cluster.sh run 3 tests/lab/pcmk-selftest.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/pcmk.sh"
bad=0 count=0

ok() {
	name=$1
	count=$((count + 1))
	shift
	if "$@"; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		bad=$((bad + 1))
	fi
}
is() { [ "$1" = "$2" ] || { echo "# is '$1', should be '$2'" && false; }; }
s() { ssh -F "$LAB_SSH_CONFIG" "$@" </dev/null; }
clock() { t=$(pcmk_ms); }
took() { echo "# $1: $(($(pcmk_ms) - t)) ms"; }

clock
ok "three nodes form a cluster" pcmk_up 3
took "forming the cluster"
ok "each is running" is "$(for n in $LAB_NODES; do s $n systemctl is-system-running --wait; done | xargs)" "running running running"
clock
ok "resources" pcmk_resources service db agents chain pinned=n2 roles
took "starting all resources"
pcmk_try crm_mon -1 -r
exit $bad
