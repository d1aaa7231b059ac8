#!/bin/sh
# SPDX-License-Identifier: ISC
# One line for a test that passes, and what it skipped; all that it printed
# when it fails.
#
#   tests/quiet.sh NAME COMMAND...
set -u
name=$1
shift
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 1' HUP INT TERM
"$@" >"$log" 2>&1 </dev/null
status=$?
if [ $status -eq 0 ]; then
	echo "ok      $name"
	grep '^skip' "$log"
	exit 0
fi
echo "FAILED  $name (exit status $status)"
sed 's/^/    /' "$log"
exit 1
