#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1003,SC2119,SC2154,SC2317
# cau query: queries of the Windows Update Agent.
. "${0%/*}/lib.sh"

default="IsInstalled=0 and Type='Software' and IsHidden=0 and IsAssigned=1"
id=f6ce46c1-971c-43f9-a2aa-783df125f003

it 'check: valid'
runs 0 cau query check "$default"
silent_err
out_is <<'EOF'
valid: 1 group
EOF
runs 0 cau query check '(IsHidden=1)or(IsHidden=0) OR DeploymentAction=*'
silent_err
out_is <<'EOF'
valid: 3 groups
EOF

it 'check: a group that nothing matches'
runs 0 cau query check 'IsHidden=1 or IsPresent=1 and IsPresent=0'
err_is <<'EOF'
cau query: warning: no update can match group 2: IsPresent=1 and IsPresent=0
EOF
out_is <<'EOF'
valid: 2 groups
EOF

it 'check: the place of the error, why, and what is allowed'
runs 2 cau query check 'IsInstalled like 0'
silent_out
err_is <<'EOF'
cau query: column 13: IsInstalled has no operator 'like'; allowed: = (WU_E_INVALID_CRITERIA, 0x80240032)
  IsInstalled like 0
              ^
EOF
runs 2 cau query check 'IsInstalled=0 and (IsHidden=0 or IsHidden=1)'
silent_out
err_is <<'EOF'
cau query: column 31: 'or' cannot stand in parentheses, only between groups; allowed: and, ')' (WU_E_INVALID_CRITERIA, 0x80240032)
  IsInstalled=0 and (IsHidden=0 or IsHidden=1)
                                ^
EOF
runs 2 cau query check ''
silent_out
err_is <<'EOF'
cau query: column 1: the query is empty; allowed: a criterion, '(' (WU_E_INVALID_CRITERIA, 0x80240032)
  
  ^
EOF

it 'check: line breaks and tabs are one column each'
runs 2 cau query check "$(printf 'IsHidden=0\r\n\tand foo')"
err_is <<'EOF'
cau query: column 18: unknown criterion 'foo'; allowed: Type, DeploymentAction, IsAssigned, AutoSelectOnWebSites, BrowseOnly, UpdateID, RevisionNumber, CategoryIDs, IsInstalled, IsHidden, IsPresent, RebootRequired (WU_E_INVALID_CRITERIA, 0x80240032)
  IsHidden=0   and foo
                   ^
EOF

