#!/bin/sh
# SPDX-License-Identifier: ISC
# kill -9 of cau run at every record of its journal, in three ways, and at
# random moments; then cau recover must end with the report of an undisturbed
# run, every installer started exactly once.
#
#	CAU=build/cau sh tests/cli/crash.sh [SEED]
# shellcheck disable=SC2016
set -u
CAU=${CAU:-build/cau}
case $CAU in /*) ;; *) CAU=$PWD/$CAU ;; esac
here=$(cd "$(dirname "$0")" && pwd)
seed=${1:-$(date +%s)}
top=$(mktemp -d "${TMPDIR:-/tmp}/cau-crash.XXXXXX")
trap 'rm -rf "$top"' EXIT
trap 'exit 130' INT TERM
cd "$top" || exit 1
for tool in jq "${CC:-cc}"; do
	if ! command -v "$tool" >/dev/null 2>&1; then
		echo "skip - crash tests ($tool is not installed)"
		[ "${CAU_REQUIRE_ALL:-}" != 1 ]
		exit
	fi
done
"${CC:-cc}" -D_GNU_SOURCE -O1 -shared -fPIC -o killat.so "$here/killat.c" -ldl || exit 1

umask 022
mkdir -p root/CAUHotfix_All/Vendor root/n2
cat >root/DefaultHotfixConfig.xml <<'X'
<HotfixConfig>
  <DefaultRules><ExtensionRules><Extension name="SH">
    <Template path="/bin/sh" parameters="$update$"/>
    <ExitConditions><Success>0</Success>
      <Success_RebootRequired>3010</Success_RebootRequired></ExitConditions>
  </Extension></ExtensionRules></DefaultRules>
  <FolderRules><Folder name="Vendor" alwaysReboot="true">
    <Template path="$update$"/>
    <ExitConditions><Success>0</Success><NotApplicable>4</NotApplicable></ExitConditions>
  </Folder></FolderRules>
</HotfixConfig>
X
# Every installer says that it was started, into a file of this test.
count="echo \"\$CAU_NODE \$(basename \"\$0\")\" >>'$top/starts'"
printf '%s\n' "$count" 'echo 3010 >"$CAU_EXIT_CODE_FILE"' >root/CAUHotfix_All/1.sh
printf '%s\n' "$count" 'sleep 0.05' >root/CAUHotfix_All/2.sh
printf '#!/bin/sh\n%s\nexit 4\n' "$count" >root/CAUHotfix_All/Vendor/fw.run
printf '%s\n' "$count" 'echo broken; exit 9' >root/n2/bad.sh
nodes="n1=local:$top/s1,n2=local:$top/s2"
cat >expected <<'X'
n1 1.sh
n1 2.sh
n1 fw.run
n2 1.sh
n2 2.sh
n2 bad.sh
n2 fw.run
X

reset() {
	rm -rf s1 s2 state
	: >starts
}

run() {
	"$CAU" run --nodes "$nodes" --root root --state-dir state -q >run.out 2>run.err
}

# What must not depend on the moment: everything but times, ids and pids.
normal() {
	"$CAU" report show last --state-dir state --json | jq -S '
		del(.run_id, .started_at, .finished_at, .duration_s, .coordinator, .recoveries)
		| .nodes[] |= (del(.timing_s, .suspended_at, .suspended_s, .bytes_staged)
			| .updates[] |= del(.started_at, .duration_s))'
}

reset
run
rc=$?
if [ $rc != 3 ]; then
	cat run.err
	echo "not ok - undisturbed run (exit $rc)"
	exit 1
fi
normal >want
records=$(cat state/runs/*/journal.jsonl | wc -l)
bad=0
checked=0

