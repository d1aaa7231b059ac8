#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2016,SC2154,SC2086
# Microsoft.WindowsUpdatePlugin with apt, on nodes with a systemd, an sshd and
# an apt of their own; the repository is made here.
#
#	CAU=build/cau sh tests/lab/nspawn.sh run 3 tests/lab/apt.sh
. "$(dirname "$0")/common.sh"
. "$here/apt-repo.sh"
repo=$top/repo
mkdir -p "$repo"
plugin=Microsoft.WindowsUpdatePlugin

# What the nodes have before, and what there is for them.
reboot='[ "$1" = configure ] && [ -n "$2" ] && {
	echo "*** System restart required ***" >/run/reboot-required
	echo cau-sec >>/run/reboot-required.pkgs
}
exit 0'
old='auto back bad conf gone held need old opt sec slow vendor'
for p in $old; do
	if [ $p = conf ]; then
		mkdir -p "$repo/extra/etc"
		echo 'as in 1.0' >"$repo/extra/etc/cau-conf.conf"
	fi
	[ $p = vendor ] && arch=$native || arch=all
	deb cau-$p 1.0 main
done
arch=
old=$(printf 'cau-%s ' $old)

# put NODE FOLDER TO: a folder of ours on a node.
put() {
	tar -C "$2" -cf - . | lab in "$1" sh -c "mkdir -p $3 && tar -C $3 -xf -"
}

# publish: the nodes see what the repository holds now.
publish() {
	repo_index
	for n in $LAB_NODES; do
		lab in "$n" rm -rf /srv/repo
		put "$n" "$repo" /srv/repo
	done
}

on() {
	for n in $LAB_NODES; do
		lab in "$n" sh -c "$1" || return 1
	done
}

apt_cau() {
	verb=$1
	shift
	cau "$verb" --nodes "${nodes:-n1,n2}" --rsh "$rsh" "$@"
}

# updates: "NODE PATH STATE" of the last scan in out, sorted.
updates() {
	jq -r '.nodes[] | .name as $n | .updates[] |
		"\($n) \(.path) \(.version) \(.state)"' out | sort
}

ignored() {
	jq -r '.nodes[] | .name as $n | .ignored[] | "\($n) \(.path) \(.reason)"' \
		out | sort
}

version() {
	lab in "$1" dpkg-query -W -f '${Version} ${db:Status-Status}' "$2"
}

publish
on 'for s in bookworm bookworm-updates bookworm-security bookworm-backports other; do
	# What comes by copy: is downloaded, as from afar.
	how=file
	[ $s != bookworm-security ] || how=copy
	echo "deb [trusted=yes] $how:/srv/repo $s main"
done >/etc/apt/sources.list
apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy install \
	'"$old"' &&
	apt-mark hold cau-held && apt-mark auto cau-auto' >setup 2>&1 || {
	not_ok 'old versions are installed' setup
	exit 1
}

# Nothing newer.
apt_cau scan --json
verdict 'nothing to do' is '' "$(updates)$(ignored)"

deb cau-sec 1.1 security "$reboot"
deb cau-opt 1.1 updates
deb cau-auto 1.1 updates
deb cau-held 1.1 security
deb cau-back 1.1 backports
arch=$native deb cau-vendor 1.1 other
conflicts=cau-gone deb cau-old 1.1 security
depends=cau-nowhere deb cau-need 1.1 security
publish

apt_cau scan --json
verdict 'the default query: what is important' is 'n1 apt/cau-sec 1.1 Applicable
n2 apt/cau-sec 1.1 Applicable' "$(updates)"
verdict 'what is held or would need a removal is named' is \
	'n1 apt/cau-held held on this node
n1 apt/cau-need held back: what it depends on cannot be installed
n1 apt/cau-old held back: other packages would have to be removed
n2 apt/cau-held held on this node
n2 apt/cau-need held back: what it depends on cannot be installed
n2 apt/cau-old held back: other packages would have to be removed' "$(ignored)"
verdict 'ids are the same on all nodes' is 1 \
	"$(jq -r '.nodes[].updates[].id' out | uniq | wc -l)"
