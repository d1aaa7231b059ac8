#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1003,SC2013,SC2086,SC2119,SC2154,SC2317
# cau run: what installers can do, and what it comes to.
. "${0%/*}/lib.sh"
all=root/CAUHotfix_All

# result FILE: the line of an update in the last JSON report of run1.
results() {
	json '.nodes[0].updates[] | [(.id | sub(".*/"; "")), .result, .condition,
		.exit_code, .reboot_required] | map(tostring) | join(" ")' "$1"
}

it 'three nodes, every exit condition: text'
fresh
echo 'exit 0' | put $all/0.sh
echo 'exit 7' | put root/n1/7.sh
echo 'exit 10' | put root/n1/10.sh
echo 'exit 20' | put root/n2/20.sh
echo 'exit 30' | put root/n2/30.sh
echo 'echo a few words; exit 194' | put root/n3/194.sh
runs 3 run3
out_is <<'EOF'
Updating Run RUN: PartiallyFailed
  started TIME, took SPAN, 3 nodes, by USER on HOST
  nodes: 2 Succeeded, 1 PartiallyFailed

  n1  PartiallyFailed: 1 succeeded, 2 failed, RESTART PENDING
    Succeeded         CAUHotfix_All/0.sh  exit 0 SPAN
    Failed            n1/10.sh            exit 10 SPAN
        exit code 10 means Fail_RebootRequired
    Failed            n1/7.sh             exit 7 SPAN
        exit code 7 is not listed in rule Extension SH
    RESTART PENDING: n1/10.sh asked for it; restart this machine yourself, or run with --allow-self-reboot

  n2  Succeeded: 1 succeeded, 2 skipped
    Succeeded         CAUHotfix_All/0.sh  exit 0 SPAN
    AlreadyInstalled  n2/20.sh            exit 20 SPAN
        exit code 20 means AlreadyInstalled
    NotApplicable     n2/30.sh            exit 30 SPAN
        exit code 30 means NotApplicable

  n3  Succeeded: 2 succeeded, RESTART PENDING
    Succeeded         CAUHotfix_All/0.sh  exit 0 SPAN
    Succeeded         n3/194.sh           exit 194 SPAN
    RESTART PENDING: n3/194.sh asked for it; restart this machine yourself, or run with --allow-self-reboot

Next:
  n1: restart it
  n1: see why n1/10.sh and 1 more failed; the next run tries them again
  n3: restart it
EOF
sed -n '/: scanning/d; /: [0-9] to install/d; /stag/d; p' err >events
file_is events <<'EOF'
TIME  run RUN on 3 nodes
TIME  n1: installing CAUHotfix_All/0.sh
TIME  n1: CAUHotfix_All/0.sh Succeeded
TIME  n1: installing n1/10.sh
TIME  n1: n1/10.sh Failed: exit code 10 means Fail_RebootRequired
TIME  n1: installing n1/7.sh
TIME  n1: n1/7.sh Failed: exit code 7 is not listed in rule Extension SH
TIME  n1: PartiallyFailed: 1 succeeded, 2 failed, RESTART PENDING
TIME  n2: installing CAUHotfix_All/0.sh
TIME  n2: CAUHotfix_All/0.sh Succeeded
TIME  n2: installing n2/20.sh
TIME  n2: n2/20.sh AlreadyInstalled: exit code 20 means AlreadyInstalled
TIME  n2: installing n2/30.sh
TIME  n2: n2/30.sh NotApplicable: exit code 30 means NotApplicable
TIME  n2: Succeeded: 1 succeeded, 2 skipped
TIME  n3: installing CAUHotfix_All/0.sh
TIME  n3: CAUHotfix_All/0.sh Succeeded
TIME  n3: installing n3/194.sh
TIME  n3: n3/194.sh Succeeded
TIME  n3: Succeeded: 2 succeeded, RESTART PENDING
TIME  run PartiallyFailed
EOF
same 'log' "$(cat c/runs/*/log/n3/*194.sh.log)" 'a few words'

it 'a second run skips what receipts tell, the rest is tried again'
runs 3 run3 --json
valid_json
jsonl '[.nodes[] | .name, .status, .succeeded, .failed, .skipped] | join(" ")' \
	'n1 Failed 0 2 1 n2 Succeeded 0 0 3 n3 Succeeded 0 0 2'

