#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1003,SC2013,SC2086,SC2119,SC2154,SC2317
# Arguments that are wrong: one clear error, exit 2, nothing touched.
. "${0%/*}/lib.sh"
use_stub
fresh
echo "touch $dir/canary" | put root/CAUHotfix_All/a.sh
esc=$(printf '\033')

# wrong TEXT WORD...: cau run and cau scan refuse the words with this text.
wrong() {
	text=$1
	shift
	for c in run scan; do
		runs 2 cau $c --nodes n1=host --node-state-dir "$dir/node" "$@"
		silent_out
		plain <err | head -n 1 >first
		printf '%s\n' "cau $c: $text" >is.want
		is first is.want
	done
	[ ! -s stub.log ] || fail "a node was contacted: $(cat stub.log)"
	[ ! -e c/runs ] || fail 'there is a run'
}

# bad_arg TEXT ARGUMENTS
bad_arg() {
	wrong "Microsoft.HotfixPlugin: $1" -p Microsoft.HotfixPlugin \
		-a "HotfixRootFolderPath=$dir/root;$2"
}

it 'no plug-in: Microsoft.WindowsUpdatePlugin'
wrong "Microsoft.WindowsUpdatePlugin: unknown argument 'Foo'; known are QueryString, IncludeRecommendedUpdates" \
	-a 'Foo=1'
it 'a query that is wrong'
wrong "Microsoft.WindowsUpdatePlugin: QueryString: column 15: 'x' cannot stand here; allowed: and, or, the end of the query (WU_E_INVALID_CRITERIA, 0x80240032)" \
	-p microsoft.windowsupdateplugin -a 'QueryString="IsInstalled=0 x"'
it 'unknown plug-in'
wrong 'there is no plug-in Microsoft.Foo (see cau plugin list)' -p Microsoft.Foo
it 'empty plug-in name'
wrong 'there is no plug-in  (see cau plugin list)' -p ''
it 'plug-in names do not care about case'
runs 0 cau scan --nodes n1=host --node-state-dir "$dir/node" -p MICROSOFT.hotfixplugin \
	-a "HOTFIXROOTFOLDERPATH=$dir/root"
: >stub.log

it '-a without -p'
wrong "Microsoft.WindowsUpdatePlugin: unknown argument 'HotfixRootFolderPath'; known are QueryString, IncludeRecommendedUpdates" \
	-a 'HotfixRootFolderPath=/x'
it '-a twice for one plug-in'
wrong '-a comes 2 times for 1 plug-in' -p Microsoft.HotfixPlugin \
	-a "HotfixRootFolderPath=$dir/root" -a 'DisableAclChecks=True'
wrong '-a comes 2 times for one plug-in' --root root -a '' -a ''
it '--root and -p'
wrong '--root is short for -p Microsoft.HotfixPlugin; give one of the two' \
	--root root -p Microsoft.HotfixPlugin
it '--root and its long form'
wrong 'Microsoft.HotfixPlugin: plug-in arguments, column 25: this argument comes twice' \
	--root /root -a 'HotfixRootFolderPath=/x'
it '--root and a wrong -a: the column is that of -a'
wrong 'Microsoft.HotfixPlugin: plug-in arguments, column 4: a double quote inside a value: put quotes around the whole value' \
	--root root -a 'a=x"y"'
it '--root without a folder'
wrong '--root: a folder is expected' --root ''

it 'no root folder'
wrong 'Microsoft.HotfixPlugin: HotfixRootFolderPath is missing (or use --root DIR)' \
	-p Microsoft.HotfixPlugin
wrong 'Microsoft.HotfixPlugin: HotfixRootFolderPath is missing (or use --root DIR)' \
	-p Microsoft.HotfixPlugin -a 'HotfixRootFolderPath='
it 'UNC path'
wrong 'Microsoft.HotfixPlugin: HotfixRootFolderPath \\server\share: mount the share and give the folder that it is mounted on' \
	-p Microsoft.HotfixPlugin -a 'HotfixRootFolderPath=\\server\share'
