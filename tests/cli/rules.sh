#!/bin/sh
# SPDX-License-Identifier: ISC
# cau rules: exact stdout, stderr and exit code. CAU is the binary.

set -u
LC_ALL=C
export LC_ALL
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
cau=$(cd "$(dirname "${CAU:?the path of the cau binary}")" && pwd) || exit 1
cau=$cau/${CAU##*/}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1
n=0
failed=0

ok() {
	n=$((n + 1))
	echo "ok $n - $1"
}

not_ok() {
	n=$((n + 1))
	failed=$((failed + 1))
	echo "not ok $n - $1"
}

# check NAME EXIT STDOUT STDERR CMD...: the files hold what is expected.
check() {
	name=$1 want=$2 out=$3 err=$4
	shift 4
	"$@" >got.out 2>got.err </dev/null
	got=$?
	if [ $got -eq "$want" ] && cmp -s "$out" got.out &&
		cmp -s "$err" got.err; then
		ok "$name"
		return
	fi
	not_ok "$name"
	echo "# exit $got, expected $want"
	diff "$out" got.out | sed 's/^/# stdout: /'
	diff "$err" got.err | sed 's/^/# stderr: /'
}

# succeeds NAME CMD...
succeeds() {
	name=$1
	shift
	if "$@" >got.out 2>&1; then
		ok "$name"
	else
		not_ok "$name"
		sed 's/^/# /' got.out
	fi
}

: >none
any_usage='usage: cau rules check FILE | explain FILE --file NAME [options]'
check_usage='usage: cau rules check FILE [--json]'
explain_usage='usage: cau rules explain FILE --file NAME [--folder FOLDER] [--exit CODE] [--json]'

cat >good.xml <<'EOF'
<HotfixConfig>
  <DefaultRules><ExtensionRules>
    <Extension name="DEB">
      <Template path="/usr/bin/apt-get" parameters="-y install $update$ &quot;a b&quot; %HOME%" />
      <ExitConditions>
        <Success>0</Success>
        <Success_RebootRequired>194, 3010, 0x80070BC2, 0xc2</Success_RebootRequired>
        <NotApplicable>3</NotApplicable>
      </ExitConditions>
    </Extension>
  </ExtensionRules></DefaultRules>
  <FolderRules>
    <Folder name="Firmware" alwaysReboot="true">
      <Template path="$update$" />
      <ExitConditions>
        <Success>0</Success>
        <AlreadyInstalled>2</AlreadyInstalled>
        <Fail_RebootRequired>10</Fail_RebootRequired>
      </ExitConditions>
    </Folder>
  </FolderRules>
</HotfixConfig>
EOF

# check

cat >out <<'EOF'
good.xml: 2 rules, 1 warning
EOF
cat >err <<'EOF'
good.xml:7: warning: Extension DEB: exit code 194 is in <Success_RebootRequired> twice, first on line 7
EOF
check 'check: warning' 0 out err "$cau" rules check good.xml

cat >out <<'EOF'
{"format":1,"command":"rules check","file":"good.xml","rules":2,"errors":[],"warnings":[{"line":7,"text":"Extension DEB: exit code 194 is in <Success_RebootRequired> twice, first on line 7"}]}
EOF
check 'check: JSON' 0 out none "$cau" rules check good.xml --json
check 'check: option first' 0 out none "$cau" rules check --json good.xml

sed -i 's/, 0xc2//' good.xml
echo 'good.xml: 2 rules' >out
check 'check: nothing to say' 0 out none "$cau" rules check good.xml

cat >bad.xml <<'EOF'
<HotfixConfig>
  <FolderRules>
    <Folder name="a">
      <Templat path="/x" />
      <ExitConditions>
        <Success>0 3010</Success>
        <AlreadyInstalled>0</AlreadyInstalled>
      </ExitConditions>
    </Folder>
  </FolderRules>
</HotfixConfig>
EOF
echo 'bad.xml: 1 rule, 3 errors, 1 warning' >out
cat >err <<'EOF'
bad.xml:3: error: Folder a: <Folder> has no <Template>
bad.xml:4: error: Folder a: unknown element 'Templat' in <Folder>, did you mean 'Template'? (allowed: Template, ExitConditions)
bad.xml:6: warning: Folder a: exit code 3010: a process on Linux returns 0 to 255: this code counts only if the installer writes it to the file $CAU_EXIT_CODE_FILE
bad.xml:7: error: Folder a: exit code 0 is in <AlreadyInstalled>, and on line 6 in <Success>
EOF
check 'check: all errors at once' 2 out err "$cau" rules check bad.xml

cat >out <<'EOF'
{"format":1,"command":"rules check","file":"bad.xml","rules":1,"errors":[{"line":3,"text":"Folder a: <Folder> has no <Template>"},{"line":4,"text":"Folder a: unknown element 'Templat' in <Folder>, did you mean 'Template'? (allowed: Template, ExitConditions)"},{"line":7,"text":"Folder a: exit code 0 is in <AlreadyInstalled>, and on line 6 in <Success>"}],"warnings":[{"line":6,"text":"Folder a: exit code 3010: a process on Linux returns 0 to 255: this code counts only if the installer writes it to the file $CAU_EXIT_CODE_FILE"}]}
EOF
check 'check: errors as JSON' 2 out none "$cau" rules check bad.xml --json

sed '6s/>0</>0, 130</' good.xml >signal.xml
echo 'signal.xml: 2 rules, 1 warning' >out
echo "signal.xml:6: warning: Extension DEB: exit code 130: a process that exits with it counts as ended by the signal INT: this code counts only if the installer writes it to the file \$CAU_EXIT_CODE_FILE and exits with another one" >err
check 'check: a code that says signal' 0 out err "$cau" rules check signal.xml

echo 'empty.xml: 0 rules, 1 error' >out
echo 'empty.xml: error: the file is empty' >err
: >empty.xml
check 'check: empty file' 2 out err "$cau" rules check empty.xml

echo 'none.xml: 0 rules, 1 warning' >out
echo 'none.xml: warning: no rules: no file will be installed' >err
echo '<c/>' >none.xml
check 'check: no rules' 0 out err "$cau" rules check none.xml

echo 'cau rules: cannot read nosuch.xml: No such file or directory' >err
check 'check: no such file' 2 none err "$cau" rules check nosuch.xml
echo '{"format":1,"command":"rules check","file":"nosuch.xml","rules":0,"errors":[{"line":0,"text":"cannot read nosuch.xml: No such file or directory"}],"warnings":[]}' >out
check 'check: no such file, JSON' 2 out none "$cau" rules check nosuch.xml --json
echo 'cau rules: cannot read .: Is a directory' >err
check 'check: a folder' 2 none err "$cau" rules check .

esc=$(printf '\033')
cat >err <<'EOF'
cau rules: cannot read \x1b[2J\n: No such file or directory
EOF
check 'check: a name that steers the terminal' 2 none err \
	"$cau" rules check "${esc}[2J
"

{
	printf '<HotfixConfig><DefaultRules x="'
	head -c 20000000 /dev/zero | tr '\0' A
	printf '"/></HotfixConfig>'
} >big.xml
echo 'cau rules: big.xml is larger than 4194304 bytes' >err
check 'check: 20 MB of attribute' 2 none err "$cau" rules check big.xml
rm big.xml

{
	printf '<HotfixConfig><DefaultRules x="'
	head -c 4000000 /dev/zero | tr '\0' A
	printf '"/></HotfixConfig>'
} >big.xml
echo 'big.xml: 0 rules, 1 error' >out
echo "big.xml:1: error: unknown attribute 'x' in <DefaultRules> (allowed: none)" >err
check 'check: 4 MB of attribute' 2 out err "$cau" rules check big.xml
rm big.xml

# explain

cat >out <<'EOF'
rule: Extension DEB (line 3)
arguments:
  0: /usr/bin/apt-get
  1: -y
  2: install
  3: /var/lib/cau/node/stage/<sha256>/my fix.Deb
  4: a b
  5: %HOME%
command: /usr/bin/apt-get -y install '/var/lib/cau/node/stage/<sha256>/my fix.Deb' 'a b' %HOME%
exit codes:
  Success: 0
  Success_RebootRequired: 194, 3010, 2147945410 (0x80070bc2)
  NotApplicable: 3
  any other: the update failed; the node is not restarted
EOF
check 'explain' 0 out none "$cau" rules explain good.xml --file 'my fix.Deb'
cp out deb.out

# exits NAME CODE LINE...: the lines that --exit adds.
exits() {
	name=$1 code=$2
	shift 2
	{
		cat deb.out
		printf '%s\n' "$@"
	} >out
	check "explain --exit: $name" 0 out none \
		"$cau" rules explain good.xml --file 'my fix.Deb' --exit "$code"
}

exits 'success' 0 \
	'0 (0x00000000): Success: the update succeeded; the node is not restarted'
exits 'restart' 194 \
	'194 (0x000000c2): Success_RebootRequired: the update succeeded; the node will be restarted'
exits 'over 255' 3010 \
	'3010 (0x00000bc2): Success_RebootRequired: the update succeeded; the node will be restarted' \
	"a process on Linux returns 0 to 255 (this one as 194): the code counts only if the installer writes it to the file \$CAU_EXIT_CODE_FILE"
exits 'a signal' 130 \
	'130 (0x00000082): not listed: the update failed; the node is not restarted' \
	"a process that exits with it counts as ended by the signal INT: the code counts only if the installer writes it to the file \$CAU_EXIT_CODE_FILE and exits with another one"
exits 'negative' -2147021886 \
	'2147945410 (0x80070bc2): Success_RebootRequired: the update succeeded; the node will be restarted' \
	"a process on Linux returns 0 to 255 (this one as 194): the code counts only if the installer writes it to the file \$CAU_EXIT_CODE_FILE"
exits 'not applicable' 0x3 \
	'3 (0x00000003): NotApplicable: the update does not apply to the node; the node is not restarted'
exits 'not listed' 1 \
	'1 (0x00000001): not listed: the update failed; the node is not restarted'

cat >fw.out <<'EOF'
rule: Folder Firmware (line 13)
always reboot: yes, Success counts as Success_RebootRequired
arguments:
  0: /var/lib/cau/node/stage/<sha256>/fix.deb
command: '/var/lib/cau/node/stage/<sha256>/fix.deb'
exit codes:
  Success: 0
  Fail_RebootRequired: 10
  AlreadyInstalled: 2
  any other: the update failed; the node is not restarted
EOF
{
	cat fw.out
	echo '0 (0x00000000): Success with alwaysReboot: the update succeeded; the node will be restarted'
} >out
check 'explain: folder rule, alwaysReboot' 0 out none "$cau" rules explain \
	--file fix.deb --folder firmware --exit 0 good.xml
{
	cat fw.out
	echo '2 (0x00000002): AlreadyInstalled: the update was installed before; the node is not restarted'
} >out
check 'explain: already installed' 0 out none "$cau" rules explain \
	--file fix.deb --folder Firmware --exit 2 good.xml
{
	cat fw.out
	echo '10 (0x0000000a): Fail_RebootRequired: the update failed; the node will be restarted'
} >out
check 'explain: failed, restart' 0 out none "$cau" rules explain \
	--file fix.deb --folder Firmware --exit 10 good.xml

cat >out <<'EOF'
{"format":1,"command":"rules explain","file":"good.xml","rules":2,"errors":[],"warnings":[],"rule":{"label":"Folder Firmware","line":13,"always_reboot":true},"arguments":["/var/lib/cau/node/stage/<sha256>/fix.deb"],"shell":"'/var/lib/cau/node/stage/<sha256>/fix.deb'","conditions":[{"condition":"Success","codes":[0]},{"condition":"Fail_RebootRequired","codes":[10]},{"condition":"AlreadyInstalled","codes":[2]}],"exit":{"exit_code":0,"exit_code_hex":"0x00000000","condition":"Success_RebootRequired","result":"Succeeded","reboot_required":true,"text":"Success with alwaysReboot: the update succeeded; the node will be restarted"}}
EOF
check 'explain: JSON' 0 out none "$cau" rules explain good.xml \
	--file fix.deb --folder Firmware --exit 0 --json

echo 'no rule for extension .txt: the file is ignored' >out
check 'explain: no rule' 0 out none "$cau" rules explain good.xml --file a.txt
echo 'no rule for files without extension: the file is ignored' >out
check 'explain: no extension' 0 out none "$cau" rules explain good.xml --file a
echo 'no rule for folder Tools: the file is ignored' >out
check 'explain: no folder rule' 0 out none "$cau" rules explain good.xml \
	--file a.deb --folder Tools
cat >out <<'EOF'
{"format":1,"command":"rules explain","file":"good.xml","rules":2,"errors":[],"warnings":[],"rule":null,"reason":"no rule for extension .txt: the file is ignored"}
EOF
check 'explain: no rule, JSON' 0 out none "$cau" rules explain good.xml \
	--file a.txt --json

cat >err <<'EOF'
none2.xml:1: error: Premature end of data in tag c line 1
EOF
printf '<c>' >none2.xml
check 'explain: errors' 2 none err "$cau" rules explain none2.xml --file a.deb

# usage

# misuse NAME REASON USAGE CMD...
misuse() {
	name=$1
	printf 'cau rules: %s\n%s (see cau help rules)\n' "$2" "$3" >err
	shift 3
	check "usage: $name" 2 none err "$cau" rules "$@"
}

misuse 'nothing' 'check or explain?' \
	"$any_usage"
misuse 'what' "'chek' is none of check, explain" \
	"$any_usage" chek
misuse 'no file' 'FILE is missing' "$check_usage" check
misuse 'two files' "one FILE is enough, what is 'b'?" "$check_usage" check a b
misuse 'option' "unknown option '--frob'" "$check_usage" check --frob a
misuse 'short option' "unknown option '-x'" "$check_usage" check a -x
misuse 'value' "option '--json=1' takes no value" "$check_usage" check --json=1
misuse 'no value' "option '--file' needs a value" "$explain_usage" \
	explain good.xml --file
misuse 'no name' '--file NAME is missing' "$explain_usage" explain good.xml
misuse 'path' '--file takes the name of a file, without folders' \
	"$explain_usage" explain good.xml --file CAUHotfix_All/a.deb
misuse 'code' "--exit: 'x' is not an exit code (decimal, or hex with 0x)" \
	"$explain_usage" explain good.xml --file a.deb --exit x
misuse 'check takes no --file' "unknown option '--file'" "$check_usage" \
	check good.xml --file a

"$cau" rules --help >help 2>&1
succeeds 'help says how' grep -qxF "$check_usage" help
for o in '-h' 'check --help' 'explain -h'; do
	# shellcheck disable=SC2086
	check "help: $o" 0 help none "$cau" rules $o
done

# samples

check_sample() {
	"$cau" rules check "$top/schema/$1" >/dev/null 2>&1
}

for f in DefaultHotfixConfig.xml samples/minimal.xml samples/firmware.xml \
	samples/codes.xml; do
	f=$top/schema/$f
	"$cau" rules check "$f" >out 2>err
	check "sample: ${f##*/} is clean" 0 out none "$cau" rules check "$f"
done
for f in "$top"/schema/samples/*.xml; do
	f=${f#"$top/schema/"}
	case $f in
	*/bad-*)
		check_sample "$f"
		if [ $? -eq 2 ]; then
			ok "sample: $f is refused"
		else
			not_ok "sample: $f is refused"
		fi
		;;
	*) succeeds "sample: $f is accepted" check_sample "$f" ;;
	esac
done

if command -v xmllint >/dev/null 2>&1; then
	for f in "$top"/schema/DefaultHotfixConfig.xml \
		"$top"/schema/samples/*.xml; do
		case $f in
		*/bad-*) continue ;;
		esac
		succeeds "schema: ${f##*/} validates" xmllint --nonet --noout \
			--schema "$top/schema/HotfixConfigSchema.xsd" "$f"
	done
else
	n=$((n + 1))
	echo "ok $n - schema # SKIP xmllint is not installed"
fi

echo "1..$n"
[ $failed -eq 0 ]
