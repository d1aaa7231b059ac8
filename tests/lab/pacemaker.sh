#!/bin/sh
# SPDX-License-Identifier: ISC
# Updating Runs on a real Corosync and Pacemaker cluster of three nodes (run by
# tests/lab/run.sh inside cluster.sh). What became of the cluster is read from
# crm_mon and the CIB, not from what cau says; that is looked at besides.
# The installers expand on the node, the verdicts are evaluated.
# shellcheck disable=SC2016,SC2034,SC1091,SC2086,SC2154
. "$(dirname "$0")/common.sh"
. "$here/pcmk.sh"
. "$here/pcmk-run.sh"

pcmk_up || exit 1
pcmk_resources service db agents chain || exit 1
took "a cluster"

# --- a whole run with restarts, while a client looks ---
fresh
installer 1.sh 'cut -d" " -f1 /proc/uptime >>/var/lib/began' \
	'crm_mon -1 --output-as=xml | grep -o "<node name=\"$(uname -n)\".*resources_running=\"[0-9]*\"" >/var/lib/seen' \
	'exit 194'
from=$(pcmk_where service)
pcmk_probe start
pcmk_standby "$from"
away "$from"
pcmk_settle
by_hand=$(pcmk_probe stop)
pcmk_unstandby "$from"
pcmk_settle
took "a drain by hand"

wanted=$(pcmk_mon | xmllint --xpath '//nodes/node' - |
	sed -n 's/.* name="\([^"]*\)".* resources_running="\([0-9]*\)".*/\2 \1/p' | sort -k1n -k2 | cut -d' ' -f2 | xargs)
before=$(restarts)
pcmk_probe start
pc
rc=$?
longest=$(pcmk_probe stop)
took "a run with three restarts"
echo "# longest outage: by hand $by_hand ms, in the run $longest ms"
drained=
for n in $LAB_NODES; do
	lab in "$n" grep -q 'standby="true".* resources_running="0"' /var/lib/seen && drained="$drained $n"
done
verdict "three nodes, each drained, restarted and back" eval 'is 0 $rc && all_in_service &&
	is " n1 n2 n3" "$drained" && is "1 1 1" "$(restarts)" && is "0 0 0" "$before" &&
	is "Succeeded Succeeded Succeeded" "$(report "[.nodes[].status]|join(\" \")")"'
verdict "the one with the fewest resources comes first" is "$wanted" "$(order)"
verdict "clients see no longer outage than in a drain by hand" [ "$longest" -le $((2 * by_hand + 300)) ]


# --- the coordinator dies, three times in one run ---
fresh
at=$(pcmk_where db)
mkdir "root/$at"
f=root/CAUHotfix_All/1.sh
installer 1.sh 'exit 0'
printf '%s\n' 'echo 2.sh >>/var/lib/starts' ': >/var/lib/waiting' "$waits" 'exit 194' >"root/$at/2.sh"
lab in "$at" rm -f /var/lib/waiting
count=$(lab reboots "$at")
pcmk_break "$at" disk stop hang
pc_began --node-order "$at"
pcmk_wait "//nodes/node[@name='$at']/@standby='true' and //resource[@id='data']/@active='false'"
kill -9 "$pid"
ended
verdict "kill -9 in a drain: the node stays in standby, in the name of the run" eval 'is 137 $rc &&
	pcmk_try cibadmin --query | grep -q "name=\"cau-run\" value=\"$(report .run_id)\""'
lab in "$at" rm -rf /var/lib/cau-lab
"$CAU" recover --state-dir state >out 2>err &
pid=$!
wait_for "$at" /var/lib/waiting
kill -9 "$pid"
ended
go_on "$at"
"$CAU" recover --state-dir state >out 2>err &
pid=$!
PCMK_VIA=$(echo "n1 n2" | sed "s/ *$at *//" | cut -d' ' -f1)
pcmk_wait "//nodes/node[@name='$at']/@online='false'"
kill -9 "$pid"
ended
verdict "kill -9 in a restart: it is still in standby" pcmk_is "//nodes/node[@name='$at']/@standby='true'"
cau recover
rc=$?
verdict "kill -9 in drain, install and restart, and recover each time" eval 'is 0 $rc && all_in_service &&
	is $((count + 1)) "$(lab reboots "$at")" &&
	is "$(printf "%s\n" "n1 1.sh" "n2 1.sh" "n3 1.sh" "$at 2.sh" | sort)" "$(starts)"'
took "three crashes of the coordinator"

fresh
installer 1.sh 'exit 0'
at=$(pcmk_where db)
pcmk_break "$at" disk stop hang
pc_began --node-order "$at"
pcmk_wait "//nodes/node[@name='$at']/@standby='true' and //resource[@id='data']/@active='false'"
kill -9 "$pid"
ended
lab in "$at" rm -rf /var/lib/cau-lab
cau recover --abandon
rc=$?
verdict "kill -9 in a drain, then given up: the node is back" eval 'is 6 $rc && all_in_service && is "" "$(starts)"'
took "abandoned"

# --- a drain that sticks ---
fresh
installer 1.sh 'exit 0'
at=$(pcmk_where db)
pcmk_break "$at" disk stop hang
pc_began $once --node-order "$at"
until grep -q "Suspend failed" err; do sleep 0.05; done
lab in "$at" rm -rf /var/lib/cau-lab
ended
verdict "a stop that hangs: the node is put back, and the resource named" eval 'is 3 $rc && all_in_service &&
	says "    error: the drain did not end in time: disk is Stopping" &&
	is "Failed Succeeded Succeeded" "$(report "[.nodes[].status]|join(\" \")")"'
took "a stop that hangs"