it 'relative path'
wrong 'Microsoft.HotfixPlugin: HotfixRootFolderPath root: an absolute path is needed' \
	-p Microsoft.HotfixPlugin -a HotfixRootFolderPath=root
it 'unknown argument, with the nearest'
bad_arg "unknown argument 'DisableAclCheck' (did you mean DisableAclChecks?)" 'DisableAclCheck=True'
bad_arg "unknown argument 'zzz'; known are HotfixRootFolderPath, RequireSmbEncryption, DisableAclChecks, HotfixInstallerTimeoutMinutes, HotfixConfigFileName" 'zzz=1'
it 'True and False'
bad_arg "DisableAclChecks: 'yes' is neither True nor False" 'DisableAclChecks=yes'
bad_arg "RequireSmbEncryption: '' is neither True nor False" 'RequireSmbEncryption='
it 'time limit'
t=HotfixInstallerTimeoutMinutes
bad_arg "$t: 'soon' is not a duration (90s, 30m, 2h, 01:30:00)" "$t=soon"
bad_arg "$t: '-5' is not a duration (90s, 30m, 2h, 01:30:00)" "$t=-5"
bad_arg "$t: '1.5' is not a duration (90s, 30m, 2h, 01:30:00)" "$t=1.5"
bad_arg "$t: '' is not a duration (90s, 30m, 2h, 01:30:00)" "$t="
bad_arg "$t: '10 m' is not a duration (90s, 30m, 2h, 01:30:00)" "$t=10 m"
bad_arg "$t: '1:70:00' is not a duration (90s, 30m, 2h, 01:30:00)" "$t=1:70:00"
bad_arg "$t: '9999999999' is not a duration (90s, 30m, 2h, 01:30:00)" "$t=9999999999"
bad_arg "$t: '999999' is longer than 366 days" "$t=999999"
bad_arg "$t: must not be 0" "$t=0"
bad_arg "$t: must not be 0" "$t=0s"
it 'configuration file name'
bad_arg "HotfixConfigFileName: '../x.xml' is not a plain file name" 'HotfixConfigFileName=../x.xml'
bad_arg "HotfixConfigFileName: '' is not a plain file name" 'HotfixConfigFileName='
bad_arg "HotfixConfigFileName: '.hidden' is not a plain file name" 'HotfixConfigFileName=.hidden'
bad_arg 'cannot read DIR/root/none.xml: No such file or directory' 'HotfixConfigFileName=none.xml'

it 'grammar'
at() {
	wrong "Microsoft.HotfixPlugin: plug-in arguments, column $1: $2" \
		-p Microsoft.HotfixPlugin -a "$3"
}
at 1 'name=value is expected here' 'True'
at 6 'name=value is expected here' 'a=b; c'
at 1 "a name is missing before '='" '=x'
at 3 'this quote is never closed' 'a="x'
at 6 "only ';' may follow a value in double quotes" 'a="x"y'
at 4 'a double quote inside a value: put quotes around the whole value' 'a=x"y"'
at 5 'this argument comes twice' 'a=1;A=2'

it 'quoting'
runs 0 cau scan --nodes n1=host --node-state-dir "$dir/node" -p Microsoft.HotfixPlugin \
	-a " ; hotfixrootfolderpath = \"$dir/root\" ;; DisableAclChecks =  false ;HotfixInstallerTimeoutMinutes=01:00:00; "
