#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1003,SC2013,SC2086,SC2119,SC2154,SC2317
# Signals (the first stops, the second ends installers, the third leaves), a
# second run, a killed coordinator, cau recover.
. "${0%/*}/lib.sh"
. "${0%/*}/gate.sh"

# once SIGNAL TEXT
once() {
	start
	begin --suspend-command "sh $dir/tool out" --resume-command "sh $dir/tool in"
	kill -"$1" $run
	told "$2: stopping at the next safe point"
	open_gate n1
	ended 6
	ran_is <<'EOF'
n1 a
n1 a end
EOF
	plain <run.out >got
	file_is got <<EOF
Updating Run RUN: Canceled
  started TIME, took SPAN, 2 nodes, by USER on HOST
  nodes: 1 PartiallyFailed, 1 Canceled
  error: $2

  n1  PartiallyFailed: 1 succeeded, 1 canceled
    Succeeded         CAUHotfix_All/a.sh  exit 0 SPAN
    Canceled          CAUHotfix_All/b.sh
        the run was stopped

  n2  Canceled: 2 canceled
    Canceled          CAUHotfix_All/a.sh
        the run was stopped
    Canceled          CAUHotfix_All/b.sh
        the run was stopped

Next:
  cau run again: 2 nodes were not brought up to date
EOF
	file_is tool.log <<'EOF'
out n1
in n1
EOF
	rm tool.log
	runs 2 cau recover
}

put tool <<EOF
echo "\$@" >>$dir/tool.log
EOF

it 'SIGTERM: the current update is finished, the node put back, then the end'
once TERM terminated

it 'SIGINT'
if [ -n "$as_told" ]; then
	once INT interrupted
else
	skip 'no env --default-signal'
fi

it 'SIGHUP'
if [ -n "$as_told" ]; then
	once HUP 'terminal closed'
else
	skip 'no env --default-signal'
fi

it 'SIGHUP again and again: a closed terminal ends no installer'
if [ -n "$as_told" ]; then
	start
	begin
	kill -HUP $run
	told 'terminal closed: stopping at the next safe point'
	kill -HUP $run
	kill -HUP $run
	runs 0 cau stop
	out_has 'is already stopping;'
	kill -HUP $run
	open_gate n1
	ended 6
	lacks run.err 'stopping now'
	ran_is <<'EOF'
n1 a
n1 a end
EOF
else
	skip 'no env --default-signal'
fi

it 'a second signal: the installer is ended, its outcome is unknown'
start
begin --suspend-command "sh $dir/tool out" --resume-command "sh $dir/tool in"
kill -TERM $run
told 'terminated: stopping at the next safe point; once more to end the installers that run, too'
kill -TERM $run
ended 8
has run.err 'terminated: stopping now, installers that run are ended; once more to leave (then: cau recover)'
ran_is <<'EOF'
n1 a
EOF
plain <run.out >got
file_is got <<'EOF'
Updating Run RUN: Canceled
  started TIME, took SPAN, 2 nodes, by USER on HOST
  nodes: 1 Failed, 1 Canceled
  error: terminated

  n1  Failed: 1 unknown, 1 canceled, LEFT OUT OF SERVICE
    error: CAUHotfix_All/a.sh: ended because the run was stopped; nobody knows how far it came
    Unknown           CAUHotfix_All/a.sh SPAN
        ended because the run was stopped; nobody knows how far it came
    Canceled          CAUHotfix_All/b.sh
        not tried after the trouble with the node
    LEFT OUT OF SERVICE: cau did not resume this node; when it is in order, run: sh DIR/tool in n1
    OUTCOME UNKNOWN: look at the node and at DIR/n1/jobs there before the next run

  n2  Canceled: 2 canceled
    Canceled          CAUHotfix_All/a.sh
        the run was stopped
    Canceled          CAUHotfix_All/b.sh
        the run was stopped

Next:
  n1: find out what became of CAUHotfix_All/a.sh before the next run
  n1: set it right, then put it back into service: sh DIR/tool in n1
  cau run again: 2 nodes were not brought up to date
EOF
file_is tool.log <<'EOF'
out n1
EOF
rm tool.log
runs 2 cau recover
eventually 'the installer has ended' nobody

it 'a second signal: also unknown when the installer takes it well'
start
put $all/a.sh <<EOF
echo "\$CAU_NODE a" >>$dir/ran
trap 'echo "\$CAU_NODE a end" >>$dir/ran; exit 0' TERM
echo up >$dir/up.\$CAU_NODE
read x <$dir/gate.\$CAU_NODE
EOF
begin
kill -TERM $run
told 'stopping at the next safe point'
kill -TERM $run
ended 8
has run.out '    Unknown           CAUHotfix_All/a.sh'
ran_is <<'EOF'
n1 a
n1 a end
EOF

