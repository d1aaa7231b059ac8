#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1003,SC2013,SC2086,SC2119,SC2154,SC2317
# cau report and cau status, also of damaged journals.
. "${0%/*}/lib.sh"
all=root/CAUHotfix_All

it 'no runs yet'
fresh
runs 0 cau report list
silent_err
out_is <<'EOF'
No reports.
EOF
runs 0 cau status
out_is <<'EOF'
No run yet.
EOF
runs 2 cau report show
err_is <<'EOF'
cau report: there are no reports in DIR/c
EOF
runs 0 cau report list --json
valid_json
json '[.format, .command, (.runs | length)] | map(tostring) | join(" ")' '1 report list 0'
runs 0 cau status --json
valid_json
json '[.format, .command, .state, .run] | map(tostring) | join(" ")' '1 status idle null'
runs 2 cau report show --json
valid_json
runs 2 cau report show last --json
valid_json

it 'nothing is made by looking'
no 'state folder' [ -e c ]

it 'nothing to recover'
runs 2 cau recover
silent_out
err_is <<'EOF'
cau recover: there is no run to recover in DIR/c
EOF
runs 2 cau recover --json
valid_json
no 'state folder' [ -e c ]

it 'list: newest first'
fresh
echo 'exit 0' | put $all/a.sh
echo 'exit 1' | put root/n2/b.sh
runs 0 run1 -q --json
jsonl .run_id RUN
first=$(ls c/runs)
runs 3 run3 -q
mv out run.out
second=$(cd c/runs && echo *)
second=${second#"$first "}
second=${second%" $first"}
runs 0 cau report list
silent_err
same 'lines' "$(cut -c 1-8 out | tr '\n' ' ')" "$(printf '%.8s %.8s ' "$second" "$first")"
out_is <<'EOF'
RUN  TIME SPAN  PartiallyFailed  3 nodes, 2 Succeeded, 1 PartiallyFailed
RUN  TIME SPAN  Succeeded        1 node, 1 Succeeded
EOF
runs 0 cau report list --json
valid_json
json '[.runs[] | .status, .nodes] | join(" ")' 'PartiallyFailed 3 Succeeded 1'

it 'show: what the run printed'
runs 0 cau report show "$second"
silent_err
plain <run.out >want
is out want
runs 0 cau report show
is out want
runs 0 cau report show last
is out want
runs 0 cau report show "$(printf %.8s "$second")"
is out want

it 'show: options on either side'
runs 0 cau report show "$second" --no-color
is out want
runs 0 cau report show --no-color "$second"
is out want
runs 0 cau report show --state-dir "$dir/c" "$second"
is out want
runs 0 env -u CAU_STATE_DIR "$CAU" report show "$second" --state-dir c
is out want

it 'show --json: the report of the run'
runs 0 cau report show --json "$first"
valid_json
json '[.run_id, .status, .nodes[0].updates[0].result] | join(" ")' 'RUN Succeeded Succeeded'

it 'show: no such run, more than one'
runs 2 cau report show zzz
silent_out
err_is <<'EOF'
cau report: no run begins with 'zzz' (see cau report list)
EOF
c=$(printf %.1s "$second")
other=$c$(printf '%s' "$first" | cut -c 2-)
[ "$other" = "$first" ] || cp -r "c/runs/$first" "c/runs/$other"
runs 2 cau report show "$c"
silent_out
err_has "cau report: '$c' fits more than one run"
[ "$other" = "$first" ] || rm -r "c/runs/$other"
runs 2 cau report show "$second" "$first"
silent_out
runs 2 cau report show ''
silent_out

it 'status: the last run'
runs 0 cau status
out_is <<'EOF'
No run is in progress. The last one:
RUN  TIME SPAN  PartiallyFailed  3 nodes, 2 Succeeded, 1 PartiallyFailed
  n1  Succeeded: 1 skipped
  n2  PartiallyFailed: 1 succeeded, 1 failed
  n3  Succeeded: 1 succeeded
EOF
runs 0 cau status --json
valid_json
json '[.state, .run.status] | join(" ")' 'idle PartiallyFailed'

it 'other things in the folder of the runs do not matter'
mkdir c/runs/old c/runs/00000000-0000-4000-8000-00000000000
: >c/runs/README
runs 0 cau report list
silent_err
same 'lines' "$(wc -l <out)" 2
rm -r c/runs/old c/runs/00000000-0000-4000-8000-00000000000 c/runs/README

j=c/runs/$second/journal.jsonl
cp "$j" whole

# cut_to BYTES: the newest journal, cut.
cut_to() {
	head -c "$1" whole >"$j"
}

it 'a journal that ends in the middle of a line'
cut_to $(($(wc -c <whole) - 5))
runs 0 cau report show
silent_err
out_has 'Updating Run '
out_has ': not finished'
runs 0 cau report list
out_has 'not finished'
runs 0 cau report show --json
valid_json
json '[.status, .finished_at] | map(tostring) | join(" ")' 'null null'

it 'cut anywhere: never a crash, never silence'
size=$(wc -c <whole)
i=0
while [ $i -lt 40 ]; do
	cut_to $((size * i / 40))
	"$CAU" report show >out 2>err
	code=$?
	case $code in
	0) [ -s out ] || fail "nothing said at $i" ;;
	1) has err 'cau report: ' ;;
	*) fail "exit $code at $i" ;;
	esac
	"$CAU" status >out 2>err || [ $? -eq 1 ] || fail "status at $i"
	i=$((i + 1))
