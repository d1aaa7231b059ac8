#!/bin/sh
# SPDX-License-Identifier: ISC
# The documents say what the program and the tree are: commands, options and
# exit codes of the manual, examples that are run, README's map.
#
#	CAU=build/cau sh tests/docs.sh

set -u
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/.." || exit 1
: "${CAU:=build/cau}"
case $CAU in /*) ;; *) CAU=$PWD/$CAU ;; esac
[ -x "$CAU" ] || {
	echo "not ok - no program $CAU"
	exit 1
}
# The access checks of cau look at the modes of the example's files.
umask 022
work=$(mktemp -d "${TMPDIR:-/tmp}/cau-docs.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# check NAME FILE: ok when the file, which holds what is wrong, is empty. Also
# in a pipe, so failures are counted in a file.
check() {
	if [ -s "$2" ]; then
		echo "not ok - $1"
		sed 's/^/    /' "$2"
		echo "$1" >>"$work/failed"
	else
		echo "ok - $1"
	fi
}

# same NAME FILE1 FILE2
same() {
	diff "$2" "$3" >"$work/diff"
	check "$1" "$work/diff"
}

# The page with the escapes of mdoc undone.
plain() {
	sed 's/\\&//g; s/\\-/-/g; s/\\(dq/"/g; s/\\e/\\/g' "$1"
}

# Commands and options.
"$CAU" help | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p' >"$work/commands"
[ -s "$work/commands" ] || echo "cau help names none" >"$work/none"
: >>"$work/none"
check "cau help names commands" "$work/none"
while read -r c; do
	grep -qx "\.Ss cau $c" man/cau.8 || echo "no subsection: cau $c"
	grep -qx "\.Cm $c" man/cau.8 || echo "not in the synopsis: $c"
	"$CAU" help "$c" >>"$work/help"
done <"$work/commands" >"$work/out"
check "every command stands in cau(8)" "$work/out"
sed -n 's/^\.Ss cau //p' man/cau.8 | sort >"$work/subsections"
sort "$work/commands" | same "cau(8) describes no other command" \
	"$work/subsections" -

grep -o '^ .\{0,5\}--[a-z-]*' "$work/help" | grep -o -e '--[a-z-]*' |
	sort -u >"$work/options"
plain man/cau.8 | grep -o 'Fl -[a-z-]*\|, -[a-z-]\{2,\}' |
	sed 's/^Fl //; s/^, //; s/^/-/; s/^---/--/' | grep '^--' |
	sort -u >"$work/manual"
comm -23 "$work/options" "$work/manual" >"$work/out"
check "every option of cau help stands in cau(8)" "$work/out"
# Also those of the examples, of all pages.
# shellcheck disable=SC2016
for f in man/*.[0-9] *.md; do
	plain "$f" | sed -e ':a' -e '/\\$/{N;s/\\\n//;ba' -e '}' |
		sed -n 's/^[^#]*\(cau [a-z][a-z]* .*\)/\1/p' | sed 's/|.*//' |
		grep -o -e ' --[a-z-]*' | tr -d ' '
	grep -o '[`]--[a-z-]*[`]' "$f" | tr -d '`'
done | cat - "$work/manual" | grep -vx -e '--version' -e '--help' -e '--' |
	sort -u | comm -13 "$work/options" - >"$work/out"
check "the documents name no other option" "$work/out"

# Exit codes.
sed -n 's/^\tCAU_[A-Z]* = \([0-9]*\).*/\1/p' cau.h >"$work/enum"
sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EX/s/^\.It \([0-9]*\)$/\1/p' man/cau.8 |
	same "the exit codes of cau(8) are those of cau.h" "$work/enum" -

# Statuses, results and the like, from the tables in the headers.
sed -n 's/^\tX([A-Z_]*, "\([A-Za-z_]*\)").*/\1/p' event.h exitcodes.h engine.h |
	while read -r w; do
		grep -qw -e "$w" man/cau-report.5 || echo "$w"
	done >"$work/out"
