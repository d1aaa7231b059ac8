#!/bin/sh
# SPDX-License-Identifier: ISC
# cau on a node itself, and real package managers in nodes (run by run.sh
# inside the lab): the local transport with a restart of its own machine,
# .deb and .rpm packages and what the package databases say.
# shellcheck disable=SC2016,SC2034,SC1091,SC2086,SC2154
. "$(dirname "$0")/common.sh"

# The nodes do not see the folder that cau was built in.
mine=/usr/local/sbin/cau
lab in n1 sh -c "cat >$mine && chmod 755 $mine" <"$CAU"

# The machine that cau runs on is not restarted without permission.
fresh
installer 1.sh 'exit 194'
lab in n1 mkdir -p /srv/root
tar -C root -cf - . | lab in n1 tar -C /srv/root -xf -
boots=$(lab reboots n1)
lab in n1 "$mine" run $quick --cluster local --root /srv/root >out 2>err
rc=$?
verdict "local: a restart is pending, and not done" eval 'is 0 $rc &&
	grep -q "RESTART PENDING" out && is "$boots" "$(lab reboots n1)"'

# The next run knows of it.
lab in n1 "$mine" run $quick --cluster local --root /srv/root --allow-self-reboot >out 2>err
rc=$?
lab wait n1 $((boots + 1))
verdict "--allow-self-reboot: the coordinator goes down with its machine" eval '
	[ $rc != 0 ] && is $((boots + 1)) "$(lab reboots n1)"'
lab in n1 "$mine" status >out 2>err
verdict "after the restart the run is there to be taken up" grep -q "cau recover takes it up" out
lab in n1 "$mine" recover >out 2>err
rc=$?
verdict "recover after the restart of its own machine" eval 'is 0 $rc &&
	grep -q "restarted in .* (CAUHotfix_All/1.sh asked for it in run [0-9a-f]*)" out && is "n1 1.sh" "$(starts)" && is $((boots + 1)) "$(lab reboots n1)"'

# Real packages, by the shipped rules, into the private roots of the nodes.
make_deb() {
	rm -rf pkg
	mkdir -p pkg/DEBIAN pkg/opt
	echo "$1" >pkg/opt/cau-lab-fix
	printf '%s\n' 'Package: cau-lab-fix' "Version: $1" 'Architecture: all' \
		'Maintainer: Nobody <nobody@localhost>' 'Description: fix of the lab' >pkg/DEBIAN/control
	[ -z "${2:-}" ] || {
		printf '#!/bin/sh\nexit %s\n' "$2" >pkg/DEBIAN/postinst
		chmod 755 pkg/DEBIAN/postinst
	}
	dpkg-deb --root-owner-group -b pkg "root/CAUHotfix_All/fix.deb" >/dev/null
}

states() {
	cau scan --nodes n1,n2 --rsh "$rsh" --root "$top/root" --json
	jq -r '.nodes[] | "\(.name) \(.updates[0].state) \(.updates[0].reason)"' out
}

run2() {
	cau run --nodes n1,n2 --rsh "$rsh" --root "$top/root"
}

shipped=$here/../../schema/DefaultHotfixConfig.xml
fresh
cp "$shipped" root/DefaultHotfixConfig.xml
make_deb 1.0
run2
rc=$?
verdict "a .deb by the shipped rules" eval 'is 0 $rc &&
	is "1.0" "$(lab in n1 dpkg-query -W -f "\${Version}" cau-lab-fix)" &&
	is "1.0" "$(lab in n2 cat /opt/cau-lab-fix)"'
for n in n1 n2; do lab in "$n" rm -f /var/lib/cau/node/receipts; done
verdict "without a receipt the package database tells" eval '
	is "n1 AlreadyInstalled the node has 1.0
n2 AlreadyInstalled the node has 1.0" "$(states)"'
make_deb 0.9
verdict "an older .deb than what is installed" eval '
	is "n1 AlreadyInstalled the node has the newer 1.0
n2 AlreadyInstalled the node has the newer 1.0" "$(states)"'
make_deb 1.1~rc1
verdict "a newer one" eval '
	is "n1 Applicable the node has the older 1.0
n2 Applicable the node has the older 1.0" "$(states)"'
make_deb 1.2 7
run2
rc=$?
verdict "a package whose script fails" eval 'is 1 $rc &&
	is "Failed 100" "$(report ".nodes[0].updates[0] | \"\(.result) \(.exit_code)\"")" &&
	grep -q "post-installation script" state/runs/*/log/n1/001-fix.deb.log'

if command -v rpmbuild >/dev/null 2>&1; then
	make_rpm() {
		rm -rf rb root/CAUHotfix_All/*
		mkdir -p rb
		printf '%s\n' 'Name: cau-lab-rpm' "Version: $1" 'Release: 1' 'Summary: fix of the lab (KB7654321)' \
			'License: ISC' 'BuildArch: noarch' '%description' 'fix' '%files' >rb/x.spec
		rpmbuild --quiet --define "_topdir $PWD/rb" -bb rb/x.spec >/dev/null 2>&1
		cp rb/RPMS/noarch/*.rpm root/CAUHotfix_All/fix.rpm
	}
	fresh
	# Debian's rpm wants to be told that it is meant.
	sed 's/parameters="-U /parameters="--force-debian -U /' "$shipped" >root/DefaultHotfixConfig.xml
	make_rpm 2.0
	run2
	rc=$?
	verdict "an .rpm by the shipped rules" eval 'is 0 $rc &&
		is "2.0-1" "$(lab in n1 rpm -q --qf "%{VERSION}-%{RELEASE}" cau-lab-rpm)"'
	for n in n1 n2; do lab in "$n" rm -f /var/lib/cau/node/receipts; done
	verdict "the rpm database tells" eval '
		is "n1 AlreadyInstalled the node has 2.0-1
n2 AlreadyInstalled the node has 2.0-1" "$(states)"'
	verdict "title, version and KB number of an .rpm" eval '
		is "fix of the lab (KB7654321) 2.0-1 7654321" "$(jq -r ".nodes[0].updates[0]|\"\(.title) \(.version) \(.kb)\"" out)"'
	make_rpm 1.5
	verdict "an older .rpm" eval '
		is "n1 AlreadyInstalled the node has the newer 2.0-1
n2 AlreadyInstalled the node has the newer 2.0-1" "$(states)"'
	make_rpm 10.0
	verdict "a newer .rpm" eval '
		is "n1 Applicable the node has the older 2.0-1
n2 Applicable the node has the older 2.0-1" "$(states)"'
else
	echo "skip - .rpm packages (rpmbuild is not installed)"
fi

[ "$bad" = 0 ]
