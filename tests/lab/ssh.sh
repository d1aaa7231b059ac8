#!/bin/sh
# SPDX-License-Identifier: ISC
# cau against real sshd in three nodes (run by tests/lab/run.sh inside the
# lab): the whole job over ssh, restarts, lost connections, crashes, host
# keys, noisy logins, sudo.
# The installers expand on the node, the verdicts are evaluated.
# shellcheck disable=SC2016,SC2034,SC1091,SC2086,SC2154
. "$(dirname "$0")/common.sh"

fresh
installer 1.sh 'exit 0'
installer 2.sh 'exit 194'
b1=$(lab bootid n1)
run
rc=$?
all_started="n1 1.sh
n1 2.sh
n2 1.sh
n2 2.sh
n3 1.sh
n3 2.sh"
verdict "run over ssh with a restart of every node" eval 'is 0 $rc &&
	is "$all_started" "$(starts)" &&
	is "1 1 1" "$(report "[.nodes[].reboots | length] | join(\" \")")" &&
	is "Succeeded" "$(report .status)"'
verdict "boot ids before and after are the node's own" eval '
	is "$b1" "$(report ".nodes[0].reboots[0].boot_id_before")" &&
	is "$(lab bootid n1)" "$(report ".nodes[0].reboots[0].boot_id_after")" &&
	[ "$b1" != "$(lab bootid n1)" ]'

run
rc=$?
verdict "a second run installs and restarts nothing" eval 'is 0 $rc &&
	is "$all_started" "$(starts)" && is "1 1 1" "$(lab reboots n1) $(lab reboots n2) $(lab reboots n3)" &&
	is "2 2 2" "$(report "[.nodes[].skipped] | join(\" \")")"'

fresh
installer 1.sh 'exit 201'
cau run --nodes n1 --rsh "$rsh" --root "$top/root"
rc=$?
verdict "Fail_RebootRequired restarts as well" eval 'is 1 $rc &&
	is "Failed 1 true" "$(report "\"\(.nodes[0].updates[0].result) \(.nodes[0].reboots|length) \(.nodes[0].updates[0].reboot_required)\"")"'

fresh
installer 1.sh 'exit 0'
lab down n2
cau scan --nodes n1,n2,n3 --rsh "$rsh" --root "$top/root" --connect-timeout 2s --json
rc=$?
verdict "scan: a dead node is an error on that node" eval 'is 3 $rc &&
	is "Succeeded Failed Succeeded" "$(jq -r "[.nodes[].status]|join(\" \")" out)" &&
	is 1 "$(jq -r ".nodes[2].updates|length" out)"'
lab up n2

# The link is cut while the installer runs: the installer goes on, and the
# coordinator finds it when the node can be reached again.
fresh
installer 1.sh ': >/var/lib/waiting' 'while [ ! -e /var/lib/go ]; do sleep 0.05; done' 'exit 0'
fast="$rsh -oServerAliveInterval=1 -oServerAliveCountMax=1"
for n in $LAB_NODES; do lab in "$n" rm -f /var/lib/waiting; done
"$CAU" run $quick --state-dir state --nodes n1,n2 --rsh "$fast" --root "$top/root" >out 2>err &
pid=$!
wait_for n1 /var/lib/waiting
lab down n1
lab in n1 touch /var/lib/go
# Long enough for ssh to notice; the result does not depend on it.
sleep 3
lab up n1
lab in n2 touch /var/lib/go
wait $pid
rc=$?
verdict "connection cut while an installer runs" eval 'is 0 $rc &&
	is "n1 1.sh
n2 1.sh" "$(starts)" && is "Succeeded Succeeded" "$(report "[.nodes[].updates[0].result]|join(\" \")")"'

