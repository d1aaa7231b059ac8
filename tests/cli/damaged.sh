#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2086,SC2154,SC2317
# A journal that is damaged, cut or empty is never in the way of the next run.
. "${0%/*}/lib.sh"
all=root/CAUHotfix_All

# A run on n1 and n2 that was killed while n1 is out of service and its
# installer at the gate.
killed() {
	fresh
	rm -f gate up order
	mkfifo gate up
	put $all/a.sh <<EOF
echo up >$dir/up
read x <$dir/gate
EOF
	put tool <<EOF
echo "\$@" >>$dir/order
EOF
	"$CAU" run --nodes "n1=local:$dir/n1,n2=local:$dir/n2" --root root -q \
		--suspend-command "sh $dir/tool out" --resume-command "sh $dir/tool in" \
		>run.out 2>run.err </dev/null &
	run=$!
	timeout 20 cat up >/dev/null || fail 'no installer'
	kill -9 $run
	wait $run 2>/dev/null
	timeout 20 sh -c 'echo go >gate' || fail 'nobody at the gate'
	id=$(basename "$(readlink c/current)")
}

next_run() {
	rm -f gate
	echo 'exit 0' | put $all/a.sh
	runs 0 cau run --nodes "n1=local:$dir/n1,n2=local:$dir/n2" --root root -q
}

it 'run: a damaged journal is put aside, what it says is told, the run goes on'
killed
echo rubbish >>c/current/journal.jsonl
lines=$(wc -l <c/current/journal.jsonl)
next_run
plain <err | sed "s/not JSON: .*;/not JSON;/" >got
file_is got <<EOF
cau run: the journal of run RUN is damaged; it is kept in DIR/c/runs/RUN.damaged
cau run: line $lines is damaged: not JSON; what came after it is not known for sure: look at all nodes
cau run: n1 WAS OUT OF SERVICE: look at it, then: sh DIR/tool in n1
cau run: n1: nobody knows what became of CAUHotfix_All/a.sh (job RUN.0.0)
EOF
yes 'it is kept' [ -s "c/runs/$id.damaged/journal.jsonl" ]
runs 0 cau report list
same 'reports' "$(wc -l <out)" 2
out_has "cannot be read: its journal is damaged; it is kept in $dir/c/runs/$id.damaged"
runs 0 cau report list --json
json '[.runs[].damage | . == null] | map(tostring) | join(" ")' 'true false'
runs 1 cau report show "$(echo "$id" | cut -c 1-8)"
silent_err
out_has "the journal of run $id is damaged; it is kept in $dir/c/runs/$id.damaged"
out_has "n1 WAS OUT OF SERVICE: look at it, then: sh $dir/tool in n1"
runs 1 cau report show "$id" --json
json '.error' "the journal of this run is damaged; it is kept in DIR/c/runs/RUN.damaged"
runs 0 cau report show last
out_has ': Succeeded'

it 'recover: the same, and there is nothing to recover'
killed
sed -i '3s/.*/{"t":"garbage"}/' c/current/journal.jsonl
runs 1 cau recover
silent_out
plain <err >got
file_is got <<'EOF'
cau recover: the journal of run RUN is damaged; it is kept in DIR/c/runs/RUN.damaged
cau recover: line 3 is damaged: an event of unknown type; what came after it is not known for sure: look at all nodes
cau recover: behind the damage it says: Suspend of n1; it is put back by: sh DIR/tool in n1
cau recover: behind the damage it says: Install of n1, CAUHotfix_All/a.sh
cau recover: this run cannot be taken up; the next cau run finds the nodes as they are
EOF
runs 2 cau recover
err_has 'there is no run to recover'
next_run
silent_err

it 'an empty journal'
killed
: >c/current/journal.jsonl
next_run
plain <err >got
file_is got <<'EOF'
cau run: the journal of run RUN is damaged; it is kept in DIR/c/runs/RUN.damaged
cau run: it does not say which nodes were out of service: look at them
EOF

it 'a journal that is gone'
killed
rm -r "c/runs/$id"
next_run
err_has 'it does not say which nodes were out of service: look at them'

