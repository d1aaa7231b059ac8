#!/bin/sh
# SPDX-License-Identifier: ISC
# The agents for dnf and zypper against the real tools: repositories made here,
# private roots below a temporary folder (--installroot, --root), never the
# system of this machine; and fwupd against a stub. Needs root, installs nothing.
#
#	sh tests/lab/rpm.sh [BUILD_FOLDER]
#
# dnf-plugins-core may be unpacked at CAU_DNF_PLUGINS (a folder with
# usr/lib/python3/...): on Debian it cannot be installed beside zypper.
# shellcheck disable=SC2016,SC2034,SC1091,SC2154,SC1090,SC2086,SC2317,SC2209,SC2094,SC2012
set -u
cd "$(dirname "$0")/../.." || exit 1
src=$PWD
dir=${1:-build}
out=$src/$dir
bad=0
if [ "$(id -u)" != 0 ]; then
	echo "skipped: needs root"
	exit 0
fi
for tool in rpmbuild createrepo_c modifyrepo_c; do
	command -v $tool >/dev/null 2>&1 || {
		echo "skipped: no $tool here"
		exit 0
	}
done
make -s "$dir/unit/test_agent_dnf" "$dir/unit/test_agent_zypper" \
	"$dir/unit/test_agent_fwupd" "$dir/cau" OUT="$dir" >/dev/null || exit 1

top=$(mktemp -d "${TMPDIR:-/tmp}/cau-rpm.XXXXXX") || exit 1
trap 'kill $holder 2>/dev/null; [ -n "${CAU_KEEP-}" ] || rm -rf "$top"' EXIT
trap 'exit 1' HUP INT TERM
holder=
cd "$top" || exit 1
LC_ALL=C
export LC_ALL
umask 022

packages='cau-sec cau-lib cau-rec cau-opt cau-plain cau-held cau-broken cau-msg kernel cau-epoch cau-eula cau-term'

# spec VERSION: all packages of the repository in that version.
spec() {
	printf '%s\n' 'Name: cau-lab' "Version: $1" 'Release: 1' 'Summary: lab' \
		'License: ISC' 'BuildArch: noarch' '%description' 'lab' '%install' \
		'mkdir -p %{buildroot}/usr/share'
	for p in $packages; do
		echo "echo $1 >%{buildroot}/usr/share/$p-$1"
	done
	for p in $packages; do
		printf '%%package -n %s\nSummary: lab\n' $p
		[ $p != cau-epoch ] || echo 'Epoch: 1'
		printf '%%description -n %s\nlab\n%%files -n %s\n/usr/share/%s-%s\n' \
			$p $p $p "$1"
		[ "$p $1" != 'cau-broken 1.1' ] ||
			printf '%%pre -n cau-broken -p <lua>\nerror("no room for this one")\n'
	done
}

# advisory ID TYPE SEVERITY TITLE MORE PACKAGE[:reboot]...
advisory() {
	id=$1 type=$2 severity=$3 title=$4 more=$5
	shift 5
	cat <<X
<update from='lab@example.org' status='final' type='$type' version='1'>
<id>$id</id><title>$title</title><release>Lab</release>
<issued date='2026-11-01 00:00:00'/><updated date='2026-11-02 00:00:00'/>
<severity>$severity</severity>$more<summary>$title</summary>
<description>What $title does:
 a second line &amp; more</description><references>
X
	[ "$type" != security ] || for c in 1 2; do
		echo "<reference href='http://example.org/CVE-2026-000$c' id='CVE-2026-000$c' type='cve' title='CVE-2026-000$c'/>"
	done
	echo "</references><pkglist><collection short='lab'><name>lab</name>"
	for p; do
		e=0
		[ "${p%%:*}" != cau-epoch ] || e=1
		echo "<package name='${p%%:*}' version='1.1' release='1' epoch='$e' arch='noarch' src='cau-lab-1.1-1.src.rpm'><filename>${p%%:*}-1.1-1.noarch.rpm</filename>"
		[ "$p" = "${p%:reboot}" ] || echo '<reboot_suggested>True</reboot_suggested>'
		echo '</package>'
	done
	echo '</collection></pkglist></update>'
}

