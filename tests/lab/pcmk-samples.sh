#!/bin/sh
# SPDX-License-Identifier: ISC
# pcmk-samples.sh: what the tools of a real cluster say in many states, as data for tests of parsers.
#	sh tests/lab/cluster.sh run 3 tests/lab/pcmk-samples.sh FOLDER
# FOLDER/lab-STATE.xml is crm_mon's, lab-simulate-*.xml crm_simulate's, lab-quorum-*.txt
# corosync-quorumtool's, lab-cib-*.xml the CIB they are about.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/pcmk.sh"
to=${1:?}
mkdir -p "$to"

mon() { pcmk_mon >"$to/lab-$1.xml"; }
quorum() { pcmk_try corosync-quorumtool -s >"$to/lab-quorum-$1.txt" 2>&1; }
cib() { pcmk_try cibadmin -Q >"$to/lab-cib-$1.xml"; }

# simulate NAME NODE...: each in standby, on a copy of the CIB.
simulate() {
	name=$1
	shift
	pcmk_try sh -c 'cibadmin -Q >/run/try.xml && export CIB_file=/run/try.xml &&
		for n; do crm_standby -N "$n" -v on || exit; done
		crm_simulate -x /run/try.xml -S --output-as=xml' sh "$@" >"$to/lab-simulate-$name.xml"
}

# early NAME PATTERN: the first document with such a line, on the way; asked without a pause.
early() {
	pcmk_try timeout 20 sh -c 'until crm_mon -1 --output-as=xml >/run/early.xml; grep -q "$1" /run/early.xml; do :; done
		cat /run/early.xml' sh "$2" >"$to/lab-$1.xml" || {
		echo "not seen: $1" >&2
		rm -f "$to/lab-$1.xml"
	}
}

pcmk_up 3 || exit
mon empty
quorum normal
pcmk_resources service db agents chain pinned=n2 roles
mon all-online
cib all-online
simulate nothing
for n in $LAB_NODES; do simulate "standby-$n" "$n"; done
simulate standby-n2-n3 n2 n3
simulate standby-all n1 n2 n3

pcmk_standby n2 && mon draining
pcmk_settle && mon standby
simulate standby-two-n3 n3
lab in n2 systemctl reboot
early offline '<node name="n2" .*online="false"'
quorum offline
simulate offline-n3 n3
pcmk_heal n2
mon rejoined-standby
pcmk_unstandby n2
pcmk_settle
pcmk_try crm_standby -N n3 -v on -l reboot && pcmk_settle && mon standby-onfail-reboot
pcmk_try crm_standby -N n3 -D -l reboot

at=$(pcmk_where first)
pcmk_break "$at" first stop hang
pcmk_standby "$at"
early stop-hangs '<resource id="first" .*role="Stopping"'
early stop-failed '<resource id="first" .*blocked="true"'
cib stop-failed
simulate stop-failed n3
pcmk_unstandby "$at"
pcmk_mend "$at"
pcmk_break n2 pinned start fail
pcmk_standby n2 && pcmk_settle && mon nowhere-to-go
pcmk_unstandby n2
early start-failed '<failure op_key="pinned_start'
pcmk_mend n2
at=$(pcmk_where data)
pcmk_break "$at" data monitor fail
early monitor-failed '<failure op_key="data_monitor'
pcmk_mend "$at"
pcmk_unmanage data && mon unmanaged
simulate unmanaged "$(pcmk_where data)"
pcmk_manage data
pcmk_try crm_resource --ban --resource db --node "$at" 2>/dev/null && pcmk_settle && mon banned
pcmk_try crm_resource --clear --resource db
pcmk_try crm_attribute -t nodes -N n3 -n maintenance -v true && mon node-maintenance
pcmk_try crm_attribute -t nodes -N n3 -n maintenance -D >/dev/null
pcmk_option maintenance-mode true && mon maintenance
simulate maintenance n1
pcmk_option maintenance-mode
pcmk_option stop-all-resources true && pcmk_settle && mon stop-all
pcmk_option stop-all-resources
pcmk_settle
lab in n3 systemctl stop pacemaker && mon stack-stopped
PCMK_VIA=n3 mon stack-down
quorum stack-stopped
lab in n3 systemctl start pacemaker
pcmk_heal n3
pcmk_option stonith-enabled true
pcmk_hang n3
early pending '<node name="n3" .*pending="true"'
simulate pending-n2 n2
pcmk_heal n3
pcmk_settle
pcmk_off n3
early unclean '<node name="n3" .*unclean="true"'
simulate unclean-n2 n2
pcmk_heal n3
pcmk_option stonith-enabled false
pcmk_settle
pcmk_off n3
early crashed-just-now '<node name="n3" .*online="false"'
pcmk_settle && mon crashed
pcmk_cut n2
early no-quorum 'with_quorum="false"'
quorum lost
simulate no-quorum n1
pcmk_heal n2 n3

pcmk_up 2 || exit
pcmk_resources service chain
mon two-nodes
quorum two-nodes
simulate two-nodes n2
pcmk_off n2
pcmk_wait "//nodes/node[@name='n2']/@online='false'" && mon two-nodes-one-down
quorum two-nodes-one-down
simulate two-nodes-one-down n1
pcmk_option stonith-enabled true && mon stonith-without-device
pcmk_down