check "cau-report(5) knows every word" "$work/out"
sed -n 's/^\tX(\([a-z_]*\)).*/\1/p' event.h | while read -r w; do
	grep -qw -e "$w" man/cau-report.5 || echo "$w"
done >"$work/out"
check "cau-report(5) knows every option of a journal" "$work/out"

# The table of cau-profile(5) against that of the options: name, option and,
# where cau help has one, the number of the default.
sed -n '/^const struct option_def option_defs/,/^    {0, NULL/p' options.c |
	tr -d '\n\t' |
	sed 's/\\"//g; s/{/\n/g' |
	sed -n 's/^[^"]*"\([a-z-]*\)", *\(NULL\|"[^"]*"\), *"\([A-Za-z]*\)",\(.*\)/\3 \1 \4/p' |
	awk '{ d = "-" } match($0, /\(default [0-9][^)]*/) {
		d = substr($0, RSTART + 9, RLENGTH - 9) } { print $1, $2, d }' |
	sort >"$work/want"
sed -n 's/^\.It Li \([A-Za-z]*\) Ta Fl -\([a-z-]*\) Ta \([^ ]*\) Ta .*/\1 \2 \3/p' \
	man/cau-profile.5 | sed 's/ [^0-9 ][^ ]*$/ -/' | sort >"$work/got"
same "the table of cau-profile(5) is that of the program" "$work/want" \
	"$work/got"
sed -n 's/^    {"\([A-Za-z]*\)", EXTRA_.*/\1/p' options_profile.c |
	while read -r w; do
		grep -qx "\.It Li $w" man/cau-profile.5 || echo "$w"
	done >"$work/out"
check "cau-profile(5) knows every other name" "$work/out"
sed -n 's/.* Ta Fl \(-[a-z-]*\) Ta .* Ta \([0-9]*\)\.\.\([0-9]*\)$/\1 \2 \3/p' \
	man/cau-profile.5 | while read -r o min max; do
	for v in $((min - 1)) $((max + 1)); do
		"$CAU" run --nodes n=local --root / --profile '' "-$o=$v" 2>&1 |
			grep -q -e "$v is outside $min to $max" ||
			echo "$o $v"
	done
done >"$work/out"
check "the ranges of cau-profile(5) are those of the program" "$work/out"

