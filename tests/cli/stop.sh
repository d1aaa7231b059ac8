#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2086,SC2119,SC2154,SC2317
# cau stop: the run in progress, runs of others, and what only looks like one.
. "${0%/*}/lib.sh"
. "${0%/*}/gate.sh"

# How often the run was asked to stop.
asked() {
	same 'times asked' "$(grep -c stop_requested c/runs/*/journal.jsonl)" "$1"
}

it 'no run'
fresh
runs 1 cau stop
silent_out
err_is <<'EOF'
cau stop: no run is in progress
EOF
runs 1 cau stop --now --wait
silent_out
runs 1 cau stop --json
valid_json
json '[.format, .command, .error] | map(tostring) | join(" ")' '1 stop no run is in progress'
no 'state folder' [ -e c ]
runs 2 cau stop now
silent_out
err_has "unexpected word 'now'"

it 'no run any more'
fresh
echo 'exit 0' | put $all/a.sh
runs 0 run1 -q
runs 1 cau stop
silent_out
err_is <<'EOF'
cau stop: no run is in progress
EOF

it 'at the next safe point; further calls ask no more'
start
begin
runs 0 cau stop
silent_err
out_is <<'EOF'
run RUN stops at the next safe point; cau status --watch shows how
EOF
asked 1
for _ in 1 2 3; do
	runs 0 cau stop
	out_is <<'EOF'
run RUN is already stopping; cau status --watch shows how
EOF
done
asked 1
open_gate n1
ended 6
has run.err 'stopped by cau stop: stopping at the next safe point; once more to end the installers that run, too'
has run.out '  error: stopped by cau stop'
ran_is <<'EOF'
n1 a
n1 a end
EOF
runs 1 cau stop

it 'many at the same time ask for the same'
start
begin
for i in 1 2 3 4 5 6 7 8; do
	"$CAU" stop >stop.$i 2>&1 </dev/null &
	eval "stop$i=$!"
done
for i in 1 2 3 4 5 6 7 8; do
	eval "wait \$stop$i" || fail "call $i: $(cat stop.$i)"
done
asked 1
open_gate n1
ended 6
ran_is <<'EOF'
n1 a
n1 a end
EOF
rm stop.?

it '--now: the installer is ended'
start
begin
runs 0 cau stop --now
silent_err
out_is <<'EOF'
run RUN stops now, installers that run are ended; cau status --watch shows how
EOF
ended 8
asked 1
has run.err 'stopped by cau stop --now: stopping now, installers that run are ended; once more to leave (then: cau recover)'
has run.out '    Unknown           CAUHotfix_All/a.sh'
ran_is <<'EOF'
n1 a
EOF
eventually 'the installer has ended' nobody

it 'first so, then --now; an installer that does not want to'
start
put $all/a.sh <<EOF
trap '' TERM
echo up >$dir/up.\$CAU_NODE
read x <$dir/gate.\$CAU_NODE
EOF
begin
runs 0 cau stop
runs 0 cau stop --now
out_has 'stops now'
for w in '' --now; do
	runs 0 cau stop $w
	out_is <<'EOF'
run RUN is already stopping now; cau status --watch shows how
EOF
done
asked 2
ended 8

it '--json'
start
begin
runs 0 cau stop --json
silent_err
valid_json
json '[.format, .command, .run_id, .state, .now, .already, .reason, .status] | map(tostring) | join(" ")' \
	'1 stop RUN stopping false false stopped by cau stop null'
runs 0 cau stop --json
json '[.state, .now, .already] | map(tostring) | join(" ")' 'stopping false true'
runs 8 cau stop --now --wait --json
valid_json
json '[.state, .now, .already, .status] | map(tostring) | join(" ")' 'finished true false Canceled'
err_is <<'EOF'
run RUN stops now, installers that run are ended; cau status --watch shows how
EOF
ended 8