it 'a third signal: left at once; recover tells what is unknown'
start
put $all/a.sh <<EOF
trap '' TERM
echo "\$CAU_NODE a" >>$dir/ran
echo up >$dir/up.\$CAU_NODE
read x <$dir/gate.\$CAU_NODE
EOF
begin
kill -TERM $run
told 'stopping at the next safe point'
kill -TERM $run
told 'stopping now'
kill -TERM $run
ended 6
has run.err 'cau run: left; installers that were started go on on their nodes; to bring the run to its end: cau recover'
same 'stdout' "$(cat run.out)" ''
runs 0 cau status
out_has 'Nobody works on this run: cau recover takes it up.'
out_has '  n1  Installing 1/2 CAUHotfix_All/a.sh'
runs 8 cau recover
out_has ', recovered 1 time'
out_has '    Unknown           CAUHotfix_All/a.sh'
out_has '        ended because the run was stopped; nobody knows how far it came'
out_has '    Canceled          CAUHotfix_All/b.sh'
ran_is <<'EOF'
n1 a
EOF
runs 2 cau recover

it 'a second run, recover and scan meanwhile'
start
begin
runs 5 run1
silent_out
plain <err >got
sed -E 's/since [^;]*;/since TIME;/' got >got2
file_is got2 <<'EOF'
cau run: another run is in progress: RUN, by USER on HOST (process PID) since TIME; see cau status
EOF
err_has "$(ls c/runs)"
err_has "(process $run)"
runs 5 run1 --json
valid_json
runs 5 cau recover
silent_out
runs 0 scan1
runs 0 cau status
out_has '  n1  Installing 1/2 CAUHotfix_All/a.sh'
out_has '  n2  Waiting: 2 to do'
out_lacks 'Nobody works'
runs 0 cau status --json
valid_json
json '[.state, .run.status] | map(tostring) | join(" ")' 'running null'
runs 0 cau report list
out_has 'not finished'
same 'runs' "$(find c/runs -mindepth 1 -maxdepth 1 | wc -l)" 1
open_gate n1
arrived n2
runs 0 cau status
out_has '  n1  Succeeded: 2 succeeded'
open_gate n2
ended 0
ran_is <<'EOF'
n1 a
n1 a end
n1 b
n2 a
n2 a end
n2 b
EOF

it 'kill -9: refused until recovered; every installer is started once'
start
begin
kill -9 $run
wait $run 2>/dev/null
runs 0 cau status
out_has 'Nobody works on this run: cau recover takes it up.'
runs 6 run1
silent_out
plain <err >got
file_is got <<'EOF'
cau run: run RUN was cut short and nobody works on it: go on with cau recover, or give it up with cau recover --abandon
EOF
runs 6 run1 --json
valid_json
"$CAU" recover >run.out 2>run.err </dev/null &
run=$!
open_gate n1
arrived n2
open_gate n2
ended 0
ran_is <<'EOF'
n1 a
n1 a end
n1 b
n2 a
n2 a end
n2 b
EOF
runs 0 cau status
out_lacks 'Nobody works'

it 'kill -9, the installer ends before recover: its result is read'
start
begin
kill -9 $run
wait $run 2>/dev/null
open_gate n1
eventually 'the end of the installer' grep -q 'a end' ran
"$CAU" recover >run.out 2>run.err </dev/null &
run=$!
arrived n2
open_gate n2
ended 0
same 'times a ran' "$(grep -c 'a$' ran)" 2

it 'kill -9 again and again'
start
begin
kill -9 $run
wait $run 2>/dev/null
for _ in 1 2 3; do
	"$CAU" recover >run.out 2>run.err </dev/null &
	run=$!
	eventually 'it works on the run' sh -c '"$0" status --json | grep -q "\"state\": *\"running\""' "$CAU"
	kill -9 $run
	wait $run 2>/dev/null
done
"$CAU" recover >run.out 2>run.err </dev/null &
run=$!
open_gate n1
arrived n2
open_gate n2
ended 0
ran_is <<'EOF'
n1 a
n1 a end
n1 b
n2 a
n2 a end
n2 b
EOF

it 'recover with other rules is refused; with the old ones it goes on'
start
begin
kill -9 $run
wait $run 2>/dev/null
cp root/DefaultHotfixConfig.xml rules.xml
sed -i 's/>0</>0 1</' root/DefaultHotfixConfig.xml
runs 7 cau recover
silent_out
plain <err >got
file_is got <<'EOF'
cau recover: Microsoft.HotfixPlugin changed since run RUN began (rules, arguments or contents): put back what was there to go on, or give the run up with cau recover --abandon
EOF
cp rules.xml root/DefaultHotfixConfig.xml
"$CAU" recover >run.out 2>run.err </dev/null &
run=$!
open_gate n1
arrived n2
open_gate n2
ended 0