# What a run without options has, by its journal, is what cau help, cau(8) and
# cau-profile(5) call the default; a bare number counts in the unit that they say.
mkdir -p "$work/idle"
cat >"$work/idle/DefaultHotfixConfig.xml" <<'X'
<HotfixConfig><DefaultRules><ExtensionRules><Extension name="SH">
<Template path="/bin/sh" parameters="$update$" />
<ExitConditions><Success>0</Success></ExitConditions>
</Extension></ExtensionRules></DefaultRules></HotfixConfig>
X
# taken WORD...: the options of a run with these words that has nothing to do.
taken() {
	rm -rf "$work/taken"
	"$CAU" run -q --state-dir "$work/taken" --root "$work/idle" \
		--nodes "n1=local:$work/t1,n2=local:$work/t2,n3=local:$work/t3" \
		--alert-action continue "$@" >/dev/null 2>"$work/taken.err"
	sed -n '1s/.*"options":{\([^}]*\)}.*/\1/p' "$work"/taken/runs/*/journal.jsonl |
		tr , '\n'
	cat "$work/taken.err"
}
taken --profile '' >"$work/defaults"
: >"$work/out"
grep -c . "$work/defaults" | grep -qx '[2-9][0-9]' || echo "no options in a journal" >"$work/out"
check "a run has options" "$work/out"
"$CAU" help run |
	sed -n 's/^ .* --\([a-z-]*\) .*(default \([0-9][0-9a-zA-Z]*\)).*/\1 \2/p' |
	sort >"$work/numbers"
plain man/cau.8 | awk '/^\.It Fl -[a-z-]* Ar/ { o = substr($3, 2) }
	/^\.It Li|^\.Sh/ { o = "" }
	o && /^The default is [0-9]/ {
		sub(/[;.,]$/, "", $4); sub(/[;.,]$/, "", $5)
		u = $5 ~ /^(seconds|minutes)$/ ? substr($5, 1, 1) : ""
		print o, $4 u }' | sort |
	same "the numbers of cau help are those of cau(8)" "$work/numbers" -
# shellcheck disable=SC2046
taken --profile '' --max-failed-nodes=1 \
	$(sed 's/\(.*\) \(.*\)/--\1=\2/' "$work/numbers") |
	same "the defaults of cau help are those of a run" "$work/defaults" -
sed -n 's/^\.It Li \([A-Za-z]*\) Ta Fl -[a-z-]* Ta \([^ ]*\) Ta .*/\1=\2/p' \
	man/cau-profile.5 |
	grep -v -e '=none$' -e '=never$' -e '=N/3$' -e '=critical$' >"$work/said"
taken --profile "$work/said" |
	same "the defaults of cau-profile(5) are those of a run" "$work/defaults" -
plain man/cau.8 | awk '/^\.It Fl -[a-z-]* Ar/ { o = substr($3, 2) }
	/^\.It Li|^\.Sh/ { o = "" }
	o && match($0, /a bare number is in (seconds|minutes)/) {
		print o, substr($0, RSTART + 20, RLENGTH - 20) }' |
	sort >"$work/units"
sed -n 's/.* Ta Fl -\([a-z-]*\) Ta .* Ta \(seconds\|minutes\)$/\1 \2/p' \
	man/cau-profile.5 | sort | comm -23 - "$work/units" >"$work/out"
check "the units of cau-profile(5) are those of cau(8)" "$work/out"
# shellcheck disable=SC2046
taken --profile '' $(sed 's/\(.*\) .*/--\1=7/' "$work/units") >"$work/bare"
# shellcheck disable=SC2046
taken --profile '' $(sed 's/\(.*\) \(.\).*/--\1=7\2/' "$work/units") |
	same "a bare number counts in this unit" "$work/bare" -

# Checks.
sed -n 's/^    {"\([a-z-]*\)", NEED_.*/\1/p' health.c >"$work/want"
sed -n '/^\.Sh CHECKS/,/^\.El/s/^\.It Cm \([a-z-]*\)$/\1/p' \
	man/cau-healthcheck.8 |
	same "cau-healthcheck(8) has every check" "$work/want" -
{
	cat "$work/want"
	printf '%s\n' monitor alert
} >"$work/checks"
sed -n 's/^\.It [0-9]* Ta [^\t]* Ta Cm \(.*\)/\1/p' man/cau-healthcheck.8 |
	tr -d ' ' | tr , '\n' | grep -vxF -f "$work/checks" >"$work/out"
sed -n 's/^\.It \([0-9]*\) Ta .*/\1/p' man/cau-healthcheck.8 |
	tr '\n' ' ' | grep -vx '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ' >>"$work/out"
check "the readiness rules name checks that there are" "$work/out"

# README's map: lists of file names in backticks.
# shellcheck disable=SC2016
grep '^- `' README.md | grep -o '`[a-z0-9_]*\.c`' | tr -d '`' | sort >"$work/map"
printf '%s\n' *.c | same "README's map has every file" - "$work/map"
sed -n 's/.*sh \(tests\/[a-z]*\.sh\).*/\1/p' README.md | sort -u |
	while read -r f; do [ -f "$f" ] || echo "$f is missing"; done >"$work/out"
check "README's commands are there" "$work/out"
awk 'END { if (NR >= 220) print NR " lines" }' README.md >"$work/out"
check "README has less than 220 lines" "$work/out"

# The pages themselves. Those of other packages may not be installed.
for f in man/*.[0-9]; do
	sed -n 's/^\.Xr \(cau[a-z-]*\) \([0-9]\).*/\1.\2/p' "$f"
done | sort -u | while read -r f; do
	[ -f "man/$f" ] || echo "man/$f is missing"
done >"$work/out"
check "pages refer to pages that are there" "$work/out"
if command -v mandoc >/dev/null 2>&1; then
	for f in man/*.[0-9]; do
		mandoc -Tlint -Wstyle "$f" 2>&1
	done | grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' \
		>"$work/out"
	check "mandoc finds nothing" "$work/out"
else
	echo "skip - mandoc is not installed"
fi

# Documents of the program against the schemas.
if command -v python3 >/dev/null 2>&1 &&
	python3 -c 'import jsonschema' 2>/dev/null; then
	cat >"$work/validate.py" <<'X'
import json, sys, warnings
warnings.simplefilter("ignore")
from jsonschema import Draft202012Validator as V
schema = json.load(open(sys.argv[1]))
V.check_schema(schema)
for name in sys.argv[2:]:
    for error in V(schema).iter_errors(json.load(open(name))):
        print(name, list(error.path), error.message)
X
	have_jsonschema=yes
else
	have_jsonschema=
	echo "skip - the python module jsonschema is not installed"
fi

# validate NAME SCAN REPORT
validate() {
	[ -n "$have_jsonschema" ] || return
	{
		python3 "$work/validate.py" schema/scan.schema.json "$2"
		python3 "$work/validate.py" schema/report.schema.json "$3"
	} >"$work/out" 2>&1
	check "$1" "$work/out"
}
validate "the samples fit the schemas" schema/samples/scan.json \
	schema/samples/report.json

# Examples. The folder of which the manual speaks:
mkdir -p "$work/hotfix/CAUHotfix_All" "$work/hotfix/n2/Firmware" "$work/bin"
cat >"$work/hotfix/DefaultHotfixConfig.xml" <<'X'
<HotfixConfig>
  <DefaultRules>
    <ExtensionRules>
      <Extension name="SH">
        <Template path="/bin/sh" parameters="$update$" />
        <ExitConditions>
          <Success><ExitCode code="0" /></Success>
        </ExitConditions>
      </Extension>
    </ExtensionRules>
  </DefaultRules>
  <FolderRules>
    <Folder name="Firmware">
      <Template path="$update$" parameters="-q" />
      <ExitConditions>
        <Success><ExitCode code="0" /></Success>
      </ExitConditions>
    </Folder>
  </FolderRules>
</HotfixConfig>
X
echo 'echo "agent is updated"  ' >"$work/hotfix/CAUHotfix_All/01-agent.sh"
echo 'for the admins' >"$work/hotfix/CAUHotfix_All/readme.txt"
printf '#!/bin/sh\necho flashed\n\n' >"$work/hotfix/n2/Firmware/nic-4.1.bin"
ln -s "$CAU" "$work/bin/cau"
PATH=$work/bin:$PATH
CAU_STATE_DIR=$work/state
export PATH CAU_STATE_DIR

# What differs from run to run, made the same; the width of columns as well.
normal() {
	sed -e '/^  Health check before it began:$/,/^$/d' \
		-e 's/[0-9a-f]\{8\}-[0-9a-f-]\{27\}/RUN/g' \
		-e 's/[0-9-]\{10\} [0-9:]\{8\}Z/TIME/g' \
		-e 's/[0-9]*\.[0-9] s/N s/g; s/ by [^ ]* on .*/ by USER/' \
		-e 's/  */ /g; s/ $//'
}