# The connection is killed at the coordinator, again and again.
fresh
installer 1.sh ': >/var/lib/waiting' 'while [ ! -e /var/lib/go ]; do sleep 0.05; done' 'echo said; exit 0'
for n in $LAB_NODES; do lab in "$n" rm -f /var/lib/waiting; done
"$CAU" run $quick --state-dir state --nodes n1 --rsh "$rsh" --root "$top/root" >out 2>err &
pid=$!
wait_for n1 /var/lib/waiting
i=0
while [ $i -lt 3 ]; do
	old=$(pgrep -P $pid -x ssh)
	# shellcheck disable=SC2086
	[ -z "$old" ] || kill -9 $old
	# Until another connection is there.
	while [ "$(pgrep -P $pid -x ssh)" = "$old" ] || [ -z "$(pgrep -P $pid -x ssh)" ]; do sleep 0.02; done
	i=$((i + 1))
done
lab in n1 touch /var/lib/go
wait $pid
rc=$?
verdict "ssh killed three times while an installer runs" eval 'is 0 $rc &&
	is "n1 1.sh" "$(starts)" && is "Succeeded" "$(report ".nodes[0].updates[0].result")" &&
	is "said" "$(cat state/runs/*/log/n1/*)"'

# The coordinator dies over ssh; the installer's end is read by recover.
fresh
installer 1.sh ': >/var/lib/waiting' 'while [ ! -e /var/lib/go ]; do sleep 0.05; done' 'exit 194'
installer 2.sh 'exit 0'
for n in $LAB_NODES; do lab in "$n" rm -f /var/lib/waiting; done
"$CAU" run $quick --state-dir state --nodes n1,n2 --rsh "$rsh" --root "$top/root" >out 2>err &
pid=$!
wait_for n1 /var/lib/waiting
kill -9 $pid
wait $pid 2>/dev/null
for n in n1 n2; do lab in "$n" touch /var/lib/go; done
cau recover
rc=$?
verdict "kill -9 of the coordinator, then recover, over ssh" eval 'is 0 $rc &&
	is "n1 1.sh
n1 2.sh
n2 1.sh
n2 2.sh" "$(starts)" && is "1 1" "$(report "[.nodes[].reboots|length]|join(\" \")")"'

# Killed while the node restarts.
fresh
installer 1.sh 'exit 194'
lab noreturn n1
"$CAU" run $quick --state-dir state --nodes n1 --rsh "$rsh" --root "$top/root" >out 2>err &
pid=$!
lab waitoff n1
kill -9 $pid
wait $pid 2>/dev/null
lab allow n1
before=$(lab wait n1 && lab reboots n1)
cau recover
rc=$?
verdict "kill -9 during a restart: the node is not restarted twice" eval 'is 0 $rc &&
	is "n1 1.sh" "$(starts)" && is "$before" "$(lab reboots n1)" &&
	is "1" "$(report ".nodes[0].reboots|length")"'

# A node that does not come back.
fresh
installer 1.sh 'exit 194'
lab noreturn n1
run --reboot-timeout 3s --connect-timeout 1s --max-retries-per-node 1
rc=$?
verdict "a node that never comes back stops the run" eval 'is 1 $rc &&
	is "Failed" "$(report .status)" &&
	report ".nodes[0].error" | grep -q "did not come back within 3.0 s" &&
	is "Canceled Canceled" "$(report "[.nodes[1,2].status]|join(\" \")")" &&
	report .error | grep -q "n1 stays out of service"'
lab waitoff n1
lab allow n1
lab wait n1

# Power cut while an installer runs: neither success nor failure.
fresh
installer 1.sh ': >/var/lib/waiting' 'while [ ! -e /var/lib/go ]; do sleep 0.05; done' 'exit 0'
for n in $LAB_NODES; do lab in "$n" rm -f /var/lib/waiting; done
"$CAU" run $quick --state-dir state --nodes n1,n2,n3 --rsh "$rsh" --root "$top/root" >out 2>err &
pid=$!
wait_for n1 /var/lib/waiting
lab crash n1
wait $pid
rc=$?
verdict "power cut while an installer runs: Unknown, exit 8" eval 'is 8 $rc &&
	is "n1 1.sh" "$(starts)" &&
	is "Unknown" "$(report ".nodes[0].updates[0].result")" &&
	report ".nodes[0].updates[0].reason" | grep -q "restarted while the installer ran" &&
	is "Canceled Canceled" "$(report "[.nodes[1,2].status]|join(\" \")")"'
lab wait n1

