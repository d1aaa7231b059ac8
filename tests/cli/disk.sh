#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2016
# Full disks, of the coordinator and of a node: small file systems in a mount
# namespace of this test.
set -u
CAU=${CAU:-build/cau}
case $CAU in /*) ;; *) CAU=$PWD/$CAU ;; esac
if [ "${1:-}" != inside ]; then
	if ! unshare -m true 2>/dev/null; then
		echo "skip - full disks (no right to make a mount namespace)"
		[ "${CAU_REQUIRE_ALL:-}" != 1 ]
		exit
	fi
	export CAU
	exec unshare -m sh "$0" inside
fi
top=$(mktemp -d "${TMPDIR:-/tmp}/cau-disk.XXXXXX")
trap 'cd /; umount -l "$top/tiny" 2>/dev/null; rm -rf "$top"' EXIT
cd "$top" || exit 1
umask 022
mkdir -p tiny root/CAUHotfix_All
mount -t tmpfs -o size=256k none tiny || exit 1
cat >root/DefaultHotfixConfig.xml <<'X'
<HotfixConfig><DefaultRules><ExtensionRules><Extension name="SH">
<Template path="/bin/sh" parameters="$update$"/>
<ExitConditions><Success>0</Success></ExitConditions>
</Extension></ExtensionRules></DefaultRules></HotfixConfig>
X
for i in 1 2 3 4 5 6 7 8; do echo "echo $i >>'$top/starts'" >root/CAUHotfix_All/$i.sh; done
bad=0

# fill FREE: leaves so many bytes free
fill() {
	rm -rf tiny/* "$top/state" "$top/node" starts
	head -c $((262144 - $1)) /dev/zero >tiny/fill
}

verdict() {
	if [ "$2" = 0 ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		cat out err
		bad=$((bad + 1))
	fi
}

run() {
	"$CAU" run --nodes "n1=local:$1" --root root --state-dir "$2" --retry-wait 0 -q >out 2>err
}

fill 4096
run "$top/node" "$top/tiny/state"
rc=$?
[ $rc = 1 ] && grep -q 'No space left on device' err && [ ! -e starts ]
verdict "no room for a journal: nothing is started, and said" $?

# A journal that runs full in the middle: the run waits for recover.
free=8192
seen=0
while [ $free -lt 40000 ]; do
	fill $free
	run "$top/node" "$top/tiny/state"
	rc=$?
	if [ $rc = 1 ] && [ -h tiny/state/current ]; then
		seen=$((seen + 1))
		rm tiny/fill
		"$CAU" recover --state-dir "$top/tiny/state" -q >out 2>err
		rc=$?
		if [ $rc != 0 ] || [ "$(sort starts | tr '\n' ' ')" != "1 2 3 4 5 6 7 8 " ]; then
			verdict "journal full with $free bytes free, then recover" 1
		fi
	elif [ $rc = 0 ]; then
		break
	fi
	free=$((free + 1024))
done
[ $rc = 0 ] && [ $seen -gt 1 ]
verdict "journal full at $seen sizes, each recovered, each installer once" $?

# A node that runs full: what ran is told, nothing runs twice.
free=4096
worst=0
while [ $free -lt 262144 ]; do
	fill $free
	run "$top/tiny/node" "$top/state"
	rc=$?
	case $rc in
	0) break ;;
	1 | 3)
		grep -q 'disk full?' out || worst=$free
		;;
	*) worst=$free ;;
	esac
	[ ! -e starts ] || [ -z "$(sort starts | uniq -d)" ] || worst=$free
	# What was started and has a result is never called failed.
	n=0
	[ ! -e starts ] || n=$(wc -l <starts)
	ok=$("$CAU" report show last --state-dir "$top/state" | grep -c '^    Succeeded')
	[ "$n" = "$ok" ] || worst=$free
	free=$((free + 8192))
done
[ "$worst" = 0 ] && [ $rc = 0 ]
verdict "node full at each of many sizes (worst: $worst)" $?

# A node that has no room for one more file, from before the first installer.
mkdir few
mount -t tmpfs -o nr_inodes=100 none few || exit 1
trap 'cd /; umount -l "$top/tiny" "$top/few" 2>/dev/null; rm -rf "$top"' EXIT
cat >full <<X
while printf '' 2>/dev/null >"$top/few/\$\$.\${i:=0}"; do i=\$((i + 1)); done
X
rm -rf state starts
"$CAU" run --nodes "n1=local:$top/few/node" --root root --state-dir state -q --max-retries-per-node 0 \
	--suspend-command 'sh full' --resume-command true >out 2>err
rc=$?
[ $rc = 1 ] && [ ! -e starts ] && grep -q '^  n1  Failed: 1 failed, 7 canceled$' out &&
	grep -q "cannot make .*/start (disk full?)" out
verdict "no room for one more file on the node: nothing is started, and that is known" $?

# One that gets so while an installer runs that has no end.
rm -rf few/* state root/CAUHotfix_All/*
cat >root/CAUHotfix_All/1.sh <<X
sh '$top/full'
echo \$\$ >'$top/pid'
while :; do sleep 1; done
X
"$CAU" run --nodes "n1=local:$top/few/node" --root root --state-dir state -q --max-retries-per-node 0 \
	-a 'HotfixInstallerTimeoutMinutes=1s' --contact-timeout 5s >out 2>err
rc=$?
[ $rc = 1 ] && ! kill -9 "$(cat pid)" 2>/dev/null
verdict "no room for one more file while an installer runs: it is ended in time" $?
[ $bad = 0 ]
