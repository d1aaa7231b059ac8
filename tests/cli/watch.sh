#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2086,SC2119,SC2154,SC2317
# cau status --watch: a run that goes on, ends, is stopped or killed, seen from
# other terminals; cau status and cau report list while a run begins.
. "${0%/*}/lib.sh"
. "${0%/*}/gate.sh"

# One update a node; it waits at the gate of its node.
start() {
	fresh
	rm -f gate.* up.* ./?.out ./?.err
	mkfifo gate.n1 gate.n2 up.n1 up.n2
	put $all/a.sh <<EOF
echo up >$dir/up.\$CAU_NODE
read x <$dir/gate.\$CAU_NODE
EOF
}

# watch NAME WORD...: cau status --watch in the background, as $watch; returns
# when it has caught up.
watch() {
	w=$1
	shift
	"$CAU" status --watch "$@" >$w.out 2>$w.err </dev/null &
	watch=$!
	eventually "$w has caught up" grep -q 'Installing 1/1\|"op":"Install"' $w.out
}

# Spans in parentheses, too.
steady() {
	plain <"$1" | sed 's/([0-9.]* s)/(SPAN)/'
}

# watched CODE NAME
watched() {
	wait $watch
	same "exit code of $2" $? "$1"
}

it 'no run yet'
fresh
runs 0 cau status --watch
silent_err
out_is <<'EOF'
No run yet.
EOF
runs 0 cau status --watch --json
same 'lines' "$(wc -l <out)" 1
json '[.format, .command, .state, .run] | map(tostring) | join(" ")' '1 status idle null'
no 'state folder' [ -e c ]
runs 2 cau status --watch last
silent_out

it 'the status first, then events as they come, the report last'
start
begin
watch w
steady w.out >got
file_is got <<'EOF'
A run is in progress:
RUN  TIME SPAN  not finished     2 nodes
  n1  Installing 1/1 CAUHotfix_All/a.sh (SPAN)
  n2  Waiting: 1 to do
EOF
open_gate n1
arrived n2
eventually 'n2 begins' grep -q 'n2: installing' w.err
open_gate n2
ended 0
watched 0 w
sed 1,4d w.out | plain >got
plain <run.out >want
is got want
plain <w.err >got
file_is got <<'EOF'
TIME  n1: CAUHotfix_All/a.sh Succeeded
TIME  n1: scanning again
TIME  n1: 0 to install
TIME  n1: Succeeded: 1 succeeded
TIME  n2: installing CAUHotfix_All/a.sh
TIME  n2: CAUHotfix_All/a.sh Succeeded
TIME  n2: scanning again
TIME  n2: 0 to install
TIME  n2: Succeeded: 1 succeeded
TIME  run Succeeded
EOF
tail -n "$(wc -l <w.err)" run.err >want
same 'what cau run said' "$(cat w.err)" "$(cat want)"

it 'a run that is over: its status'
runs 0 cau status
plain <out >want
runs 0 cau status --watch
silent_err
is out want

it 'a run that is over, --json: its events and its report'
runs 0 cau status --watch --json
silent_err
valid_json
sed '$d' out >got
same 'events' "$(cat got)" "$(cat c/runs/*/journal.jsonl)"
jsonl '[.run_id, .status] | join(" ")' 'RUN Succeeded'

it '--json, -q and another terminal at the same time'
start
begin
watch w
first=$watch
watch j --json
second=$watch
"$CAU" status --watch -q >q.out 2>q.err </dev/null &
third=$!
eventually 'q has caught up' [ -s q.out ]
open_gate n1
arrived n2
open_gate n2
ended 0
for watch in $first $second $third; do
	watched 0 $watch
done
same 'events' "$(sed '$d' j.out)" "$(cat c/runs/*/journal.jsonl)"
file_is j.err </dev/null
cp j.out out
jsonl '[.run_id, .status] | join(" ")' 'RUN Succeeded'
has w.out ": Succeeded$nl"
plain <run.out >want
sed 1,4d q.out | plain >got
is got want
file_is q.err </dev/null

it 'a run that is stopped from a third terminal'
start
begin
watch w
runs 0 cau stop
open_gate n1
ended 6
watched 0 w
has w.err 'stopped by cau stop: stopping at the next safe point'
has w.out ': Canceled'

