#!/bin/sh
# SPDX-License-Identifier: ISC
# Speed, as ratios measured side by side in one run. Prints the table of the
# README. Not part of the tests: time never decides whether they pass.
#
#	sh tests/bench/run.sh		needs a build; the ssh row needs root
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
CAU=${CAU:-$top/build/cau}
work=$(mktemp -d "${TMPDIR:-/tmp}/cau-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
umask 022
libs="libxml-2.0 libarchive jansson nettle"
# shellcheck disable=SC2046,SC2086
cc -O2 -o empty "$here/empty.c" $(pkg-config --cflags --libs $libs)
cc -O2 -D_GNU_SOURCE -o pairs "$here/pairs.c"

# row NAME GOAL N: of the words in a and b
row() {
	# shellcheck disable=SC2046
	set -- "$1" "$2" $(./pairs "$3" a b)
	printf '| %s | %s ms | %s ms | %s | %s |\n' "$1" "$3" "$4" "$5" "$2"
}

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

echo '| what | cau | compared with | ratio | goal |'
echo '|---|---|---|---|---|'

printf '%s\n' "$CAU" --version >a
printf '%s\n' "$work/empty" >b
row '`cau --version` against an empty program with the same libraries' '< 1.3' 101

mkdir -p many/CAUHotfix_All
rules >many/DefaultHotfixConfig.xml
(cd many/CAUHotfix_All && seq 1 100000 | sed 's/.*/&.bin/' | xargs touch)
printf '%s\n' "$CAU" scan --cluster local --no-metadata --root "$work/many" >a
printf '%s\n' find "$work/many" -type f -printf '%s\n' >b
row 'scan of 100,000 files, names and sizes, against `find -printf %s`' '< 2' 11

mkdir -p big/CAUHotfix_All
rules >big/DefaultHotfixConfig.xml
head -c 500000000 /dev/zero >big/CAUHotfix_All/1.bin
printf '%s\n' "$CAU" scan --cluster local --root "$work/big" >a
printf '%s\n' nettle-hash --algorithm=sha256 "$work/big/CAUHotfix_All/1.bin" >b
if command -v nettle-hash >/dev/null 2>&1; then
	row 'scan of one file of 500 MB against `nettle-hash`' 'about 1' 5
fi

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

if [ "${1:-}" = in-lab ]; then
	exit 0
fi
reset_nodes() { rm -rf s1; }
mine=$(per_update "n1=local:$work/s1")
echo 'exit 0' >one.sh
theirs=$(bare sh -c "sh $work/one.sh")
awk -v a="$mine" -v b="$theirs" 'BEGIN {
	printf "| one trivial installer, local, journal on disk, against `sh -c installer` | %.1f ms | %.1f ms | +%.1f ms | < 6 ms more |\n", a/1000, b/1000, (a-b)/1000 }'
