#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2086,SC2119,SC2154,SC2317
# cau replay: journals of real runs, damaged ones, and what is none.
. "${0%/*}/lib.sh"
all=root/CAUHotfix_All

# shown: stdout with times of the day made the same.
shown() {
	plain <out | sed -E 's/[0-9:]{8}\.[0-9]{3}Z/DAYTIME/g' >got
}

it 'no run'
fresh
runs 2 cau replay
silent_out
err_is <<'EOF'
cau replay: there are no reports in DIR/c
EOF
runs 2 cau replay --json
valid_json
json .command replay
no 'state folder' [ -e c ]
runs 2 cau replay one two
silent_out
err_has "unexpected word 'two'"

it 'a run, event by event'
fresh
echo 'exit 0' | put $all/a.sh
put tool <<'EOF'
EOF
runs 0 run1 -q --suspend-command "sh $dir/tool" --resume-command "sh $dir/tool"
runs 0 cau replay
silent_err
shown
file_is got <<'EOF'
    1  TIME  run RUN on 1 node
       n1: Waiting, place prepare, attempt 1, pass 1, scanned 0/1, staged 0/1, to do 0/0
       busy 0, out 0, prepared 0, finished 0, failed 0
       next: n1 Scan
    2  TIME  n1: scanning
       n1: Scanning, place nowhere, attempt 1, pass 1, scanned 0/1, staged 0/1, to do 0/0; busy
       busy 1, out 0, prepared 0, finished 0, failed 0
       next: wait
    3  TIME  n1: 1 to install
       n1: Waiting, place prepare, attempt 1, pass 1, scanned 1/1, staged 0/1, to do 1/1
       busy 0, out 0, prepared 0, finished 0, failed 0
       next: n1 Stage
    4  TIME  n1: staging
       n1: Staging, place nowhere, attempt 1, pass 1, scanned 1/1, staged 0/1, to do 1/1; busy
       busy 1, out 0, prepared 0, finished 0, failed 0
       next: wait
    5  TIME  n1: staged, 7 B transferred
       n1: Waiting, place turn, attempt 1, pass 1, scanned 1/1, staged 1/1, to do 1/1; prepared
       busy 0, out 0, prepared 1, finished 0, failed 0
       next: n1 Suspend
    6  TIME  n1: taking it out of service
       n1: Suspending, place nowhere, attempt 1, pass 1, scanned 1/1, staged 1/1, to do 1/1; busy out prepared active opened suspended
       busy 1, out 1, prepared 1, finished 0, failed 0
       next: wait
    7  TIME  n1: out of service
       n1: Waiting, place active, attempt 1, pass 1, scanned 1/1, staged 1/1, to do 1/1; out prepared active opened suspended drained
       busy 0, out 1, prepared 1, finished 0, failed 0
       next: n1 Install CAUHotfix_All/a.sh
    8  TIME  n1: installing CAUHotfix_All/a.sh
       n1: Installing CAUHotfix_All/a.sh, place nowhere, attempt 1, pass 1, scanned 1/1, staged 1/1, to do 1/1; busy out prepared active opened suspended drained
       busy 1, out 1, prepared 1, finished 0, failed 0
       next: wait
    9  TIME  n1: CAUHotfix_All/a.sh Succeeded
       n1: Waiting, place active, attempt 1, pass 2, scanned 0/1, staged 0/1, to do 0/1; out prepared active opened suspended drained
       busy 0, out 1, prepared 1, finished 0, failed 0
       next: n1 Scan
   10  TIME  n1: scanning again
       n1: Scanning, place nowhere, attempt 1, pass 2, scanned 0/1, staged 0/1, to do 0/1; busy out prepared active opened suspended drained
       busy 1, out 1, prepared 1, finished 0, failed 0
       next: wait
   11  TIME  n1: 0 to install
       n1: Waiting, place active, attempt 1, pass 2, scanned 1/1, staged 0/1, to do 0/1; out prepared active opened suspended drained
       busy 0, out 1, prepared 1, finished 0, failed 0
       next: n1 Resume
   12  TIME  n1: putting it back into service
       n1: Resuming, place nowhere, attempt 1, pass 2, scanned 1/1, staged 0/1, to do 0/1; busy out prepared active opened suspended
       busy 1, out 1, prepared 1, finished 0, failed 0
       next: wait
   13  TIME  n1: back in service
       TIME  n1: Succeeded: 1 succeeded
       n1: Done Succeeded, place nowhere, attempt 1, pass 2, scanned 1/1, staged 0/1, to do 0/1; prepared active opened finished
       busy 0, out 0, prepared 1, finished 1, failed 0
       next: end Succeeded
   14  TIME  run Succeeded
       busy 0, out 0, prepared 1, finished 1, failed 0
       next: the run is over
