# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2034,SC2086,SC2154
# Runs in the background whose installers wait at a gate; to be sourced after
# lib.sh.
all=root/CAUHotfix_All

# A shell starts what it runs in the background with interrupts ignored.
as_told=
env --default-signal=INT,HUP true 2>/dev/null && as_told='env --default-signal=INT,HUP'

# Two updates a node; the first one waits at the gate of its node.
start() {
	fresh
	rm -f ran gate.* up.*
	mkfifo gate.n1 gate.n2 up.n1 up.n2
	put $all/a.sh <<EOF
echo "\$CAU_NODE a" >>$dir/ran
echo up >$dir/up.\$CAU_NODE
read x <$dir/gate.\$CAU_NODE
echo "\$CAU_NODE a end" >>$dir/ran
EOF
	echo "echo \"\$CAU_NODE b\" >>$dir/ran" | put $all/b.sh
}

# begin WORD...: a run on n1 and n2 in the background, as $run; returns when
# the first installer is at the gate.
begin() {
	$as_told "$CAU" run --nodes "n1=local:$dir/n1,n2=local:$dir/n2" \
		--root "$dir/root" "$@" >run.out 2>run.err </dev/null &
	run=$!
	arrived n1
}

arrived() {
	timeout 20 cat "up.$1" >/dev/null || fail "no installer on $1"
}

open_gate() {
	timeout 20 sh -c "echo go >gate.$1" || fail "nobody at the gate of $1"
}

# ended CODE: the run in the background ends so.
ended() {
	wait $run
	same 'exit code of the run' $? "$1"
}

ran_is() {
	cat >is.want
	is ran is.want
}

# told WORDS: the run has said so.
told() {
	eventually "cau says: $1" grep -qF "$1" run.err
}
