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

# chain LAB TEST...: one after the other. 77 of a lab is that this machine
# cannot run it. No test takes 15 minutes, but one may hang.
chain() {
	lab=$1
	shift
	pid=
	trap '[ -z "$pid" ] || kill "$pid"; wait; exit 143' TERM
	for t; do
		timeout -k 20 900 sh "$here/$lab.sh" run 3 "$here/$t.sh" </dev/null &
		pid=$!
		wait "$pid"
		case $? in
		0) ;;
		77)
			echo "skip - $t, in the nodes of $lab.sh (see above)"
			[ "${CAU_REQUIRE_ALL:-}" != 1 ] || failed=1
			;;
		124)
			echo "not ok - $t, in the nodes of $lab.sh: hangs"
			failed=1
			;;
		*) failed=1 ;;
		esac
	done
	exit $failed
}

if ! command -v jq >/dev/null 2>&1; then
	echo "skip - tests against real sshd (jq is not installed)"
	[ "${CAU_REQUIRE_ALL:-}" != 1 ]
	exit
fi
# Much of it is waiting for nodes: both labs at the same time.
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
trap 'kill $nspawn $plain 2>/dev/null; wait; exit 1' HUP INT TERM
nspawn='' plain=''
{
	(chain nspawn systemd apt)
	code=$?
	(chain cluster health pacemaker-self) && [ $code = 0 ]
} >"$out" 2>&1 &
nspawn=$!
{
	(chain lab ssh restart local)
	code=$?
	(chain cluster pacemaker) && [ $code = 0 ]
} &
plain=$!
wait $plain || failed=1
wait $nspawn || failed=1
cat "$out"
exit $failed
