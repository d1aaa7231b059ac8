# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2012,SC2013,SC2016,SC2034,SC2086,SC2120
# The harness of the command line tests. A test file begins with
#
#	. "${0%/*}/lib.sh"
#
# and is run as CAU=build/cau sh tests/cli/NAME.sh. It then runs in a fresh
# folder of its own ($dir, also the current one, removed at the end) and a
# clean environment. A case begins with `it NAME` and holds any number of
# assertions; it is `ok` when all of them hold. The last line is `finish`.
# CAU_LIMIT is its limit in seconds (300). CAU_KEEP=1 keeps the folder, CAU_ONLY=WORD runs only the cases whose name
# has WORD in it.

set -u

# The processes whose current folder is below FOLDER.
inside() {
	ls -ld /proc/[0-9]*/cwd 2>/dev/null |
		sed -n "s#.* /proc/\([0-9]*\)/cwd -> $1\(/.*\)\{0,1\}\$#\1#p"
}

if [ -z "${CAU_CLI-}" ]; then
	cli=$(cd "${0%/*}" && pwd) || exit 1
	bin=$(cd "$(dirname "${CAU:?the path of the cau binary}")" && pwd) || exit 1
	base=$(mktemp -d "${TMPDIR:-/tmp}/cau-cli.XXXXXX") || exit 1
	mkdir "$base/t" "$base/x"
	# Not with exec: somebody must be left to clean up, also after ^C.
	trap : HUP INT TERM
	timeout -k 5 "${CAU_LIMIT:-300}" env -i PATH="$PATH" HOME="$base/t" \
		TMPDIR="$base/t" XDG_RUNTIME_DIR="$base/x" CAU_CLI="$base" \
		CAU="$bin/${CAU##*/}" CAU_ONLY="${CAU_ONLY-}" \
		sh -c 'cd "$CAU_CLI/t" && exec sh "$0"' "$cli/${0##*/}"
	code=$?
	# What still works in our folder goes.
	for p in $(inside "$base"); do
		kill -9 "$p" 2>/dev/null
	done
	if [ -z "${CAU_KEEP-}" ]; then
		chmod -R u+rwx "$base"
		rm -rf "$base"
	else
		echo "# kept: $base"
	fi
	exit $code
fi

