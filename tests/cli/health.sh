# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC1091,SC2016,SC2086,SC2154,SC2317
# cau healthcheck: every check fires for real on a machine that is so, and none
# of them on one that is well; and the health check that every run begins with.
. "${0%/*}/lib.sh"

health() { cau healthcheck --nodes "$three" --root "$dir/root" "$@"; }
# Those that need no other machine.
plain_checks=reachable,clock,tools,leftover-jobs,node-lock,plugins,scripts,access

it 'all is well'
fresh
runs 0 health --only $plain_checks
out_is <<'X'
OK: 0 critical, 0 warnings; 3 nodes
X
silent_err
no 'a trace on a node' [ -e n1 ]
no 'a trace here' [ -e c ]
runs 0 health --only $plain_checks --nagios
sed -i 's/time=.*/time=T/' out
out_is <<'X'
CAU OK - 0 critical, 0 warnings | critical=0;;0 warnings=0;0 acknowledged=0 nodes=3 time=T
X
runs 0 health --only clock,tools --json
json tostring '{"format":1,"command":"healthcheck","status":"OK","checks":[{"id":"clock","node":null,"severity":"OK","message":"the clocks of all nodes agree","remedy":null,"source":"cau"},{"id":"reachable","node":null,"severity":"OK","message":"every node answers","remedy":null,"source":"cau"},{"id":"tools","node":null,"severity":"OK","message":"the nodes have the programs that cau needs","remedy":null,"source":"cau"}]}'

it 'misuse'
runs 2 health --only clokc
err_is <<'X'
cau healthcheck: --only: there is no check 'clokc' (did you mean clock?)
usage: cau healthcheck [options] (see cau help healthcheck)
X
runs 2 health --skip ,
err_has '--skip: a check is expected'
runs 2 health --acknowledge 'clock tomorrow it is known'
err_has "--acknowledge: 'tomorrow' is no date: CHECK[@NODE] YYYY-MM-DD REASON is expected"
runs 2 health --acknowledge 'clock@ 2026-12-31 why'
err_has "--acknowledge: there is no node behind 'clock@'"
runs 2 health --acknowledge 'clock 2026-12-31 '
err_has '--acknowledge: a reason is needed'
runs 2 health --acknowledge 'clock 2026-02-30 why'
err_has "'2026-02-30' is no date"
runs 2 health --min-free 5X
err_has "--min-free: '5X' is no size, such as 500M or 2G"
runs 2 health --check-timeout 10ms
err_has '--check-timeout: a time from 1s to 1h is expected'
runs 2 health --alertmanager ftp://x
err_has "--alertmanager: 'ftp://x' is no address: http://HOST:PORT is expected"
runs 2 health --node-checks-dir here
err_has '--node-checks-dir: an absolute path is needed'
runs 2 health word
err_has "unexpected word 'word'"
runs 3 health --nagios --min-free 5X
out_is <<'X'
CAU UNKNOWN - the options or the profile are wrong: see standard error
X
runs 3 health --json --nagios
out_is <<'X'
{"format":1,"command":"healthcheck","error":"--nagios and --json exclude each other"}
X
runs 2 cau run --alert-action maybe
err_has '--alert-action: maybe: stop, prompt or continue is expected'

it 'reachable: a node that does not answer is critical, and a run is not started'
echo 'exit 0' | put root/CAUHotfix_All/a.sh
away="n1=local:$dir/n1,n2=away"
runs 4 cau healthcheck --nodes "$away" --root root --rsh false --only reachable
out_is <<'X'
CRITICAL  n2  reachable  no contact: exit status 1
What to do:
  reachable  look at the node, its address and its sshd
CRITICAL: 1 critical, 0 warnings; 2 nodes
X
runs 4 cau run --nodes "$away" --root root --rsh false
silent_out
err_is <<'X'
CRITICAL  n2  reachable  no contact: exit status 1
What to do:
  reachable  look at the node, its address and its sshd
CRITICAL: 1 critical, 0 warnings; 2 nodes
cau run: stopped by the health check, nothing was touched; to run nevertheless: --alert-action continue
X
no 'a trace on a node' [ -e n1 ]
no 'a run' [ -e c/runs ]

it 'a run that is stopped says so in JSON, too'
runs 4 cau run --nodes "$away" --root root --rsh false --json
valid_json
json '[.format,.command,.error]|tostring' '[1,"run","stopped by the health check, nothing was touched; to run nevertheless: --alert-action continue"]'
json '.health.status' CRITICAL
json '[.health.checks[]|select(.severity=="CRITICAL")|.id,.node]|tostring' '["reachable","n2"]'

it '--alert-action prompt: nobody is there to answer'
runs 4 cau run --nodes "$away" --root root --rsh false --alert-action prompt
err_lacks 'Run nevertheless?'