id=$(jq -r '.nodes[0].updates[0].id' out)
verdict 'properties' is '["Software",true,true,false,false,false,"Installation",
"0fa1201d-4330-4fa8-8ae9-b877473b6441",1,"cau-sec","all","1.1","1.0"]' \
	"$(jq -c '.nodes[0].updates[0].properties | [.Type, .IsAssigned,
		.AutoSelectOnWebSites, .BrowseOnly, .IsHidden, .IsInstalled,
		.DeploymentAction, .CategoryIDs[0], .Identity.RevisionNumber] +
		(.Packages[0] | [.Name, .Arch, .Version, .OldVersion])' out |
		sed 's/,"0fa/,\
"0fa/')"
cp out scan.json
verdict 'cau query match agrees' is 2 "$("$CAU" query match \
	"IsInstalled=0 and Type='Software' and IsHidden=0 and IsAssigned=1" \
	<scan.json | wc -l)"
nodes=n1
apt_cau scan
sed 's/  */ /g' out >plain
verdict 'as text' is "n1: 1 to install, 0 already installed, 3 ignored
 STATE UPDATE VERSION KB SIZE TITLE
 Applicable $id 1.1 20.2 KiB cau-sec: lab package cau-sec
 ignored: apt/cau-held (held on this node)
 ignored: apt/cau-old (held back: other packages would have to be removed)
 ignored: apt/cau-need (held back: what it depends on cannot be installed)" \
	"$(sed 's/[0-9.]* KiB/20.2 KiB/' plain)"

# matched QUERY: names that a scan of n1 with it shows.
matched() {
	apt_cau scan --json -a "QueryString=\"$1\""
	jq -r '.nodes[0].updates[].path' out | sed 's|.*/cau-||' | sort |
		paste -sd ' '
}

# The examples of cau-wua(7), in their order.
security=0fa1201d-4330-4fa8-8ae9-b877473b6441
critical=e6cf1350-c01b-414d-a61f-263d14d133b4
verdict 'query 1' is 'sec' "$(matched \
	"IsInstalled=0 and Type='Software' and IsHidden=0 and IsAssigned=1")"
verdict 'query 2' is '' "$(matched \
	"IsInstalled=0 and Type='Driver' and IsHidden=0")"
verdict 'query 3' is 'auto back opt sec vendor' "$(matched \
	"IsInstalled=0 and Type!='Driver' and IsHidden=0")"
verdict 'query 4' is 'sec' "$(matched "IsInstalled=0 and IsHidden=0 and
	CategoryIDs contains '$security' or IsInstalled=0 and IsHidden=0 and
	CategoryIDs contains '$critical'")"
verdict 'query 5' is 'sec' "$(matched "UpdateID='$id' and IsInstalled=0")"
verdict 'query 6' is 'sec' "$(matched \
	"UpdateID='$id' and RevisionNumber=1 and IsInstalled=0")"
verdict 'query 6, another revision' is '' "$(matched \
	"UpdateID='$id' and RevisionNumber=100 and IsInstalled=0")"
verdict 'query 7' is 'auto back opt vendor' "$(matched \
	"IsInstalled=0 and IsHidden=0 and UpdateID!='$id'")"
verdict 'query 8' is 'auto back opt sec vendor' "$(matched \
	"IsInstalled=0 and DeploymentAction='Installation' or
	IsInstalled=0 and DeploymentAction='OptionalInstallation'")"
verdict 'query 9' is '' "$(matched "(IsInstalled=1 and RebootRequired=1)or
	(IsInstalled=0 and RebootRequired=1 and
	DeploymentAction='Uninstallation')")"
matched "(DeploymentAction=* AND Type='Software') OR
	(DeploymentAction=* AND Type='Driver')" >names
verdict 'query 10' is '1 AlreadyInstalled' "$(jq -r '[.nodes[0].updates[] |
	select(.path == "apt/cau-sec" and .state == "AlreadyInstalled")] |
	"\(length) \(.[0].state)"' out)"
lab in n1 sh -c 'touch /run/reboot-required; echo cau-opt >/run/reboot-required.pkgs'
verdict 'query 9, with a package that waits for a restart' is 'opt' \
	"$(matched "IsInstalled=1 and RebootRequired=1")"
verdict 'its state says so' is 'AlreadyInstalled it is installed and waits for a restart of the node' \
	"$(jq -r '.nodes[0].updates[0] | "\(.state) \(.reason)"' out)"
lab in n1 sh -c 'rm /run/reboot-required*'
nodes=

