#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2154,SC2317
# Further attempts at a node, scripts, order, limits of time, node locks.
. "${0%/*}/lib.sh"
all=root/CAUHotfix_All

put tool <<EOT
echo "\$@" >>$dir/order
EOT

start() {
	fresh
	rm -f order tries
	echo "echo install \$CAU_NODE >>$dir/order; exit 0" | put $all/a.sh
}

# drained WORD...: a run of three nodes with commands that note their turns.
drained() {
	run3 --retry-wait 0s --suspend-command "sh tool out" \
		--resume-command "sh tool in" "$@"
}

# script NAME LINE...: an executable script.
script() {
	f=$1
	shift
	printf '%s\n' '#!/bin/sh' "$@" >"$f"
	chmod 755 "$f"
}

it 'a suspend that fails once: the second attempt cures it, and the report tells'
start
put flaky <<EOT
echo "suspend \$1" >>$dir/order
[ "\$1" = n2 ] && [ ! -e $dir/tries ] || exit 0
: >$dir/tries
echo 'not now' >&2
exit 5
EOT
runs 0 run3 --retry-wait 0s --suspend-command 'sh flaky' --resume-command 'sh tool in'
out_has '  n2  Succeeded: 1 succeeded, attempt 2'
out_has '    cured: suspend command sh: exit status 5: not now (attempt 1)'
out_lacks 'Next:'
file_is order <<'EOT'
suspend n1
install n1
in n1
suspend n2
in n2
suspend n2
install n2
in n2
suspend n3
install n3
in n3
EOT
runs 0 cau report show --json
json '.nodes[1] | [.attempts, .error, (.errors | length), .errors[0].op, .errors[0].attempt] | map(tostring) | join(" ")' \
	'2 null 1 Suspend 1'

it 'a suspend that always fails: three further attempts, each undone'
start
put never <<EOT
echo "suspend \$1" >>$dir/order
exit 5
EOT
runs 1 run1 --retry-wait 0s --suspend-command 'sh never' --resume-command 'sh tool in'
file_is order <<'EOT'
suspend n1
in n1
suspend n1
in n1
suspend n1
in n1
suspend n1
in n1
EOT
out_is <<'EOT'
Updating Run RUN: Failed
  started TIME, took SPAN, 1 node, by USER on HOST
  error: MaxFailedNodesExceeded: 1 node failed, 0 allowed

  n1  Failed: 1 canceled, attempt 4
    error: suspend command sh: exit status 5 (attempts 1 to 4)
    Canceled          CAUHotfix_All/a.sh
        not tried after the trouble with the node

Next:
  n1: mend what went wrong: suspend command sh: exit status 5
  cau run again: 1 node was not brought up to date
EOT

it 'the wait before a further attempt is told'
start
runs 1 run1 --retry-wait 1ms --max-retries-per-node 1 --suspend-command 'sh never' \
	--resume-command 'sh tool in'
err_has 'n1: attempt 2 of 2 begins in'

it '--suspend-timeout: a command that hangs is ended with all its processes'
start
script hangs "echo hangs >>$dir/order" 'sleep 1000 & wait'
runs 1 run1 --max-retries-per-node 0 --suspend-timeout 300ms --suspend-command ./hangs \
	--resume-command 'sh tool in'
out_has '    error: suspend command ./hangs: it did not end within 0.3 s'
same 'order' "$(tr '\n' ' ' <order)" 'hangs in n1 '
start
runs 1 run1 --max-retries-per-node 0 --suspend-timeout 300ms --suspend-command 'sh tool out' \
	--resume-command ./hangs
out_has '    error: resume command ./hangs: it did not end within 0.3 s'
out_has 'LEFT OUT OF SERVICE'
eventually 'nobody is left' nobody

it 'suspend retries do not use up attempts'
start
runs 1 run1 --retry-wait 0s --max-retries-per-node 0 --suspend-retries-per-node 2 \
	--suspend-command 'sh never' --resume-command 'sh tool in'
file_is order <<'EOT'
suspend n1
suspend n1
suspend n1
in n1
EOT

it 'an update that failed is not tried again in the run'
start
echo "echo install \$CAU_NODE >>$dir/order; exit 9" | put $all/a.sh
runs 1 run1 --retry-wait 0s
file_is order <<'EOT'
install n1
EOT