it 'recover with other update files is refused; with the old ones it goes on'
start
begin
kill -9 $run
wait $run 2>/dev/null
open_gate n1
cp -p $all/b.sh b.keep
for change in more fewer other; do
	case $change in
	more) echo 'exit 0' | put $all/c.sh ;;
	fewer) rm $all/b.sh ;;
	other) sed 's/ b"/ B"/' b.keep | put $all/b.sh ;;
	esac
	cp -R n1 n1.before
	runs 7 cau recover
	silent_out
	err_is <<'EOF'
cau recover: HotfixRootFolder changed since run RUN began (rules, arguments or contents): put back what was there to go on, or give the run up with cau recover --abandon
EOF
	yes 'nothing was touched' diff -r n1 n1.before
	rm -r n1.before
	rm -f $all/c.sh
	cp -p b.keep $all/b.sh
done
echo 'no update' | put $all/readme
"$CAU" recover >run.out 2>run.err </dev/null &
run=$!
arrived n2
open_gate n2
ended 0
rm b.keep

it 'recover with another script is refused, and it is named'
start
printf '#!/bin/sh\n' >pre
chmod 755 pre
begin --pre-update-script pre
kill -9 $run
wait $run 2>/dev/null
echo exit 1 >>pre
runs 7 cau recover
err_has 'cau recover: PreUpdateScript changed since run '
printf '#!/bin/sh\n' >pre
"$CAU" recover >run.out 2>run.err </dev/null &
run=$!
open_gate n1
arrived n2
open_gate n2
ended 0

it 'recover when the root folder is gone'
start
begin
kill -9 $run
wait $run 2>/dev/null
mv root root.away
"$CAU" recover >out 2>err </dev/null
code=$?
[ $code -eq 2 ] || [ $code -eq 7 ] || fail "exit $code"
err_has "cannot read $dir/root: No such file or directory"
mv root.away root
"$CAU" recover >run.out 2>run.err </dev/null &
run=$!
open_gate n1
arrived n2
open_gate n2
ended 0

it 'a signal while a node talks without end'
start
put drip <<EOF
: >$dir/slow.up
while echo .; do sleep 0.01; done
EOF
rm -f slow.up
$as_told timeout -s KILL 60 "$CAU" run --nodes n1=host --rsh "sh $dir/drip" --node-state-dir "$dir/n1" \
	--root "$dir/root" --connect-timeout 5m >run.out 2>run.err </dev/null &
run=$!
eventually 'the remote shell' [ -e slow.up ]
"$CAU" stop >stop.out 2>&1
ended 6
rm -f slow.up

it 'a signal before anything has begun'
start
mkfifo n1.hold
put slow <<EOF
: >$dir/slow.up
read x <$dir/n1.hold
exec sh -c "\$2"
EOF
rm -f slow.up
$as_told "$CAU" run --nodes n1=host --rsh "sh $dir/slow" --node-state-dir "$dir/n1" \
	--root "$dir/root" --connect-timeout 30s >run.out 2>run.err </dev/null &
run=$!
eventually 'the remote shell' [ -e slow.up ]
kill -TERM $run
told 'interrupted during the health check; nothing was touched'
ended 6
no 'executed' [ -e ran ]
rm -f n1.hold

it 'kill -9 between suspend and install: recover puts the node back'
start
put waits <<EOF
echo "\$@" >>$dir/tool.log
[ "\$1 \$2" != 'out n1' ] || { echo up >$dir/up.n1; read x <$dir/gate.n1; }
EOF
rm -f tool.log
echo 'exit 0' | put $all/a.sh
begin --suspend-command "sh $dir/waits out" --resume-command "sh $dir/waits in"
kill -9 $run
wait $run 2>/dev/null
open_gate n1
"$CAU" recover >run.out 2>run.err </dev/null &
run=$!
arrived n1
open_gate n1
ended 0
same 'last word' "$(tail -n 1 tool.log)" 'in n2'
yes 'n1 was put back' grep -qx 'in n1' tool.log

it 'a journal that cannot be written ends the run'
start
"$CAU" run --nodes "$one" --root "$dir/root" --state-dir /proc/none >out 2>err </dev/null
same 'exit code' $? 1
[ -s err ] || fail 'nothing said'
no 'executed' [ -e ran ]

finish
