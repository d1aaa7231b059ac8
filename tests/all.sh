#!/bin/sh
# SPDX-License-Identifier: ISC
# Every test that this machine can run; says what it skipped and why. With
# CAU_REQUIRE_ALL=1 a skip is a failure.
#
#	sh tests/all.sh
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/packages.sh
packages_install test || exit 1

log=$(mktemp "${TMPDIR:-/tmp}/cau-all.XXXXXX") || exit 1
labs=
# The labs have a process group of their own, all of which goes.
end() {
	[ -z "$labs" ] || kill -s TERM -- "-$labs" 2>/dev/null
	wait
	rm -f "$log" "$log.labs"
}
trap end EXIT
trap 'exit 1' HUP INT TERM
failed=
passed=0
skipped=0

# part NAME COMMAND...: prints its output, counts its "ok" and "skip" lines.
part() {
	name=$1
	shift
	echo "== $name"
	rc=0
	"$@" >"$log" 2>&1 || rc=$?
	cat "$log"
	passed=$((passed + $(grep -c '^ok' "$log")))
	skipped=$((skipped + $(grep -c '^skip' "$log")))
	if [ $rc != 0 ]; then
		echo "== $name FAILED (exit $rc)"
		failed="$failed $name,"
	fi
}

# The labs to their end.
labs_end() {
	wait "$labs"
	rc=$?
	labs=
	cat "$log.labs"
	return $rc
}

jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
part "build" make -s -j"$jobs" WERROR=1 tests
CAU=$PWD/build/cau
export CAU
# Labs wait more than they compute: they run beside all else.
setsid sh tests/lab/run.sh >"$log.labs" 2>&1 </dev/null &
labs=$!
part "build with clang" make -s -j"$jobs" WERROR=1 CC=clang OUT=build-clang
part "unit tests, corpora, simulator, command line" make -s -j$((jobs * 2)) WERROR=1 check
part "the same with sanitizers" make -s -j$((jobs * 2)) WERROR=1 SAN=1 check
part "lint" nice make -s lint
part "documents" sh tests/docs.sh
part "dnf, zypper, fwupd" sh tests/lab/rpm.sh
part "nodes over ssh" labs_end

if [ "${CAU_REQUIRE_ALL:-}" = 1 ] && [ $skipped != 0 ]; then
	failed="$failed skipped tests,"
fi
nfailed=$(printf '%s' "$failed" | tr -cd , | wc -c)
[ -z "$failed" ] || echo "FAILED:${failed%,}"
echo "$passed passed, $((nfailed + 0)) failed, $skipped skipped"
[ -z "$failed" ]