it '--reinstall'
runs 3 run3 -q --reinstall
silent_err
same 'times that 0.sh ran on n2' "$(grep -c '0.sh.Succeeded' n2/receipts)" 2

it 'JSON: events, then the report'
fresh
echo 'exit 20' | put $all/a.sh
runs 0 run1 --json
silent_err
valid_json
if [ -n "$has_jq" ]; then
	jq -c 'select(.event)' out >events
	jq -c . c/runs/*/journal.jsonl >journal
	yes 'the events are those of the journal' cmp events journal
fi
jsonl '[.format, .status, .cluster.type, (.plugins | join(",")), .error] |
	map(tostring) | join(" ")' '1 Succeeded list Microsoft.HotfixPlugin null'
json '.nodes[0] | [.name, .status, .attempts, .succeeded, .failed, .skipped,
	(.reboots | length)] | join(" ")' 'n1 Succeeded 1 0 0 1 0'
json '.nodes[0].updates[0] | [.id, .plugin, .result, .exit_code,
	.exit_code_hex, .condition, .reboot_required] | join(" ")' \
	'CAUHotfix_All/a.sh Microsoft.HotfixPlugin AlreadyInstalled 20 0x00000014 AlreadyInstalled false'
json '.nodes[0].timing_s | keys | join(" ")' 'drain install post_script pre_script restart resume scan stage'
json '[.started_at, .finished_at] | join(" ")' 'TIME TIME'

it 'exit codes: 0 done, 1 failed, 3 within the budget'
fresh
runs 0 run3 -q
out_has '  n1  Succeeded: nothing to install'
echo 'exit 1' | put root/n1/a.sh
runs 3 run3 -q
rm -r root/n1
echo 'exit 1' | put $all/a.sh
runs 1 run1 -q
out_has '  error: MaxFailedNodesExceeded: 1 node failed, 0 allowed'

it 'more nodes fail than the budget allows: the rest is not touched'
fresh
echo "echo \$CAU_NODE >>$dir/ran; exit 1" | put $all/a.sh
rm -f ran
runs 1 run3
out_has '  error: MaxFailedNodesExceeded: 2 nodes failed, 1 allowed'
out_has '  n3  Canceled: 1 canceled'
file_is ran <<'EOF'
n1
n2
EOF
rm ran
runs 1 run3 --max-failed-nodes 0
file_is ran <<'EOF'
n1
EOF
rm ran
echo "echo \$CAU_NODE >>$dir/ran; [ \$CAU_NODE = n3 ] || exit 9" | put $all/a.sh
runs 3 run3 --max-failed-nodes 2
same 'nodes' "$(cat ran)" "n1${nl}n2${nl}n3"
out_lacks 'MaxFailedNodesExceeded'

it 'codes over 255 through CAU_EXIT_CODE_FILE'
fresh
# wide NAME STATUS TEXT: the text is written as it is.
wide() {
	printf %s "$3" >"text.$1"
	echo "cat '$dir/text.$1' >\"\$CAU_EXIT_CODE_FILE\"; exit $2" | put "$all/$1.sh"
}
wide 01 0 -1
wide 02 0 256
wide 03 0 "3010$nl"
wide 04 0 0x80240017
wide 05 0 0x240006
wide 06 0 4294967295
wide 07 0 4294967296
wide 08 0 -2145124329
wide 09 1 0
wide 10 0 1603
wide 11 7 ''
wide 12 0 "3010${nl}1603$nl"
runs 3 run1 -q --json
jsonl .status PartiallyFailed
results '01.sh Failed  4294967295 false
02.sh Failed  256 false
03.sh Succeeded Success_RebootRequired 3010 true
04.sh NotApplicable NotApplicable 2149842967 false
05.sh AlreadyInstalled AlreadyInstalled 2359302 false
06.sh Failed  4294967295 false
07.sh Failed  null false
08.sh NotApplicable NotApplicable 2149842967 false
09.sh Succeeded Success 0 false
10.sh Failed Fail_RebootRequired 1603 true
11.sh Failed  7 false
12.sh Succeeded Success_RebootRequired 3010 true'

it 'garbage in CAU_EXIT_CODE_FILE makes the update fail'
fresh
wide 01 0 hello
wide 02 0 '$(touch canary)'
wide 03 0 '0; touch canary'
wide 04 0 "${nl}0$nl"
wide 05 0 0xFFFFFFFFFFFFFFFF
wide 06 0 --5
wide 07 0 -
wide 08 0 '0 .'
wide 09 0 0000000000000000000000000000000000000000000000000000000000000003010
put $all/10.sh <<'EOF'
printf '\000\000' >"$CAU_EXIT_CODE_FILE"
EOF
echo 'mkdir "$CAU_EXIT_CODE_FILE"' | put $all/11.sh
echo 'head -c 3000000 /dev/zero >"$CAU_EXIT_CODE_FILE"' | put $all/12.sh
put $all/13.sh <<'EOF'
head -c 300000 /dev/zero | tr '\000' 7 >"$CAU_EXIT_CODE_FILE"
EOF
runs 1 run1 -q --json
if [ -n "$has_jq" ]; then
	jsonl '[.nodes[0].updates[] | select(.result != "Failed") | .id] | join(" ")' ''
	json '[.nodes[0].updates[].reason] | unique | join("; ")' \
		'what the installer wrote to CAU_EXIT_CODE_FILE is not an exit code'
fi
no 'executed' [ -e canary ]

it 'wide codes as a status keep 8 bits'
fresh
for c in 256 3010 -1; do
	echo "exec perl -e 'exit $c'" | put "$all/$c.sh"
done
if command -v perl >/dev/null 2>&1; then
	runs 3 run1 -q --json
	jsonl .status PartiallyFailed
	results '-1.sh Failed  255 false
256.sh Succeeded Success 0 false
3010.sh Succeeded Success_RebootRequired 194 true'
else
	skip 'no perl'
fi

it 'death by a signal'
fresh
for s in 1 2 3 6 9 11 13 15; do
	echo "kill -$s \$\$; exit 0" | put "$all/$s.sh"
done
runs 1 run1 -q --json
jsonl '.nodes[0].updates[] | [(.id | sub(".*/"; "")), .result, .exit_code,
	.reason] | map(tostring) | join(" ")' \
	'1.sh Failed null killed by signal 1 (Hangup)