it 'an interrupt ends the watching only'
if [ -n "$as_told" ]; then
	start
	begin
	$as_told "$CAU" status --watch >w.out 2>w.err </dev/null &
	watch=$!
	eventually 'w has caught up' grep -q 'Installing 1/1' w.out
	kill -INT $watch
	watched 130 w
	open_gate n1
	arrived n2
	open_gate n2
	ended 0
else
	skip 'no env --default-signal'
fi

it 'on a terminal: lines of what goes on, redrawn'
if command -v script >/dev/null 2>&1; then
	start
	begin
	for i in 1 2; do
		TERM=xterm timeout 60 script -qec "'$CAU' status --watch" /dev/null \
			>tty.$i </dev/null &
		eval "tty$i=$!"
	done
	esc=$(printf '\033')
	# drawn FILE NODE: more than once.
	drawn() {
		[ "$(grep -c " $2  Installing .* 1/1 a.sh" "$1")" -gt 3 ] &&
			grep -q "$esc\[3A" "$1"
	}
	for i in 1 2; do
		eventually 'n1 is redrawn' drawn tty.$i n1
	done
	open_gate n1
	arrived n2
	for i in 1 2; do
		eventually 'n2 is redrawn' drawn tty.$i n2
	done
	open_gate n2
	ended 0
	for i in 1 2; do
		eval "wait \$tty$i"
		same "exit code on terminal $i" $? 0
		has tty.$i 'n2: CAUHotfix_All/a.sh Succeeded'
		tail -n 7 tty.$i | tr -d '\r' | sed "s/$esc\[[0-9;]*m//g" >got
		tail -n 7 run.out >want
		same 'the report' "$(cat got)" "$(cat want)"
	done
else
	skip 'no script(1)'
fi

it 'the coordinator is killed: noticed, and said'
start
begin
watch w
first=$watch
watch j --json
second=$watch
kill -9 $run
wait $run 2>/dev/null
watch=$first
watched 0 w
watch=$second
watched 0 j
plain <w.err >got
file_is got <<'EOF'
cau status: nobody works on run RUN any more: cau recover takes it up, cau recover --abandon gives it up
EOF
steady w.out >got
file_is got <<'EOF'
A run is in progress:
RUN  TIME SPAN  not finished     2 nodes
  n1  Installing 1/1 CAUHotfix_All/a.sh (SPAN)
  n2  Waiting: 1 to do
EOF
plain <j.err >got2
plain <w.err >got
is got2 got
cp j.out out
valid_json
same 'events' "$(sed '$d' j.out)" "$(cat c/current/journal.jsonl)"
jsonl '[.format, .command, .state, .run.run_id, .run.status] | map(tostring) | join(" ")' \
	'1 status interrupted RUN null'

it 'a run that nobody works on'
runs 0 cau status
plain <out >want
runs 0 cau status --watch
silent_err
is out want
out_has 'Nobody works on this run: cau recover takes it up.'
runs 0 cau status --watch --json
jsonl .state interrupted
open_gate n1

it 'while cau recover brings it to its end'
rm w.out
"$CAU" recover >run.out 2>run.err </dev/null &
run=$!
arrived n2
watch w
open_gate n2
ended 0
watched 0 w
has w.out ', recovered 1 time'
has w.err 'run Succeeded'

# What only looks like a run: the lock is held by another program, the journal
# is written by hand.
run_id=$(cd c/runs && echo *)
cp "c/runs/$run_id/journal.jsonl" whole

# pretend RUN: the lock is held for it.
pretend() {
	rm -f held let ./?.out ./?.err
	mkfifo held let
	mkdir -p c
	echo "{\"host\":\"h\",\"user\":\"u\",\"pid\":1,\"boot_id\":\"b\",\"run_id\":\"$1\"}" >c/lock
	flock c/lock sh -c 'echo up >held; read x <let' &
	holder=$!
	timeout 20 cat held >/dev/null || fail 'the lock is not held'
}

let_go() {
	timeout 20 sh -c 'echo go >let'
	wait $holder
}