umask 022
LC_ALL=C
export LC_ALL
cli=${0%/*}
top=${cli%/tests/cli}
dir=$PWD
failed=0
name=
bad=
skipped=
active=
is_root=
[ "$(id -u)" -ne 0 ] || is_root=yes
has_jq=
command -v jq >/dev/null 2>&1 && has_jq=yes
nl='
'

# What the machine of the test is like has no say in a run: its disks, its units
# and so on.
cau() {
	case ${1-} in
	run)
		shift
		"$CAU" run --skip \
			disk-space,failed-units,restart-pending,auto-updates,privileges \
			"$@"
		;;
	*) "$CAU" "$@" ;;
	esac
}

# Ends the case before it.
end_case() {
	if [ -z "$name" ]; then
		:
	elif [ -n "$skipped" ] && [ -z "$bad" ]; then
		echo "skip - $name ($skipped)"
	elif [ -z "$bad" ]; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		printf '%s' "$bad" | sed 's/^/# /'
		failed=$((failed + 1))
	fi
	name=
}

# it NAME: begins a case. Its status says whether the case is wanted; only a
# case that costs time need ask.
it() {
	end_case
	name=$1 bad='' skipped=''
	: >out
	: >err
	[ -n "${CAU_ONLY-}" ] || return 0
	case $name in
	*"$CAU_ONLY"*) ;;
	*)
		name=
		return 1
		;;
	esac
}

# skip WHY: the rest of the case is not run; the test goes on after it.
skip() {
	skipped=$1
}

# The case fails, with these lines.
fail() {
	bad="$bad$1$nl"
}

finish() {
	no_one_left
	end_case
	[ $failed -eq 0 ]
	exit
}

# Run ids, times, spans, sums, paths and names that differ on every run.
plain() {
	sed -E \
		-e "s#$CAU_CLI/t#DIR#g" \
		-e 's/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/RUN/g' \
		-e 's/^[0-9a-f]{8}  TIME/RUN  TIME/' \
		-e 's/(run )[0-9a-f]{8}$/\1RUN/' \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z/TIME/g' \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}Z/TIME/g' \
		-e 's/^[0-9a-f]{8}  TIME/RUN  TIME/' \
		-e 's/ on [0-9]{4}-[0-9]{2}-[0-9]{2} by run RUN/ on DATE by run RUN/' \
		-e 's/\b[0-9a-f]{64}\b/SHA/g' \
		-e 's/ +[0-9]+\.[0-9] s\b/ SPAN/g' \
		-e 's/(nodes?), by [^ ]+ on [^ ,]+/\1, by USER on HOST/' \
		-e 's/by [^ ]+ on [^ ]+ \(process [0-9]+\)/by USER on HOST (process PID)/'
}

# runs CODE COMMAND...: the exit code is CODE; stdout and stderr are kept.
runs() {
	want=$1
	shift
	"$@" >out 2>err </dev/null
	got=$?
	if [ $got -ne "$want" ]; then
		fail "exit $got, expected $want: $*"
		fail "$(tail -n 8 err | cut -c 1-200 | sed 's/^/stderr: /')"
		fail "$(tail -n 12 out | cut -c 1-200 | sed 's/^/stdout: /')"
	fi
}

is() {
	plain <"$1" >is.got
	diff "$2" is.got >is.diff 2>&1 || fail "$(sed "s/^/$1: /" is.diff)"
}

# The text that follows as a here-document, exactly.
out_is() {
	cat >is.want
	is out is.want
}

err_is() {
	cat >is.want
	is err is.want
}

file_is() {
	cat >is.want
	is "$1" is.want
}

has() {
	grep -qF -e "$2" "$1" ||
		fail "$1 lacks: $2$nl$(head -n 16 "$1" | cut -c 1-200 | sed "s/^/$1: /")"
}

lacks() {
	! grep -qF -e "$2" "$1" ||
		fail "$1 has: $2$nl$(grep -nF -e "$2" "$1" | head -n 5)"
}

out_has() { has out "$1"; }
err_has() { has err "$1"; }
out_lacks() { lacks out "$1"; }
err_lacks() { lacks err "$1"; }
silent_out() { is out /dev/null; }
silent_err() { is err /dev/null; }

# yes WHAT COMMAND...: the command succeeds.
yes() {
	what=$1
	shift
	"$@" >/dev/null 2>&1 || fail "not so: $what"
}

no() {
	what=$1
	shift
	! "$@" >/dev/null 2>&1 || fail "not so: $what"
}

# same WHAT GOT WANT
same() {
	[ "$2" = "$3" ] || fail "$1: '$2', expected '$3'"
}

# json FILTER WANT: what jq -r makes of stdout, plain. Without jq nothing is
# looked at; that stdout is there at all is seen either way.
json() {
	[ -s out ] || fail 'stdout is empty, JSON was expected'
	[ -n "$has_jq" ] || return 0
	json_got=$(jq -r "$1" out 2>&1 | plain)
	[ "$json_got" = "$2" ] || fail "$1: $json_got${nl}expected: $2"
}

# jsonl FILTER WANT: the same for the last line of stdout.
jsonl() {
	tail -n 1 out >out.last
	mv out.last out
	json "$1" "$2"
}

# valid_json: every document of stdout can be read.
valid_json() {
	[ -z "$has_jq" ] || jq -e . out >/dev/null 2>jq.err ||
		fail "no valid JSON: $(cat jq.err)"
}

# eventually WHAT COMMAND...: within 10 seconds.
eventually() {
	what=$1
	shift
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		if [ $tries -gt 200 ]; then
			fail "not even after 10 s: $what"
			return 1
		fi
		sleep 0.05
	done
}

# Processes that work in our folder, but this shell, its caller and what it
# runs.
ours() {
	for p in $(inside "$CAU_CLI"); do
		read -r stat 2>/dev/null <"/proc/$p/stat" || continue
		set -- ${stat##*) }
		case $p in
		"$$" | "$PPID") ;;
		*) [ "$1" = Z ] || [ "$2" = $$ ] || printf '%s ' "$p" ;;
		esac
	done
}

gone() {
	for g in "$@"; do
		read -r stat 2>/dev/null <"/proc/$g/stat" || continue
		case ${stat##*) } in Z*) ;; *) return 1 ;; esac
	done
	return 0
}

nobody() {
	[ -z "$(ours)" ]
}

# Neither processes nor control sockets stay behind.
no_one_left() {
	it 'nothing is left behind' || return 0
	eventually 'no process is left' nobody || for p in $(ours); do
		what=$(tr '\0\n' '  ' 2>/dev/null <"/proc/$p/cmdline")
		[ -z "$what" ] || fail "$p: $(printf %s "$what" |
			sed -E 's/(.{40}).*(.{150})/\1 ... \2/')"
	done
	same 'control folders' "$(ls -A "$CAU_CLI/x")" ''
}

# rule_body PATH PARAMETERS [SUCCESS]: inside of <Extension> or <Folder>.
rule_body() {
	cat <<EOF
      <Template path="$1" parameters="$2" />
      <ExitConditions>
        <Success>0</Success>
        <Success_RebootRequired>194, 3010</Success_RebootRequired>
        <Fail_RebootRequired>10, 1603, 67</Fail_RebootRequired>
        <AlreadyInstalled>20, 0x240006, 6</AlreadyInstalled>
        <NotApplicable>30, 0x80240017, 23</NotApplicable>
      </ExitConditions>
EOF
}

# make_root ROOT [EXT PATH PARAMETERS]...: a hotfix root folder. .sh by
# /bin/sh, .run and the folder Own by themselves, and rules for more.
make_root() {
	root=$1
	shift
	mkdir -p "$root/CAUHotfix_All"
	{
		echo '<HotfixConfig><DefaultRules><ExtensionRules>'
		echo '    <Extension name="SH">'
		rule_body /bin/sh '$update$'
		echo '    </Extension><Extension name="RUN">'
		rule_body '$update$' ''
		while [ $# -gt 0 ]; do
			echo "    </Extension><Extension name=\"$1\">"
			rule_body "$2" "$3"
			shift 3
		done
		echo '    </Extension></ExtensionRules></DefaultRules><FolderRules>'
		echo '    <Folder name="Own">'
		rule_body '$update$' ''
		echo '    </Folder></FolderRules></HotfixConfig>'
	} >"$root/DefaultHotfixConfig.xml"
}

# put FILE: an update, from a here-document.
put() {
	case $1 in */*) mkdir -p "${1%/*}" ;; esac
	cat >"$1"
}

# fresh [RULE]...: an empty place for the next case: root folder, state
# folders of the coordinator and of the nodes.
fresh() {
	rm -rf root c n1 n2 n3
	make_root root "$@"
}

# The stub instead of ssh; it behaves as the address says.
use_stub() {
	PATH=$cli/stubs:$PATH
	STUB_LOG=$dir/stub.log
	STUB_DIR=$dir/stub
	export PATH STUB_LOG STUB_DIR
	new_stub
}

new_stub() {
	rm -rf "$STUB_DIR"
	mkdir "$STUB_DIR"
	: >"$STUB_LOG"
}

# Words for a run of three nodes on this machine, each with its own state.
three="n1=local:$dir/n1,n2=local:$dir/n2,n3=local:$dir/n3"
one="n1=local:$dir/n1"
CAU_STATE_DIR=$dir/c
export CAU_STATE_DIR

# scan1, run1: one node; scan3, run3: three.
scan1() { cau scan --nodes "$one" --root "$dir/root" "$@"; }
scan3() { cau scan --nodes "$three" --root "$dir/root" "$@"; }
run1() { cau run --nodes "$one" --root "$dir/root" "$@"; }
run3() { cau run --nodes "$three" --root "$dir/root" "$@"; }