done

it 'an empty journal'
: >"$j"
runs 1 cau report show
silent_out
err_is <<EOF
cau report: DIR/c/runs/RUN/journal.jsonl holds no run
EOF

it 'no journal'
rm "$j"
runs 1 cau report show
silent_out
err_has 'No such file or directory'
runs 1 cau status
silent_out

it 'a damaged line: named by its number, the other runs are listed'
sed '3s/"event"/"evnt"/' whole >"$j"
runs 1 cau report show
silent_out
err_has 'journal.jsonl: line 3 is damaged'
runs 0 cau report list
silent_err
sed 's/^[0-9a-f]\{8\}  cannot/RUN  cannot/' out >list
file_is list <<'EOF'
RUN  cannot be read: DIR/c/runs/RUN/journal.jsonl: line 3 is damaged: an event of unknown type
RUN  TIME SPAN  Succeeded        1 node, 1 Succeeded
EOF
runs 0 cau report list --json
valid_json
json '.runs | [length, .[0].run_id, (.[0].damage | length > 0), .[1].damage] | map(tostring) | join(" ")' \
	'2 RUN true null'
runs 1 cau report show --json
valid_json
runs 1 cau status --json
valid_json
runs 1 cau status
err_has 'line 3 is damaged'

it 'damage of other kinds'
for s in '2d' '2s/.*/garbage/' '2s/.*/{}/' '2s/.*/[]/' '2s/^/\x00/' '2p' \
	's/"node":"n1"/"node":"n9"/' '1s/"nodes":\[[^]]*\]/"nodes":[]/' '1s/"format":1/"format":99/' \
	'2s/"op":"[A-Z][a-z]*"/"op":"Dance"/' '2s/"t":"[^"]*"/"t":"yesterday"/' '$s/$/\n{"x":1}/'; do
	sed "$s" whole >"$j"
	before=$bad
	runs 1 cau report show
	silent_out
	err_has 'cau report: '
	[ "$bad" = "$before" ] || fail "with $s"
done

it 'a folder instead of a journal'
rm "$j"
mkdir "$j"
runs 1 cau report show
silent_out
rmdir "$j"

cp whole "$j"

it 'a run that was cut short'
sed '$d' whole >"$j"
ln -s "runs/$second" c/current
runs 0 cau status
out_has 'Nobody works on this run: cau recover takes it up.'
runs 0 cau status --json
json '.state' interrupted
runs 6 run1
silent_out
plain <err >got
file_is got <<'EOF'
cau run: run RUN was cut short and nobody works on it: go on with cau recover, or give it up with cau recover --abandon
EOF

it 'recover ends it'
runs 3 cau recover
plain <out | sed 1,2d >got
plain <run.out | sed 1,2d >want
is got want
out_has ', recovered 1 time'
no 'current' [ -e c/current ]
runs 2 cau recover

it 'current that leads nowhere'
ln -s runs/nowhere c/current
runs 0 cau status
rm -f c/current
ln -s runs/00000000-0000-4000-8000-000000000000 c/current
runs 1 cau status
err_has 'journal.jsonl'
runs 1 cau recover
silent_out
rm -f c/current

finish
