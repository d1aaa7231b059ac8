#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2016,SC2086,SC2119,SC2154,SC2317
# cau run on a terminal: the lines that are redrawn, and when they are not.
. "${0%/*}/lib.sh"
all=root/CAUHotfix_All
esc=$(printf '\033')
skips=disk-space,failed-units,restart-pending,auto-updates,privileges

if ! script -qec true /dev/null </dev/null >/dev/null 2>&1; then
	it 'a terminal'
	skip 'no script(1)'
	finish
fi

# on_terminal COLUMNS ROWS WORD...: cau run there; what is seen is kept in seen.
# Assignments may stand before it.
on_terminal() {
	size="cols $1 rows $2"
	shift 2
	timeout 60 script -qec "stty $size; exec '$CAU' run --skip $skips \
		--nodes $three --root '$dir/root' $*" /dev/null >seen </dev/null
}

# The lines of all frames, each behind the word FRAME, or ANEW when the cursor
# did not go up before it.
frames() {
	tr -d '\r' <seen | awk -v esc="$esc" '
	{ gsub(esc "\\[\\?7h", "\nEND\n"); print }' | awk -v esc="$esc" '
	$0 == "END" { on = up = 0; next }
	$0 ~ esc "\\[[0-9]*A" { up = 1 }
	i = index($0, esc "[?7l") {
		print up ? "FRAME" : "ANEW"
		on = 1
		$0 = substr($0, i)
	}
	on { gsub(esc "\\[[0-9;?]*[a-zA-Z]", ""); if ($0 != "") print }'
}

# On n1 the installer waits for the file gate.
gated='[ $CAU_NODE != n1 ] || until [ -e '$dir/gate' ]; do sleep 0.02; done'

sees() {
	frames | grep -qF -e "$1"
}

it 'the screen is left as it was: nothing is redrawn after the report'
fresh
rm -f gate
echo "$gated" | put $all/a.sh
echo 'exit 1' | put root/n2/b.sh
TERM=xterm on_terminal 80 24 &
run=$!
eventually 'the bar of n1' sees '  n1  Installing  [....................]'
: >gate
wait $run
same 'exit code' $? 3
frames >got
has got FRAME
has got 'Updating Run '
has got ': 0 of 3 nodes done, '
has got ' 1/1 a.sh'
has got '  n3  Waiting     [....................]'
same 'wrapping is turned off and on' \
	"$(grep -o "$esc\[?7l" seen | wc -l)" "$(grep -o "$esc\[?7h" seen | wc -l)"
tr -d '\r' <seen | sed '1,/run .*PartiallyFailed/d' >end
lacks end "${esc}[?"
lacks end ' nodes done, '
sed "s/$esc\[[0-9;]*m//g" end >got
"$CAU" report show >want
same 'the report' "$(cat got)" "$(cat want)"
same 'colours do not end with their lines' "$(tr -d '\r' <seen | awk -v esc="$esc" '
	{ gsub(esc "\\[[0-9?]*[a-zA-Ln-zJK]", "")
	n = split($0, part, esc)
	if (n > 1 && part[n] !~ /^\[0m/) print }')" ''
has seen "${esc}[31m"

it 'a small terminal'
fresh
rm -f gate
echo "$gated" | put "$all/$(printf '\346\233\264\346\226\260-%060d.sh' 0)"
TERM=xterm on_terminal 40 5 &
run=$!
eventually 'a line for the others' sees '  and 2 more: '
: >gate
wait $run
same 'exit code' $? 0
frames >got
while read -r line; do
	[ ${#line} -lt 60 ] || fail "too wide: $line"
done <got
same 'lines of a frame at most' \
	"$(awk '/^FRAME/ { n = 0; next } { if (++n > most) most = n } END { print most }' got)" 3

it 'a process that was stopped draws beside what the shell wrote; a resized terminal'
fresh
rm -f gate
echo "$gated" | put $all/a.sh
TERM=xterm on_terminal 80 24 &
run=$!
anew() { frames | grep -c ANEW; }
more_frames() { [ "$(frames | grep -c FRAME)" -gt "$1" ]; }
eventually 'a frame' sees ' Installing '
was=$(frames | grep -c FRAME)
pid=$(sed -n 's/.*"pid":\([0-9]*\).*/\1/p' c/lock)
before=$(anew)
kill -CONT "$pid"
eventually 'more frames' more_frames $((was + 2))
same 'drawn anew' "$(anew)" $((before + 1))
# A terminal that became narrower has wrapped the four lines.
stty -F "/proc/$pid/fd/2" cols 40
eventually 'the narrow header' grep -qF "${esc}[1mRun " seen
has seen "${esc}[8A${esc}[J"
: >gate
wait $run
same 'exit code' $? 0

it 'no escape sequence where none is wanted'
fresh
echo 'exit 0' | put $all/a.sh
TERM=dumb on_terminal 80 24
has seen 'n1: installing CAUHotfix_All/a.sh'
lacks seen "$esc"
rm -rf n? c
TERM=xterm NO_COLOR=1 on_terminal 80 24
has seen 'n1: installing CAUHotfix_All/a.sh'
lacks seen "$esc"
rm -rf n? c
TERM=xterm on_terminal 80 24 --no-color
has seen 'n1: installing CAUHotfix_All/a.sh'
lacks seen "$esc"
rm -rf n? c
TERM=xterm on_terminal 80 24 --json
lacks seen "$esc"
rm -rf n? c
TERM=xterm on_terminal 80 24 -q '2>&1' '|' cat
lacks seen "$esc"

finish