: >stub.log
mkdir 'a"b;c =d'
cp -r root/* 'a"b;c =d/'
runs 0 cau scan --nodes n1=host --node-state-dir "$dir/node" -p Microsoft.HotfixPlugin \
	-a "HotfixRootFolderPath=\"$dir/a\"\"b;c =d\""
runs 0 cau scan --nodes n1=host --node-state-dir "$dir/node" --root 'a"b;c =d' \
	-a 'HotfixInstallerTimeoutMinutes=90s'
out_has 'n1: 1 to install'
: >stub.log

it 'control characters of arguments are made visible'
runs 2 cau scan --nodes n1=host -p Microsoft.HotfixPlugin -a "${esc}[31mx=1"
no 'escape on stderr' grep -q "$esc" err
runs 2 cau scan --nodes n1=host --root "/nowhere/${esc}[31m"
no 'escape on stderr' grep -q "$esc" err
runs 2 cau scan --nodes n1=host --cluster "${esc}[31m"
no 'escape on stderr' grep -q "$esc" err
runs 2 cau scan --nodes n1=host -p "${esc}[31m"
no 'escape on stderr' grep -q "$esc" err
runs 2 cau scan "--${esc}[31m"
no 'escape on stderr' grep -q "$esc" err
runs 2 cau report show "${esc}[31m"
no 'escape on stderr' grep -q "$esc" err

# nodes TEXT LIST
nodes() {
	for c in run scan; do
		runs 2 cau $c --root root --nodes "$2"
		silent_out
		printf '%s\n' "cau $c: $1" >is.want
		plain <err | head -n 1 >first
		is first is.want
	done
}

it 'nodes: twice, also in other case'
nodes 'node a is named twice' a,b,a
nodes 'node A is named twice' a,A=other
it 'nodes: none'
nodes 'the list of nodes is empty' ''
nodes 'the list of nodes is empty' ', ,'
it 'nodes: names'
names="is not a node name (letters, digits, '.', '_', '-', not beginning with '-' or '.')"
nodes "'-oProxyCommand' $names" '-oProxyCommand=x'
nodes "'.a' $names" .a
nodes "'a/b' $names" 'a/b'
nodes "'a;b' $names" 'a;b'
nodes "'root@a' $names" 'root@a'
nodes "'a\\x1bb' $names" "a${esc}b"
nodes 'a node name is empty' '=host'
it 'nodes: addresses'
nodes "node address '' is empty" a=
nodes "node address '-v' begins with '-': a remote shell would take it for an option" a=-v
nodes "node address 'h\\x1b' holds a blank or a control character" "a=h$esc"
nodes "node address 'local:x' needs an absolute folder behind local:" a=local:x
nodes "node address 'local:' needs an absolute folder behind local:" a=local:
it 'nodes: the address may be what ssh takes'
runs 0 cau scan --root root --node-state-dir "$dir/node" --nodes 'a=root@10.0.0.1,b=ssh://h:22,c=fe80::1%eth0'
yes 'a' grep -q -- '-- root@10.0.0.1 ' stub.log
yes 'b' grep -q -- '-- ssh://h:22 ' stub.log
yes 'c' grep -q -- '-- fe80::1%eth0 ' stub.log
: >stub.log

it 'nodes file: comments, blanks, line ends'
cat >nodes <<'EOF'
# nodes of the cluster
n1=hosta, n2 # the second
	n3=hostc	n4

EOF
printf 'n5\r\n' >>nodes
runs 0 cau scan --root root --node-state-dir "$dir/node" --nodes-file nodes --json
json '[.nodes[].name] | join(" ")' 'n1 n2 n3 n4 n5'
yes 'address' grep -q -- '-- hostc ' stub.log
runs 0 cau scan --root root --node-state-dir "$dir/node" --nodes-file nodes --nodes n6 --json
json '[.nodes[].name] | join(" ")' 'n1 n2 n3 n4 n5 n6'
: >stub.log

it 'nodes file: wrong ones'
wrong_file() {
	runs 2 cau run --root root --nodes-file "$2"
	silent_out
	echo "cau run: $1" >is.want
	plain <err | head -n 1 >first
	is first is.want
}
wrong_file 'cannot read none: No such file or directory' none
: >empty
wrong_file 'the list of nodes is empty' empty
echo '# n1' >empty
wrong_file 'the list of nodes is empty' empty
echo 'n1 n1' >twice
wrong_file 'node n1 is named twice' twice
runs 2 cau run --root root --nodes-file .
silent_out

it 'cluster'
for c in run scan; do
	runs 2 cau $c --root root --cluster pacemker
	err_has '--cluster pacemker: auto, local, list or pacemaker is expected'
	runs 2 cau $c --root root --cluster local --nodes a
	err_has '--cluster local is this machine; it takes no nodes'
done

it 'numbers'
wrong "--parallel: 0 is outside 1 to 1000" --root root --parallel 0
wrong "--parallel: 1001 is outside 1 to 1000" --root root --parallel 1001
wrong "--parallel: -1 is outside 1 to 1000" --root root --parallel -1
wrong "--parallel: a number is expected" --root root --parallel ''
wrong "--parallel: '2x' is not a number" --root root --parallel 2x
wrong "--parallel: 99999999999999999999999 is outside 1 to 1000" --root root --parallel 99999999999999999999999
runs 2 cau run --nodes n1=host --root root --max-failed-nodes -1
err_has "--max-failed-nodes: -1 is outside 0 to 100000"
runs 2 cau run --nodes n1=host --root root --max-unavailable 0
err_has '--max-unavailable: 0 is outside 1 to 1000'

it 'durations of options'
wrong "--connect-timeout: 'soon' is not a duration (90s, 30m, 2h, 01:30:00)" --root root --connect-timeout soon
wrong '--connect-timeout: at least 100ms is expected' --root root --connect-timeout 0
for o in contact reboot; do
	runs 2 cau run --nodes n1=host --root root --$o-timeout -1s
	err_has "--$o-timeout: '-1s' is not a duration"
done

it 'remote shell'
wrong '--rsh: a command is expected' --root root --rsh ''
wrong '--rsh: a command is expected' --root root --rsh ' 	'
wrong '--rsh: a quote is never closed' --root root --rsh 'ssh "-F'

it 'node state folder'
runs 2 cau run --nodes n1=host --root root --node-state-dir rel
err_has '--node-state-dir: an absolute path is needed'

it 'suspend and resume belong together'
runs 2 cau run --nodes n1=host --root root --suspend-command true
err_has 'cau run: --suspend-command: there is no resume command, the two belong together'
runs 2 cau run --nodes n1=host --root root --resume-command true
err_has 'cau run: --resume-command: there is no suspend command, the two belong together'
runs 2 cau run --nodes n1=host --root root --suspend-command "'x" --resume-command true
err_has '--suspend-command: a quote is never closed'

# told TEXT WORD...: one document says what is wrong with the words.
told() {
	text=$1
	shift
	runs 2 cau "$@"
	out_is <<X
{"format":1,"command":"$1","error":"$text"}
X
	has err "cau $1: ${text%%\\*}"
}

it 'what is wrong is a document, too, wherever --json stands'
for c in healthcheck plan recover replay report run scan status stop; do
	told 'unknown option --nosuch' $c --nosuch --json
done
told 'unknown option -x' scan --json -x
told 'unknown option --\\x1b' scan "--$esc" --json
told '--parallel: 0 is outside 1 to 1000' run --parallel 0 --json
told '--nodes needs a value' plan --json --nodes
told '--rsh: a command is expected' scan --json --rsh ''
told "unexpected word 'word'" healthcheck word --json
told "unexpected word 'more'" replay word --js more
told "unexpected word 'more'" stop more --json
told 'list or show?' report --json
told 'register wants the path of one program' plugin register --json
told 'unknown option --nosuch' plugin list --nosuch --json
told 'unknown option --nosuch' query check x --json --nosuch
told 'QUERY is missing' query explain --json
told "unknown option '--nosuch'" rules check --json --nosuch
told '--file NAME is missing' rules explain x --json
told "'x' is none of check, explain" rules x --json
runs 2 cau runs --json
out_is <<'X'
{"format":1,"command":"runs","error":"unknown command 'runs' (did you mean run?)"}
X
runs 2 cau scan --nosuch -- --json
silent_out

it 'nothing was touched'
no 'executed' [ -e canary ]
same 'calls of ssh' "$(wc -l <stub.log)" 0
no 'state' [ -e c/runs ]

finish