# pretended LINES: the lock, and so much of the journal.
pretended() {
	fresh
	mkdir -p "c/runs/$run_id"
	ln -s "runs/$run_id" c/current
	head -n "$1" whole >c/current/journal.jsonl
	pretend "$run_id"
}

# piece RANGE: those bytes of line 6, at the end of the journal.
piece() {
	sed -n 6p whole | cut -c "$1" | tr -d '\n' >>c/current/journal.jsonl
}

if ! command -v flock >/dev/null 2>&1; then
	it 'runs that are pretended'
	skip 'no flock'
	finish
fi

it 'a line in two pieces counts when it is whole'
pretended 5
"$CAU" status --watch --json >j.out 2>j.err </dev/null &
watch=$!
eventually 'it has caught up' grep -q 'op_started' j.out
piece -20
piece 21-
echo >>c/current/journal.jsonl
eventually 'line 6' grep -qF "$(sed -n 6p whole)" j.out
sed '1,6d' whole >>c/current/journal.jsonl
watched 0 j
same 'events' "$(sed '$d' j.out)" "$(cat whole)"
let_go

it 'half a line that a recovery cuts off never was'
pretended 5
"$CAU" status --watch --json >j.out 2>j.err </dev/null &
watch=$!
eventually 'it has caught up' grep -q 'op_started' j.out
size=$(wc -c <c/current/journal.jsonl)
printf '{"half":' >>c/current/journal.jsonl
truncate -s "$size" c/current/journal.jsonl
sed '1,5d' whole >>c/current/journal.jsonl
watched 0 j
same 'events' "$(sed '$d' j.out)" "$(cat whole)"
let_go

it 'a line that is damaged'
pretended 5
"$CAU" status --watch >w.out 2>w.err </dev/null &
watch=$!
eventually 'it has caught up' [ -s w.out ]
echo '{"event":"garbage"}' >>c/current/journal.jsonl
watched 1 w
plain <w.err >got
file_is got <<'EOF'
cau status: DIR/c/runs/RUN/journal.jsonl: line 6 is damaged: an event of unknown type
EOF
runs 1 cau status --watch --json
sed '$d' out >got
same 'events' "$(cat got)" "$(head -n 5 whole)"
jsonl '[.format, .command, (.error | length > 0)] | map(tostring) | join(" ")' '1 status true'
let_go
runs 1 cau status
silent_out
plain <err >got
file_is got <<'EOF'
cau status: run RUN was cut short, and cau recover cannot take it up: DIR/c/runs/RUN/journal.jsonl: line 6 is damaged: an event of unknown type
EOF

it 'a run that is about to begin is waited for'
fresh
pretend "$run_id"
"$CAU" status --watch >w.out 2>w.err </dev/null &
watch=$!
eventually 'it waits' [ -s w.err ]
plain <w.err >got
file_is got <<'EOF'
cau status: a run is about to begin
EOF
mkdir -p "c/runs/$run_id"
cp whole "c/runs/$run_id/whole"
mv "c/runs/$run_id/whole" "c/runs/$run_id/journal.jsonl"
watched 0 w
has w.out 'No run is in progress. The last one:'
let_go

it 'a run that is being made is none yet'
id=11111111-1111-4111-8111-111111111111
pretend $id
runs 0 cau report list
plain <out >want
for s in 1 2 3; do
	case $s in
	1) mkdir -p c/runs/$id/log ;;
	2) : >c/runs/$id/journal.jsonl ;;
	3) head -n 1 whole | cut -c -40 | tr -d '\n' >c/runs/$id/journal.jsonl ;;
	esac
	runs 0 cau status
	silent_err
	out_has 'No run is in progress. The last one:'
	runs 0 cau report list
	silent_err
	is out want
done
sed "1s/$run_id/$id/" whole | head -n 1 >c/runs/$id/journal.jsonl
runs 0 cau status
out_has 'A run is in progress:'
let_go
runs 0 cau report list
same 'lines' "$(wc -l <out)" 2

it 'looking at the lock does not keep a run from it'
fresh
echo 'exit 0' | put $all/a.sh
mkdir c
: >c/lock
rm -f held
mkfifo held
flock -s c/lock sh -c 'echo up >held; sleep 0.03' &
holder=$!
timeout 20 cat held >/dev/null
runs 0 run1 -q
wait $holder

finish