it 'pre- and post-update script: on the node, around its time out of service'
start
script pre "echo \"pre \$(uname -n >/dev/null; echo \$CAU_NODE) \$PWD\" >>$dir/order"
script post "echo \"post \$CAU_NODE\" >>$dir/order; echo said"
runs 0 drained --pre-update-script pre --post-update-script post
sed "s# $dir/n[0-9]/jobs/.*# JOB#" order >got
file_is got <<'EOT'
pre n1 JOB
out n1
install n1
in n1
post n1
pre n2 JOB
out n2
install n2
in n2
post n2
pre n3 JOB
out n3
install n3
in n3
post n3
EOT
same 'log' "$(cat c/runs/*/log/n2/post-script-1.log)" said
err_has 'n1: the pre-update script succeeded'
runs 0 drained --pre-update-script pre --post-update-script post
same 'nothing to install: nothing is run' "$(wc -l <order)" 15

it 'a pre-update script that fails: the node is not touched, no post-update script'
start
script pre "echo \"pre \$CAU_NODE\" >>$dir/order" '[ "$CAU_NODE" != n1 ] || { echo no; exit 3; }'
runs 3 drained --pre-update-script pre --post-update-script post --max-retries-per-node 1
sed -n 1,3p order >got
file_is got <<'EOT'
pre n1
pre n1
pre n2
EOT
out_has "    error: pre-update script pre: it ended with exit code 3; log: $(echo "$dir"/c/runs/*)/log/n1/pre-script-1.log (attempt 1)"
out_has '  n1  Failed: 1 canceled, attempt 2'
no 'post on n1' grep -q 'post n1' order

it 'a post-update script that fails is tried again, the updates are not'
start
script pre 'exit 0'
script post "echo \"post \$CAU_NODE\" >>$dir/order" 'exit 1'
runs 1 run1 --retry-wait 0s --max-retries-per-node 2 --suspend-command 'sh tool out' \
	--resume-command 'sh tool in' --pre-update-script pre --post-update-script post
file_is order <<'EOT'
out n1
install n1
in n1
post n1
post n1
post n1
EOT
out_has '  n1  PartiallyFailed: 1 succeeded, attempt 3'

it 'a post-update script and an update that fail: both are to be seen to'
start
echo 'exit 9' | put $all/b.sh
runs 1 run1 --max-retries-per-node 0 --post-update-script post
out_is <<'EOF'
Updating Run RUN: Failed
  started TIME, took SPAN, 1 node, by USER on HOST
  error: MaxFailedNodesExceeded: 1 node failed, 0 allowed

  n1  PartiallyFailed: 1 succeeded, 1 failed
    error: post-update script post: it ended with exit code 1
    Succeeded         CAUHotfix_All/a.sh  exit 0 SPAN
    Failed            CAUHotfix_All/b.sh  exit 9 SPAN
        exit code 9 is not listed in rule Extension SH

Next:
  n1: see why CAUHotfix_All/b.sh failed; the next run tries it again
  n1: mend what went wrong: post-update script post: it ended with exit code 1
EOF
start
runs 1 run3 --max-retries-per-node 0 --post-update-script post
sed -n '/^Next/,$p' out >got
file_is got <<'EOF'
Next:
  n1: mend what went wrong: post-update script post: it ended with exit code 1
  n2: mend what went wrong: post-update script post: it ended with exit code 1
  cau run again: 1 node was not brought up to date
EOF

it 'a failed suspend after the pre-update script: put back, and the pair is kept'
start
script pre "echo pre >>$dir/order"
script post "echo post >>$dir/order"
runs 1 run1 --retry-wait 0s --max-retries-per-node 1 --suspend-command 'sh never' \
	--resume-command 'sh tool in' --pre-update-script pre --post-update-script post
file_is order <<'EOT'
pre
suspend n1
in n1
post
pre
suspend n1
in n1
post
EOT

