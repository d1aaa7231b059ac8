# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2016
# Measuring what one update costs; to be sourced, by run.sh and ssh.sh.

rules() {
	cat <<'X'
<HotfixConfig><DefaultRules><ExtensionRules>
<Extension name="BIN"><Template path="/bin/true" parameters="$update$"/>
<ExitConditions><Success>0</Success></ExitConditions></Extension>
<Extension name="SH"><Template path="/bin/sh" parameters="$update$"/>
<ExitConditions><Success>0</Success></ExitConditions></Extension>
</ExtensionRules></DefaultRules></HotfixConfig>
X
}

# Per update: the difference of two runs, so that what a run costs once
# does not count; the same for the bare installer.
per_update() {
	# per_update NODES EXTRA...: milliseconds per update with cau
	nodes=$1
	shift
	best=999999
	for _ in 1 2 3 4 5; do
		for n in 1 41; do
			rm -rf root state
			mkdir -p root/CAUHotfix_All
			rules >root/DefaultHotfixConfig.xml
			i=0
			while [ $i -lt $n ]; do
				echo "exit 0 # $i" >root/CAUHotfix_All/$i.sh
				i=$((i + 1))
			done
			reset_nodes
			t0=$(date +%s%N)
			"$CAU" run --state-dir state --nodes "$nodes" --root root -q "$@" >/dev/null 2>&1
			t1=$(date +%s%N)
			[ $n = 1 ] && one=$(((t1 - t0) / 1000))
		done
		us=$((((t1 - t0) / 1000 - one) / 40))
		[ $us -lt $best ] && best=$us
	done
	echo $best
}

bare() {
	# bare COMMAND...: microseconds of a command, best of five times 40
	best=999999
	for _ in 1 2 3 4 5; do
		t0=$(date +%s%N)
		i=0
		while [ $i -lt 40 ]; do
			"$@" </dev/null >/dev/null 2>&1
			i=$((i + 1))
		done
		t1=$(date +%s%N)
		us=$(((t1 - t0) / 40000))
		[ $us -lt $best ] && best=$us
	done
	echo $best
}