# results: of the last run, "NODE PATH VERSION RESULT CODE RESTART: REASON"
results() {
	report '.nodes[] | .name as $n | .updates[] |
		"\($n) \(.title | sub(":.*"; "")) \(.result) \(.exit_code) \(.reboot_required): \(.reason)"'
}
apt_cau run -a 'IncludeRecommendedUpdates=True' >/dev/null
rc=$?
verdict 'a run: exit status' is 0 $rc
verdict 'important and recommended updates, the restart that one asked for' is \
	'n1 cau-auto Succeeded 0 false: 
n1 cau-opt Succeeded 0 false: 
n1 cau-sec Succeeded 0 true: 
n1 cau-vendor Succeeded 0 false: 
n2 cau-auto Succeeded 0 false: 
n2 cau-opt Succeeded 0 false: 
n2 cau-sec Succeeded 0 true: 
n2 cau-vendor Succeeded 0 false: ' "$(results)"
verdict 'one restart each' is '1 1' "$(lab reboots n1) $(lab reboots n2)"
verdict 'what is held stays' is '1.0 installed' "$(version n1 cau-held)"
verdict 'what was installed as a dependency stays so' is 'cau-auto' \
	"$(lab in n1 apt-mark showauto cau-auto cau-sec)"
verdict 'one log for the transaction' is 'transaction.0.0.log' \
	"$(ls state/runs/*/log/n1)"
verdict 'all name it' is 1 "$(report '.nodes[0].updates[].log' | uniq | wc -l)"
"$CAU" report show last --state-dir state >out
verdict 'updates have names in the text' grep -q \
	'^    Succeeded *apt/cau-sec *1.1 *exit 0' out
apt_cau scan --json -a 'IncludeRecommendedUpdates=True'
verdict 'nothing is left' is '' "$(updates)"
nodes=n1
verdict 'what was installed as a security update is one' is 'sec' "$(matched \
	"IsInstalled=1 and CategoryIDs contains '$security'")"

# What fails, and what does not, in one transaction.
deb cau-bad 1.1 security 'echo "no such database" >&2; exit 7'
deb cau-opt 1.2 security
publish
apt_cau run >/dev/null
rc=$?
verdict 'a package that fails: exit status' is 3 $rc
verdict 'it failed, with the words of dpkg; the other one is installed' is \
	'n1 cau-bad Failed 100 false: installed cau-bad package post-installation script subprocess returned error exit status 7; cau-bad 1.1 is half-configured; Sub-process /usr/bin/dpkg returned an error code (1)
n1 cau-opt Succeeded 100 false: installed, but the transaction failed: Sub-process /usr/bin/dpkg returned an error code (1)' \
	"$(results)"