# example FILE: runs what stands behind "$ " in it and compares what follows.
example() {
	sed -n '/^\$ /,$p' "$1" | awk -v out="$1" '
		/^\$ / { file = out ".in"; sub(/^\$ /, "") }
		{ print >file; more = /[\\|]$/ || /[({]$/ }
		/\x27/ { n = gsub(/\x27/, "\x27"); if (n % 2) open = !open }
		!more && !open { file = out ".want" }'
	: >>"$1.want"
	sed "s|/srv/hotfix|$work/hotfix|g; s|/tmp/try|$work/try|g
		s|build/cau|cau|g" "$1.in" >"$1.sh"
	if ! sh -e "$1.sh" >"$1.got" 2>"$1.err" </dev/null; then
		echo "failed:"
		cat "$1.in" "$1.got" "$1.err"
		return
	fi
	normal <"$1.got" >"$1.got.n"
	sed "s|/tmp/try|$work/try|g; s|/srv/hotfix|$work/hotfix|g" "$1.want" |
		normal >"$1.want.n"
	diff "$1.want.n" "$1.got.n"
}

# Those of the manual are marked by a comment, those of README as well.
plain man/cau.8 >"$work/pages"
plain man/cau-wua.7 >>"$work/pages"
plain man/cau-healthcheck.8 >>"$work/pages"
awk -v out="$work/man." '
	/^\.\\" example/ { n++; tag = $3; next }
	/^\.Ed/ { file = "" }
	file { print >file }
	/^\.Bd/ && n > done { done = n; file = out sprintf("%02d", n) tag }' \
	"$work/pages"
awk -v out="$work/readme." '
	/^<!-- example -->/ { n++; next }
	/^```/ && file { file = "" ; next }
	file { print >file }
	/^```/ && n > done { done = n; file = out sprintf("%02d", n) }' README.md
for f in "$work"/man.[0-9]* "$work"/readme.[0-9]*; do
	case $f in
	*jq)
		command -v jq >/dev/null 2>&1 || {
			echo "skip - example ${f##*/}: jq is not installed"
			continue
		}
		;;
	*'*') continue ;;
	esac
	example "$f" >"$work/out" 2>&1
	check "example ${f##*/} does what it shows" "$work/out"
