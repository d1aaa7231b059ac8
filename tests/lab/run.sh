#!/bin/sh
# SPDX-License-Identifier: ISC
# The tests that need real sshd: three nodes in namespaces of this machine, and
# three with systemd of their own.
#
#	CAU=build/cau sh tests/lab/run.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
CAU=${CAU:-build/cau}
case $CAU in /*) ;; *) CAU=$PWD/$CAU ;; esac
export CAU
failed=0

# in_lab LAB TEST: 77 of a lab is that this machine cannot run it.
in_lab() {
	sh "$here/$1.sh" run 3 "$here/$2.sh"
	case $? in
	0) ;;
	77)
		echo "skip - $2, in the nodes of $1.sh (see above)"
		[ "${CAU_REQUIRE_ALL:-}" != 1 ] || failed=1
		;;
	*) failed=1 ;;
	esac
}

if ! command -v jq >/dev/null 2>&1; then
	echo "skip - tests against real sshd (jq is not installed)"
	[ "${CAU_REQUIRE_ALL:-}" != 1 ]
	exit
fi
for t in ssh restart local; do
	in_lab lab $t
done
in_lab nspawn systemd
in_lab nspawn apt
exit $failed
