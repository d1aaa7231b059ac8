#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1003,SC2013,SC2086,SC2119,SC2154,SC2317
# Names of files, folders and rules that try to be something else.
. "${0%/*}/lib.sh"
use_stub
all=root/CAUHotfix_All
tab=$(printf '\t')
esc=$(printf '\033')
long=$(printf '%0252d' 7)

# name_ NAME ID: a file of this name (without .sh), the id it is to have.
: >ids.want
: >ids.raw
name_() {
	printf 'printf "%%s\\n" "$0" >>%s/ran\n' "$dir" >"$all/$1.sh"
	printf '%s\n' "CAUHotfix_All/$2.sh" >>ids.want
	printf '%s.sh\0' "$1" >>ids.raw
}

fresh
name_ 'two words' 'two words'
name_ ' leading and trailing ' ' leading and trailing '
name_ "it's" "it's"
name_ "''" "''"
name_ '"quoted"' '"quoted"'
name_ "two${nl}lines" 'two\nlines'
name_ "tab${tab}tab" 'tab\ttab'
name_ "${esc}[31mred" '\x1b[31mred'
name_ '$(touch canary)' '$(touch canary)'
name_ '`touch canary`' '`touch canary`'
name_ '$HOME ${HOME}' '$HOME ${HOME}'
name_ ';touch canary;' ';touch canary;'
name_ '&& touch canary &' '&& touch canary &'
name_ '|touch canary' '|touch canary'
name_ '>canary' '>canary'
name_ '-rf' '-rf'
name_ '--help' '--help'
name_ '*' '*'
name_ '?[a-z]' '?[a-z]'
name_ '~' '~'
name_ '#' '#'
name_ '!!' '!!'
name_ 'back\slash' 'back\\slash'
name_ 'back\nslash\' 'back\\nslash\\'
name_ '\x41' '\\x41'
name_ '%PATH%' '%PATH%'
name_ '%s%n%d' '%s%n%d'
name_ '$update$' '$update$'
name_ '..' '..'
name_ "$(printf '\377\376')" '\xff\xfe'
name_ "$(printf '\303\274')" "$(printf '\303\274')"
name_ "$(printf '\342\200\256evil')" '\xe2\x80\xaeevil'
name_ "$long" "$long"
name_ '0 0 .' '0 0 .'
name_ '<a href="x">&amp;' '<a href="x">&amp;'

LC_ALL=C sort ids.want >ids.sorted

it 'scan: every name is told, nothing but text'
runs 0 scan1 --json
valid_json
if [ -n "$has_jq" ]; then
	jq -r '.nodes[0].updates[].id' out | LC_ALL=C sort >ids.got
	diff ids.sorted ids.got >diff.out || fail "$(cat diff.out)"
fi
runs 0 scan1
no 'control characters in the text' grep -q "$esc" out
same 'lines' "$(wc -l <out)" $(($(wc -l <ids.want) + 2))

it 'scan: the id gives the name back'
if [ -n "$has_jq" ]; then
	runs 0 scan1 --json
	jq -r '.nodes[0].updates[].id' out | sed -e 's/\\\\/\\134/g' \
		-e 's/\\x\(..\)/\\x\1/g' | while IFS= read -r id; do
		# The escapes are those of printf(1).
		/usr/bin/printf '%b\0' "$id"
	done 2>/dev/null | tr '\0\n' '\n\0' | sed 's#^CAUHotfix_All/##' |
		LC_ALL=C sort >raw.got
	tr '\0\n' '\n\0' <ids.raw | LC_ALL=C sort >raw.want
	cmp -s raw.want raw.got || fail "$(diff -a raw.want raw.got)"
else
	skip 'no jq'
fi

it 'run: every file is run once, under its own name'
runs 0 run1 --json
valid_json
# $0 of each is its name; a name with a newline has two lines.
sed 's#.*/stage/[0-9a-f]*/##' ran | LC_ALL=C sort >ran.got
tr '\0' '\n' <ids.raw | LC_ALL=C sort >ran.want
cmp -s ran.want ran.got || fail "$(diff -a ran.want ran.got)"
if [ -n "$has_jq" ]; then
	tail -n 1 out | jq -r '.nodes[0].updates[].id' | LC_ALL=C sort >ids.got
	diff ids.sorted ids.got >diff.out || fail "$(cat diff.out)"
fi

