#!/bin/sh
# SPDX-License-Identifier: ISC
# Static checks over the whole tree. A tool that is not installed is skipped;
# with CAU_REQUIRE_ALL=1 that is an error.
#
#   tests/lint.sh CFLAGS...     (make lint)
# shellcheck disable=SC2317 # functions that are called by their names
set -u
cd "$(dirname "$0")/.." || exit 1
status=0

# try TOOL COMMAND...: quiet unless something is found.
try()
{
	tool=$1
	shift
	if command -v "$tool" >/dev/null 2>&1; then
		sh tests/quiet.sh "$tool" "$@" || status=1
		return
	fi
	echo "skipped: $tool is not installed"
	[ "${CAU_REQUIRE_ALL-}" != 1 ] || status=1
}

# clang-tidy is slow: some files at a time, and a third of the states that its
# analyzer otherwise looks at before it gives up on a function.
tidy()
{
	set -- "$@" -Xclang -analyzer-config -Xclang max-nodes=75000
	printf '%s\n' ./*.c tests/*/*.c |
		xargs -P "$(getconf _NPROCESSORS_ONLN)" -I FILE \
			sh -c 'out=$(clang-tidy --quiet FILE -- "$@" 2>/dev/null) ||
				{ echo "$out"; exit 1; }' sh "$@"
}

shells()
{
	{
		find node tests -name '*.sh'
		echo examples/fileset
	} | xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 8 \
		shellcheck -x -P SCRIPTDIR -e SC2015,SC2016
}

# Pages that refer to each other need not be installed here.
manuals()
{
	! mandoc -Tlint -Wstyle man/*.[1-8] |
		grep -v 'STYLE: referenced manual not found'
}

# child.c decodes how a child ended, from waitid(2), and nothing else does.
wait_status()
{
	! grep -nE '\bW(IF(EXITED|SIGNALED|STOPPED)|EXITSTATUS|TERMSIG)\b' ./*.c
}

case ${1-} in
tidy | shells | manuals | wait_status)
	"$@"
	exit
	;;
esac
try clang-format clang-format --dry-run -Werror ./*.[ch] tests/*/*.[ch]
try grep sh tests/lint.sh wait_status
try clang-tidy sh tests/lint.sh tidy "$@"
try cppcheck cppcheck --quiet --std=c11 --inline-suppr --error-exitcode=1 \
	--enable=warning,performance,portability -D_GNU_SOURCE -I. \
	--suppress=ctuuninitvar --suppress=legacyUninitvar ./*.c tests/*/*.c
try shellcheck sh tests/lint.sh shells
try mandoc sh tests/lint.sh manuals
exit $status
