#!/bin/sh
# SPDX-License-Identifier: ISC
# The tests that need real sshd: three nodes in namespaces of this machine.
#
#	CAU=build/cau sh tests/lab/run.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
CAU=${CAU:-build/cau}
case $CAU in /*) ;; *) CAU=$PWD/$CAU ;; esac
export CAU
if ! command -v jq >/dev/null 2>&1; then
	echo "skip - tests against real sshd (jq is not installed)"
	[ "${CAU_REQUIRE_ALL:-}" != 1 ]
	exit
fi
rc=0
for t in ssh restart local; do
	sh "$here/lab.sh" run 3 "$here/$t.sh" || rc=$?
	[ $rc != 77 ] || break
done
if [ $rc = 77 ]; then
	echo "skip - tests against real sshd (see above)"
	[ "${CAU_REQUIRE_ALL:-}" != 1 ]
	exit
fi
exit $rc