it 'nothing was executed'
no 'canary' sh -c 'find "$1" -name canary | grep -q .' sh "$CAU_CLI"

it 'receipts: one line each, and they are found again'
same 'lines' "$(wc -l <n1/receipts)" "$(wc -l <ids.want)"
runs 0 scan1 --exit-code
out_has 'n1: 0 to install'

it 'journal and reports stay readable'
runs 0 cau report show --json
valid_json
runs 0 cau report show
no 'control characters in the text' grep -q "$esc" out
runs 0 cau status
no 'control characters in the text' grep -q "$esc" out

it 'the same over a remote shell'
rm -rf c ran node
runs 0 cau run -q --reinstall --nodes n1=host --node-state-dir "$dir/node dir's" --root root
sed 's#.*/stage/[0-9a-f]*/##' ran | LC_ALL=C sort >ran.got
cmp -s ran.want ran.got || fail "$(diff -a ran.want ran.got)"
no 'canary' sh -c 'find "$1" -name canary | grep -q .' sh "$CAU_CLI"

it 'executed by itself: names as program'
fresh
for n in 'a b' "it's" '$(touch canary)' '-x' '%PATH%' '*' '#'; do
	printf '#!/bin/sh\nprintf "%%s\\n" "${0##*/}" >>%s/own\n' "$dir" >"$all/$n.run"
done
runs 0 run1 -q
sort own >own.got
file_is own.got <<'EOF'
#.run
$(touch canary).run
%PATH%.run
*.run
-x.run
a b.run
it's.run
EOF

it 'template parameters: quotes, $update$ inside a word, %NAME%, no shell'
fresh ARG /bin/sh "$dir/show.sh &quot;\$update\$&quot; --f=\$update\$ %CAU_NODE% %NO_SUCH% x%HOME%y &quot;a b&quot; * \$(touch canary) ; \`id\` | &gt;canary \\ %PATH"
put show.sh <<EOF
printf '%s\n' "\$@" | sed "s#/.*/stage/[0-9a-f]*/#STAGE/#; s#\$HOME#HOME#" >$dir/shown
EOF
: >"$all/a b'\$update\$.arg"
runs 0 run1 -q
file_is shown <<'EOF'
STAGE/a b'$update$.arg
--f=STAGE/a b'$update$.arg
n1
%NO_SUCH%
xHOMEy
a b
*
$(touch
canary)
;
`id`
|
>canary
\
%PATH
EOF
no 'canary' [ -e canary ]

it 'rule folders with odd names'
fresh
sed -i 's/name="Own"/name="$(touch canary) \&amp; \&apos;x\&apos;"/' root/DefaultHotfixConfig.xml
printf '#!/bin/sh\necho ran >>%s/odd\n' "$dir" |
	put "$all/\$(touch canary) & 'X'/a.bin"
runs 0 run1 -q
file_is odd <<'EOF'
ran
EOF
out_has "    Succeeded         CAUHotfix_All/\$(touch canary) & 'X'/a.bin"
no 'canary' [ -e canary ]

it 'node folders with odd names are passed over'
fresh
for n in '$(touch canary)' "n1'" 'n1 ' "n1$nl" '..n1'; do
	echo 'exit 0' | put "root/$n/a.sh"
done
runs 0 scan1 --exit-code
out_has 'n1: 0 to install, 0 already installed, 5 ignored'

it 'root folder and state folders with odd names'
odd="o'd \$(touch canary) \"&;%PATH%"
fresh
echo 'exit 0' | put $all/a.sh
mv root "$odd"
runs 0 cau run -q --cluster local --node-state-dir "$dir/$odd/node 1" --root "$odd" --state-dir "$odd/state"
runs 0 cau run -q --nodes "n1=host" --node-state-dir "$dir/$odd/node 2" --root "$dir/$odd" --state-dir "$odd/state"
out_has '    Succeeded         CAUHotfix_All/a.sh'
runs 0 cau report list --state-dir "$odd/state"
same 'reports' "$(wc -l <out)" 2
no 'canary' [ -e canary ]
rm -rf "$odd"

it 'a root folder with a newline in its name'
fresh
echo 'exit 0' | put $all/a.sh
mv root "new${nl}line"
runs 0 cau run --nodes "$one" --root "new${nl}line"
out_has '    Succeeded         CAUHotfix_All/a.sh'
rm -rf "new${nl}line"

finish
