#!/bin/sh
# SPDX-License-Identifier: ISC
# Updating Runs on a real Pacemaker cluster whose nodes die, are cut off, or
# run cau themselves: what takes longer than tests/lab/pacemaker.sh has time
# for. `make lab-pacemaker` runs both.
# The installers expand on the node, the verdicts are evaluated.
# shellcheck disable=SC2016,SC2034,SC1091,SC2086,SC2154
. "$(dirname "$0")/common.sh"
. "$here/pcmk.sh"
. "$here/pcmk-run.sh"

# On n1 the installer waits.
waiting_on_n1() {
	fresh
	installer 1.sh 'exit 0'
	mkdir root/n1
	printf '%s\n' ': >/var/lib/waiting' "$waits" >root/n1/2.sh
	lab in n1 rm -f /var/lib/waiting
}

# alone NODE, together NODE: it neither hears nor is heard by the others, but
# answers over ssh.
alone() {
	for n in $PCMK_NODES; do
		[ "$n" = "$1" ] || lab in "$1" ip route add blackhole "$(lab addr "$n")/32"
	done
}
together() {
	for n in $PCMK_NODES; do
		[ "$n" = "$1" ] || lab in "$1" ip route del blackhole "$(lab addr "$n")/32"
	done
}

# stopped NODE, started NODE...: its cluster software.
stopped() {
	lab in "$1" systemctl stop pacemaker corosync
	pcmk_wait "//nodes/node[@name='$1']/@online='false'"
}
started() {
	for n; do lab in "$n" systemctl start pacemaker; done
	pcmk_heal "$@" && pcmk_settle
}

pcmk_up || exit 1
pcmk_resources service db agents || exit 1
took "a cluster"

# --- a node dies while another one is away ---
waiting_on_n1
pc_began $once --node-order n1,n3,n2
wait_for n1 /var/lib/waiting
pcmk_off n3
pcmk_wait "//nodes/node[@name='n3']/@online='false'"
go_on n1
ended
verdict "a node dies while another is away: that one comes back, and no other one is drained" eval 'is 7 $rc && in_service n1 n2 &&
	is "n1 1.sh" "$(starts)" &&
	says "    skipped: n3 is offline: start its cluster stack" &&
	says "    refused: with n2, 2 nodes would be away, 1 may be: bring n3 (offline) back, or raise --max-unavailable"'
pcmk_heal n3
took "a node that dies"

stopped n3
verdict "two may be away, but then quorum would be lost: refused" refused \
	"cau run: the cluster would lose quorum when n1 restarts: it has 2 of 3 votes and needs 2; bring back the nodes that are missing" \
	--max-unavailable 2
stopped n2
verdict "no quorum: refused" refused "cau run: the cluster has no quorum: bring more of its nodes online"
started n2 n3
took "members that are stopped"

# --- quorum is lost ---
waiting_on_n1
pc_began --max-retries-per-node 50 --suspend-timeout 5s --node-order n1
wait_for n1 /var/lib/waiting
pcmk_cut n2
pcmk_cut n3
pcmk_wait "//current_dc/@with_quorum='false'"
go_on n1
until grep -q "Resume failed" err; do sleep 0.05; done
verdict "quorum is lost while a node is away: it is not back" eval 'pcmk_is "//nodes/node[@name=\"n1\"]/@standby=\"true\"" &&
	says "n1: Resume failed: it has not come back into the cluster: it has no quorum"'
pcmk_heal n2 n3
ended
verdict "and when quorum is back, the run goes on to its end" eval 'is 0 $rc && all_in_service &&
	is "$(printf "%s\n" "n1 1.sh" "n2 1.sh" "n3 1.sh")" "$(starts)"'
took "loss of quorum"

# --- a node that is cut off from the others only ---
waiting_on_n1
pc_began --max-retries-per-node 50 --suspend-timeout 5s --node-order n1
wait_for n1 /var/lib/waiting
PCMK_VIA=n2
alone n1
pcmk_wait "//nodes/node[@name='n1']/@online='false'"
go_on n1
until grep -q "Resume failed" err; do sleep 0.05; done
verdict "the node is cut off from the cluster: what it says of it itself does not count" \
	says "n1: Resume failed: it has not come back into the cluster: n1 is offline"
together n1
ended
verdict "and when it hears the others again, the run goes on to its end" eval 'is 0 $rc && all_in_service &&
	is "$(printf "%s\n" "n1 1.sh" "n2 1.sh" "n3 1.sh")" "$(starts)"'
took "a node cut off"

# --- cau on a member ---
fresh
installer 1.sh 'cut -d" " -f1 /proc/uptime >>/var/lib/began' 'exit 194'
for n in $LAB_NODES; do lab in "$n" rm -f /var/lib/began; done
before=$(restarts)
pcmk_coordinator n1
tar -C "$top" -cf - root | lab in n1 tar -C /srv --no-same-owner -xf -
lab in n1 cau run $quick --state-dir /root/state --root /srv/root >out 2>err
rc=$?
wanted=$(echo "$before" | awk '{ print $1, $2 + 1, $3 + 1 }')
verdict "cau on a member: it finds the others, comes last, and its restart is left to a person" eval 'is 0 $rc &&
	all_in_service && is "$wanted" "$(restarts)" && is n1 "$(order | cut -d" " -f3)" &&
	says "    RESTART PENDING: CAUHotfix_All/1.sh asked for it; restart this machine yourself, or run with --allow-self-reboot"'
took "cau on a member"

# --- the cluster updates itself ---
fresh
installer 1.sh 'exit 194'
tar -C "$top" -cf - root | lab in n1 tar -C /srv --no-same-owner -xf -
sed 's|@SBINDIR@|/usr/local/sbin|' "$here/../../systemd/cau-recover.service" |
	lab in n1 sh -c 'cat >/etc/systemd/system/cau-recover.service && systemctl enable -q cau-recover.service'
before=$(restarts)
wanted=$(echo "$before" | awk '{ print $1 + 1, $2 + 1, $3 + 1 }')
lab in n1 systemd-run -q --unit=cau-run -p StandardError=file:/root/err cau run $quick --root /srv/root --allow-self-reboot
until [ "$(restarts)" = "$wanted" ]; do sleep 0.1; done
lab wait n1
until lab in n1 sh -c '[ -d /var/lib/cau/runs ] && [ ! -e /var/lib/cau/current ]'; do sleep 0.1; done
lab in n1 cau report show last --json >out
verdict "cau on a member that restarts itself: the run is taken up, and whole" eval 'all_in_service &&
	is "Succeeded Succeeded Succeeded" "$(jq -r "[.nodes[].status]|join(\" \")" out)" &&
	is "1 1 1" "$(jq -r "[.nodes[].reboots|length]|join(\" \")" out)"'
lab in n1 sh -c 'systemctl disable -q cau-recover.service; rm /etc/systemd/system/cau-recover.service'
took "a cluster that updates itself"

# --- two nodes ---
PCMK_VIA=n1
pcmk_up 2 && pcmk_resources service
stopped n2
verdict "the last one of two: refused" refused "cau run: n2 is down and n1 is the last of two nodes: bring the other one back first"
took "two nodes"

[ "$bad" = 0 ]