it 'scripts that cannot be run are refused before anything is touched'
start
echo 'no first line' >bad
runs 2 run1 --pre-update-script bad
silent_out
err_has "cau run: --pre-update-script: $dir/bad has no #! line, so a node could not run it"
runs 2 run1 --post-update-script "$dir/none"
err_has "cau run: --post-update-script: cannot read the script $dir/none: No such file or directory"
runs 2 run1 --post-update-script "$dir"
err_has "$dir is not a regular file"
runs 2 run1 --pre-update-script ''
err_has 'a file is expected'
chmod 777 pre
runs 7 run1 --pre-update-script pre
err_has 'others than root could change'
no 'touched' [ -e order ]
chmod 755 pre

it 'a script that is changed during the run does not run'
start
script post "echo post >>$dir/order"
put meddle <<EOT
echo 'echo meddled >>$dir/order' >>$dir/post
EOT
runs 1 run1 -q --max-retries-per-node 0 --post-update-script post --suspend-command "sh $dir/meddle" --resume-command true
out_has 'error: cannot bring post to the node: it is not the file that was checked: it was changed since, or damaged on the way'
same 'order' "$(cat order)" 'install n1'
rm post

it 'a script that takes too long'
start
script pre 'while :; do sleep 1; done'
runs 1 run1 --max-retries-per-node 0 --script-timeout 200ms --pre-update-script pre
out_has 'pre-update script pre: timeout: ended on the node after 0.2 s'
no 'touched' [ -e order ]

it '--require-all-nodes-online: a node that is not there, and none is touched'
start
runs 4 cau run --root root --nodes "n1=local:$dir/n1,n2=elsewhere" --rsh false --alert-action continue \
	--require-all-nodes-online --max-retries-per-node 1 --retry-wait 0s
out_has '  error: RequireAllNodesOnline: n2 is not reachable'
out_has '  n1  Canceled: 1 canceled'
out_has '    error: no contact: exit status 1 (attempts 1 to 2)'
no 'touched' [ -e order ]
runs 1 cau run --root root --nodes "n1=local:$dir/n1,n2=elsewhere" --rsh false --alert-action continue \
	--max-retries-per-node 0
out_has 'MaxFailedNodesExceeded: 1 node failed, 0 allowed'
runs 3 cau run --root root --nodes "n1=local:$dir/n1,n2=elsewhere" --rsh false --alert-action continue \
	--max-retries-per-node 0 --max-failed-nodes 1
same 'n1 was updated' "$(cat order)" 'install n1'

it 'a script behind a link: the folder that it leads to counts'
start
mkdir -p open
chmod 777 open
script open/real 'exit 0'
ln -sf open/real linked
runs 7 run1 --pre-update-script linked
err_has "$dir/open"
rm -rf open linked

it '--node-order'
start
runs 0 drained --node-order n3,N1
grep install order >got
file_is got <<'EOT'
install n3
install n1
install n2
EOT
runs 2 run3 --node-order n4
err_has '--node-order: n4 is none of the nodes'
runs 2 run3 --node-order n1,n1
err_has '--node-order: n1 is named twice'

# What waits until the run is told to stop, and says so unless it has been.
told="grep -q stop_requested $dir/c/current/journal.jsonl"
until_stop="$told || : >$dir/waits; until $told; do sleep 0.02; done"

# in_time TEST COMMAND...: a run with a limit of time that is long enough, on a
# machine of any speed, for this test to hold behind it.
in_time() {
	holds=$1
	shift
	for limit in 500ms 4s 30s; do
		rm -rf c order waits n1 n2 n3
		runs 6 "$@" --stop-after $limit
		! eval "$holds" || break
	done
}

it '--stop-after: what is begun is ended, the node is put back'
start
put $all/a.sh <<EOT
echo install \$CAU_NODE >>$dir/order
$until_stop
exit 0
EOT
in_time '[ -e waits ]' drained
out_has '  error: StopAfter: the run has taken longer than'
out_has ': Canceled'
err_has 'stopping at the next safe point'
file_is order <<'EOT'
out n1
install n1
in n1
EOT

it '--stop-after before a further attempt: what failed was not cured'
start
in_time 'grep -q "attempt 2" out' run1 --retry-wait 1h --suspend-command 'sh never' \
	--resume-command 'sh tool in'
