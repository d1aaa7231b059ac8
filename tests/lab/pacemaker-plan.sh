#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1091,SC2016,SC2034,SC2086,SC2154
# cau plan on a real Pacemaker cluster. Alone, or sourced by a test whose cluster is up:
#	CAU=build/cau sh tests/lab/cluster.sh run 3 tests/lab/pacemaker-plan.sh
case $0 in
*/pacemaker-plan.sh)
	. "$(dirname "$0")/common.sh"
	. "$here/pcmk.sh"
	pcmk_up || exit 1
	;;
esac

# The words of all commands here.
member() {
	verb=$1
	shift
	cau "$verb" --via n1 --rsh "$rsh" --root "$top/root" "$@"
}

# of NODE FILTER: from the plan's JSON in the file plan.
of() {
	jq -r --arg n "$1" ".nodes[] | select(.name == \$n) | $2" plan
}

plan_fresh() {
	fresh
	installer 1.sh 'exit 0'
	pcmk_clear
}

plan_fresh
pcmk_resources service chain db agents
away=$(pcmk_where service)
member plan --json
rc=$?
cp out plan
verdict "the order is that of the run" eval '
	is 0 $rc && is "$(jq -r "[.nodes[].name] | join(\" \")" plan)" "$(member run -n --json && jq -r "[.nodes[].name] | join(\" \")" out)"'
of "$away" '.moves[] | select(.fate == "Moves") | "\(.resource) \(.to)"' | sort >planned
pcmk_standby "$away"
pcmk_settle
while read -r r _; do echo "$r $(pcmk_where "$r")"; done <planned >happened
pcmk_unstandby "$away"
pcmk_settle
verdict "what moves, and where to, is what Pacemaker then does" eval 'is 0 $rc &&
	grep -q "^address n[123]$" planned && grep -q "^server n[123]$" planned &&
	is "$(cat planned)" "$(cat happened)" && ! grep -q " $away$" planned'
verdict "an instance of a clone stops with its node" eval '
	is "agent InstanceStops" "$(of "$away" ".moves[] | select(.resource == \"agent\") | \"\(.resource) \(.fate)\"")"'
verdict "votes and resources of what may fail meanwhile" eval '
	is "0 false 0 1" "$(of n2 ".survives | \"\(.nodes) \(.at_least) \(.votes) \(.resources)\"")"'
rm -f sealed
member plan --out sealed
rc=$?
verdict "a plan is sealed" eval 'is 0 $rc && [ -s sealed ] && grep -q "^Where resources move to" out'
pcmk_try crm_attribute --type crm_config --name cau-test --update 1
"$CAU" run --state-dir state --plan sealed >out 2>err
rc=$?
verdict "refused when the configuration of the cluster was changed" eval 'is 7 $rc && is "" "$(starts)" &&
	grep -q "the configuration of the cluster was changed: version" err && is 2 "$(wc -l <err)"'

pcmk_clear
pcmk_resources pinned=n2
mkdir root/n2
mv root/CAUHotfix_All/1.sh root/n2
member plan
rc=$?
verdict "what has nowhere to go is named, and refused" eval 'is 7 $rc &&
	grep -q "REFUSED: pinned " out && grep -q "^A run would be refused" out'
member run
rc=$?
verdict "so is the run" eval 'is 7 $rc && grep -q "^cau run: pinned " err && is "" "$(starts)"'
rm -f sealed
member plan --out sealed
rc=$?
verdict "such a plan is not sealed" eval 'is 7 $rc && ! test -e sealed && grep -q "sealed is not written" err'
member plan --force-pause-and-drain --out sealed --json
rc=$?
cp out plan
verdict "by force it is" eval 'is 0 $rc && [ -s sealed ] &&
	is Stops "$(of n2 ".moves[] | select(.resource == \"pinned\") | .fate")" &&
	is "n2 pinned" "$(of n1 ".survives | \"\(.with[0]) \(.stops)\"")"'
"$CAU" run --state-dir state --plan sealed >out 2>err
rc=$?
verdict "and is what the run does" eval 'is 0 $rc && is "n2 1.sh" "$(starts)" && is n2 "$(pcmk_where pinned)" &&
	is "$(jq -r "[.nodes[].name] | join(\" \")" plan)" "$(report "[.nodes[].name] | join(\" \")")"'

case $0 in
*/pacemaker-plan.sh) [ "$bad" = 0 ] ;;
esac
