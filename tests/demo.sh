#!/bin/sh
# SPDX-License-Identifier: ISC
# The main job in a minute: installs what is missing, builds, and updates a
# cluster of three nodes on this machine, in a temporary folder.
#
#	sh tests/demo.sh
set -eu
cd "$(dirname "$0")/.."
. tests/packages.sh
packages_install build

echo "== build"
make -s

work=$(mktemp -d "${TMPDIR:-/tmp}/cau-demo.XXXXXX")
cau=$PWD/build/cau
umask 022

say() {
	printf '\n== %s\n' "$*"
}

# Shows a command as one would type it, and runs it.
show() {
	printf '$ cau'
	printf ' %s' "$@"
	printf '\n'
	rc=0
	"$cau" "$@" || rc=$?
	[ $rc = 0 ] || echo "(exit status $rc)"
}

cd "$work"
mkdir -p root/CAUHotfix_All/Firmware root/n2
# Rules of our own: the shipped ones, schema/DefaultHotfixConfig.xml, would
# install packages into this machine. Here each node has a folder instead.
cat >root/DefaultHotfixConfig.xml <<X
<HotfixConfig>
  <DefaultRules>
    <ExtensionRules>
      <Extension name="DEB">
        <Template path="dpkg-deb" parameters="-x \$update\$ $work/%CAU_NODE%"/>
        <ExitConditions>
          <Success><ExitCode code="0"/></Success>
        </ExitConditions>
      </Extension>
      <Extension name="SH">
        <Template path="/bin/sh" parameters="\$update\$ --quiet"/>
        <ExitConditions>
          <Success><ExitCode code="0"/></Success>
          <Success_RebootRequired><ExitCode code="194"/><ExitCode code="3010"/></Success_RebootRequired>
        </ExitConditions>
      </Extension>
    </ExtensionRules>
  </DefaultRules>
  <FolderRules>
    <Folder name="Firmware">
      <Template path="\$update\$" parameters="-s"/>
      <ExitConditions>
        <Success><ExitCode code="0"/></Success>
        <Success_RebootRequired><ExitCode code="2"/></Success_RebootRequired>
        <AlreadyInstalled><ExitCode code="3"/></AlreadyInstalled>
        <NotApplicable><ExitCode code="4"/></NotApplicable>
      </ExitConditions>
    </Folder>
  </FolderRules>
</HotfixConfig>
X

# A package, where this machine can make one.
if command -v dpkg-deb >/dev/null 2>&1; then
	mkdir -p pkg/DEBIAN pkg/opt
	printf '%s\n' 'Package: cau-demo' 'Version: 1.2-3' 'Architecture: all' \
		'Maintainer: Nobody <nobody@localhost>' \
		'Description: fix for the demo service (KB1234567)' >pkg/DEBIAN/control
	dpkg-deb --root-owner-group -b pkg root/CAUHotfix_All/01-fix.deb >/dev/null
fi
cat >root/CAUHotfix_All/02-kernel-settings.sh <<'X'
echo "writing settings"; sleep 1; exit 194
X
cat >root/CAUHotfix_All/Firmware/bmc-7.10.run <<'X'
#!/bin/sh
echo "BMC firmware 7.10"
[ "$CAU_NODE" != n3 ] || { echo "newer firmware is there"; exit 3; }
sleep 1
X
cat >root/CAUHotfix_All/Firmware/raid-2.1.run <<'X'
#!/bin/sh
echo "no such controller"; exit 4
X
cat >root/n2/03-n2-only.sh <<'X'
echo "this one goes wrong"; exit 1
X
echo "see the ticket" >root/CAUHotfix_All/readme.txt
for n in n1 n2 n3; do mkdir -p "$n"; done

nodes=n1=local:$work/n1/state,n2=local:$work/n2/state,n3=local:$work/n3/state
export CAU_STATE_DIR="$work/state"

say "the hotfix root folder"
find root | sort
say "what an exit code of a vendor installer means"
show rules explain root/DefaultHotfixConfig.xml --file bmc-7.10.run --folder Firmware --exit 2
say "what would be installed"
show scan --nodes "$nodes" --root root
say "the Updating Run: one node after the other"
show run --nodes "$nodes" --root root
say "the reports"
show report list
show status
say "once more: what is installed is not installed again"
show run --nodes "$nodes" --root root -q

printf '\nEverything is below %s (remove it when you have seen enough).\n' "$work"