done
ls "$work"/man.*.sh "$work"/readme.*.sh >/dev/null 2>"$work/out"
check "the manual and README have examples" "$work/out"

# The plug-in of cau-plugin(7), and what is done with it.
plain man/cau-plugin.7 >"$work/plugin.7"
awk -v plugin="$work/bin/onefile" -v session="$work/session" '
	/^\.Ed/ { file = "" }
	file { print >file }
	/^\.\\" plugin/ { next_one = plugin }
	/^\.\\" session/ { next_one = session }
	/^\.Bd/ { file = next_one; next_one = "" }' "$work/plugin.7"
chmod 755 "$work/bin/onefile"
mkdir -p "$work/try"
(cd "$work/bin" && example "$work/session") >"$work/out" 2>&1
check "the plug-in of cau-plugin(7) does what the page says" "$work/out"

# What the examples print fits its schema.
if [ -n "$have_jsonschema" ]; then
	for p in "$work/bin/onefile" examples/fileset examples/catalogue; do
		"$p" describe >"$work/plugin.${p##*/}"
	done
	CAU_ARG_FILE=/dev/null CAU_ARG_VERSION=1 "$work/bin/onefile" scan \
		>"$work/plugin.scan" </dev/null
	CAU_UPDATE_ID=u CAU_ARG_FILE=$work/try/f CAU_ARG_VERSION=1 \
		"$work/bin/onefile" install >"$work/plugin.install" 2>/dev/null </dev/null
	python3 "$work/validate.py" schema/plugin.schema.json "$work/plugin.onefile" \
		"$work/plugin.fileset" "$work/plugin.catalogue" "$work/plugin.scan" \
		"$work/plugin.install" >"$work/out" 2>&1
	check "what the examples print fits the schema of plug-ins" "$work/out"
fi

