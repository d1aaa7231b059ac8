#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2317 # called by way of ok
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

not() { ! "$@"; }
less() { [ "$1" -lt "$2" ] || { echo "# is $1, should be less than $2" && false; }; }

clock
ok "three nodes form a cluster" pcmk_up
took "forming"
for n in $LAB_NODES; do ok "$n is running" is "$(s "$n" systemctl is-system-running --wait)" running; done
clock
ok "resources start" pcmk_resources service db agents chain pinned=n2 roles
took "starting all resources"
ok "a group is together" is "$(pcmk_where service | wc -w) $(pcmk_where db | wc -w)" "1 1"
ok "a clone is everywhere" is "$(pcmk_where agents)" "n1 n2 n3"
ok "the colocated ones are together" is "$(pcmk_where first)" "$(pcmk_where second)"
ok "the pinned one is where it has to be" is "$(pcmk_where pinned)" n2
ok "one copy is promoted" pcmk_is "count(//clone[@id='roles']/resource[@role='Promoted' or @role='Master'])=1"

# The client sees a drain by hand, a drained restart, and a power cut.
ok "a client" pcmk_probe start
from=$(pcmk_where service)
PCMK_VIA=n3
[ "$from" != n3 ] || PCMK_VIA=n1
clock
ok "drain over ssh" s "$PCMK_VIA" crm_standby -N "$from" -v on
ok "nothing runs there" pcmk_wait "//nodes/node[@name='$from'][@standby='true' and @resources_running=0]"
took "drain over ssh"
ok "the service is elsewhere" not is "$(pcmk_where service)" "$from" >/dev/null
pcmk_settle
by_hand=$(pcmk_probe stop)
echo "# longest outage by a drain: $by_hand ms"
ok "the client had an answer again" less "$by_hand" 10000
ok "of two nodes" is "$(grep -c 'n[123]$' "$LAB/probe.out")" 2

r=$(lab reboots "$from")
clock
s "$from" systemctl reboot 2>/dev/null
ok "restart: seen to be away" pcmk_wait "//nodes/node[@name='$from']/@online='false'"
took "away"
ok "restart: ssh is back" lab wait "$from" $((r + 1))
took "back over ssh"
ok "restart: rejoins by itself" pcmk_heal "$from"
took "back in the cluster"
ok "still in standby" pcmk_is "//nodes/node[@name='$from']/@standby='true'"
clock
pcmk_unstandby "$from"
ok "back in service" pcmk_wait "//nodes/node[@name='$from'][@standby='false' and @resources_running>0]"
took "back in service"
pcmk_settle

# Faults of resources: "first" runs on $at, and others may take it.
at=$(pcmk_where first)
pcmk_break "$at" first stop fail
pcmk_standby "$at"
ok "a stop that fails: the drain sticks" pcmk_wait "//resource[@id='first'][@failed='true' and @blocked='true']/node/@name='$at'"
pcmk_unstandby "$at"
ok "mended" pcmk_mend "$at"
ok "it runs again, and is not blocked" pcmk_wait "//resource[@id='first'][@role='Started' and @failed='false' and @blocked='false']"

pcmk_break n2 pinned start fail
pcmk_standby n2
ok "n2 is drained" pcmk_wait "//nodes/node[@name='n2']/@resources_running=0"
ok "the pinned one has nowhere to go" is "$(pcmk_where pinned)" ""
pcmk_unstandby n2
ok "a start that fails on resume" pcmk_wait "//failures/failure[@node='n2' and starts-with(@op_key,'pinned_start')]"
pcmk_settle
ok "it stays stopped" is "$(pcmk_where pinned)" ""
ok "mended, too" pcmk_mend n2
ok "it runs" is "$(pcmk_where pinned)" n2
pcmk_unmanage pinned
ok "unmanaged" pcmk_is "//resource[@id='pinned']/@managed='false'"
pcmk_manage pinned

# Nodes that vanish, or do not quite come.
PCMK_VIA=n1
pcmk_option stonith-enabled true
pcmk_hang n3
ok "pending" pcmk_wait "//nodes/node[@name='n3'][@pending='true' and @online='true']"
ok "healed: joined" pcmk_heal n3
pcmk_option stonith-enabled false
clock
pcmk_off n3
ok "power cut: seen" pcmk_wait "//nodes/node[@name='n3']/@online='false'"
took "power cut seen"
ok "two of three have quorum" pcmk_is "//current_dc/@with_quorum='true'"
pcmk_cut n2
clock
ok "alone: no quorum" pcmk_wait "//current_dc/@with_quorum='false'"
took "loss of quorum seen"
ok "alone: all stops" pcmk_wait "count(//resources//resource[@active='true'])=0"
clock
ok "healed" pcmk_heal n2 n3
took "both back"
ok "quorum again" pcmk_wait "//current_dc/@with_quorum='true' and count(//nodes/node[@resources_running>0])=3"

clock
ok "another cluster, of two nodes" pcmk_up 2
took "another cluster"
ok "it is empty" pcmk_is "count(//nodes/node)=2 and count(//resources/*)=0"
ok "n3 has none" not lab in n3 pidof corosync pacemakerd
if [ -n "${CAU-}" ]; then
	pcmk_coordinator n1
	ok "a node can be the coordinator" is "$(pcmk_try cau --version)" "$("$CAU" --version)"
	ok "and reaches the others" is "$(pcmk_try ssh n2 uname -n)" n2
fi
pcmk_off n2
ok "one of two nodes has quorum" pcmk_wait "//nodes/node[@name='n2']/@online='false' and //current_dc/@with_quorum='true'"
ok "down" pcmk_down
for n in $LAB_NODES; do ok "no cluster on $n" not lab in "$n" pidof corosync pacemakerd; done
echo "1..$count"
[ $bad = 0 ]