# waiting WORD...: cau stop --wait in the background, as $stop; returns when
# the run has heard.
waiting() {
	rm -f stop.err
	"$CAU" stop --wait "$@" >stop.out 2>stop.err </dev/null &
	stop=$!
	eventually 'the run has heard' grep -q stop_requested c/current/journal.jsonl
	[ $# -gt 0 ] || eventually 'it waits' [ -s stop.err ]
}

it '--wait: ends with the run, and as it does; the next run may begin'
start
begin
waiting
open_gate n1
wait $stop
same 'exit code' $? 6
runs 0 run1 -q --max-retries-per-node 0
ended 6
file_is stop.err <<'EOF'
run RUN stops at the next safe point; cau status --watch shows how
EOF
file_is stop.out <<'EOF'
run RUN has ended: Canceled
EOF

it '--wait: with a run that succeeds all the same'
start
rm $all/b.sh
"$CAU" run --nodes "$one" --root root >run.out 2>run.err </dev/null &
run=$!
timeout 20 cat up.n1 >/dev/null || fail 'no installer on n1'
waiting -q
open_gate n1
wait $stop
same 'exit code' $? 0
ended 0
file_is stop.err </dev/null
file_is stop.out <<'EOF'
run RUN has ended: Succeeded
EOF

it '--wait: with a run that is stopping already'
start
begin
kill -TERM $run
eventually 'the run has heard' grep -q stop_requested c/current/journal.jsonl
waiting
open_gate n1
wait $stop
same 'exit code' $? 6
ended 6
file_is stop.err <<'EOF'
run RUN is already stopping; cau status --watch shows how
EOF

it '--wait: the coordinator is killed meanwhile'
start
begin
waiting
kill -9 $run
wait $run 2>/dev/null
wait $stop
same 'exit code' $? 6
file_is stop.out </dev/null
sed 1d stop.err >got
file_is got <<'EOF'
cau stop: run RUN was cut short and nobody works on it: go on with cau recover, or give it up with cau recover --abandon
EOF
open_gate n1

it 'a run that nobody works on'
runs 6 cau stop
silent_out
err_is <<'EOF'
cau stop: run RUN was cut short and nobody works on it: go on with cau recover, or give it up with cau recover --abandon
EOF
runs 6 cau stop --json
valid_json
json .command stop
runs 6 cau recover -q
runs 1 cau stop

it 'while cau recover brings a run to its end, --now'
start
begin
kill -9 $run
wait $run 2>/dev/null
"$CAU" recover >run.out 2>run.err </dev/null &
run=$!
eventually 'it works on the run' grep -q run_recovered c/current/journal.jsonl
runs 8 cau stop --now --wait
out_is <<'EOF'
run RUN has ended: Canceled
EOF
ended 8

it 'during the health check'
start
mkfifo n1.hold
put slow <<EOF
: >$dir/slow.up
read x <$dir/n1.hold
exec sh -c "\$2"
EOF
rm -f slow.up
"$CAU" run --nodes n1=host --rsh "sh $dir/slow" --node-state-dir "$dir/n1" \
	--root "$dir/root" --connect-timeout 30s >run.out 2>run.err </dev/null &
run=$!
eventually 'the remote shell' [ -e slow.up ]
runs 0 cau stop
out_has ' ended before it began; nothing was touched'
ended 6
no 'a run' [ -e c/current ]
no 'executed' [ -e ran ]
rm -f n1.hold

if it 'a coordinator that does not answer'; then
	start
	begin
	kill -STOP $run
	runs 1 cau stop
	silent_out
	err_is <<'EOF'
cau stop: run RUN was asked to stop, but has not answered for 10 s; cau status --watch shows when it does
EOF
	asked 0
	kill -CONT $run
	eventually 'it hears then' grep -q stop_requested c/current/journal.jsonl
	open_gate n1
	ended 6
fi

it 'a damaged journal does not keep it from asking'
start
begin
id=$(basename "$(readlink c/current)")
echo rubbish >>"c/runs/$id/journal.jsonl"
runs 1 cau stop
silent_out
plain <err | sed 's/not JSON: .*/not JSON/; s/line [0-9]*/line N/' >got
file_is got <<'EOF'
cau stop: run RUN was asked to stop, but whether it does cannot be seen: DIR/c/runs/RUN/journal.jsonl: line N is damaged: not JSON
EOF
open_gate n1
ended 6
rm -r c

# held TEXT: the lock is held by another program, with this text in it.
held() {
	mkdir -p c
	printf '%s\n' "$1" >c/lock
	rm -f held let
	mkfifo held let
	flock c/lock sh -c 'echo up >held; read x <let' &
	holder=$!
	timeout 20 cat held >/dev/null || fail 'the lock is not held'
}

let_go() {
	timeout 20 sh -c 'echo go >let'
	wait $holder
}

run_id=11111111-1111-4111-8111-111111111111
boot=$(cat /proc/sys/kernel/random/boot_id)

# text HOST BOOT PID
text() {
	printf '{"host":"%s","user":"ops","version":"0.1.0","boot_id":"%s","pid":%s,"run_id":"%s","start":"2026-11-22T00:00:00.000Z"}' \
		"$1" "$2" "$3" $run_id
}

it 'a coordinator on another host'
if command -v flock >/dev/null 2>&1; then
	fresh
	held "$(text adm7 "$boot" 4711)"
	runs 1 cau stop
	silent_out
	err_is <<'EOF'
cau stop: run RUN is driven from adm7 (process 4711, by ops): call cau stop there
EOF
	runs 1 cau stop --json
	valid_json
	let_go
	held "$(text "$(uname -n)" 22222222-2222-4222-8222-222222222222 $$)"
	runs 1 cau stop
	err_has 'call cau stop there'
	let_go
else
	skip 'no flock'
fi

it 'a process that does not hold the lock is not signalled'
if command -v flock >/dev/null 2>&1; then
	fresh
	sleep 60 &
	innocent=$!
	held "$(text "$(uname -n)" "$boot" $innocent)"
	runs 1 cau stop --now
	silent_out
	plain <err | sed 's/process [0-9]*/process PID/' >got
	file_is got <<'EOF'
cau stop: run RUN is in progress, but its process PID cannot be found from here: call cau stop where the run was started
EOF
	yes 'it lives' kill -0 $innocent
	kill $innocent
	wait $innocent 2>/dev/null
	let_go
else
	skip 'no flock'
fi

it 'the run of another account'
other='setpriv --reuid=65534 --regid=65534 --clear-groups'
if [ -n "$is_root" ] && $other "$CAU" --version >/dev/null 2>&1; then
	start
	begin
	chmod 711 "$CAU_CLI" "$CAU_CLI/t"
	runs 1 $other "$CAU" stop
	silent_out
	err_is <<'EOF'
cau stop: cannot look into DIR/c: Permission denied
EOF
	runs 1 $other "$CAU" status
	silent_out
	runs 1 $other "$CAU" recover
	err_is <<'EOF'
cau recover: cannot look into DIR/c: Permission denied
EOF
	runs 1 $other "$CAU" report list
	err_is <<'EOF'
cau report: cannot look into DIR/c: Permission denied
EOF
	chmod -R a+rX c
	runs 1 $other "$CAU" stop
	silent_out
	plain <err | sed 's/process [0-9]*/process PID/' >got
	file_is got <<'EOF'
cau stop: cannot signal process PID of root, which drives run RUN: Operation not permitted
EOF
	asked 0
	open_gate n1
	timeout 20 cat up.n2 >/dev/null
	open_gate n2
	ended 0
else
	skip 'not root, or no other account can run this'
fi

finish