# A health check with findings of all kinds, and one that is well.
if [ -n "$have_jsonschema" ]; then
	mkdir -p "$work/checks.d"
	printf '#!/bin/sh\necho "it is full|x=1"; exit 2\n' >"$work/checks.d/full"
	chmod 755 "$work/checks.d/full"
	set -- --json --nodes "n1=local:$work/v1" --checks-dir "$work/checks.d" \
		--alertmanager http://127.0.0.1:1
	cau healthcheck "$@" --acknowledge 'monitor/full 2999-12-31 known' \
		>"$work/health-ill.json"
	cau healthcheck "$@" --only clock >"$work/health-well.json"
	python3 "$work/validate.py" schema/healthcheck.schema.json "$work"/health-*.json \
		>"$work/out" 2>&1
	check "a health check fits its schema" "$work/out"
fi

# The example of a profile.
awk -v out="$work/profile" '/^\.Ed/ { file = "" } file { print >file }
	/^\.\\" profile/ { next_one = 1 }
	/^\.Bd/ && next_one { file = out; next_one = 0 }' man/cau-profile.5
sed -i "s|/srv/hotfix|$work/hotfix|" "$work/profile"
: >"$work/out"
for c in scan 'run -n'; do
	# shellcheck disable=SC2086
	cau $c -q --profile "$work/profile" \
		--nodes "n1=local:$work/p1,n2=local:$work/p2" \
		>"$work/got" 2>>"$work/out" || echo "cau $c fails" >>"$work/out"
done
check "the profile of cau-profile(5) is one" "$work/out"

# What the program prints today fits the schemas too.
cau scan --json -q --root "$work/hotfix" \
	--nodes "n1=local:$work/v1,n2=local:$work/v2" >"$work/scan.json"
cau report show --json >"$work/report.json"
validate "today's documents fit the schemas" "$work/scan.json" \
	"$work/report.json"

# The completion for bash asks the program.
if command -v bash >/dev/null 2>&1; then
	cat >"$work/complete.bash" <<'X'
. completions/cau.bash
t() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_cau cau
	echo "$*: ${COMPREPLY[*]}"
}
t cau ru
t cau help sta
t cau report ''
t cau run --max-f
t cau run --cluster l
t cau run --profile LIC
t cau run --nodes-file READ
t cau scan --root sche
t cau rules check LIC
t cau query ''
t cau plugin ''
t cau plugin register READ
t cau run --nodes ''
t cau scan --root /srv/a --no-m
t cau run --failback-mode P
t cau run --cluster =
t cau run --cluster = l
t cau run -p Microsoft.H
t cau run --plugin Microsoft.HotfixPlugin,Microsoft.W
t cau report show "${run%??}"
t cau report show l
t cau replay "${run%??}"
t cau replay READ
X
	cat >"$work/want" <<'X'
cau ru: rules run
cau help sta: status
cau report : list show
cau run --max-f: --max-failed-nodes
cau run --cluster l: local list
cau run --profile LIC: LICENSE
cau run --nodes-file READ: README.md
cau scan --root sche: schema
cau rules check LIC: LICENSE
cau query : check explain match
cau plugin : list unregister register test
cau plugin register READ: README.md
cau run --nodes : 
cau scan --root /srv/a --no-m: --no-metadata
cau run --failback-mode P: Policy
cau run --cluster =: auto local list pacemaker
cau run --cluster = l: local list
cau run -p Microsoft.H: Microsoft.HotfixPlugin
cau run --plugin Microsoft.HotfixPlugin,Microsoft.W: Microsoft.HotfixPlugin,Microsoft.WindowsUpdatePlugin
cau report show SHORT: RUN
cau report show l: last
cau replay SHORT: RUN
cau replay READ: README.md
X
	run=$(cau report list | sed -n '1s/ .*//p')
	run=$run bash "$work/complete.bash" 2>&1 |
		sed "s/$run/RUN/; s/ ${run%??}:/ SHORT:/" >"$work/got"
	same "completion offers what the program knows" "$work/want" "$work/got"
else
	echo "skip - bash is not installed"
fi

[ ! -s "$work/failed" ] || {
	echo "docs: $(wc -l <"$work/failed") failed"
	exit 1
}