it '--alert-action prompt: a person says no, or yes'
if command -v script >/dev/null 2>&1; then
	words="$CAU run --skip disk-space,failed-units,restart-pending,auto-updates,privileges --nodes $away --root root --rsh false --max-failed-nodes 1 --max-retries-per-node 0 --alert-action prompt"
	for answer in n '' y; do
		{
			eventually 'the question' grep -q 'Run nevertheless' typed
			echo "$answer"
		} | script -qfec "$words" typed >/dev/null 2>&1
		same "exit after '$answer'" $? "$([ "$answer" = y ] && echo 3 || echo 4)"
		rm typed
		case $answer in
		y) yes 'n1 was updated' [ -s n1/receipts ] ;;
		*) no 'a trace' [ -e n1 ] ;;
		esac
	done
else
	skip 'script is not installed'
fi

it '--alert-action continue, and -y: the run is made, its report has the findings'
for words in '--alert-action continue' '--alert-action PROMPT -y'; do
	rm -rf n1 c
	runs 3 cau run --nodes "$away" --root root --rsh false --max-failed-nodes 1 \
		--max-retries-per-node 0 $words
	out_has '  Health check before it began:
    CRITICAL  n2  reachable  no contact: exit status 1
'
	out_has '  n1  Succeeded: 1 succeeded'
	err_has ' n2: CRITICAL: reachable: no contact: exit status 1'
	runs 0 cau report show --json
	json '[.health.status,.health.checks[0].id]|tostring' '["CRITICAL","reachable"]'
done

it 'a finding that is acknowledged is listed, and stops nothing'
put profile <<'X'
Acknowledge=reachable@N2 2999-12-31 it is being moved
Acknowledge=clock 2020-01-01 long ago
X
runs 0 cau healthcheck --nodes "$away" --root root --rsh false --only reachable --profile profile
out_is <<'X'
acknowledged  n2  reachable  no contact: exit status 1 (CRITICAL, until 2999-12-31: it is being moved)
OK: 0 critical, 0 warnings, 1 acknowledged; 2 nodes
X
rm -rf n1 c
runs 3 cau run --nodes "$away" --root root --rsh false --max-failed-nodes 1 --max-retries-per-node 0 --profile profile
out_has '    acknowledged  n2  reachable  no contact'
runs 4 cau healthcheck --nodes "$away" --root root --rsh false --only reachable \
	--acknowledge 'reachable@n2 2020-01-31 it is being moved' --acknowledge 'reachable@n1 2999-01-01 x'
out_has 'no contact: exit status 1 (acknowledged until 2020-01-31 only: it is being moved)'

it 'ScomAlertAction and AlertAction in a profile'
echo 'ScomAlertAction=Continue' >profile
rm -rf n1 c
runs 3 cau run --nodes "$away" --root root --rsh false --max-failed-nodes 1 --max-retries-per-node 0 --profile profile
echo 'AlertAction=Stop' >profile
runs 4 cau run --nodes "$away" --root root --rsh false --profile profile

it 'an interrupt during the check: nothing was touched, no process is left'
rm -rf n1 c
mkfifo begun
printf '#!/bin/sh\necho begun >%s/begun\nexec sleep 1000\n' "$dir" >hang
chmod 755 hang
mkdir checks.d
mv hang checks.d/
"$CAU" run --nodes "$one" --root root --skip disk-space --checks-dir checks.d --check-timeout 60s >out 2>err &
run=$!
timeout 20 cat begun >/dev/null || fail 'the check does not run'
kill -TERM $run
wait $run
same 'exit' $? 6
has err 'cau run: interrupted during the health check; nothing was touched'
no 'a run' [ -e c/runs ]
no 'a trace' [ -e n1 ]
rm -r checks.d begun

it 'here: plugins, access, scripts, warn-after'
runs 4 health --only plugins,access,scripts,warn-after --root "$dir/nowhere" \
	--pre-update-script "$dir/none" --warn-after 2h --stop-after 1h
out_has 'CRITICAL  -  plugins     Microsoft.HotfixPlugin: '
out_has 'CRITICAL  -  scripts     '
out_has 'WARNING   -  warn-after  --warn-after is not before --stop-after, so it never warns'
runs 4 cau healthcheck --nodes "$one" --only plugins -p No.Such
out_has 'CRITICAL  -  plugins  there is no plug-in No.Such'
chmod 777 root
runs 4 health --only access,plugins
out_has 'CRITICAL  -  access  Microsoft.HotfixPlugin: refused'
chmod 755 root
sed 's/<Success>0</<Success>0, 999</' root/DefaultHotfixConfig.xml >x.xml
cp root/DefaultHotfixConfig.xml good.xml
mv x.xml root/DefaultHotfixConfig.xml
runs 0 health --only plugins,access
out_has 'WARNING  -  plugins  '
out_has 'exit code 999: '
mv good.xml root/DefaultHotfixConfig.xml
runs 0 health --only plugins,access,scripts,warn-after --warn-after 1h --stop-after 2h
out_is <<'X'
OK: 0 critical, 0 warnings; 3 nodes
X