mkdir -p repo spec
for v in 1.0 1.1; do
	spec $v >spec/$v.spec
	rpmbuild -bb --quiet --define "_topdir $top/spec" --define "_rpmdir $top/repo" \
		--define '_build_id_links none' --define '_binary_payload w0.gzdio' \
		spec/$v.spec >spec/log 2>&1 || {
		cat spec/log
		exit 1
	}
done
{
	echo "<?xml version='1.0' encoding='UTF-8'?><updates>"
	advisory LAB-SA-2026:1 security Important 'the security fix' '' cau-sec cau-lib
	advisory LAB-SA-2026:2 security Critical 'the kernel fix' '' kernel:reboot
	advisory LAB-RU-2026:3 bugfix None 'the bug fix' '' cau-rec
	advisory LAB-OU-2026:4 enhancement None 'the enhancement' '' cau-opt
	advisory LAB-RU-2026:5 bugfix Low 'one that asks' \
		'<message>Read this first</message>' cau-msg
	advisory LAB-RU-2026:7 bugfix Low 'one with a licence' '' cau-eula
	advisory LAB-SA-2026:6 security Moderate 'for a locked package' '' cau-held
	echo '</updates>'
} >updateinfo.xml
# Licences to be agreed to: of a package with a patch, and of one without. Only
# libzypp knows of them.
createrepo_c -q repo && {
	echo "<susedata xmlns='http://linux.duke.edu/metadata/susedata' packages='2'>"
	for p in cau-eula cau-term; do
		id=$(sha256sum repo/noarch/$p-1.1-1.noarch.rpm)
		echo "<package pkgid='${id%% *}' name='$p' arch='noarch'><version epoch='0' ver='1.1' rel='1'/><eula>You give us your house.</eula></package>"
	done
	echo '</susedata>'
} >susedata.xml && for kind in updateinfo susedata; do
	modifyrepo_c --mdtype=$kind $kind.xml repo/repodata >/dev/null || exit 1
done
repo=$top/repo

# What the other shells repeat is what their own words could change.
shells=${CAU_SHELLS:-dash bash busybox}
sh=sh
whole=

# part TOOL: its tests, in a folder of their own, so that the tools take turns
# on two processors.
part() {
	top=$top/part-$1
	mkdir "$top" && cd "$top" || exit 1
	trap 'kill $holder 2>/dev/null' EXIT
	cat >session <<X
PATH=$top/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cau_mark='' cau_seq=''
cau_say() { printf '%s %s\n' "\$1" "\$2"; }
for f in common rpm dnf zypper fwupd; do . $src/node/agent-\$f.sh; done
cau_say_all() { sed "s/^/\$1 /"; }
X
	whole=yes
	for sh in $shells; do
		command -v $sh >/dev/null 2>&1 || continue
		$1_tests
		whole=
	done
	sh=sh
	[ $1 = fwupd ] || {
		CAU_AGENT_ROOT=$top/$1
		$1_lock
		[ $1 = dnf ] || zypper_http
		unset CAU_AGENT_ROOT
		wua_tests $1
	}
	[ $bad = 0 ]
}

# in_shell COMMAND...: in a shell as on a node, with what a session has; stdout
# and stderr go to out and err.
in_shell() {
	case $sh in
	busybox) set -- busybox sh -c '. ./session; "$@"' sh "$@" ;;
	*) set -- $sh -c '. ./session; "$@"' sh "$@" ;;
	esac
	"$@" >out 2>err </dev/null
}

ok() {
	echo "ok - $1"
}

# verdict NAME COMMAND...: by its status; shows what was said.
verdict() {
	name=$1
	shift
	if "$@"; then
		ok "$name"
		return
	fi
	echo "not ok - $name"
	sed 's/^/#   /' out err
	[ ! -f list ] || sed 's/^/# list:  /' list
	bad=$((bad + 1))
}