out_is <<'EOF'
Updating Run RUN: Canceled
  started TIME, took SPAN, 1 node, by USER on HOST
  error: StopAfter: the run has taken longer than SPAN

  n1  Canceled: 1 canceled, attempt 2
    error: suspend command sh: exit status 5 (attempt 1)
    Canceled          CAUHotfix_All/a.sh
        the run was stopped

Next:
  n1: mend what went wrong: suspend command sh: exit status 5
  cau run again: 1 node was not brought up to date
EOF
file_is order <<'EOF'
suspend n1
in n1
EOF
runs 0 cau report show --json
json '.nodes[0] | .status + ": " + .error' 'Canceled: suspend command sh: exit status 5'

# stopped_in PHASE DONE NODE: --stop-after passes in it; what is done.
stopped_in() {
	start
	for s in pre drain back post; do
		script $s "echo $s >>$dir/order" \
			"$([ $s != "$1" ] || echo "$until_stop")"
	done
	in_time '[ -e waits ]' run3 --pre-update-script pre \
		--post-update-script post --suspend-command ./drain --resume-command ./back
	same "stopped in $1" "$(tr '\n' ' ' <order)" "$2"
	out_has '  error: StopAfter: the run has taken longer than'
	out_has "  n1  $3"
	out_has '  n2  Canceled: 1 canceled'
	out_lacks 'LEFT OUT OF SERVICE'
}

it '--stop-after in each phase: the node is put back, and the scripts are a pair'
stopped_in pre 'pre post ' 'Canceled: 1 canceled'
stopped_in drain 'pre drain back post ' 'Canceled: 1 canceled'
stopped_in back 'pre drain install n1 back post ' 'Succeeded: 1 succeeded'
stopped_in post 'pre drain install n1 back post ' 'Succeeded: 1 succeeded'
start
runs 6 run3 --stop-after 1ms
out_has '  n3  Canceled: '
no 'touched' [ -e order ]

it '--warn-after warns, and the run goes on'
start
runs 0 drained --warn-after 1ms
err_has 'WarnAfter: the run has taken longer than'
runs 0 drained --warn-after 2h --stop-after 1h -n
err_has 'warning: --warn-after is not before --stop-after, so it never warns'
runs 2 run1 --stop-after 0
err_has '--stop-after: more than 0 is expected'
runs 2 run1 --reboot-timeout 0
err_has '--reboot-timeout: more than 0 is expected'

it 'options for several plug-ins with one: a warning'
start
runs 0 drained --separate-reboots
err_has 'warning: with one plug-in, --separate-reboots does nothing'
runs 0 drained -n --separate-reboots --stop-on-plugin-failure
err_has 'warning: with one plug-in, --separate-reboots and --stop-on-plugin-failure do nothing'
runs 0 drained -n --separate-reboots --run-plugins-serially --stop-on-plugin-failure
err_has 'warning: with one plug-in, --separate-reboots, --run-plugins-serially and --stop-on-plugin-failure do nothing'

it 'node locks: a coordinator elsewhere is kept out, and named'
start
mkfifo gate up
put $all/a.sh <<EOT
echo up >$dir/up
read x <$dir/gate
EOT
run1 -q >run.out 2>run.err &
run=$!
timeout 20 cat up >/dev/null || fail 'no installer'
id=$(basename "$(readlink c/current)")
runs 5 run1 --state-dir "$dir/other"
plain <out >got
sed 's/ (process [0-9]*)/ (process PID)/; s/started by [^ ]* on [^ ]*/started by USER on HOST/' got >got2
file_is got2 <<'EOT'
Updating Run RUN: Canceled
  started TIME, took SPAN, 1 node, by USER on HOST
  error: n1: the node is locked by run RUN, started by USER on HOST (process PID); if that run is dead: cau recover on its coordinator, or wait until the lock is an hour old

  n1  Canceled: not scanned
    error: the node is locked by run RUN, started by USER on HOST (process PID); if that run is dead: cau recover on its coordinator, or wait until the lock is an hour old

Next:
  n1: mend what went wrong: the node is locked by run RUN, started by USER on HOST (process PID); if that run is dead: cau recover on its coordinator, or wait until the lock is an hour old
  cau run again: 1 node was not brought up to date