EOF
plain <out >want
id=$(cd c/runs && echo *)
cp "c/runs/$id/journal.jsonl" whole

it 'by its id, its beginning, as a file; options on either side'
for w in $id "$(printf %.8s "$id")" last ./whole "$dir/whole" "c/runs/$id/journal.jsonl"; do
	runs 0 cau replay $w
	silent_err
	is out want
done
runs 0 cau replay --no-color last
is out want
runs 0 cau replay last --state-dir "$dir/c"
is out want
runs 0 env -u CAU_STATE_DIR "$CAU" replay ./whole
is out want
runs 2 cau replay zzz
silent_out
err_is <<'EOF'
cau replay: no run begins with 'zzz' (see cau report list)
EOF

it '--json: one object per event'
runs 0 cau replay --json
silent_err
valid_json
same 'lines' "$(wc -l <out)" 14
cp out all.json
if [ -n "$has_jq" ]; then
	same 'the events' "$(jq -cS .event all.json)" "$(jq -cS . whole)"
	same 'their numbers' "$(jq .line all.json | tr '\n' ' ')" \
		'1 2 3 4 5 6 7 8 9 10 11 12 13 14 '
fi
sed -n 8p all.json >out
json '.nodes[0] | [.name, .phase, .place, .attempt, .pass, .pending, (.flags | join("+"))] | map(tostring) | join(" ")' \
	'n1 Installing nowhere 1 1 1 busy+out+prepared+active+opened+suspended+drained'
json '.run | [.busy, .out, .prepared, .finished, .failed, .left_out, .stop, .stop_now, .abandoned] | map(tostring) | join(" ")' \
	'1 1 1 0 0 0 null false false'
json '[.next, .wake_at] | tostring' '[[],null]'
sed -n 9p all.json >out
json '.next[0] | [.event, .node, .op, .pass] | map(tostring) | join(" ")' 'op_started n1 Scan 2'

it 'a damaged line: everything before it, then what is wrong'
sed '6s/.*/{"event":"garbage"}/' whole >damaged
runs 1 cau replay ./damaged
sed -n '1,/^    6 /p' want | sed '$d' >want5
is out want5
err_is <<'EOF'
cau replay: ./damaged: line 6 is damaged: an event of unknown type
EOF
runs 1 cau replay --json ./damaged
valid_json
same 'lines' "$(wc -l <out)" 6
sed '$d' out >got
same 'those before it' "$(cat got)" "$(head -n 5 all.json)"
jsonl '[.format, .command, .error] | map(tostring) | join(" ")' \
	'1 replay ./damaged: line 6 is damaged: an event of unknown type'

it 'an event that does not fit the state'
sed 6d whole >damaged
runs 1 cau replay ./damaged
is out want5
err_is <<'EOF'
cau replay: ./damaged: line 6 is damaged: n1 did not start Suspend
EOF

it 'a line without its end does not count, and is told'
head -n 5 whole >half
printf '{"t":"2026' >>half
runs 0 cau replay ./half
is out want5
err_is <<'EOF'
cau replay: 10 bytes behind line 5 have no newline and do not count
EOF
runs 0 cau replay -q ./half
silent_err