11.sh Failed null killed by signal 11 (Segmentation fault)
13.sh Failed null killed by signal 13 (Broken pipe)
15.sh Failed null killed by signal 15 (Terminated)
2.sh Failed null killed by signal 2 (Interrupt)
3.sh Failed null killed by signal 3 (Quit)
6.sh Failed null killed by signal 6 (Aborted)
9.sh Failed null killed by signal 9 (Killed)'

# 130 and 141 are what a shell makes of INT and PIPE, without a word: cau-hotfix(5).
# So they count only when they stand in the file.
it 'a status over 128 is no signal'
fresh
for s in 129 131 137 139 143 192 255; do
	echo "exit $s" | put "$all/$s.sh"
done
for s in 130 141; do
	echo "echo $s >\"\$CAU_EXIT_CODE_FILE\"" | put "$all/$s.sh"
done
sed -i 's/>0</>0 129 130 131 137 139 141 143 192 255</' root/DefaultHotfixConfig.xml
runs 0 run1 -q
for s in 129 130 131 137 139 141 143 192 255; do
	out_has "    Succeeded         CAUHotfix_All/$s.sh  exit $s"
done

it 'an installer that closes its descriptors, reads stdin, prints no newline'
fresh
echo 'exec <&- >&- 2>&-; exit 0' | put $all/closed.sh
echo 'cat; read x; printf "read %s" $?; exit 0' | put $all/reads.sh
runs 0 run1 -q
same 'log' "$(cat c/runs/*/log/n1/*reads.sh.log)" 'read 1'