it 'check: the mark below text that is not printed as it is'
runs 2 cau query check "$(printf 'Type=\342\200\230x\033[2J x')"
err_is <<'EOF'
cau query: column 6: Type takes a string in single quotes, not '‘x\x1b[2J'; allowed: 'Software', 'Driver' (WU_E_INVALID_CRITERIA, 0x80240032)
  Type=‘x\x1b[2J x
       ^
EOF
runs 2 cau query check "$(printf "Type='\303\244' \377")"
err_has 'column 7: only ASCII characters can stand in a string'
runs 2 cau query check "$(printf "Type='a\033\001[b'")"
err_is <<'EOF'
cau query: column 10: brackets in a string are escapes; allowed: ['] for ', [[] for [, []] for ] (WU_E_INVALID_CRITERIA, 0x80240032)
  Type='a\x1b\x01[b'
                 ^
EOF

it 'check: a long query is not shown as a whole'
runs 2 cau query check "$default or $default and IsAssigned=2 and $default"
err_is <<'EOF'
cau query: column 151: IsAssigned has no value '2'; allowed: 0, 1 (WU_E_INVALID_CRITERIA, 0x80240032)
  ...e='Software' and IsHidden=0 and IsAssigned=1 and IsAssigned=2 and IsInstalled=0 and Type='...
                                                                 ^
EOF

it 'check: JSON'
runs 2 cau query check --json 'IsHidden=2'
silent_err
valid_json
json .valid false
json '[.format, .command, .query] | join(" ")' '1 query check IsHidden=2'
json '.error | [.name, .code, .column, .reason, .allowed] | map(tostring) | join("|")' \
	"WU_E_INVALID_CRITERIA|0x80240032|10|IsHidden has no value '2'|0, 1"
runs 0 cau query check "$default" --json
silent_err
json '[.valid, .error, .command] | tostring' '[true,null,"query check"]'
runs 2 cau query check --json "$(printf 'x\377')"
valid_json

it 'explain'
runs 0 cau query explain "$default"
silent_err
out_is <<'EOF'
An update matches when
  it is not installed (IsInstalled=0)
  and it is software (Type='Software')
  and it is not hidden (IsHidden=0)
  and it is meant for automatic updating (IsAssigned=1)
  and it is to be installed (DeploymentAction='Installation', implied)
EOF
runs 0 cau query explain "UpdateID='$id' and RevisionNumber=2 or
	(IsHidden=1 and IsHidden=0)or DeploymentAction=* and IsPresent=1 and
	CategoryIDs contains '0FA1201D-4330-4FA8-8AE9-B877473B6441'"
silent_err
out_is <<'EOF'
An update matches when
  it is the update RUN (UpdateID='RUN')
  and it has the revision 2 (RevisionNumber=2)
  and it is to be installed (DeploymentAction='Installation', implied)
  whether it is installed or not
or when
  it is hidden (IsHidden=1)
  and it is not hidden (IsHidden=0)
  and it is to be installed (DeploymentAction='Installation', implied)
  which no update can: IsHidden=1 and IsHidden=0
or when
  it is there for any action (DeploymentAction=*)
  and it is installed for at least one of its products (IsPresent=1)
  and it is in the category Security Updates (CategoryIDs contains 'RUN')
EOF

it 'explain: JSON'
runs 0 cau query explain --json "Type!='driver' or DeploymentAction=* and IsHidden=1 and IsHidden=0"
silent_err
valid_json
json '[.format, .command, .valid, .error] | tostring' '[1,"query explain",true,null]'
json '.groups[0] | tostring' '{"criteria":[{"criterion":"Type","operator":"!=","value":"Driver","implied":false,"text":"it is not a driver"},{"criterion":"DeploymentAction","operator":"=","value":"Installation","implied":true,"text":"it is to be installed"}],"never":null}'
json '.groups[1].criteria[0] | tostring' '{"criterion":"DeploymentAction","operator":"=","value":"*","implied":false,"text":"it is there for any action"}'
json '.groups[1] | [.criteria[1].value, .never] | tostring' '[1,"IsHidden=1 and IsHidden=0"]'

it 'explain: an error'
runs 2 cau query explain 'Foo=1'
silent_out
err_has "column 1: unknown criterion 'Foo'"

it 'the ten queries of cau-wua(7)'
awk '/^[.]Sh EXAMPLES/ { on = 1 }
	on && /^[.]Bd -literal -offset/ { exit }
	on && /^[.]Ed/ { file = "" }
	file { print >file }
	on && /^[.]Bd/ { file = sprintf("query.%02d", ++n) }' "$top/man/cau-wua.7"
for f in query.[0-9]*; do
	runs 0 cau query check "$(cat "$f")"
	silent_err
done
set -- query.[0-9]*
same 'how many' $# 10

# Records for all that follows.
cat >u.jsonl <<'EOF'
{"Title":"kernel","Type":"Software","IsInstalled":false,"IsHidden":false,"IsAssigned":true}
{"Title": "held",  "Type":1,"IsInstalled":false,"IsHidden":true,"IsAssigned":true, "Size":1.50}

{"Title":"firmware","Type":"Driver","IsInstalled":0,"IsHidden":0,"IsAssigned":1}
{"id":"in","properties":{"Title":"in","Type":"Software","IsInstalled":true,"IsHidden":false,"IsAssigned":true}}
{"id":"out","properties":{"Title":"out","Type":"Software","IsInstalled":false,"IsHidden":false,"IsAssigned":true}}
{
  "Title": "spread",
  "Type": "Software",
  "IsInstalled": false, "IsHidden": false, "IsAssigned": true
}
EOF

piped() {
	cau query match "$@" <u.jsonl
}

it 'match: lines stay as they are'
runs 0 cau query match "$default" u.jsonl
silent_err
out_is <<'EOF'
{"Title":"kernel","Type":"Software","IsInstalled":false,"IsHidden":false,"IsAssigned":true}
{"id":"out","properties":{"Title":"out","Type":"Software","IsInstalled":false,"IsHidden":false,"IsAssigned":true}}
{"Title":"spread","Type":"Software","IsInstalled":false,"IsHidden":false,"IsAssigned":true}
EOF
cp out want
runs 0 piped "$default"
is out want
runs 0 piped "$default" -
is out want
runs 0 cau query match 'IsHidden=1' u.jsonl
out_is <<'EOF'
{"Title": "held",  "Type":1,"IsInstalled":false,"IsHidden":true,"IsAssigned":true, "Size":1.50}
EOF

it 'match: none'
runs 0 cau query match 'RebootRequired=0' u.jsonl
silent_out
silent_err
runs 0 cau query match "$default" /dev/null
silent_out
silent_err

it 'match: line ends and byte order mark of other systems, no end of the last line'
printf '\357\273\277{"IsHidden":true}\r\n\r\n{"IsHidden":true,\r"x":1}\r\n{"IsHidden":true}' >crlf
runs 0 cau query match 'IsHidden=1' crlf
silent_err
printf '{"IsHidden":true}\n{"IsHidden":true,\r"x":1}\n{"IsHidden":true}\n' >want
is out want

it 'match: what cau scan --json prints'
cat >scan.json <<'EOF'
{
  "format": 1,
  "command": "scan",
  "nodes": [
    {
      "name": "n1",
      "updates": [
        {"id": "a", "properties": {"Type": "Software"}},
        {"id": "b", "properties": {"Type": "Driver"}},
        {"id": "c", "properties": null},
        {"id": "CAUHotfix_All/a.sh"}
      ]
    },
    {"name": "n2", "updates": [{"id": "a", "properties": {"Type": "Software"}}]},
    {"name": "n3", "status": "Failed"}
  ]
}
EOF
runs 0 cau query match "Type='Software'" scan.json
silent_err
out_is <<'EOF'
{"node":"n1","id":"a","properties":{"Type":"Software"}}
{"node":"n2","id":"a","properties":{"Type":"Software"}}
EOF
fresh
put root/CAUHotfix_All/a.sh </dev/null
scan1 --json >scan.json 2>scan.err
runs 0 cau query match 'DeploymentAction=*' scan.json
silent_out
silent_err
echo '{"format":1,"command":"scan","error":"no root"}' >scan.json
runs 2 cau query match 'DeploymentAction=*' scan.json
err_is <<'EOF'
cau query: scan.json:1: cau scan: no root
EOF
printf '{\n"command":"scan","nodes":[{"name":"n1","updates":[{"id":"a","properties":{"Type":3}}]}]\n}\n' >scan.json
runs 2 cau query match 'DeploymentAction=*' scan.json
err_is <<'EOF'
cau query: scan.json:1: n1: a: Type: "Software" or "Driver" is expected, not 3
EOF

# bad NAME LINE WHY: the last line of what was put into bad.jsonl is wrong.
bad() {
	it "match: $1"
	runs 2 cau query match 'IsHidden=1' bad.jsonl
	silent_out
	printf 'cau query: bad.jsonl:%s: %s\n' "$2" "$3" >want
	is err want
}

printf '{"IsHidden":0}\n\n{"IsHidden":2}\n' >bad.jsonl
bad 'a value that is none' 3 'IsHidden: true or false is expected, not 2'
echo '[{"IsHidden":1}]' >bad.jsonl
bad 'no object' 1 'an object is expected'
echo '{"properties":[]}' >bad.jsonl
bad 'properties that are none' 1 'properties: an object is expected'
printf '{"Type":"\033[2J"}\n' >bad.jsonl
it 'match: control characters in a string'
runs 2 cau query match 'IsHidden=1' bad.jsonl
silent_out
err_has 'cau query: bad.jsonl:1: no JSON: '
err_lacks "$(printf '\033')"
printf '{"Type":"\302\233\342\200\256"}\n' >bad.jsonl
bad 'text that steers the terminal' 1 'Type: "Software" or "Driver" is expected, not "\xc2\x9b\xe2\x80\xae"'

# broken NAME LINE: no JSON on this line of bad.jsonl.
broken() {
	it "match: $1"
	runs 2 cau query match 'IsHidden=1' bad.jsonl
	silent_out
	err_has "cau query: bad.jsonl:$2: no JSON: "
	same 'lines on stderr' "$(wc -l <err)" 1
}

printf '{"IsHidden":0}\n{"IsHidden":\n' >bad.jsonl
broken 'cut off' 2
printf '{"IsHidden":0}\n{\n"IsHidden":\n]\n}\n' >bad.jsonl
broken 'the line in an object that is spread' 4
printf '{\n"IsHidden":0' >bad.jsonl
broken 'an object that never ends' 2
printf '{"IsHidden":0,"IsHidden":1}\n' >bad.jsonl
broken 'a name that comes twice' 1
printf '\n{"IsHidden":0}{}\n' >bad.jsonl
broken 'two objects on a line' 2
printf '{"IsHidden":\000 1}\n' >bad.jsonl
broken 'a zero byte' 1
printf '{"IsHidden":1}\000\n' >bad.jsonl
broken 'a zero byte at the end' 1
printf '\000\n' >bad.jsonl
broken 'a line of a zero byte' 1
printf '{"Type":"\377"}\n' >bad.jsonl
broken 'no UTF-8' 1
{
	printf '{"x":'
	head -c 100000 /dev/zero | tr '\0' '['
	echo
} >bad.jsonl
broken 'too deep' 1
echo 'IsHidden' >bad.jsonl
broken 'text' 1

it 'match: what matched before an error is printed'
printf '{"IsHidden":1}\nx\n{"IsHidden":1}\n' >bad.jsonl
runs 2 cau query match 'IsHidden=1' bad.jsonl
out_is <<'EOF'
{"IsHidden":1}
EOF

it 'match: files that cannot be read'
runs 2 cau query match 'IsHidden=1' nosuch
silent_out
err_is <<'EOF'
cau query: cannot read nosuch: No such file or directory
EOF
runs 2 cau query match 'IsHidden=1' .
silent_out
err_is <<'EOF'
cau query: cannot read .: Is a directory
EOF

it 'match: the query is looked at first'
runs 2 cau query match 'IsHidden=3' nosuch
silent_out
err_has "column 10: IsHidden has no value '3'"

it 'match: many records'
awk 'BEGIN {
	for (i = 0; i < 20000; i++)
		printf "{\"n\":%d,\"IsHidden\":%s}\n", i, i % 4 ? "true" : "false"
}' >many.jsonl
runs 0 cau query match 'IsHidden=0' many.jsonl
same 'lines' "$(wc -l <out)" 5000
same 'last' "$(tail -n 1 out)" '{"n":19996,"IsHidden":false}'

it 'full standard output is an error'
if [ -w /dev/full ]; then
	for c in 'check IsHidden=1' 'explain IsHidden=1' \
		'check IsHidden=1 --json' 'match IsHidden=1 u.jsonl' --help; do
		# shellcheck disable=SC2086
		cau query $c >/dev/full 2>err </dev/null
		same "exit code of $c" $? 1
		err_is <<'EOF'
cau query: cannot write to standard output: No space left on device
EOF
	done
else
	skip 'no /dev/full'
fi

# misuse REASON SYNOPSIS WORD...
misuse() {
	reason=$1
	it "usage: $1"
	printf 'cau query: %s\nusage: cau query %s (see cau help query)\n' \
		"$1" "$2" >want
	shift 2
	runs 2 cau query "$@"
	case " $* " in
	*' --json '*) json .error "$reason" ;;
	*) silent_out ;;
	esac
	is err want
}

any='check | explain QUERY [--json], match QUERY [FILE]'
misuse 'check, explain or match?' "$any"
misuse "'chek' is none of check, explain, match" "$any" chek
misuse 'QUERY is missing' 'check QUERY [--json]' check
misuse 'QUERY is missing' 'match QUERY [FILE]' match
misuse "unexpected word 'and'; a query with blanks needs quotes around it" \
	'explain QUERY [--json]' explain IsHidden=0 and IsHidden=1
misuse "unexpected word 'IsHidden=1'; a query with blanks needs quotes around it" \
	'match QUERY [FILE]' match IsHidden=0 and IsHidden=1
misuse 'unknown option --frob' 'check QUERY [--json]' check --frob x
misuse 'unknown option -x' 'check QUERY [--json]' check a -x
misuse '--json=1 takes no value' 'check QUERY [--json]' check --json=1 x
misuse 'unknown option --json' 'match QUERY [FILE]' match --json x

it 'help'
runs 0 cau help query
silent_err
out_has 'usage: cau query check QUERY [--json]'
cp out want
for o in --help -h 'check --help' 'match -h' 'explain x --help'; do
	# shellcheck disable=SC2086
	runs 0 cau query $o
	silent_err
	is out want
done

finish