verdict 'the log has its words' grep -q 'no such database' state/runs/*/log/n1/*
apt_cau scan --json
verdict 'what failed is offered again, what did not is not' is \
	'n1 apt/cau-bad 1.1 Applicable' "$(updates)"
deb cau-bad 1.2 security
publish
apt_cau run >/dev/null
rc=$?
verdict 'the next version repairs it' is '0 1.2 installed' "$rc $(version n1 cau-bad)"
verdict 'dpkg was finished first, and the report says so' is \
	'n1 cau-bad Succeeded 0 false: dpkg had been interrupted on this node: dpkg --configure -a was run first and ended with 1; installed cau-bad package post-installation script subprocess returned error exit status 7' \
	"$(results)"

# dpkg that was interrupted between unpacking and configuring.
deb cau-auto 1.2 updates
deb cau-sec 1.2 security
publish
lab in n1 dpkg --unpack /srv/repo/pool/updates/cau-auto_1.2_all.deb >out 2>&1
apt_cau run >/dev/null
verdict 'an interrupted dpkg is finished' is \
	'n1 cau-sec Succeeded 0 false: dpkg had been interrupted on this node: dpkg --configure -a was run first' \
	"$(results)"
verdict 'the health check has seen it' grep -q \
	'WARNING: package-database: dpkg was interrupted before it had configured cau-auto' err
verdict 'the package that was half done' is '1.2 installed' "$(version n1 cau-auto)"

# A configuration file that was changed here.
lab in n1 sh -c 'echo "as the admin wants it" >/etc/cau-conf.conf'
mkdir -p "$repo/extra/etc"
echo 'as in 1.1' >"$repo/extra/etc/cau-conf.conf"
deb cau-conf 1.1 security
publish
apt_cau run >/dev/null
verdict 'a changed configuration file stays' is 'as the admin wants it' \
	"$(lab in n1 cat /etc/cau-conf.conf)"
verdict 'and the report says so' is \
	'n1 cau-conf Succeeded 0 false: /etc/cau-conf.conf was changed here and stays as it is' \
	"$(results)"

# A repository that cannot be read.
lab in n1 sh -c 'echo "deb [trusted=yes] file:/srv/none bookworm main" >/etc/apt/sources.list.d/none.list'
apt_cau scan
rc=$?
verdict 'a broken repository is an error' is 1 $rc
verdict 'which is named' grep -q "error: apt-get update: .*file:/srv/none" out
lab in n1 rm /etc/apt/sources.list.d/none.list

# Somebody else is at work.
deb cau-slow 1.1 other 'touch /run/slow; while [ ! -e /run/go ]; do sleep 0.1; done'
deb cau-sec 1.3 security
publish
lab in n1 apt-get -q update >/dev/null
lab in n1 apt-get -qy install cau-slow >slow.log 2>&1 &
wait_for n1 /run/slow
apt_cau run >/dev/null &
lab in n1 timeout 60 sh -c 'until grep -rqs "^cau: waiting for process" /var/lib/cau/node/jobs; do sleep 0.1; done'
verdict 'the lock of the package manager is waited for' is '1.2 installed' \
	"$(version n1 cau-sec)"
lab in n1 touch /run/go
wait
verdict 'and then it goes on' is 'n1 cau-sec Succeeded 0 false: ' "$(results)"
verdict 'the log names who had it' grep -q \
	'^cau: waiting for process [0-9]* apt-get, which has /var/lib/dpkg/lock' \
	state/runs/*/log/n1/transaction*
deb cau-slow 1.2 other 'touch /run/slow; while [ ! -e /run/go ]; do sleep 0.1; done'
deb cau-sec 1.4 security
publish
lab in n1 sh -c 'rm -f /run/go /run/slow
	sed -i "s/^SetEnv.*/& CAU_LOCK_LIMIT=2/" /etc/ssh/sshd_config
	systemctl restart ssh; apt-get -q update' >/dev/null
lab in n1 apt-get -qy install cau-slow >slow.log 2>&1 &
wait_for n1 /run/slow
apt_cau run >/dev/null
verdict 'not for ever, and the report names who has it' is 'n1 cau-sec Failed 100' \
	"$(results | sed 's/ false: cau-sec has version 1.3; process [0-9]* apt-get has had .var.lib.dpkg.lock[-a-z]* locked for 2 s//')"
lab in n1 sh -c 'touch /run/go; sed -i "s/ CAU_LOCK_LIMIT=2//" /etc/ssh/sshd_config
	systemctl restart ssh'
wait

# The coordinator dies while the transaction runs.
deb cau-slow 1.3 security 'touch /run/slow; while [ ! -e /run/go ]; do sleep 0.1; done
	echo x >>/var/lib/slow-starts'
publish
lab in n1 rm -f /run/go /run/slow
"$CAU" run $quick --state-dir state --nodes n1 --rsh "$rsh" >out 2>err &
pid=$!
wait_for n1 /run/slow
kill -9 $pid
wait
lab in n1 touch /run/go
cau recover
rc=$?
verdict 'a run that died is taken up again' is 0 $rc
verdict 'with one transaction, run once' is 'n1 cau-sec Succeeded 0 false: 
n1 cau-slow Succeeded 0 false: 
1' "$(results; lab in n1 grep -c x /var/lib/slow-starts)"

# A power cut in the middle of a transaction.
deb cau-slow 1.4 security 'touch /run/slow; while [ ! -e /run/go ]; do sleep 0.1; done'
arch=$native deb cau-vendor 1.2 security
publish
lab in n1 rm -f /run/go /run/slow
apt_cau run --max-retries-per-node 0 >/dev/null &
wait_for n1 /run/slow
boots=$(lab reboots n1)
lab crash n1
lab wait n1 $((boots + 1))
wait $!
rc=$?
verdict 'a power cut: nobody knows, and nothing is started twice' is \
	'8 n1 cau-slow Unknown null false: the node was restarted while the installer ran