it 'what the installer sees: stdin, folder, environment'
fresh
put $all/a.sh <<'EOF'
set | grep -E '^(CAU_NODE|DEBIAN_FRONTEND|LC_ALL|PATH)=' | sort
case $CAU_EXIT_CODE_FILE in "${PWD%/work}"/*) echo code beside ;; esac
ls -A
[ -n "$CAU_JOB_ID" ] && echo job
[ /dev/stdin -ef /dev/null ] && echo null
umask
[ "$(ps -o tty= -p $$ | tr -d ' ')" = '?' ] && echo no terminal
exec cat /proc/self/stat >stat
EOF
runs 0 run1 -q
cat c/runs/*/log/n1/*a.sh.log >log
file_is log <<'EOF'
CAU_NODE='n1'
DEBIAN_FRONTEND='noninteractive'
LC_ALL='C'
PATH='/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
code beside
job
null
0022
no terminal
EOF

it 'no descriptor of the caller reaches an installer'
fresh
echo 'ls /proc/self/fd | wc -l' | put $all/a.sh
runs 0 run1 -q
exec 7<.
runs 0 run1 -q --reinstall
exec 7<&-
same 'descriptors of both runs' "$(cat c/runs/*/log/n1/*a.sh.log | uniq | wc -l)" 1

it 'interrupt is not ignored in an installer'
fresh
echo "trap 'echo got it; exit 0' INT; kill -2 \$\$; exit 1" | put $all/a.sh
runs 0 run1 -q

it 'a daemon that keeps the standard output'
fresh
echo "sleep 1000 & echo \$! >$dir/daemon; exit 0" | put $all/a.sh
runs 0 run1 -q
yes 'the daemon lives' kill -0 "$(cat daemon)"
kill "$(cat daemon)"

it '300 MB of output: bounded logs, bounded memory'
fresh
put $all/a.sh <<'EOF'
head -c 300000000 /dev/zero | tr '\000' '\n'
EOF
put $all/b.sh <<'EOF'
head -c 300000000 /dev/zero | tr '\000' x
EOF
# 200 MB of address space are enough for cau, not for the output.
limit='ulimit -v 200000;'
# A sanitizer needs more than that for itself.
sh -c "$limit exec \"\$@\"" sh "$CAU" --version >out 2>&1 || limit=
runs 0 sh -c "$limit exec \"\$@\"" sh "$CAU" run -q --nodes "$one" --root root
for f in c/runs/*/log/n1/*.log; do
	[ "$(wc -c <"$f")" -le 300000 ] || fail "$f: $(wc -c <"$f") bytes"
done
for f in n1/jobs/*/log; do
	[ "$(wc -c <"$f")" -le 70000000 ] || fail "on the node: $(wc -c <"$f") bytes"
done

it 'an installer that kills the process that watches over it: Unknown, exit 8'
fresh
echo "exit 0" | put root/n2/a.sh
echo "kill -9 \$PPID; exit 0" | put root/n1/a.sh
runs 8 run3
out_is <<'EOF'
Updating Run RUN: Failed
  started TIME, took SPAN, 3 nodes, by USER on HOST
  nodes: 1 Succeeded, 1 Failed, 1 Canceled
  error: n1 stays out of service, so no other node may be taken out

  n1  Failed: 1 unknown
    error: n1/a.sh: the process that watched over the installer was killed on the node
    Unknown           n1/a.sh SPAN
        the process that watched over the installer was killed on the node
    OUTCOME UNKNOWN: look at the node and at DIR/n1/jobs there before the next run

  n2  Canceled: 1 canceled
    Canceled          n2/a.sh
        the run was stopped

  n3  Succeeded: nothing to install

Next:
  n1: find out what became of n1/a.sh before the next run
  cau run again: 2 nodes were not brought up to date
EOF
no 'receipt' [ -s n1/receipts ]
# Its watchdog waits for the time limit, as the installer might still run.
for p in $(ours); do kill -9 "$p" 2>/dev/null; done

