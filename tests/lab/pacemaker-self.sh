#!/bin/sh
# SPDX-License-Identifier: ISC
# A member of a real Pacemaker cluster updates its own cluster, itself last, and
# goes on by itself after its own restart (run by tests/lab/run.sh inside
# cluster.sh). As a timer would do it: from a unit of systemd.
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/common.sh"
. "$here/pcmk.sh"

on_n1() {
	ssh -F "$LAB_SSH_CONFIG" n1 "$@" </dev/null >out 2>err
}

fresh
pcmk_up || exit 1
pcmk_resources service agents || exit 1
pcmk_coordinator n1
installer 1.sh 'exit 194'
tar -C root -cf - . | lab in n1 sh -c 'rm -rf /srv/hotfix && mkdir -p /srv/hotfix &&
	tar -C /srv/hotfix --no-same-owner -xf - && chmod -R go-w /srv'
sed 's|@SBINDIR@|/usr/local/sbin|' "$here/../../systemd/cau-recover.service" |
	lab in n1 sh -c 'cat >/etc/systemd/system/cau-recover.service &&
		systemctl daemon-reload && systemctl enable cau-recover.service' 2>err
verdict "a run from a unit of systemd" on_n1 \
	systemd-run --unit=nightly cau run --root /srv/hotfix --settle-time 500ms --allow-self-reboot
verdict "the member restarts" wait_for n1 /var/lib/cau/runs &&
	r=$(lab reboots n1)
end=$(($(pcmk_ms) + 120000))
until [ "$(lab reboots n1)" -gt "$r" ] || [ "$(pcmk_ms)" -gt $end ]; do sleep 0.1; done
lab wait n1
until on_n1 test ! -e /var/lib/cau/current || [ "$(pcmk_ms)" -gt $end ]; do sleep 0.1; done
on_n1 cau report show last --json
verdict "the report is whole" is "Succeeded true n1 Succeeded,Succeeded,Succeeded 3" \
	"$(jq -r '"\(.status) \(.recoveries > 0) \(.nodes[2].name) \([.nodes[].status] | join(",")) \([.nodes[].reboots[]] | length)"' out)"
verdict "each update was installed once" is "$(printf '%s\n' 'n1 1.sh' 'n2 1.sh' 'n3 1.sh')" "$(starts)"
verdict "all members are in service" pcmk_wait "count(//nodes/node[@online='true' and @standby='false'])=3" 20
verdict "nobody's name is left" is "" "$(pcmk_try crm_mon -1 -A | grep cau-run)"
on_n1 journalctl --unit cau-recover --no-pager
verdict "the unit says how it ended" grep -q 'run Succeeded' out
on_n1 systemctl start cau-recover
verdict "the unit does nothing without a run" is 0 $?
[ "$bad" = 0 ]