n1 cau-vendor Unknown null false: nobody looked after it to its end' \
	"$rc $(results)"
lab in n1 touch /run/go
apt_cau run >/dev/null
rc=$?
verdict 'the next run brings it to an end' is '0 1.4 installed 1.2 installed' \
	"$rc $(version n1 cau-slow) $(version n1 cau-vendor)"
verdict 'and says what it found' grep -q 'dpkg had been interrupted' out

# A run that is stopped at once.
deb cau-slow 1.5 security 'touch /run/slow; while [ ! -e /run/go ]; do sleep 0.1; done'
depends='cau-slow (= 1.5)' deb cau-auto 1.3 security
publish
lab in n1 rm -f /run/go /run/slow
apt_cau run >/dev/null &
wait_for n1 /run/slow
"$CAU" stop --state-dir state --now --wait >stop.out 2>&1
wait $!
rc=$?
verdict 'cau stop --now: what the node has is said' is \
	'6 n1 cau-slow Failed null false: cau-slow 1.5 is half-configured; the transaction was ended because the run was stopped
n1 cau-auto Failed null false: cau-auto 1.3 is unpacked; the transaction was ended because the run was stopped' \
	"$rc $(results)"
lab in n1 sh -c 'ps ax | grep -c "[d]pkg\|[a]pt-get"' >left
verdict 'nothing of it runs any more' is 0 "$(cat left)"
lab in n1 touch /run/go
apt_cau run >/dev/null
verdict 'the next run finishes it, and says so' is \
	'n1 cau-auto Succeeded 0 false: dpkg had been interrupted on this node: dpkg --configure -a was run first
n1 cau-slow Succeeded 0 false: dpkg had been interrupted on this node: dpkg --configure -a was run first' \
	"$(results | sort)"

# A question without a default that only a person can answer, and one that was
# answered before.
deb cau-sec 1.4.1 security
ask=cau-ask/name deb cau-opt 1.3 updates
ask=cau-ask/more deb cau-conf 1:1.0 security
ask=cau-ask/known deb cau-auto 1.4 security
publish
lab in n1 sh -c 'echo "cau-auto cau-ask/known string yes" | debconf-set-selections'
apt_cau run -a IncludeRecommendedUpdates=True >/dev/null
rc=$?
verdict 'a question that nobody would answer: is left out' is \
	'0 n1 cau-auto Succeeded 0 false: 
n1 cau-conf NotApplicable null false: left out: a person must answer its question cau-ask/more
n1 cau-opt NotApplicable null false: left out: a person must answer its question cau-ask/name
n1 cau-sec Succeeded 0 false: ' "$rc $(results | sort)"
verdict 'what was downloaded is said' grep -q 'n1: staged, [1-9].*KiB transferred$' err
lab in n1 sh -c 'echo "cau-opt cau-ask/name string yes
cau-conf cau-ask/more string yes" | debconf-set-selections'
apt_cau run -a IncludeRecommendedUpdates=True >/dev/null
verdict 'once it is answered it is installed' is 'n1 cau-conf Succeeded 0 false: 
n1 cau-opt Succeeded 0 false: ' "$(results | sort)"

# Without root nothing is tried.
apt_cau scan --nodes n1=admin@n1
rc=$?
verdict 'a login that is not root: an error that says so' is \
	'1 n1: error: apt-get update needs root on this node (--sudo?)' "$rc $(cat out)"
arch=$native deb cau-vendor 1.3 security
publish
apt_cau run --nodes n1=admin@n1 --sudo >/dev/null
verdict 'with sudo it works' is 'n1 cau-vendor Succeeded 0 false: ' "$(results)"

# Both plug-ins, one restart.
deb cau-sec 1.5 security "$reboot"
publish
fresh
installer 01-fw.sh 'exit 194'
before=$(lab reboots n1)
nodes=n1 apt_cau run -p $plugin,Microsoft.HotfixPlugin -a '' \
	-a "HotfixRootFolderPath=$top/root" >/dev/null
verdict 'both plug-ins in one run' is 'n1 cau-sec Succeeded 0 true: 
n1  Succeeded 194 true: ' "$(results)"
verdict 'and one restart' is 1 $(($(lab reboots n1) - before))
[ $bad = 0 ]