it 'timeout: the whole tree is ended, whatever it does'
fresh
rm -f pids
put $all/a.sh <<EOF
trap '' TERM INT HUP
echo \$\$ >>$dir/pids
sh -c 'echo \$\$ >>$dir/pids; while :; do sleep 1; done' &
setsid sh -c 'echo \$\$ >>$dir/pids; while :; do sleep 1; done' &
setsid env -i PATH="\$PATH" sh -c 'echo \$\$ >>$dir/pids; while :; do sleep 1; done' &
(setsid sh -c 'echo \$\$ >>$dir/pids; while :; do sleep 1; done' &)
while :; do sleep 1; done
EOF
put $all/b.sh <<EOF
echo \$\$ >>$dir/pids
setsid env -i PATH="\$PATH" sh -c 'trap "" TERM; echo \$\$ >>$dir/pids; while :; do sleep 1; done' &
wait
EOF
put $all/c.sh <<EOF
sleep 1000
EOF
runs 1 run1 -a 'HotfixInstallerTimeoutMinutes=1s'
out_is <<'EOF'
Updating Run RUN: Failed
  started TIME, took SPAN, 1 node, by USER on HOST
  error: MaxFailedNodesExceeded: 1 node failed, 0 allowed

  n1  Failed: 3 failed
    Failed            CAUHotfix_All/a.sh SPAN
        timeout: ended on the node after SPAN
    Failed            CAUHotfix_All/b.sh SPAN
        timeout: ended on the node after SPAN
    Failed            CAUHotfix_All/c.sh SPAN
        timeout: ended on the node after SPAN

Next:
  n1: see why CAUHotfix_All/a.sh and 2 more failed; the next run tries them again
EOF
for p in $(cat pids); do
	gone "$p" || {
		fail "alive: $(grep -n "^$p\$" pids) $(tr '\0' ' ' <"/proc/$p/cmdline")"
		kill -9 "$p"
	}
done
same 'processes' "$(wc -l <pids)" 7

it 'timeout: a daemon without our environment, and the folder behind a link'
fresh
rm -rf pids far
mkdir far
ln -s far n1
put $all/a.sh <<EOF
(setsid env -i PATH="\$PATH" sh -c 'cd /; echo \$\$ >>$dir/pids; while :; do sleep 1; done' &)
while [ ! -s $dir/pids ]; do sleep 0.1; done
while :; do sleep 1; done
EOF
runs 1 run1 -q -a 'HotfixInstallerTimeoutMinutes=1s'
out_has 'timeout: ended on the node'
for p in $(cat pids); do
	gone "$p" || {
		fail "alive: $(tr '\0' ' ' <"/proc/$p/cmdline")"
		kill -9 "$p"
	}
done
rm -rf n1 far

it 'an installer that ends within its time is left alone afterwards'
fresh
echo 'exit 0' | put $all/a.sh
i=0
while [ $i -lt 20 ]; do
	echo "exit 0 # $i" | put $all/a$i.sh
	i=$((i + 1))
done
runs 0 run1 -q
eventually 'no watchdog is left' nobody || for p in $(ours); do kill -9 "$p"; done

it 'programs that cannot be started'
fresh BADPATH /nowhere/prog '$update$' NOPROG no-such-program '' DIR /usr ''
for x in badpath noprog dir; do : >$all/x.$x; done
echo '#!/nowhere/interp' >$all/interp.run
echo '#!' >$all/nointerp.run
printf '#!/bin/sh\r\necho hi\r\n' >$all/crlf.run
: >$all/empty.run
echo 'touch canary' >$all/nohash.run
printf 'MZ\220\0\3' >$all/exe.run
cp /bin/true $all/foreign.run
# e_machine: neither this nor any other processor.
printf '\376\376' | dd of=$all/foreign.run bs=1 seek=18 conv=notrunc 2>/dev/null
runs 1 run1 -q
grep -E '^    (Failed|Succeeded)|^        cannot' out |
	sed -E 's/ +[0-9.]+ s$//; s#/[^ ]*/n1/stage/SHA/##; s#DIR/##' | plain |
	sed 's#DIR/n1/stage/SHA/##' >start
file_is start <<'EOF'
    Failed            CAUHotfix_All/crlf.run
        cannot start crlf.run: its interpreter '/bin/sh\x0d' is not there
    Failed            CAUHotfix_All/empty.run
        cannot start empty.run: not a program: no #! line and not ELF
    Failed            CAUHotfix_All/exe.run
        cannot start exe.run: not a program: no #! line and not ELF
    Failed            CAUHotfix_All/foreign.run
        cannot start foreign.run: it is made for another processor
    Failed            CAUHotfix_All/interp.run
        cannot start interp.run: its interpreter '/nowhere/interp' is not there
    Failed            CAUHotfix_All/nohash.run
        cannot start nohash.run: not a program: no #! line and not ELF
    Failed            CAUHotfix_All/nointerp.run
        cannot start nointerp.run: its interpreter '' is not there
    Failed            CAUHotfix_All/x.badpath
        cannot start /nowhere/prog: no such file
    Failed            CAUHotfix_All/x.dir
        cannot start /usr: not a regular file
    Failed            CAUHotfix_All/x.noprog
        cannot start no-such-program: no such program in /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