it 'what is no journal'
mkdir -p folder
: >empty
for f in ./folder ./empty ./missing /dev/zero; do
	before=$bad
	runs 1 cau replay $f
	silent_out
	err_has "$f"
	runs 1 cau replay --json $f
	valid_json
	[ "$bad" = "$before" ] || fail "with $f"
done
runs 1 cau replay ./empty
err_is <<'EOF'
cau replay: ./empty holds no run
EOF
mkfifo pipe
runs 1 cau replay ./pipe
err_is <<'EOF'
cau replay: cannot read ./pipe: it is not a file
EOF

it 'a journal from somewhere: nothing steers the terminal'
t=$(sed -n 's/^{"t":"\([^"]*\)".*/\1/p' whole | sed -n 5p)
{
	head -n 5 whole
	printf '{"t":"%s","event":"warned","reason":"a\\u001b[31mb\\nc\\u202ed"}\n' "$t"
} >foreign
runs 0 cau replay ./foreign
out_has '  a\x1b[31mb'
out_has 'c\xe2\x80\xaed'
no 'escape characters' grep -q "$(printf '\033')" out

it 'two nodes, a further attempt, a stop, a recovery'
fresh
rm -f gate up
mkfifo gate up
put $all/a.sh <<EOF
echo up >$dir/up
read x <$dir/gate
EOF
put tool <<EOF
[ "\$1 \$2" != 'out n1' ] || ! rm $dir/first 2>/dev/null
EOF
: >first
"$CAU" run --nodes "n1=local:$dir/n1,n2=local:$dir/n2" --root root -q --retry-wait 1ms \
	--suspend-command "sh $dir/tool out" --resume-command "sh $dir/tool in" \
	>run.out 2>run.err </dev/null &
run=$!
timeout 20 cat up >/dev/null || fail 'no installer'
runs 0 cau stop
kill -9 $run
wait $run 2>/dev/null
runs 0 cau replay
cp out killed
"$CAU" recover -q >run.out 2>run.err </dev/null &
run=$!
timeout 20 sh -c 'echo go >gate' || fail 'nobody at the gate'
wait $run
same 'exit code' $? 6
runs 0 cau replay
shown
has got 'TIME  n1: Suspend failed: '
has got 'attempt 2, pass 2, scanned 0/1, staged 0/1, to do 1/1, troubles 1, not before DAYTIME; out prepared active'
has got '       next: wait until DAYTIME'
sed -n '/  stopped by cau stop:/,/next:/p' got >stop
file_is stop <<'EOF'
   21  TIME  stopped by cau stop: stopping at the next safe point; once more to end the installers that run, too
       n2: Done Canceled, place nowhere, attempt 1, pass 1, scanned 1/1, staged 1/1, to do 0/1; prepared finished
       busy 1, out 1, prepared 2, finished 1, failed 0; stop requested
       next: wait
EOF
sed -n '/is taken up again/,/next:/p' got >recovery
file_is recovery <<'EOF'
   22  TIME  run RUN is taken up again
       n1: Waiting, place active, attempt 2, pass 2, scanned 1/1, staged 1/1, to do 1/1, troubles 1; out prepared active opened suspended drained
       busy 0, out 1, prepared 2, finished 1, failed 0; stop requested
       next: n1 Install CAUHotfix_All/a.sh
EOF
same 'what was there before' "$(head -n "$(wc -l <killed)" out)" "$(cat killed)"

it 'a run that is in progress'
fresh
put $all/a.sh <<EOF
echo up >$dir/up
read x <$dir/gate
EOF
run1 -q >run.out 2>run.err </dev/null &
run=$!
timeout 20 cat up >/dev/null || fail 'no installer'
runs 0 cau replay
out_has 'n1: installing CAUHotfix_All/a.sh'
silent_err
timeout 20 sh -c 'echo go >gate' || fail 'nobody at the gate'
wait $run

finish
