#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1091,SC2317
# health.sh: the checks of a real Pacemaker cluster fire, and are silent on one that is well.
#	CAU=build/cau sh tests/lab/cluster.sh run 3 tests/lab/health.sh
set -u
: "${CAU:?}" "${LAB_SSH_CONFIG:?}"
here=$(cd "$(dirname "$0")" && pwd)
. "$here/pcmk.sh"
cd "$LAB" || exit 1
failed=0
checks=

# finds CODE WHAT: exit status, and all findings, from stdin.
finds() {
	cat >want
	"$CAU" healthcheck --state-dir "$LAB/state" --cluster pacemaker --via n1 --only "$checks" \
		--rsh "ssh -F $LAB_SSH_CONFIG" >out 2>err
	code=$?
	sed '/^What to do/,$d; /^OK: /d; s/no contact: .*/no contact/' out >got
	if [ $code = "$1" ] && diff want got >differs; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		sed 's/^/# /' differs err
		echo "# exit $code"
		failed=1
	fi
}

pcmk_up || exit 1
pcmk_settle
pcmk_resources service
pcmk_settle
checks=cluster-maintenance,cluster-nodes,cluster-quorum,cluster-redundancy,cluster-resources,cluster-services
finds 0 'a cluster that is well' </dev/null
checks=$checks,cluster-fencing
finds 0 'no fencing' <<'X'
WARNING  -  cluster-fencing  fencing is switched off: a node that hangs cannot be taken out for good
X
checks=cluster-maintenance,cluster-nodes,cluster-quorum,cluster-resources
pcmk_standby n2
finds 0 'a node in standby' <<'X'
WARNING  n2  cluster-nodes  it is in standby
X
pcmk_unstandby n2
pcmk_option maintenance-mode true
finds 4 'maintenance' <<'X'
CRITICAL  -  cluster-maintenance  the cluster is in maintenance mode: nothing is moved away from nodes
X
pcmk_option maintenance-mode
pcmk_settle
checks=cluster-redundancy
pcmk_resources pinned=n2
pcmk_settle
"$CAU" healthcheck --state-dir "$LAB/state" --cluster pacemaker --via n1 --only cluster-redundancy \
	--rsh "ssh -F $LAB_SSH_CONFIG" >out 2>err
if grep -q '^WARNING  n2  cluster-redundancy  without this node, pinned ' out; then
	echo 'ok - a resource that has one node only'
else
	echo 'not ok - a resource that has one node only'
	sed 's/^/# /' out err
	failed=1
fi
pcmk_break n2 pinned start fail
pcmk_break n2 pinned monitor fail
pcmk_wait "//resource[@id='pinned' and @role='Stopped']"
"$CAU" healthcheck --state-dir "$LAB/state" --cluster pacemaker --via n1 --only cluster-resources \
	--rsh "ssh -F $LAB_SSH_CONFIG" >out 2>err
if [ $? = 4 ] && grep -q '^CRITICAL  -  cluster-resources  pinned: ' out; then
	echo 'ok - a resource that fails'
else
	echo 'not ok - a resource that fails'
	sed 's/^/# /' out err
	failed=1
fi
pcmk_mend n2
pcmk_clear
pcmk_settle
checks=cluster-nodes,cluster-quorum
pcmk_cut n3
pcmk_wait "//nodes/node[@name='n3' and @online='false']"
finds 4 'a node that is away: the next would take quorum with it' <<'X'
CRITICAL  -   cluster-quorum  quorum would be lost with the next node: there are 2 of 3 votes, and 2 are needed
CRITICAL  n3  cluster-nodes   it is offline
CRITICAL  n3  reachable       no contact
X
pcmk_heal n3
exit $failed