EOF
out_lacks ' exit '

it 'a program that is not executable'
fresh NOTX "$dir/notx" ''
echo '#!/bin/sh' >notx
chmod 644 notx
: >$all/x.notx
runs 1 run1 -q
out_has "cannot start $dir/notx: not executable"

it 'an ELF file that is cut off could not be started'
fresh
head -c 30 /bin/true >$all/cut.run
runs 1 run1 -q
out_has 'cannot start'

it 'programs by name are those of PATH, not of the shell'
fresh ECHO echo --version PRINTF printf --version KILL kill --version TEST test '1 -eq 1' \
	EXIT exit 0
for x in echo printf kill test exit; do : >$all/x.$x; done
if /bin/echo --version | grep -q coreutils; then
	runs 3 run1 -q
	for x in echo printf kill; do
		yes "$x is a program" grep -q '[0-9]\.[0-9]' c/runs/*/log/n1/*$x.log
	done
	out_has '    Succeeded         CAUHotfix_All/x.test    exit 0'
	out_has 'cannot start exit: no such program'
else
	skip 'no GNU coreutils'
fi

it 'suspend and resume commands: order, words, node name behind'
fresh
echo "echo install \$CAU_NODE >>$dir/order; exit 0" | put $all/a.sh
put tool <<EOF
printf '%s,' "\$@" >>$dir/order
echo >>$dir/order
EOF
rm -f order
runs 0 run3 --suspend-command 'sh tool "out of" \"' --resume-command 'sh tool in'
file_is order <<'EOF'
out of,",n1,
install n1
in,n1,
out of,",n2,
install n2
in,n2,
out of,",n3,
install n3
in,n3,
EOF
sed -n '/service/p' err >events
file_is events <<'EOF'
TIME  n1: taking it out of service
TIME  n1: out of service
TIME  n1: putting it back into service
TIME  n1: back in service
TIME  n2: taking it out of service
TIME  n2: out of service
TIME  n2: putting it back into service
TIME  n2: back in service
TIME  n3: taking it out of service
TIME  n3: out of service
TIME  n3: putting it back into service
TIME  n3: back in service
EOF

it 'nothing to install: no node is taken out of service'
rm order
runs 0 run3 -q --suspend-command 'sh tool out' --resume-command 'sh tool in'
no 'order' [ -e order ]

it 'a failing installer: the node is put back'
fresh
echo 'exit 1' | put root/n1/a.sh
runs 3 run3 -q --suspend-command 'sh tool out' --resume-command 'sh tool in'
file_is order <<'EOF'
out,n1,
in,n1,
EOF

it 'a suspend command that fails: no installer, undone, the others go on'
fresh
rm -f order
echo "echo install \$CAU_NODE >>$dir/order; exit 0" | put $all/a.sh
put fails <<EOF
echo suspend "\$@" >>$dir/order
[ "\$1" != n2 ] && exit 0
echo 'the balancer says no' >&2
echo 'second line' >&2
exit 4
EOF
runs 3 run3 --max-retries-per-node 0 --suspend-command 'sh fails' \
	--resume-command 'sh tool in'
file_is order <<'EOF'
suspend n1
install n1
in,n1,
suspend n2
in,n2,
suspend n3
install n3
in,n3,
EOF
out_has '    error: suspend command sh: exit status 4: the balancer says no'

it 'a resume command that fails: told loudly, nobody else is taken out'
fresh
rm -f order
echo "echo install \$CAU_NODE >>$dir/order; exit 0" | put $all/a.sh
runs 1 run3 --max-retries-per-node 0 --suspend-command 'sh tool out' \
	--resume-command 'sh fails n2'
out_is <<'EOF'
Updating Run RUN: Failed
  started TIME, took SPAN, 3 nodes, by USER on HOST
  nodes: 1 PartiallyFailed, 2 Canceled
  error: n1 stays out of service, so no other node may be taken out

  n1  PartiallyFailed: 1 succeeded, LEFT OUT OF SERVICE
    error: resume command sh: exit status 4: the balancer says no
    Succeeded         CAUHotfix_All/a.sh  exit 0 SPAN
    LEFT OUT OF SERVICE: cau did not resume this node; when it is in order, run: sh fails n2 n1

  n2  Canceled: 1 canceled
    Canceled          CAUHotfix_All/a.sh
        the run was stopped

  n3  Canceled: 1 canceled
    Canceled          CAUHotfix_All/a.sh
        the run was stopped

Next:
  n1: set it right, then put it back into service: sh fails n2 n1
  cau run again: 2 nodes were not brought up to date
EOF

it 'a suspend command that is not there'
fresh
echo 'exit 0' | put $all/a.sh
runs 1 run1 --max-retries-per-node 0 --suspend-command /nowhere/out --resume-command true
out_has '    error: cannot start /nowhere/out: No such file or directory'

it '--max-unavailable 3: all nodes at the same time'
fresh
mkfifo gate.n1 gate.n2 gate.n3
echo "echo \$CAU_NODE >>$dir/began; read x <$dir/gate.\$CAU_NODE; exit 0" | put $all/a.sh
run3 -q --max-unavailable 3 >out 2>err &
run=$!
eventually 'three installers at once' sh -c '[ "$(wc -l <began)" -eq 3 ]'
for i in 1 2 3; do
	timeout 10 sh -c "echo go >gate.n$i" || fail "n$i does not read"
done
wait $run
same 'exit code' $? 0

# nodes N: n1 to nN.
nodes() {
	i=0 list=
	while [ $i -lt "$1" ]; do
		i=$((i + 1))
		list=$list,n$i=local:$dir/n$i
	done
	echo "${list#,}"
}

it '--max-unavailable 2 with five nodes: two at a time, never three'
fresh
rm -rf order began
mkdir began
put $all/a.sh <<EOF
: >$dir/began/\$CAU_NODE
until [ "\$(ls $dir/began | wc -l)" -ge 2 ]; do sleep 0.02; done
EOF
runs 0 cau run -q --nodes "$(nodes 5)" --root root --max-unavailable 2 \
	--suspend-command 'sh tool out' --resume-command 'sh tool in'
same 'most at a time' "$(awk -F, '{ n += $1 == "out" ? 1 : -1 }
	n > most { most = n } END { print most, n, NR }' order)" '2 0 10'
rm -rf n4 n5

it '--max-failed-nodes is a third of the nodes, rounded down'
fresh
for n in '1 0' '2 0' '3 1' '5 1' '6 2'; do
	rm -rf c
	runs 0 cau run -q --nodes "$(nodes ${n% *})" --root root
	head -n 1 c/runs/*/journal.jsonl >out
	json .options.max_failed_nodes ${n#* }
done
rm -rf n4 n5 n6

it '--dry-run changes nothing'
fresh
echo "touch $dir/canary" | put $all/a.sh
runs 0 run3 --dry-run
out_has 'Dry run: nothing is changed.'
out_has '  Applicable  CAUHotfix_All/a.sh'
runs 0 run3 -n --json
valid_json
no 'executed' [ -e canary ]
no 'state' [ -e c ]
no 'node state' [ -e n1 ]

it 'the same content under two rules is two updates'
fresh
echo 'exit 0' | put $all/a.sh
echo 'exit 0' | put $all/Own/a.bin
# Without #! it cannot be started by itself.
runs 3 run1 -q
out_has '    Failed            CAUHotfix_All/Own/a.bin'
# What was installed by the other rule is no reason to leave it out.
runs 1 run1 -q
out_has '    AlreadyInstalled  CAUHotfix_All/a.sh'
out_has '    Failed            CAUHotfix_All/Own/a.bin'

it 'an update that replaces another during the run is not run twice'
fresh
put $all/a.sh <<EOF
echo a >>$dir/order
echo 'echo b >>$dir/order; exit 0' >$dir/$all/b.sh
exit 0
EOF
rm -f order
runs 0 run1 -q
file_is order <<'EOF'
a
EOF

finish