# list AGENT [installed]: what the parser makes of it goes to list.
list() {
	in_shell "$1_list" ${2-} || return 1
	"$out/unit/test_agent_$1" dump <out >list
}

same() {
	[ "$(cat "$1")" = "$2" ] || {
		printf '%s\n' "$2" | diff - "$1" >>err
		false
	}
}

has() {
	grep -q -e "$1" "$2"
}

root_of_dnf() {
	CAU_AGENT_ROOT=$top/dnf
	export CAU_AGENT_ROOT
	rm -rf dnf
	mkdir -p dnf/etc/dnf/plugins dnf/etc/yum.repos.d
	plugins=$(ls -d "${CAU_DNF_PLUGINS:-/nowhere}"/usr/lib/python3*/*-packages/dnf-plugins \
		/usr/lib/python3*/*-packages/dnf-plugins 2>/dev/null | head -n 1)
	printf '%s\n' '[main]' 'gpgcheck=0' 'installonly_limit=3' \
		"pluginpath=$plugins" "pluginconfpath=$top/dnf/etc/dnf/plugins" \
		>dnf/etc/dnf/dnf.conf
	[ -n "$plugins" ] || echo 'excludepkgs=cau-held' >>dnf/etc/dnf/dnf.conf
	PYTHONPATH=${plugins%/*}
	export PYTHONPATH
	printf '%s\n' '[main]' 'enabled=1' \
		"locklist=$top/dnf/etc/dnf/plugins/versionlock.list" \
		>dnf/etc/dnf/plugins/versionlock.conf
	: >dnf/etc/dnf/plugins/versionlock.list
	printf '%s\n' '[main]' 'enabled=0' >dnf/etc/dnf/plugins/changelog.conf
	printf '[lab]\nname=lab\nbaseurl=file://%s\n' "$repo" >dnf/etc/yum.repos.d/lab.repo
	specs=
	for p in $packages; do
		case $p in
		cau-epoch) specs="$specs $p-1:1.0-1" ;;
		*) specs="$specs $p-1.0" ;;
		esac
	done
	dnf -q -y --installroot="$top/dnf" --disableexcludes=all install $specs >out 2>err || {
		cat out err
		exit 1
	}
	[ -z "$plugins" ] || echo 'cau-held-0:1.0-1.*' >dnf/etc/dnf/plugins/versionlock.list
}

dnf_tests() {
	root_of_dnf
	verdict "dnf, $sh: the list" eval 'list dnf && same list "$expected_dnf"'
	rm -rf job && mkdir job
	in_shell dnf_install job cau-sec:noarch=1.1-1 cau-lib:noarch=1.1-1 \
		cau-epoch:noarch=1:1.1-1 cau-rec:noarch=1.1-1 cau-opt:noarch=1.1-1 \
		cau-msg:noarch=1.1-1 cau-plain:noarch=1.1-1
	rc=$?
	verdict "dnf, $sh: installs exactly these" eval '[ $rc = 0 ] && [ ! -e job/error ]'
	in_shell dnf_verify cau-sec:noarch=1.1-1 cau-epoch:noarch=1:1.1-1 nothing:noarch=1-1 kernel:noarch=1.1-1
	verdict "dnf, $sh: verifies" same out 'have cau-epoch noarch 1:1.1-1
have cau-sec noarch 1.1-1
have kernel noarch 1.0-1
reboot yes kernel'
	rm -f job/*
	in_shell dnf_install job cau-broken:noarch=1.1-1
	rc=$?
	verdict "dnf, $sh: a script of a package fails" eval '[ $rc != 0 ] &&
		has "^dnf: " job/error && has "^cau-broken its .*no room for this one" job/notes'
	[ -n "$whole" ] || return
	verdict "dnf, $sh: the second list" eval 'list dnf && same list "$second_dnf"'
	in_shell dnf_install job kernel:noarch=1.1-1
	in_shell dnf_verify kernel:noarch=1.1-1
	verdict "dnf, $sh: a new kernel stands beside the old one" same out \
		'have kernel noarch 1.0-1
have kernel noarch 1.1-1
reboot yes kernel'
	rm -f job/*
	in_shell dnf_install job cau-held:noarch=1.1-1
	rc=$?
	verdict "dnf, $sh: what is held is not installed" eval '[ $rc != 0 ] && has "No match for argument: cau-held" job/error'
	verdict "dnf, $sh: the list of everything" eval 'list dnf installed &&
		has "^\[LAB-SA-2026:1\] .* installed$" list &&
		has "^\[LAB-SA-2026:2\] .* installed reboot pending" list &&
		has "^\[\] cau-held 1.0-1 | other  installed$" list &&
		has "^the node waits for a restart" list'
	printf '[gone]\nname=gone\nbaseurl=file://%s/nowhere\n' "$top" >dnf/etc/yum.repos.d/gone.repo
	in_shell dnf_list
	rc=$?
	verdict "dnf, $sh: a broken repository is an error that names it" eval '[ $rc != 0 ] &&
		tail -n 1 err | grep -q "dnf .*check-update: .*gone"'
	rm dnf/etc/yum.repos.d/gone.repo
}

# The lock of dnf's transactions, held by another process.
dnf_lock() {
	# The file has the process that owns the lock for as long as it lives.
	sleep 60 &
	holder=$!
	echo $holder >dnf/var/lib/dnf/rpmdb_lock.pid
	rm -f job/*
	CAU_LOCK_LIMIT=3
	export CAU_LOCK_LIMIT
	in_shell dnf_install job cau-broken:noarch=1.1-1
	rc=$?
	verdict "dnf: a lock that is not given up" eval '[ $rc != 0 ] &&
		has "^process $holder .* has had dnf.s lock for 3 s" job/error'
	unset CAU_LOCK_LIMIT
	kill $holder
	holder=
}

expected_dnf='[LAB-RU-2026:7] one with a licence | fix Low
  cau-eula.noarch 1.1-1 <- 1.0-1
[LAB-SA-2026:6] for a locked package | security Moderate CVE-2026-0001 CVE-2026-0002 held
  cau-held.noarch 1.1-1 <- 1.0-1
[LAB-SA-2026:1] the security fix | security Important CVE-2026-0001 CVE-2026-0002
  cau-lib.noarch 1.1-1 <- 1.0-1
  cau-sec.noarch 1.1-1 <- 1.0-1
[LAB-RU-2026:5] one that asks | fix Low
  cau-msg.noarch 1.1-1 <- 1.0-1
[LAB-OU-2026:4] the enhancement | enhancement 
  cau-opt.noarch 1.1-1 <- 1.0-1
[LAB-RU-2026:3] the bug fix | fix 
  cau-rec.noarch 1.1-1 <- 1.0-1
[LAB-SA-2026:2] the kernel fix | security Critical CVE-2026-0001 CVE-2026-0002 reboot
  kernel.noarch 1.1-1 <- 1.0-1
[] cau-broken 1.1-1 | other 
  cau-broken.noarch 1.1-1 <- 1.0-1
[] cau-epoch 1:1.1-1 | other 
  cau-epoch.noarch 1:1.1-1 <- 1:1.0-1
[] cau-plain 1.1-1 | other 
  cau-plain.noarch 1.1-1 <- 1.0-1
[] cau-term 1.1-1 | other 
  cau-term.noarch 1.1-1 <- 1.0-1
the node waits for a restart'
second_dnf='[LAB-RU-2026:7] one with a licence | fix Low
  cau-eula.noarch 1.1-1 <- 1.0-1
[LAB-SA-2026:6] for a locked package | security Moderate CVE-2026-0001 CVE-2026-0002 held
  cau-held.noarch 1.1-1 <- 1.0-1
[LAB-SA-2026:2] the kernel fix | security Critical CVE-2026-0001 CVE-2026-0002 reboot
  kernel.noarch 1.1-1 <- 1.0-1
[] cau-broken 1.1-1 | other 
  cau-broken.noarch 1.1-1 <- 1.0-1
[] cau-term 1.1-1 | other 
  cau-term.noarch 1.1-1 <- 1.0-1
the node waits for a restart'

root_of_zypper() {
	CAU_AGENT_ROOT=$top/zypper
	export CAU_AGENT_ROOT
	rm -rf zypper
	mkdir -p zypper/run zypper/var
	ln -s ../run zypper/var/run
	zypper -q --root "$top/zypper" -n ar -G "file://$repo" lab >/dev/null
	specs=
	for p in $packages; do
		case $p in
		cau-epoch) specs="$specs $p=1:1.0-1" ;;
		*) specs="$specs $p=1.0-1" ;;
		esac
	done
	zypper --root "$top/zypper" -n install $specs >out 2>err || {
		cat out err
		exit 1
	}
	zypper -q --root "$top/zypper" -n al cau-held >/dev/null
}

zypper_tests() {
	root_of_zypper
	verdict "zypper, $sh: the list" eval 'list zypper && same list "$expected_zypper"'
	rm -rf job && mkdir job
	in_shell zypper_install job patch:LAB-SA-2026:1:noarch=1 cau-sec:noarch=1.1-1 \
		cau-lib:noarch=1.1-1 patch:LAB-RU-2026:3:noarch=1 cau-rec:noarch=1.1-1 \
		patch:LAB-OU-2026:4:noarch=1 cau-opt:noarch=1.1-1 \
		cau-epoch:noarch=1:1.1-1 cau-plain:noarch=1.1-1
	rc=$?
	verdict "zypper, $sh: installs exactly these" eval '[ $rc = 0 ] && [ ! -e job/error ]'
	in_shell zypper_verify patch:LAB-SA-2026:1:noarch=1 cau-sec:noarch=1.1-1 \
		cau-epoch:noarch=1:1.1-1 nothing:noarch=1-1 patch:LAB-SA-2026:2:noarch=1
	verdict "zypper, $sh: verifies" same out 'have patch:LAB-SA-2026:1 noarch 1
have patch:LAB-SA-2026:2 noarch 1 needed
have cau-epoch noarch 1:1.1-1
have cau-sec noarch 1.1-1
reboot no'
	verdict "zypper, $sh: the second list" eval 'list zypper && same list "$second_zypper"'
	in_shell zypper_install job patch:LAB-SA-2026:2:noarch=1 kernel:noarch=1.1-1
	rc=$?
	in_shell zypper_verify patch:LAB-SA-2026:2:noarch=1 kernel:noarch=1.1-1
	verdict "zypper, $sh: a patch that needs a restart" eval '[ $rc = 0 ] && same out \
		"have patch:LAB-SA-2026:2 noarch 1
have kernel noarch 1.1-1
reboot yes kernel"'
	rm -f job/*
	in_shell zypper_install job cau-broken:noarch=1.1-1
	rc=$?
	verdict "zypper, $sh: a script of a package fails" eval '[ $rc = 8 ] &&
		has "^zypper: exit code 8: the installation failed" job/error &&
		has "^cau-broken its .*no room for this one" job/notes'
	[ -n "$whole" ] || return
	rm -f job/*
	in_shell zypper_install job cau-term:noarch=1.1-1
	rc=$?
	verdict "zypper: no licence is agreed to" eval '[ $rc = 4 ] && has "need for license confirmation" job/error &&
		rpm --root "$top/zypper" -q cau-term >list && same list cau-term-1.0-1.noarch'
	rm -f job/*
	in_shell zypper_install job nothing:noarch=1.1-1
	rc=$?
	verdict "zypper, $sh: a package that is gone" eval '[ $rc = 104 ] && has nothing job/error'
	verdict "zypper, $sh: the list of everything" eval 'list zypper installed &&
		has "^\[LAB-SA-2026:1\] .* installed$" list &&
		has "^\[LAB-SA-2026:2\] .* installed reboot pending" list &&
		has "^\[\] cau-held 1.0-1 | other  installed$" list &&
		has "^the node waits for a restart" list'
	zypper -q --root "$top/zypper" -n al -t patch LAB-RU-2026:5 >/dev/null
	verdict "zypper, $sh: a locked patch" eval 'list zypper &&
		has "^\[LAB-RU-2026:5\] one that asks .* held" list'
	zypper -q --root "$top/zypper" -n ar -G "file://$top/nowhere" gone >/dev/null
	in_shell zypper_list
	rc=$?
	verdict "zypper, $sh: a broken repository is an error that names it" eval '[ $rc != 0 ] &&
		tail -n 1 err | grep -q "^zypper refresh: exit code .*gone"'
	zypper -q --root "$top/zypper" -n rr gone >/dev/null
}

zypper_lock() {
	# libzypp looks whether the process is one of zypper's.
	cp "$(command -v sleep)" zypper-holder
	./zypper-holder 60 &
	holder=$!
	echo $holder >zypper/run/zypp.pid
	rm -f job/*
	CAU_LOCK_LIMIT=2
	export CAU_LOCK_LIMIT
	in_shell zypper_install job cau-msg:noarch=1.1-1
	rc=$?
	verdict "zypper: a lock that is not given up" eval '[ $rc = 7 ] &&
		has "the package manager is locked.*$holder" job/error'
	unset CAU_LOCK_LIMIT
	kill $holder
	holder=
}

# What was downloaded beforehand is not asked for again.
zypper_http() {
	command -v python3 >/dev/null 2>&1 || {
		echo "skipped: no python3 here"
		return
	}
	root_of_zypper
	python3 -u -m http.server -d "$repo" -b 127.0.0.1 0 >http.log 2>&1 &
	holder=$!
	until has ' port [0-9]' http.log; do
		kill -0 $holder || return
		sleep 0.05
	done
	port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' http.log)
	zypper -q --root "$top/zypper" -n rr lab >/dev/null
	zypper -q --root "$top/zypper" -n ar -G "http://127.0.0.1:$port" lab >/dev/null
	mkdir -p jobs
	cau_state=$top in_shell cau_batch 1 J.0 zypper cau-rec:noarch=1.1-1
	size=$(wc -c <"$repo/noarch/cau-rec-1.1-1.noarch.rpm")
	grep -c 'GET .*cau-rec-1.1-1' http.log >list
	verdict "zypper: is downloaded beforehand" eval 'same out "staged $size" && same list 1'
	in_shell zypper_install job cau-rec:noarch=1.1-1
	rc=$?
	grep -c 'GET .*cau-rec-1.1-1' http.log >list
	verdict "zypper: and only once" eval '[ $rc = 0 ] && same list 1'
	kill $holder
	holder=
}

expected_zypper='[LAB-SA-2026:1] the security fix | security Important CVE-2026-0001 CVE-2026-0002
  patch:LAB-SA-2026:1.noarch 1 <- 
  cau-sec.noarch 1.1-1 <- 1.0-1
  cau-lib.noarch 1.1-1 <- 1.0-1
[LAB-SA-2026:2] the kernel fix | security Critical CVE-2026-0001 CVE-2026-0002 reboot
  patch:LAB-SA-2026:2.noarch 1 <- 
  kernel.noarch 1.1-1 <- 1.0-1
[LAB-RU-2026:3] the bug fix | fix 
  patch:LAB-RU-2026:3.noarch 1 <- 
  cau-rec.noarch 1.1-1 <- 1.0-1
[LAB-OU-2026:4] the enhancement | enhancement 
  patch:LAB-OU-2026:4.noarch 1 <- 
  cau-opt.noarch 1.1-1 <- 1.0-1
[LAB-RU-2026:5] one that asks | fix Low (a person must read its message)
  patch:LAB-RU-2026:5.noarch 1 <- 
  cau-msg.noarch 1.1-1 <- 1.0-1
[LAB-RU-2026:7] one with a licence | fix Low (a person must agree to the licence of a package)
  patch:LAB-RU-2026:7.noarch 1 <- 
  cau-eula.noarch 1.1-1 <- 1.0-1
[LAB-SA-2026:6] for a locked package | security Moderate CVE-2026-0001 CVE-2026-0002 held
  patch:LAB-SA-2026:6.noarch 1 <- 
  cau-held.noarch 1.1-1 <- 1.0-1
[] cau-broken 1.1-1 | other 
  cau-broken.noarch 1.1-1 <- 1.0-1
[] cau-epoch 1:1.1-1 | other 
  cau-epoch.noarch 1:1.1-1 <- 1:1.0-1
[] cau-plain 1.1-1 | other 
  cau-plain.noarch 1.1-1 <- 1.0-1
[] cau-term 1.1-1 | other  (a person must agree to its licence)
  cau-term.noarch 1.1-1 <- 1.0-1'
second_zypper='[LAB-SA-2026:2] the kernel fix | security Critical CVE-2026-0001 CVE-2026-0002 reboot
  patch:LAB-SA-2026:2.noarch 1 <- 
  kernel.noarch 1.1-1 <- 1.0-1
[LAB-RU-2026:5] one that asks | fix Low (a person must read its message)
  patch:LAB-RU-2026:5.noarch 1 <- 
  cau-msg.noarch 1.1-1 <- 1.0-1
[LAB-RU-2026:7] one with a licence | fix Low (a person must agree to the licence of a package)
  patch:LAB-RU-2026:7.noarch 1 <- 
  cau-eula.noarch 1.1-1 <- 1.0-1
[LAB-SA-2026:6] for a locked package | security Moderate CVE-2026-0001 CVE-2026-0002 held
  patch:LAB-SA-2026:6.noarch 1 <- 
  cau-held.noarch 1.1-1 <- 1.0-1
[] cau-broken 1.1-1 | other 
  cau-broken.noarch 1.1-1 <- 1.0-1
[] cau-term 1.1-1 | other  (a person must agree to its licence)
  cau-term.noarch 1.1-1 <- 1.0-1'

# A stub of fwupdmgr with one device; what was installed is in fw/.
fwupd_tests() {
	rm -rf fw job
	mkdir -p bin fw job
	echo 1.0.0 >fw/version
	cat >bin/fwupdmgr <<X
#!/bin/sh
cd $top/fw || exit 1
echo "\$*" >>calls
device() {
	printf '{\n  "Devices" : [\n    {\n      "Name" : "Lab device",\n      "DeviceId" : "a45df35ac0",\n      "Flags" : [\n        "updatable",\n        "needs-reboot"\n      ],\n      "Version" : "%s"%s\n    }\n  ]\n}\n' "\$1" "\$2"
}
release=',
      "Releases" : [
        {
          "Version" : "2.0.0",
          "Urgency" : "high",
          "Description" : "<p>Better.</p>"
        }
      ]'
case \$* in
refresh) [ ! -e offline ] || { echo 'could not resolve host'; exit 1; } ;;
*get-updates) grep -q 1.0.0 version || exit 2; device 1.0.0 "\$release" ;;
*get-devices) device "\$(cat version)" ;;
*get-history) [ -e staged ] || exit 2; device 1.0.0 ',
      "UpdateState" : 4'"\$release" ;;
'install a45df35ac0 2.0.0 '*) [ ! -e fails ] || exit 1; touch staged; echo "waits for a restart" ;;
*) exit 1 ;;
esac
X
	chmod 755 bin/fwupdmgr
	verdict "fwupd, $sh: the list" eval 'list fwupd && same list \
		"[] Lab device 2.0.0 | fix Important reboot driver
  a45df35ac0. 2.0.0 <- 1.0.0"'
	touch fw/fails
	in_shell fwupd_install job a45df35ac0=2.0.0
	rc=$?
	verdict "fwupd, $sh: an installation that fails" eval '[ $rc = 1 ] && has "ended with 1" job/error'
	rm fw/fails
	in_shell fwupd_verify a45df35ac0=2.0.0
	verdict "fwupd, $sh: what is there" same out 'have a45df35ac0 - 1.0.0
reboot no'
	in_shell fwupd_install job a45df35ac0=2.0.0
	rc=$?
	in_shell fwupd_verify a45df35ac0=2.0.0
	verdict "fwupd, $sh: installs, waits for a restart" eval '[ $rc = 0 ] && same out "have a45df35ac0 - 2.0.0
reboot yes a45df35ac0"'
	echo 2.0.0 >fw/version
	rm fw/staged
	verdict "fwupd, $sh: the second list is empty" eval 'list fwupd && same list ""'
	touch fw/offline
	in_shell fwupd_list
	rc=$?
	verdict "fwupd, $sh: no way to the service" eval '[ $rc != 0 ] && has "could not resolve host" err'
}

# A node through cau itself, with a remote shell that hides the apt of this
# machine and has nothing that restarts it. What is sent goes to sent.
wua() {
	verb=$1
	shift
	"$out/cau" $verb --state-dir state --node-state-dir "$top/node-$nodes" \
		--nodes $nodes --rsh "$top/rsh" -p Microsoft.WindowsUpdatePlugin "$@" >out 2>err
}

states() {
	jq -r '.nodes[] | .updates[] | "\(.path) \(.state)"' out | sort >list
}

wua_tests() {
	nodes=$1
	want="$1/LAB-SA-2026:1 Applicable"
	cat >rsh <<X
#!/bin/sh
CAU_AGENT_ROOT=$top/\$1
export CAU_AGENT_ROOT
shift
echo connection >>$top/sent
tee -a $top/sent | unshare -m sh -c 'mount --bind /dev/null /var/lib/dpkg/status
for p in /usr/bin/systemctl /usr/sbin/shutdown /usr/sbin/reboot; do
	[ ! -e \$p ] || mount --bind $top/no-restart \$p || exit 1
done
exec sh -c "\$1"' sh "\$*"
X
	printf '#!/bin/sh\nexit 1\n' >no-restart
	chmod 755 rsh no-restart
	command -v jq >/dev/null 2>&1 && command -v unshare >/dev/null 2>&1 || {
		echo "skipped: no jq or unshare here"
		return
	}
	root_of_$1
	rpm --root "$top/$1" -e --nodeps kernel >/dev/null 2>&1
	wua scan --json
	verdict "cau scan with $1: what is important" eval 'states && same list "$want"'
	grep -e '^connection' -e '^{ cau_req' sent | sed 's/ [0-9] / N /' >list
	verdict "cau scan with $1: one remote call" same list 'connection
{ cau_req N cau_agents_list'
	wua scan -a IncludeRecommendedUpdates=True
	verdict "cau scan with $1: what is left out" has "LAB-SA-2026:6.*held" out
	[ $1 = dnf ] || verdict "cau scan with $1: a licence" \
		has "LAB-RU-2026:7 (a person must agree to the licence of a package)" out
	wua run
	rc=$?
	verdict "cau run with $1" eval '[ $rc = 0 ] && has "1 succeeded" out && has LAB-SA-2026:1 out'
	wua scan --json
	verdict "cau scan with $1: nothing is left" eval 'states && same list ""'
	wua run -a IncludeRecommendedUpdates=True --max-retries-per-node 0
	rc=$?
	# dnf goes on with the others, zypper gives up.
	verdict "cau run with $1: one package fails" eval '[ $rc != 0 ] &&
		has "[1-4] failed" out && has "no room for this one" out &&
		rpm --root "$top/$nodes" -q cau-broken >list 2>/dev/null && has 1.0-1 list'
}

for tool in ${CAU_TOOLS:-dnf zypper fwupd}; do
	if [ $tool != fwupd ] && ! command -v $tool >/dev/null 2>&1; then
		echo "skipped: no $tool here"
		continue
	fi
	(part $tool) >$tool.out 2>&1 &
	eval "pid_$tool=$!"
done
for tool in ${CAU_TOOLS:-dnf zypper fwupd}; do
	eval "pid=\${pid_$tool-}"
	[ -n "$pid" ] || continue
	wait $pid || bad=1
	cat $tool.out
done
[ $bad = 0 ]