# check NAME: recovers what is there and compares.
check() {
	checked=$((checked + 1))
	if [ -e state/current ] || [ -h state/current ]; then
		"$CAU" recover --state-dir state -q >rec.out 2>rec.err
		rc=$?
	else
		# Killed before the run was on record: nothing may have begun.
		if [ -s starts ]; then
			echo "not ok - $1: an installer ran before the run was recorded"
			bad=$((bad + 1))
			return
		fi
		rm -rf state
		run
		rc=$?
		cp run.err rec.err
	fi
	sort starts >got
	normal >have 2>&1
	if [ $rc = 3 ] && cmp -s got expected && cmp -s want have; then
		return
	fi
	bad=$((bad + 1))
	echo "not ok - $1: recover exit $rc"
	cat rec.err
	diff expected got
	diff want have
}

for how in before after torn; do
	at=1
	while :; do
		reset
		LD_PRELOAD="$top/killat.so" KILL_AT=$at KILL_HOW=$how \
			"$CAU" run --nodes "$nodes" --root root --state-dir state -q >run.out 2>run.err
		rc=$?
		# No longer killed: all records are behind us.
		[ $rc = 137 ] || break
		check "killed $how record $at"
		at=$((at + 1))
	done
	if [ $rc != 3 ] || [ $at -lt 5 ]; then
		echo "not ok - killing $how: ended with exit $rc after $at records"
		bad=$((bad + 1))
	else
		echo "ok - killed $how each of $((at - 1)) syncs ($records records)"
	fi
done

# The recovery is killed as well, at each of its records.
at=1
while :; do
	reset
	LD_PRELOAD="$top/killat.so" KILL_AT=6 KILL_HOW=after \
		"$CAU" run --nodes "$nodes" --root root --state-dir state -q >run.out 2>run.err
	LD_PRELOAD="$top/killat.so" KILL_AT=$at KILL_HOW=after \
		"$CAU" recover --state-dir state -q >run.out 2>run.err
	rc=$?
	[ $rc = 137 ] || break
	check "recovery killed after record $at"
	at=$((at + 1))
done
if [ $rc != 3 ]; then
	echo "not ok - killed recovery: ended with exit $rc"
	bad=$((bad + 1))
else
	echo "ok - recovery killed after each of $((at - 1)) syncs"
fi

# Random moments, from a seed that is told.
n=0
while [ $n -lt 15 ]; do
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	reset
	"$CAU" run --nodes "$nodes" --root root --state-dir state -q >run.out 2>run.err &
	pid=$!
	sleep "0.$(printf '%03d' $((seed / 65536 % 450)))"
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	if [ ! -h state/current ] && [ -s starts ]; then
		# It was faster than the signal.
		sort starts >got
		cmp -s got expected || {
			echo "not ok - random (seed $seed)"
			bad=$((bad + 1))
		}
	else
		check "killed at a random moment (seed $seed)"
	fi
	n=$((n + 1))
done
[ $bad = 0 ] && echo "ok - killed at 15 random moments; $checked recoveries in all"

# An installer that outlives its coordinator is found and its code is read.
reset
mkfifo go
cat >root/CAUHotfix_All/2.sh <<X
$count
: >'$top/waiting'
read -r line <'$top/go'
exit 0
X
"$CAU" run --nodes "$nodes" --root root --state-dir state -q >run.out 2>run.err &
pid=$!
while [ ! -e waiting ]; do sleep 0.02; done
rm -f waiting
kill -9 $pid
wait $pid 2>/dev/null
"$CAU" status --state-dir state >status.out
grep -q 'Nobody works on this run' status.out || {
	echo "not ok - status of a run that was cut short"
	bad=$((bad + 1))
}
"$CAU" recover --state-dir state -q >rec.out 2>rec.err &
pid=$!
echo >go # for n1
while [ ! -e waiting ]; do sleep 0.02; done
echo >go # for n2
wait $pid
rc=$?
sort starts >got
normal | jq -S 'del(.nodes[].updates[].sha256, .nodes[].updates[].size)' >have
jq -S 'del(.nodes[].updates[].sha256, .nodes[].updates[].size)' want >want2
if [ $rc = 3 ] && cmp -s got expected && cmp -s want2 have; then
	echo "ok - an installer that outlived its coordinator was found"
else
	echo "not ok - an installer that outlived its coordinator (exit $rc)"
	diff expected got
	diff want2 have
	bad=$((bad + 1))
fi
[ $bad = 0 ]
