# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2016,SC2034,SC2086,SC2154
# What the tests of runs on a Pacemaker cluster share; to be sourced after
# common.sh and pcmk.sh.

# pc WORD...: a run from outside the cluster.
pc() {
	cau run --via n1 --rsh "$rsh" --root "$top/root" --connect-timeout 2s "$@"
}

# pc_began WORD...: the same in the background, as $pid.
pc_began() {
	"$CAU" run $quick --state-dir state --via n1 --rsh "$rsh" --root "$top/root" \
		--connect-timeout 2s "$@" >out 2>err &
	pid=$!
}

# ended: waits for it; sets rc.
ended() {
	wait "$pid" 2>/dev/null
	rc=$?
}

# in_service NODE...: exactly these are in the cluster and in service, and
# nothing of cau is left in it.
in_service() {
	pcmk_is "count(//nodes/node[@online='true' and @pending='false' and @standby='false'])=$#" || return 1
	for n; do
		pcmk_is "//nodes/node[@name='$n'][@online='true' and @standby='false']" || return 1
	done
	! pcmk_try cibadmin --query | grep -q cau-run
}

all_in_service() {
	in_service $PCMK_NODES || {
		pcmk_try crm_mon -1 -A >>err
		false
	}
}

# says TEXT: cau has said that, in the report or before.
says() {
	grep -qF -- "$1" out err || {
		echo "not said: $1" >>err
		false
	}
}

# For runs that are to give up soon; the last of an option counts.
once='--max-retries-per-node 0 --suspend-retries-per-node 0 --suspend-timeout 8s'

# refused TEXT WORD...: a run with these words is, and nothing is touched. The
# health check, which may find more, is not what is tested.
refused() {
	text=$1
	shift
	rm -rf state
	touched=$(starts)
	epoch=$(pcmk_try cibadmin --query | sed -n '1s/.* epoch="\([0-9]*\)".*/\1/p')
	pc $once --alert-action continue "$@"
	is 7 $? && says "$text" && says "cau run: the cluster is not fit for a run; no node was touched" &&
		is "$touched" "$(starts)" && is "$epoch" "$(pcmk_try cibadmin --query | sed -n '1s/.* epoch="\([0-9]*\)".*/\1/p')"
}

# What an installer does that waits.
waits='while [ ! -e /var/lib/go ]; do sleep 0.05; done'

# go_on NODE...: its installer need not wait any more.
go_on() {
	for n; do lab in "$n" touch /var/lib/go; done
}

# away NODE: until it is out of service, and nothing runs there.
away() {
	pcmk_wait "//nodes/node[@name='$1'][@standby='true' and @resources_running=0]"
}

# order: the nodes in the order in which their first installer began.
order() {
	for n in $LAB_NODES; do
		lab in "$n" sh -c "sed \"s/\$/ $n/\" /var/lib/began 2>/dev/null"
	done | sort -n | awk '!had[$2]++ { print $2 }' | xargs
}

# How many restarts each node has had.
restarts() {
	for n in $LAB_NODES; do lab reboots "$n"; done | xargs
}

phase_ms=$(pcmk_ms)
# took NAME: for whoever wants to know where the time goes.
took() {
	echo "# $1: $(($(pcmk_ms) - phase_ms)) ms"
	phase_ms=$(pcmk_ms)
}
