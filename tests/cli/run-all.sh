#!/bin/sh
# SPDX-License-Identifier: ISC
# All command line tests, one file after the other. CAU is the binary.
# run-all.sh [NAME...] runs only these.

set -u
cli=$(cd "${0%/*}" && pwd) || exit 1
top=${cli%/tests/cli}
CAU=${CAU:-$top/build/cau}
export CAU
[ -x "$CAU" ] || {
	echo "no $CAU: run make first" >&2
	exit 1
}
passed=0
failed=0
skipped=0
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 1' HUP INT TERM

# A file that ends badly without a failed case counts as one.
run_file() {
	echo "# $1"
	sh "$cli/$1.sh" >"$log" 2>&1
	code=$?
	cat "$log"
	bad=$(grep -c '^not ok' "$log")
	passed=$((passed + $(grep '^ok' "$log" | grep -vc '# SKIP')))
	skipped=$((skipped + $(grep -cE '^skip |^ok .*# SKIP' "$log")))
	failed=$((failed + bad))
	if [ $code -ne 0 ] && [ "$bad" -eq 0 ]; then
		echo "not ok - $1.sh ended with exit status $code"
		failed=$((failed + 1))
	fi
}

if [ $# -gt 0 ]; then
	for f in "$@"; do
		f=${f##*/}
		run_file "${f%.sh}"
	done
else
	for f in "$cli"/*.sh; do
		f=${f##*/}
		case $f in
		gate.sh | lib.sh | run-all.sh) ;;
		*) run_file "${f%.sh}" ;;
		esac
	done
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
