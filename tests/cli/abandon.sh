#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1003,SC2013,SC2086,SC2119,SC2154,SC2317
# cau recover --abandon: a run that cannot or shall not go on is given up.
. "${0%/*}/lib.sh"
all=root/CAUHotfix_All

put tool <<EOF
echo "\$@" >>$dir/order
[ "\$1" != out ] || [ ! -p gate.out ] || { echo up >up; read x <gate.out; }
EOF

# Killed while the installer of n1 waits at a gate.
killed_in_installer() {
	fresh
	rm -f order ran gate gate.out up
	mkfifo gate up
	put $all/a.sh <<EOF
echo "\$CAU_NODE" >>$dir/ran
echo up >$dir/up
read x <$dir/gate
EOF
	echo "exit 0" | put $all/b.sh
	begin
}

begin() {
	"$CAU" run --nodes "n1=local:$dir/n1,n2=local:$dir/n2" --root "$dir/root" \
		--suspend-command "sh $dir/tool out" --resume-command "sh $dir/tool in" \
		-q >run.out 2>run.err </dev/null &
	run=$!
	timeout 20 cat up >/dev/null || fail 'nothing has begun'
	kill -9 $run
	wait $run 2>/dev/null
}

it 'a run is not forgotten'
killed_in_installer
runs 6 cau run --nodes "n1=local:$dir/n1" --root root
err_has 'go on with cau recover, or give it up with cau recover --abandon'

it 'changed rules: recover refuses and says how to give up'
echo '<!-- -->' >>root/DefaultHotfixConfig.xml
runs 7 cau recover -q
err_has 'put back what was there to go on, or give the run up with cau recover --abandon'

it 'given up: what ran is unknown, its node stays out, the next one is not touched'
runs 8 cau recover --abandon -q
silent_err
out_has ': Canceled'
out_has '    Unknown           CAUHotfix_All/a.sh'
out_has '        the run was abandoned while it ran'
out_has '  n1  Failed: 1 unknown, 1 canceled, LEFT OUT OF SERVICE'
out_has '  n2  Canceled: 2 canceled'
file_is order <<'EOF'
out n1
EOF
file_is ran <<'EOF'
n1
EOF
timeout 20 sh -c 'echo go >gate' || fail 'nobody at the gate'
runs 2 cau recover --abandon
err_has 'there is no run to recover'

it 'the next run is free to go, and does not forget what was not installed'
rm gate
echo 'exit 0' | put $all/a.sh
runs 0 cau run --nodes "n1=local:$dir/n1,n2=local:$dir/n2" --root root -q

it 'the root folder is gone: a run can be given up all the same'
killed_in_installer
mv root elsewhere
runs 2 cau recover -q
runs 8 cau recover --abandon -q
timeout 20 sh -c 'echo go >gate' || fail 'nobody at the gate'
mv elsewhere root

it 'cut in the middle of taking a node out: it is put back'
fresh
rm -f order gate gate.out up
mkfifo gate.out up
echo 'exit 0' | put $all/a.sh
begin
timeout 20 sh -c 'echo go >gate.out'
rm gate.out
runs 6 cau recover --abandon -q
silent_err
out_has '  n1  Canceled: 1 canceled'
out_lacks 'OUT OF SERVICE'
file_is order <<'EOF'
out n1
in n1
EOF

# The coordinator is killed while its suspend command works; that goes on, and
# does its work at last.
cut_in_suspend() {
	fresh
	rm -f order gate gate.out up
	mkfifo gate.out up
	echo 'exit 0' | put $all/a.sh
	put tool <<EOF
[ "\$1" != out ] || [ ! -p gate.out ] || { echo up >up; read x <gate.out; }
echo "\$@" >>$dir/order
EOF
	begin
}

# ends_at_last CODE WORD...: recover waits for it.
ends_at_last() {
	code=$1
	shift
	"$CAU" recover "$@" -q >rec.out 2>rec.err </dev/null &
	rec=$!
	eventually 'it is at work' sh -c 'sed "1,/run_[ra][eb]/d" c/current/journal.jsonl | grep -q op_started'
	# Time enough for one that does not wait.
	runs 0 cau status
	runs 0 cau replay last
	[ ! -s order ] || fail 'it did not wait'
	timeout 20 sh -c 'echo go >gate.out'
	rm gate.out
	wait $rec
	same 'exit code' $? "$code"
}

it 'a suspend command that outlives its coordinator: what puts the node back comes after it'
cut_in_suspend
ends_at_last 6 --abandon
file_is order <<'EOF'
out n1
in n1
EOF
same 'guards' "$(find c -name 'command.*')" ''

it 'the same, taken up'
cut_in_suspend
ends_at_last 0
file_is order <<'EOF'
out n1
out n1
in n1
out n2
in n2
EOF

it 'one that does not end: the node stays out, and that is told'
cut_in_suspend
sed -i 's/"suspend_timeout_ms":[0-9]*/"suspend_timeout_ms":300/; s/"max_retries_per_node":[0-9]*/"max_retries_per_node":0/' \
	c/current/journal.jsonl
runs 6 cau recover --abandon -q
out_has 'n1  Failed: 1 canceled, LEFT OUT OF SERVICE'
sed -E 's/process [0-9]+/process PID/' out >got
has got "    error: resume command sh: a command of the coordinator before, process PID, still runs"
timeout 20 sh -c 'echo go >gate.out'

finish