# Contact lost for good.
fresh
installer 1.sh ': >/var/lib/waiting' 'while [ ! -e /var/lib/go ]; do sleep 0.05; done' 'exit 0'
for n in $LAB_NODES; do lab in "$n" rm -f /var/lib/waiting; done
"$CAU" run $quick --state-dir state --nodes n1 --rsh "$fast" --contact-timeout 1s --connect-timeout 1s \
	-p Microsoft.HotfixPlugin -a "HotfixRootFolderPath=$top/root;HotfixInstallerTimeoutMinutes=2s" >out 2>err &
pid=$!
wait_for n1 /var/lib/waiting
lab down n1
wait $pid
rc=$?
verdict "contact lost for good: Unknown, exit 8" eval 'is 8 $rc &&
	report ".nodes[0].updates[0].reason" | grep -q "contact was lost while the installer ran"'
lab up n1

# Time-out: the whole tree on the node is ended.
fresh
installer 1.sh 'trap "" TERM' 'setsid sleep 1000 &' 'sh -c "trap \"\" TERM; sleep 1000; sleep 1000" &' \
	'env -i setsid sleep 1000 &' 'wait; sleep 1000'
cau run --nodes n1 --rsh "$rsh" -p Microsoft.HotfixPlugin \
	-a "HotfixRootFolderPath=$top/root;HotfixInstallerTimeoutMinutes=1s"
rc=$?
verdict "time-out ends the whole tree on the node" eval 'is 1 $rc &&
	report ".nodes[0].updates[0].reason" | grep -q "^timeout" &&
	is "" "$(lab in n1 pgrep -f "^sleep 1000")"'

# Noisy login, sudo, host keys.
fresh
installer 1.sh 'exit 0'
cau run --nodes n1=noisy@n1 --rsh "$rsh" --root "$top/root"
rc=$?
verdict "a noisy login shell" eval 'is 0 $rc && is "n1 1.sh" "$(starts)"'

if lab in n1 sh -c 'command -v sudo' >/dev/null; then
	fresh
	installer 1.sh 'id -u >>/var/lib/starts'
	cau run --nodes n1=admin@n1 --rsh "$rsh" --root "$top/root" --sudo
	rc=$?
	verdict "--sudo" eval 'is 0 $rc && is "n1 0
n1 1.sh" "$(starts)"'
	cau scan --nodes n1=admin@n1 --rsh "$rsh" --root "$top/root"
	cau run --nodes n1=admin@n1 --rsh "$rsh" --root "$top/root"
	rc=$?
	verdict "without sudo the state folder cannot be made: an error on the node" eval 'is 1 $rc &&
		report ".nodes[0].error" | grep -q "Permission denied"'
else
	echo "skip - sudo (not installed)"
fi

lab hostkey n2
fresh
installer 1.sh 'exit 0'
run --alert-action continue
rc=$?
verdict "a changed host key is an error that says so" eval 'is 3 $rc &&
	report ".nodes[1].error" | grep -q "the ssh host key of n2 is not the one that is known" &&
	is "Succeeded Failed Succeeded" "$(report "[.nodes[].status]|join(\" \")")"'
lab trust n2

# One connection per node: what each sshd accepted during one run.
fresh
installer 1.sh 'exit 0'
installer 2.sh 'exit 0'
dd if=/dev/urandom of=root/CAUHotfix_All/big.sh bs=1M count=8 2>/dev/null
log=/run/sshd.log
count_logins() {
	lab in n1 sh -c "grep -c 'Accepted publickey' $log 2>/dev/null"
}
if [ -n "$(count_logins)" ]; then
	before=$(count_logins)
	cau run --nodes n1 --rsh "$rsh" --root "$top/root"
	verdict "one ssh connection per node" eval 'is 1 $(($(count_logins) - before))'
fi
verdict "8 MiB arrived whole" eval '
	is "$(sha256sum <root/CAUHotfix_All/big.sh)" "$(lab in n1 sh -c "cat /var/lib/cau/node/stage/*/big.sh" | sha256sum)"'
run
verdict "what is staged is not sent again" eval '
	is 0 "$(report ".nodes[0].bytes_staged")"'

. "$here/catalogue.sh"

[ "$bad" = 0 ]
