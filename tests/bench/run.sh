#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2016,SC1091
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
. "$here/measure.sh"
# shellcheck disable=SC2046,SC2086
cc -O2 -o empty "$here/empty.c" $(pkg-config --cflags --libs $libs)
cc -O2 -D_GNU_SOURCE -o pairs "$here/pairs.c"

# row NAME GOAL N: of the words in a and b
row() {
	# shellcheck disable=SC2046
	set -- "$1" "$2" $(./pairs "$3" a b)
	printf '| %s | %s ms | %s ms | %s | %s |\n' "$1" "$3" "$4" "$5" "$2"
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

reset_nodes() { rm -rf s1; }
mine=$(per_update "n1=local:$work/s1")
echo 'exit 0' >one.sh
theirs=$(bare sh -c "sh $work/one.sh")
awk -v a="$mine" -v b="$theirs" 'BEGIN {
	printf "| one trivial installer, local, journal on disk, against `sh -c installer` | %.1f ms | %.1f ms | +%.1f ms | < 6 ms more |\n", a/1000, b/1000, (a-b)/1000 }'

# Over real sshd, in the test lab: what an update costs over the open channel,
# against the same number of bare commands over one open connection.
if [ "$(id -u)" = 0 ] && [ -z "${LAB:-}" ]; then
	CAU=$CAU sh "$top/tests/lab/lab.sh" run 1 "$here/ssh.sh" ||
		echo '| one trivial installer over ssh | | | not measured here | |'
	CAU=$CAU PAIRS=$work/pairs sh "$top/tests/lab/lab.sh" run 64 "$here/health.sh" ||
		echo '| health check of 64 nodes | | | not measured here | |'
fi

# shellcheck disable=SC2046,SC2086
cc -O2 -std=c11 -D_GNU_SOURCE -I"$top" -o query "$here/query.c" \
	"$(dirname "$CAU")/libcau.a" $(pkg-config --cflags --libs $libs)
./query

# The engine alone: it must stay linear.
echo
# shellcheck disable=SC2046
cc -O2 -std=c11 -D_GNU_SOURCE -I"$top" -o scale "$here/scale.c" \
	"$(dirname "$CAU")/libcau.a" $(pkg-config --cflags --libs jansson)
./scale