it 'leftover-run and drained-node'
rm -rf n1 c
mkdir -p c/runs/9d4f6c51-2f0e-4c1b-8a3c-5f7a1f6f2f0c
ln -s runs/9d4f6c51-2f0e-4c1b-8a3c-5f7a1f6f2f0c c/current
runs 4 health --only leftover-run,drained-node
out_is <<'X'
CRITICAL  -  leftover-run  run RUN was cut short and nobody works on it
What to do:
  leftover-run  cau recover, or cau recover --abandon
CRITICAL: 1 critical, 0 warnings; 3 nodes
X
rm -r c
echo 'exit 1' >no
echo 'exit 0' >yes
runs 1 run1 --suspend-command "sh $dir/yes" --resume-command "sh $dir/no" --max-retries-per-node 0
runs 0 health --only leftover-run,drained-node
out_has 'WARNING  n1  drained-node  run '

it 'leftover-jobs and node-lock'
mkdir -p n1/jobs/x.0.0 n1/jobs/x.0.1 n2/jobs/y.1 n3/jobs/z.1 n3/jobs/z.2
sleep 1000 &
sleeper=$!
read -r boot </proc/sys/kernel/random/boot_id
read -r stat <"/proc/$sleeper/stat"
set -- ${stat##*) }
echo "$boot $sleeper ${20} ." >n1/jobs/x.0.0/start
echo "00000000-0000-0000-0000-000000000000 1 1 ." >n2/jobs/y.1/start
echo '- - - .' >n3/jobs/z.1/start
# A scan by a plug-in of others installs nothing.
mkdir -p n3/jobs/scan-1 n3/jobs/scan-2
echo "$boot $sleeper ${20} ." >n3/jobs/scan-1/start
echo "00000000-0000-0000-0000-000000000000 1 1 ." >n3/jobs/scan-2/start
echo "$boot 1 1 ." >n3/jobs/z.2/start
echo 'exited 0 - .' >n3/jobs/z.2/exit
echo 'somerun root@adm2' >n1/lock
echo 'somerun root@adm2' >n2/lock
touch -d '2 hours ago' n2/lock
runs 4 health --only leftover-jobs,node-lock
out_is <<'X'
CRITICAL  n1  leftover-jobs  an installer of another run still runs: job x.0.0
CRITICAL  n1  node-lock      it is locked by run somerun root@adm2
WARNING   n2  leftover-jobs  1 installer of earlier runs never came to an end that is known
WARNING   n2  node-lock      for more than an hour it was locked by run somerun root@adm2
What to do:
  leftover-jobs  see what it did in the folder jobs of the node, then remove it there
  node-lock      wait for that run; if it is dead: cau recover on its coordinator
CRITICAL: 2 critical, 2 warnings; 3 nodes
X
kill $sleeper
wait $sleeper 2>/dev/null
rm -rf n1 n2 n3

it 'what a run in progress does is no finding'
mkfifo gate up
put root/CAUHotfix_All/a.sh <<X
echo up >$dir/up
read x <$dir/gate
X
run1 -q --suspend-command "sh $dir/yes" --resume-command "sh $dir/yes" >run.out 2>run.err &
run=$!
timeout 20 cat up >/dev/null || fail 'no installer'
runs 0 health --only leftover-jobs,node-lock,leftover-run,drained-node
out_is <<'X'
OK: 0 critical, 0 warnings; 3 nodes
X
runs 4 health --only leftover-jobs,node-lock --state-dir "$dir/other"
timeout 20 sh -c 'echo go >gate' || fail 'nobody at the gate'
wait $run
rm -f gate up
echo 'exit 0' | put root/CAUHotfix_All/a.sh

it 'monitoring plug-ins here: what their exit status means'
mkdir -p checks.d
plug() { printf '#!/bin/sh\n%s\n' "$2" >checks.d/$1 && chmod 755 checks.d/$1; }
plug a_ok 'echo "LOAD OK - fine|load1=0.1;1;2 load5=2"; echo "long text|more=1"; echo second=2'
plug b_warn 'echo "DISK WARNING - 5% free|/=5%"; exit 1'
plug c_crit 'echo "RAID CRITICAL"; exit 2'
plug d_unknown 'echo "no idea"; exit 3'
plug e_over 'exit 77'
plug f_signal 'kill -9 $$'
plug g_hang 'echo begun; sleep 1000'
plug h_endless 'while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done'
plug i_strange 'printf "a\033[2Jb\377c\n"; exit 1'
echo 'no program' >checks.d/readme
begin=$(date +%s)
runs 4 health --only monitor --checks-dir checks.d --check-timeout 1s
[ $(($(date +%s) - begin)) -lt 30 ] || fail 'hanging ones delayed each other'
sed -i 's/yyy*/yyy/' out
out_is <<'X'
CRITICAL  -  monitor/c_crit     RAID CRITICAL
CRITICAL  -  monitor/d_unknown  unknown, exit status 3: no idea
CRITICAL  -  monitor/e_over     unknown, exit status 77
CRITICAL  -  monitor/f_signal   killed by signal 9
CRITICAL  -  monitor/g_hang     no answer within 1 s: begun
CRITICAL  -  monitor/h_endless  no answer within 1 s: yyy
WARNING   -  monitor/b_warn     DISK WARNING - 5% free
WARNING   -  monitor/i_strange  a\x1b[2Jb\xffc
OK        -  monitor/a_ok       LOAD OK - fine
CRITICAL: 6 critical, 2 warnings; 3 nodes
X
runs 0 health --only monitor --skip monitor/c_crit,monitor/d_unknown,monitor/e_over,monitor/f_signal,monitor/g_hang,monitor/h_endless --checks-dir checks.d --json
json '[.checks[]|.id,.perfdata]|tostring' '["monitor/b_warn","/=5%","monitor/i_strange",null,"monitor/a_ok","load1=0.1;1;2 load5=2 more=1 second=2","reachable",null]'

it 'on nodes, too'
rm checks.d/h_endless checks.d/i_strange
plug h_much 'i=0; while [ $i -lt 3000 ]; do echo 0123456789; i=$((i + 1)); done'
plug j_odd 'exit 0'
mv checks.d/j_odd 'checks.d/j odd'
plug k_open 'exit 0'
chmod 757 checks.d/k_open
runs 4 cau healthcheck --nodes "$one" --only monitor --checks-dir none --node-checks-dir "$dir/checks.d" --check-timeout 1s
out_is <<'X'
CRITICAL  n1  monitor/c_crit     RAID CRITICAL
CRITICAL  n1  monitor/d_unknown  unknown, exit status 3: no idea
CRITICAL  n1  monitor/e_over     unknown, exit status 77
CRITICAL  n1  monitor/f_signal   killed by signal 9
CRITICAL  n1  monitor/g_hang     no answer within 1 s: begun
CRITICAL  n1  monitor/j odd      not run: a name of letters, digits and ._+- is expected
CRITICAL  n1  monitor/k_open     not run: others could change it
WARNING   n1  monitor/b_warn     DISK WARNING - 5% free
OK        n1  monitor/a_ok       LOAD OK - fine
OK        n1  monitor/h_much     0123456789
What to do:
  monitor/j odd      chown root and chmod go-w, or take it away
  monitor/k_open     chown root and chmod go-w, or take it away
CRITICAL: 7 critical, 1 warning; 1 node
X
runs 4 cau healthcheck --nodes "$one" --only monitor --skip monitor/c_crit,monitor/d_unknown,monitor/e_over,monitor/f_signal,monitor/g_hang,monitor/k_open --checks-dir checks.d --node-checks-dir /nowhere
out_has ' monitor/j odd   not run: a name of letters, digits and ._+- is expected'
runs 4 cau healthcheck --nodes "$one" --only monitor/k_open --checks-dir checks.d --node-checks-dir /nowhere
out_has 'CRITICAL  -  monitor/k_open  not run: others could change it'
chmod 777 checks.d
runs 4 cau healthcheck --nodes "$one" --only monitor/a_ok --checks-dir checks.d --node-checks-dir "$dir/checks.d"
out_has 'CRITICAL  -   monitor/a_ok  not run: others could change it'
out_has 'CRITICAL  n1  monitor/a_ok  not run: others could change it'
chmod 755 checks.d

it 'a link to what others could change is not followed'
rm -rf checks.d/* open
mkdir open closed
plug linked 'echo from others'
mv checks.d/linked open/a
cp open/a closed/a
cp open/a closed/b
ln -s ../open/a checks.d/in_open
ln -s ../closed/a checks.d/itself_open
ln -s ../closed/b checks.d/well
chmod 777 open closed/a
runs 4 cau healthcheck --nodes "$one" --only monitor --checks-dir checks.d --node-checks-dir "$dir/checks.d"
sed -i '/^What/,$d' out
out_is <<'X'
CRITICAL  -   monitor/in_open      not run: others could change it
CRITICAL  -   monitor/itself_open  not run: others could change it
CRITICAL  n1  monitor/in_open      not run: others could change it
CRITICAL  n1  monitor/itself_open  not run: others could change it
OK        -   monitor/well         from others
OK        n1  monitor/well         from others
X
rm -r checks.d/* open closed

it 'a plug-in on a node that leaves a process behind keeps no other from its answer'
plug daemon 'echo "begun|x=1"; sleep 1000 & echo $! >pid'
sed -i "s|>pid|>$dir/pid|" checks.d/daemon
plug well 'echo fine'
runs 0 cau healthcheck --nodes "$one" --only monitor --checks-dir none --node-checks-dir "$dir/checks.d" --check-timeout 1s
out_is <<'X'
OK  n1  monitor/daemon  begun
OK  n1  monitor/well    fine
OK: 0 critical, 0 warnings; 1 node
X
kill "$(cat pid)"
rm -r checks.d pid

it 'the real plug-ins'
real=/usr/lib/nagios/plugins
[ -x $real/check_dummy ] || real=/usr/lib64/nagios/plugins
if [ -x $real/check_dummy ]; then
	mkdir checks.d
	plug check_load "exec $real/check_load -w 9999,9999,9999 -c 9999,9999,9999"
	plug check_dummy "exec $real/check_dummy 1 'as it was told'"
	plug check_file "exec $real/check_file_age -w 60 -c 120 -f $dir/old"
	: >old
	touch -d '1 hour ago' old
	for words in "--checks-dir checks.d --node-checks-dir /nowhere" \
		"--checks-dir none --node-checks-dir $dir/checks.d"; do
		runs 4 cau healthcheck --nodes "$one" --only monitor $words --json
		json '[.checks[]|.severity]|tostring' '["CRITICAL","WARNING","OK","OK"]'
		json '.checks[0].message|test("FILE_AGE CRITICAL")' true
		json '.checks[1].message' 'WARNING: as it was told'
		json '.checks[2].perfdata|test("load1=")' true
	done
	rm -r checks.d
else
	skip 'monitoring-plugins-basic is not installed'
fi

# Nodes with files of their own. What follows needs root.
boxed=
if [ -n "$is_root" ] && unshare --mount --propagation private true 2>/dev/null; then
	BOXES=$dir/boxes
	export BOXES
	mkdir -p boxes/box
	boxed=yes
fi

# A machine that is well, whatever this one is like.
well() {
	rm -f boxes/n1 boxes/n2
	put boxes/base <<-'X'
		rm -rf /run/* /etc/cau /etc/cron.*/*online_update* /etc/cron.*/*yum-cron*
		rm -f /usr/bin/unattended-upgrade
		mkdir -p /usr/local/sbin /etc/apt/apt.conf.d /etc/apt/sources.list.d
		rm -rf /etc/apt/apt.conf.d/* /etc/apt/sources.list.d/* /etc/environment /etc/sysconfig/proxy
		: >/etc/apt/sources.list
		if [ -d /var/lib/dpkg ]; then
			rm -rf /var/lib/dpkg/updates/* /var/lib/dpkg/lock*
			: >/var/lib/dpkg/lock
			: >/var/lib/dpkg/lock-frontend
			printf 'Package: %s\nStatus: install ok installed\nMaintainer: x <x@x>\nArchitecture: all\nVersion: 1\nDescription: x\n\n' \
				one >/var/lib/dpkg/status
			: >/var/lib/dpkg/info/one.list
			: >/var/lib/dpkg/info/one.md5sums
		fi
		rm -f /var/lib/apt/lists/lock /var/cache/apt/archives/lock
	X
}

boxed_health() {
	cau healthcheck --rsh "sh $cli/stubs/boxed" --nodes n1,n2 --node-state-dir /var/lib/cau/node "$@"
}

# fires CHECK CODE TEXT: with what the here-document does to n1.
fires() {
	it "$1: $3"
	[ -n "$boxed" ] || {
		skip 'not root'
		return
	}
	cat >boxes/n1
	runs "$2" boxed_health --only "$1" ${4-}
	severity=CRITICAL
	[ "$2" = 4 ] || severity=WARNING
	sed '/^What to do/,$d' out >got
	echo "$severity  n1  $1  $3" >want
	is got want
	rm -f boxes/n1
}

all=access,auto-updates,clock,disk-space,failed-units,host-key,leftover-jobs,node-lock,package-database,package-lock,privileges,proxy,reachable,restart-pending,tools,update-sources

it 'on a machine that is well, nothing is found'
if [ -n "$boxed" ]; then
	well
	runs 0 boxed_health --only $all
	out_is <<-'X'
		OK: 0 critical, 0 warnings; 2 nodes
	X
	silent_err
else
	skip 'not root'
fi

it 'a node of busybox'
if [ -n "$boxed" ] && command -v busybox >/dev/null 2>&1; then
	put boxes/n1 <<-X
		for applet in \$(busybox --list); do
			case \$applet in
			busybox | dpkg* | rpm*) ;;
			*) ln -sf /bin/busybox "/usr/local/sbin/\$applet" ;;
			esac
		done
		[ -x /bin/busybox ] || ln -s "\$(command -v busybox)" /bin/busybox
		mkdir -p /etc/cau/node-checks.d
		printf '#!/bin/sh\\necho "it hangs|x=1"\\nexec sleep 1000\\n' >/etc/cau/node-checks.d/hangs
		printf '#!/bin/sh\\necho "it is so|x=1"\\nexit 1\\n' >/etc/cau/node-checks.d/warns
		chmod 755 /etc/cau /etc/cau/node-checks.d /etc/cau/node-checks.d/*
		mount -t tmpfs -o size=10m tmpfs /var/cache
		head -c 9961472 /dev/zero >/var/cache/full
	X
	runs 4 boxed_health --only $all,monitor --check-timeout 1s
	sed '/^What to do/,$d' out >got
	file_is got <<-'X'
		CRITICAL  n1  monitor/hangs  no answer within 1 s: it hangs
		WARNING   n1  disk-space     /var/cache has 512.0 KiB left
		WARNING   n1  monitor/warns  it is so
	X
	rm boxes/n1
else
	skip 'not root, or no busybox'
fi

it 'nothing is written, neither here nor on the nodes'
if [ -n "$boxed" ]; then
	rm -rf c n1 n2 n3
	echo 'run' | put n1/lock
	runs 0 unshare --mount --propagation private sh -c '
		set -e
		box=$BOXES/box
		mount -t tmpfs -o size=64m tmpfs "$box"
		mkdir "$box/up" "$box/work" "$box/root"
		mount -t overlay overlay \
			-o "lowerdir=/,upperdir=$box/up,workdir=$box/work" "$box/root"
		mount -t proc proc "$box/root/proc"
		mount --rbind /dev "$box/root/dev"
		chroot "$box/root" sh -c "cd \"\$0\" && \"\$@\" >/dev/null" "$PWD" "$@" ||
			[ $? = 4 ]
		cd "$box/up" && find . -mindepth 1' sh "$CAU" healthcheck --nodes "$three" --root "$dir/root" --skip reachable
	silent_out
	rm -rf n1
else
	skip 'not root'
fi

date=$(command -v date)
# skewed CODE TEXT TEXT WORDS: the clock of n1, as date -d understands the words.
skewed() {
	it "clock: $4"
	[ -n "$boxed" ] || {
		skip 'not root'
		return
	}
	put boxes/n1 <<-X
		cp $date /root/date
		printf '#!/bin/sh\nexec /root/date -d "$4" "\$@"\n' >/usr/local/sbin/date
		chmod 755 /usr/local/sbin/date
	X
	runs "$1" boxed_health --only clock
	# To the second it is known to nobody.
	out_has "  n1  clock  its clock is $2"
	out_has "$3 the others"
	rm boxes/n1
}
skewed 0 '1 min ' 'ahead of' '90 seconds'
skewed 4 '' 'behind' '1 hour ago'
fires tools 4 'not found: sort, uniq' <<'X'
rm -f /usr/bin/sort /usr/bin/uniq /bin/sort /bin/uniq
X
fires update-agent 4 'neither apt-get nor dnf nor zypper is there' <<'X'
rm -f /usr/bin/apt-get /usr/bin/dnf /usr/bin/zypper
X
fires privileges 4 'the login there has user id 1000, not 0' <<'X'
printf '#!/bin/sh\necho 1000\n' >/usr/local/sbin/id
chmod 755 /usr/local/sbin/id
X
fires disk-space 4 '/var/cache has 0 B left' <<'X'
mount -t tmpfs -o size=1m tmpfs /var/cache
head -c 2000000 /dev/zero >/var/cache/full 2>/dev/null || :
X
fires disk-space 0 '/var/cache has 512.0 KiB left' <<'X'
mount -t tmpfs -o size=10m tmpfs /var/cache
head -c 9961472 /dev/zero >/var/cache/full
X
fires disk-space 4 '/var/cache has room for 0 more files only' <<'X'
mount -t tmpfs -o size=10m,nr_inodes=100 tmpfs /var/cache
i=0
while [ $i -lt 99 ]; do : >/var/cache/$i || :; i=$((i + 1)); done
X
fires disk-space 4 'no answer: df did not end within 1 s' '--check-timeout 1s' <<'X'
printf '#!/bin/sh\nexec sleep 1000\n' >/usr/local/sbin/df
chmod 755 /usr/local/sbin/df
X
fires restart-pending 0 'it waits for a restart: /run/reboot-required libc6 linux-image' <<'X'
: >/run/reboot-required
printf 'linux-image\nlibc6\n' >/run/reboot-required.pkgs
X
fires failed-units 0 '2 units failed: a.service, b.timer' <<'X'
mkdir -p /run/systemd/system
printf '#!/bin/sh\necho "a.service loaded failed failed A"; echo "* b.timer loaded failed failed B"\n' >/usr/local/sbin/systemctl
chmod 755 /usr/local/sbin/systemctl
X
fires failed-units 4 'no answer: systemctl failed' <<'X'
mkdir -p /run/systemd/system
printf '#!/bin/sh\necho "Failed to connect to bus" >&2\nexit 1\n' >/usr/local/sbin/systemctl
chmod 755 /usr/local/sbin/systemctl
X
fires disk-space 4 'no answer: df told nothing of use' <<'X'
printf '#!/bin/sh\necho Filesystem\n' >/usr/local/sbin/df
chmod 755 /usr/local/sbin/df
X
fires clock 4 'no answer: date told no time' <<'X'
printf '#!/bin/sh\necho now\n' >/usr/local/sbin/date
chmod 755 /usr/local/sbin/date
X
fires disk-space 4 'no answer: df failed' <<'X'
printf '#!/bin/sh\nexit 1\n' >/usr/local/sbin/df
chmod 755 /usr/local/sbin/df
X
fires proxy 0 'updates go through a proxy on the node itself: 127.0.0.1:3128' <<'X'
echo 'Acquire::http::Proxy "http://127.0.0.1:3128";' >/etc/apt/apt.conf.d/proxy
X
it 'update-sources: others than those of most nodes'
if [ -n "$boxed" ]; then
	for n in n1 n3; do
		echo 'echo deb http://one/debian stable main >/etc/apt/sources.list.d/x.list' | put boxes/$n
	done
	echo 'echo deb http://two/debian stable main >/etc/apt/sources.list' | put boxes/n2
	runs 0 boxed_health --nodes n1,n2,n3 --only update-sources
	out_has 'WARNING  n2  update-sources  its update sources are others than those of n1'
	out_has '0 critical, 1 warning; 3 nodes'
	# The same in another file and with another comment.
	echo 'echo "deb  http://one/debian stable main # x" >/etc/apt/sources.list' | put boxes/n2
	runs 0 boxed_health --nodes n1,n2,n3 --only update-sources
	out_has 'OK: '
	rm boxes/n1 boxes/n2 boxes/n3
else
	skip 'not root'
fi
fires auto-updates 0 'dnf-automatic-install.timer installs updates by itself' <<'X'
mkdir -p /run/systemd/system /etc/systemd/system/timers.target.wants
ln -sf /usr/lib/x /etc/systemd/system/timers.target.wants/dnf-automatic-install.timer
X
fires auto-updates 4 'dnf-automatic.timer installs updates and restarts the node by itself' <<'X'
mkdir -p /run/systemd/system /etc/systemd/system/timers.target.wants /etc/dnf
ln -sf /usr/lib/x /etc/systemd/system/timers.target.wants/dnf-automatic.timer
printf '[commands]\napply_updates = yes\nreboot = when-needed\n' >/etc/dnf/automatic.conf
X
if [ -d /var/lib/dpkg ]; then
	fires package-database 4 'the package database is not in order: one' <<-'X'
		sed -i 's/ok installed/reinstreq half-installed/' /var/lib/dpkg/status
	X
	fires package-database 4 "the package database is not in order: dpkg: error: parsing file '/var/lib/dpkg/status' near line 7:" <<-'X'
		echo garbage >>/var/lib/dpkg/status
	X
	fires package-database 0 'dpkg was interrupted before it had configured one' <<-'X'
		sed -i 's/ok installed/ok half-configured/' /var/lib/dpkg/status
	X
	fires package-database 4 'no answer: dpkg did not end within 1 s' '--check-timeout 1s' <<-'X'
		printf '#!/bin/sh\nexec sleep 1000\n' >/usr/local/sbin/dpkg
		chmod 755 /usr/local/sbin/dpkg
	X
	fires auto-updates 0 'unattended-upgrades installs updates by itself' <<-'X'
		mkdir -p /run/systemd/system /etc/systemd/system/timers.target.wants
		ln -sf /usr/lib/x /etc/systemd/system/timers.target.wants/apt-daily-upgrade.timer
		printf '#!/bin/sh\n' >/usr/bin/unattended-upgrade
		chmod 755 /usr/bin/unattended-upgrade
		echo 'APT::Periodic::Unattended-Upgrade "1";' >/etc/apt/apt.conf.d/20auto
	X
	fires auto-updates 4 'unattended-upgrades installs updates and restarts the node by itself' <<-'X'
		mkdir -p /run/systemd/system /etc/systemd/system/timers.target.wants
		ln -sf /usr/lib/x /etc/systemd/system/timers.target.wants/apt-daily-upgrade.timer
		printf '#!/bin/sh\n' >/usr/bin/unattended-upgrade
		chmod 755 /usr/bin/unattended-upgrade
		echo 'APT::Periodic::Unattended-Upgrade "1"; Unattended-Upgrade::Automatic-Reboot "true";' >/etc/apt/apt.conf.d/20auto
	X
	it 'auto-updates: switched off, or a timer that is masked'
	if [ -n "$boxed" ]; then
		put boxes/n1 <<-'X'
			mkdir -p /run/systemd/system /etc/systemd/system/timers.target.wants
			ln -sf /usr/lib/x /etc/systemd/system/timers.target.wants/apt-daily-upgrade.timer
			printf '#!/bin/sh\n' >/usr/bin/unattended-upgrade
			chmod 755 /usr/bin/unattended-upgrade
			echo 'APT::Periodic::Unattended-Upgrade "0";' >/etc/apt/apt.conf.d/20auto
		X
		sed 's/Upgrade "0"/Upgrade "1"/; $a ln -sf /dev/null /etc/systemd/system/apt-daily-upgrade.timer' boxes/n1 >boxes/n2
		runs 0 boxed_health --only auto-updates
		out_has 'OK: 0 critical, 0 warnings; 2 nodes'
		rm boxes/n1 boxes/n2
	else
		skip 'not root'
	fi
	it 'package-lock: the package manager is in use'
	if [ -n "$boxed" ] && command -v python3 >/dev/null 2>&1; then
		: >boxes/lock
		put boxes/n1 <<-X
			mount --bind $dir/boxes/lock /var/lib/dpkg/lock-frontend
		X
		mkfifo boxes/held
		python3 -c 'import fcntl,sys,time
f = open("boxes/lock", "w")
fcntl.lockf(f, fcntl.LOCK_EX)
open("boxes/held", "w").write("x")
time.sleep(60)' &
		holder=$!
		timeout 20 cat boxes/held >/dev/null || fail 'the lock is not held'
		runs 0 boxed_health --only package-lock
		out_has "WARNING  n1  package-lock  the package manager is in use: process $holder /var/lib/dpkg/lock-frontend python3"
		kill $holder
		wait $holder 2>/dev/null
		# A file of the same number on another file system is another one.
		put boxes/n1 <<-X
			mkdir /srv/a /srv/b
			mount -t tmpfs a /srv/a
			mount -t tmpfs b /srv/b
			: >/srv/a/lock
			: >/srv/b/lock
			[ "\$(stat -c %i /srv/a/lock)" = "\$(stat -c %i /srv/b/lock)" ]
			mount --bind /srv/b/lock /var/lib/dpkg/lock-frontend
			python3 -c 'import fcntl,os,time
			f = open("/srv/a/lock", "w")
			fcntl.lockf(f, fcntl.LOCK_EX)
			open("$dir/boxes/other", "w").write(str(os.getpid()))
			time.sleep(60)' >/dev/null 2>&1 &
			while [ ! -s $dir/boxes/other ]; do sleep 0.05; done
		X
		sed -i '/^python3/,/sleep(60)/s/^\t*//' boxes/n1
		runs 0 boxed_health --only package-lock
		out_has 'OK: 0 critical, 0 warnings; 2 nodes'
		kill "$(cat boxes/other)"
		rm boxes/n1 boxes/other
	else
		skip 'not root, or no python3'
	fi
	it 'with no plug-in that installs packages, a run leaves the package manager alone'
	if [ -n "$boxed" ]; then
		put boxes/n1 <<-'X'
			sed -i 's/ok installed/reinstreq half-installed/' /var/lib/dpkg/status
		X
		runs 0 boxed_health --only package-database --root "$dir/root"
		out_has 'WARNING  n1  package-database  the package database is not in order: one'
		runs 4 cau run --rsh "sh $cli/stubs/boxed" --nodes n1,n2 --node-state-dir /var/lib/cau/node
		err_has 'CRITICAL  n1  package-database  the package database is not in order: one'
		rm boxes/n1
	else
		skip 'not root'
	fi
fi

it 'host-key: another one than before'
use_stub
runs 4 cau healthcheck --nodes n1=hostkey --only host-key,reachable
out_has 'CRITICAL  n1  host-key   its ssh host key has changed: another machine may pose as this node'
out_has 'CRITICAL  n1  reachable  the ssh host key of hostkey is not the one that is known'

it 'a node that is away, one that floods'
runs 4 cau healthcheck --nodes n1=fail255,n2=flood,n3=host --only reachable,tools
out_has 'CRITICAL  n1  reachable  no contact: ssh: connect to host fail255'
out_has 'CRITICAL  n2  reachable  the node sent a line of more than 1048576 bytes'
out_has 'CRITICAL: 2 critical, 0 warnings; 3 nodes'

it 'one connection for the health check and the run'
new_stub
echo 'exit 0' | put root/CAUHotfix_All/a.sh
rm -rf c
runs 0 cau run --nodes n1=host --root root --node-state-dir "$dir/node"
same 'connections' "$(grep -c "'exec sh'" stub.log)" 1

finish