# What reads the journal does not wait for it.
journal_is_no_file() {
	for words in 'report list' 'report show last' 'status' 'replay last'; do
		timeout -k 1 20 "$CAU" $words >out 2>err </dev/null
		[ $? -lt 124 ] || fail "cau $words does not end"
	done
	cp -RP c c.two
	timeout -k 1 60 "$CAU" recover >out 2>err </dev/null
	same "recover, $1" $? 1
	err_has 'this run cannot be taken up'
	rm -rf c
	mv c.two c
	next_run
	err_has "the journal of run $id is damaged; it is kept in $dir/c/runs/$id.damaged"
	err_has 'it does not say which nodes were out of service: look at them'
	runs 0 cau report list
	out_has "it is kept in $dir/c/runs/$id.damaged"
}

it 'a journal that is a pipe, a folder, a device or a link to itself'
for kind in pipe folder device link; do
	killed
	rm c/current/journal.jsonl
	case $kind in
	pipe) mkfifo c/current/journal.jsonl ;;
	folder) mkdir c/current/journal.jsonl ;;
	device) ln -s /dev/zero c/current/journal.jsonl ;;
	link) ln -s journal.jsonl c/current/journal.jsonl ;;
	esac
	journal_is_no_file $kind
done

it 'a run that is a file, or a link to itself'
for kind in file link; do
	killed
	rm -r "c/runs/$id"
	[ $kind = link ] || : >"c/runs/$id"
	[ $kind = file ] || ln -s "$id" "c/runs/$id"
	journal_is_no_file $kind
done

it 'what was put aside, mended by hand and copied back, and is still damaged'
killed
echo rubbish >>c/current/journal.jsonl
cp -R "c/runs/$id" "c/runs/$id.damaged"
next_run
err_has "it is kept in $dir/c/runs/$id.damaged.2"
runs 0 cau report list
same 'reports' "$(grep -c 'its journal is damaged' out)" 2

it 'what stands in the place of the link to the run'
for kind in file folder link; do
	killed
	rm c/current
	case $kind in
	file) echo x >c/current ;;
	folder) mkdir -p c/current/x ;;
	link) ln -s ../elsewhere c/current ;;
	esac
	next_run
	err_is <<'EOF'
cau run: DIR/c/current does not say which run was in progress; it is kept as DIR/c/current.damaged: see in cau report list which run is not finished, and look at its nodes
EOF
	yes 'it is kept' ls -d c/current.damaged
done

it 'a lock that is a pipe'
fresh
mkdir c
mkfifo c/lock
echo 'exit 0' | put $all/a.sh
for words in 'report list' 'status' 'stop'; do
	timeout -k 1 20 "$CAU" $words >out 2>err </dev/null
	[ $? -lt 124 ] || fail "cau $words does not end"
done
runs 1 run1 -q
err_is <<'EOF'
cau run: DIR/c/lock is not a file: take it away, when no cau runs
EOF

it 'a journal that was cut in the middle of its last line is no damage'
killed
size=$(wc -c <c/current/journal.jsonl)
truncate -s $((size - 7)) c/current/journal.jsonl
runs 6 cau run --nodes "n1=local:$dir/n1" --root root -q
runs 6 cau recover --abandon -q
out_lacks 'OUT OF SERVICE'
file_is order <<'EOF'
out n1
in n1
EOF

it 'a run that has come to its end is over, even if its process was killed then'
fresh
echo 'exit 0' | put $all/a.sh
runs 0 run1 -q
id=$(ls c/runs)
ln -s "runs/$id" c/current
echo "$id somebody" >n1/lock
runs 0 cau status
out_has 'No run is in progress. The last one:'
runs 1 cau stop
err_is <<'EOF'
cau stop: no run is in progress
EOF
runs 0 cau healthcheck --only leftover-run --nodes "$one"
runs 0 run1 -q
silent_err
out_has 'AlreadyInstalled'
no 'a link is left' [ -h c/current ]
no 'a lock is left' [ -e n1/lock ]
ln -s "runs/$id" c/current
runs 0 cau recover -q
out_has "Updating Run $id: Succeeded"
no 'a link is left' [ -h c/current ]

finish