EOT
out_has "$id"
yes 'the lock names the run' grep -q "^$id " n1/lock
timeout 20 sh -c 'echo go >gate' || fail 'nobody at the gate'
wait $run
same 'exit' $? 0
no 'a lock is left' [ -e n1/lock ]
rm gate up

it 'node locks: a lock of an hour ago is void'
start
mkdir -p n1
echo "$id somebody" >n1/lock
touch -d '61 minutes ago' n1/lock
runs 0 run1 -q
no 'a lock is left' [ -e n1/lock ]
echo "$id somebody" >n1/lock
echo "echo install \$CAU_NODE >>$dir/order; exit 0 # 2" | put $all/a.sh
touch -d '50 minutes ago' n1/lock
runs 5 run1 -q

it 'node locks: what stands in one is made printable'
rm -rf n1
start
mkdir n1
printf '\033]0;x\007 \033[31mevil\n' >n1/lock
runs 5 run1
err_has 'locked by run \x1b]0;x\x07, started by \x1b[31mevil; if'
no 'an escape in the report' grep "$(printf '\033')" out

it 'node locks: one of a run that this coordinator knows to be over is void'
rm -rf n1
start
runs 0 run1 -q
known=$(ls c/runs)
echo "$known somebody" >n1/lock
runs 0 run1 -q --reinstall
same 'installed' "$(wc -l <order)" 2

it 'an installer of an earlier run still runs: nobody else begins on the node'
start
mkfifo gate up
put $all/a.sh <<EOT
echo up >$dir/up
echo install >>$dir/order
read x <$dir/gate
EOT
"$CAU" run --nodes "$one" --root "$dir/root" -q >run.out 2>run.err </dev/null &
run=$!
timeout 20 cat up >/dev/null || fail 'no installer'
kill -9 $run
wait $run 2>/dev/null
runs 8 cau recover --abandon -q
no 'a lock is left' [ -e n1/lock ]
runs 5 run1 -q
out_has 'still runs on the node: wait until it has ended, or end it'
timeout 20 sh -c 'echo go >gate' || fail 'nobody at the gate'
rm -f gate up
eventually 'it has ended' grep -q . "$(echo n1/jobs/*/exit)"
echo 'exit 0' | put $all/a.sh
runs 0 run1 -q
same 'started' "$(wc -l <order)" 1

it 'recover --abandon leaves a node alone that another run has meanwhile'
start
mkfifo gate up
put waits <<EOT
echo "\$@" >>$dir/order
[ "\$1" != out ] || { echo up >$dir/up; read x <$dir/gate; }
EOT
"$CAU" run --nodes "$one" --root "$dir/root" -q --suspend-command 'sh waits out' \
	--resume-command 'sh waits in' >run.out 2>run.err </dev/null &
run=$!
timeout 20 cat up >/dev/null || fail 'no suspend'
kill -9 $run
wait $run 2>/dev/null
timeout 20 sh -c 'echo go >gate' || fail 'nobody at the gate'
rm -f gate up
echo '11111111-2222-4333-8444-555555555555 somebody' >n1/lock
runs 5 cau recover -q
runs 6 cau recover --abandon -q
out_has 'LEFT OUT OF SERVICE'
out_has 'the node is locked by run 11111111-2222-4333-8444-555555555555, started by somebody'
same 'order' "$(cat order)" 'out n1'
yes 'its lock stays' [ -e n1/lock ]

it 'node locks: many coordinators at once, one at a time gets the nodes'
start
echo "mkdir $dir/inside || echo both >>$dir/both; rmdir $dir/inside; exit 0" | put $all/a.sh
for i in 1 2 3 4; do
	run3 -q --reinstall --state-dir "$dir/c$i" >"out$i" 2>"err$i" &
	eval "p$i=\$!"
done
won=0
for i in 1 2 3 4; do
	eval "wait \$p$i"
	case $? in
	0) won=$((won + 1)) ;;
	5) ;;
	*) fail "exit code: $(cat "out$i" "err$i")" ;;
	esac
done
[ $won -ge 1 ] || fail 'nobody got the nodes'
no 'two at the same time' [ -e both ]
no 'a lock is left' ls n1/lock n2/lock n3/lock
rm -rf c1 c2 c3 c4

finish