fresh
installer 1.sh 'exit 0'
pcmk_settle
at=$(pcmk_where second)
pcmk_unmanage second
pc $once --suspend-timeout 60s --node-order "$at"
rc=$?
verdict "an unmanaged resource: the node is put back, and the resource named" eval 'is 3 $rc && all_in_service &&
	says "    error: the drain is stuck: second is unmanaged"'
pcmk_manage second
took "unmanaged"

fresh
installer 1.sh 'exit 0'
pcmk_settle
at=$(pcmk_where db)
pcmk_break "$at" disk stop fail
pc $once --node-order "$at"
rc=$?
verdict "a stop that fails: the node is put back, the reason told, and no other one drained" eval 'is 7 $rc && all_in_service &&
	says "    error: the drain is stuck: disk is stuck: stop failed on $at (error)" && is "" "$(starts)"'
took "a stop that fails"

# --- refusals ---
fresh
installer 1.sh 'exit 0'
verdict "a failed resource: refused" refused \
	"cau run: failed resources: disk: stop failed on $at (error); repair, then crm_resource --cleanup -r disk"
other=$(echo "n1 n2 n3" | sed "s/$at//" | xargs | cut -d' ' -f1)
pc $once --suspend-timeout 60s --allow-failed-resources --node-order "$other"
rc=$?
verdict "--allow-failed-resources: the other nodes are updated" eval 'is 3 $rc && all_in_service &&
	is "Succeeded Succeeded Failed" "$(report "[.nodes[]|select(.name!=\"$at\").status]+[.nodes[]|select(.name==\"$at\").status]|join(\" \")")"'
pcmk_mend "$at"
took "failed resources"

pcmk_option maintenance-mode true
verdict "maintenance mode: refused" refused \
	"cau run: the cluster is in maintenance mode, nothing would move: end it with crm_attribute -n maintenance-mode -D"
pcmk_option maintenance-mode

pcmk_resources pinned=n2
verdict "a resource with nowhere to go: refused" refused \
	"cau run: pinned stops, it has nowhere to go (node availability); let it run on another node, or accept that with --force-pause-and-drain"
took "refusals"

# --- a resource that does not start again on the node ---
fresh
installer 1.sh 'exit 0'
pcmk_break n2 pinned start fail
pc $once --suspend-timeout 60s --force-pause-and-drain --node-order n1,n3,n2
rc=$?
verdict "a start that fails on resume: the node is back in service, and the resource named" eval 'is 3 $rc && all_in_service &&
	says "    error: it was put back, and not all is well there: pinned: start failed on n2 (error)" &&
	is "$(printf "%s\n" "n1 1.sh" "n2 1.sh" "n3 1.sh")" "$(starts)"'
pcmk_mend n2
pcmk_clear
pcmk_resources service db
took "a start that fails"

# --- an admin who puts a node in standby in the middle ---
# A run of n1, n3, n2; n3 is put in standby while n1 is away.
admin() {
	fresh
	installer 1.sh 'exit 0'
	mkdir root/n1
	printf '%s\n' ': >/var/lib/waiting' "$waits" >root/n1/2.sh
	lab in n1 rm -f /var/lib/waiting
	pc_began $once --node-order n1,n3,n2
	wait_for n1 /var/lib/waiting
	pcmk_standby n3
	go_on n1
	ended
}
admin
verdict "an admin takes another node out: it is left so, and no further one is drained" eval 'is 7 $rc && in_service n1 n2 &&
	pcmk_is "//nodes/node[@name=\"n3\"]/@standby=\"true\"" &&
	says "    skipped: n3 is in standby, set by somebody else: end it with crm_standby -N n3 -D" &&
	says "    refused: with n2, 2 nodes would be away, 1 may be: bring n3 (standby) back, or raise --max-unavailable" &&
	is "n1 1.sh" "$(starts)"'
verdict "and so it is at the start of a run" refused \
	"cau run: with n1, 2 nodes would be away, 1 may be: bring n3 (standby) back, or raise --max-unavailable"
took "an admin"

# count_down: as long as "counting" is there, how many nodes are down at the
# same time; the most of it goes to the file "most".
: >counting
count_down() {
	most=0
	while [ -e counting ]; do
		down=0
		for n in $LAB_NODES; do lab in "$n" true 2>/dev/null || down=$((down + 1)); done
		[ $down -le $most ] || most=$down
		sleep 0.1
	done
	echo $most >most
}

fresh
installer 1.sh 'exit 0'
pc $once --suspend-timeout 60s --max-unavailable 2
rc=$?
verdict "with --max-unavailable 2 the others are updated" eval 'is 3 $rc && in_service n1 n2 &&
	pcmk_is "//nodes/node[@name=\"n3\"]/@standby=\"true\"" && is "$(printf "%s\n" "n1 1.sh" "n2 1.sh")" "$(starts)"'

fresh
installer 1.sh 'exit 194'
count_down &
counter=$!
pc --max-unavailable 2 --standby-nodes update --node-order n3
rc=$?
rm counting
wait "$counter"
verdict "--standby-nodes update: it is updated and restarted, and still in standby" eval 'is 0 $rc && in_service n1 n2 &&
	pcmk_is "//nodes/node[@name=\"n3\"]/@standby=\"true\"" && is "$(printf "%s\n" "n1 1.sh" "n2 1.sh" "n3 1.sh")" "$(starts)"'
verdict "two may be away, but no two are down at the same time" is 1 "$(cat most)"
pcmk_unstandby n3
pcmk_settle
took "an admin, two may be away"

. "$here/pacemaker-plan.sh"
took "plans"

[ "$bad" = 0 ]
