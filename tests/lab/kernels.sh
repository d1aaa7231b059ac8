#!/bin/sh
# SPDX-License-Identifier: ISC
# Restarts of a machine with a kernel of its own (run inside qemu.sh): through the firmware, into a
# new kernel or back into the old one, by kexec, by a soft reboot of systemd. What restart.sh plays
# with shims is real here.
# The verdicts are evaluated.
# shellcheck disable=SC2016,SC2034,SC1091,SC2154
. "$(dirname "$0")/common.sh"

release() { lab in n1 uname -r; }
old=$(release)
new=$(dpkg-deb -f "$LAB_KERNEL" Package)
new=${new#linux-image-}

# A machine that is up, in its old kernel, and no update yet.
afresh() {
	[ "$(lab in n1 uname -r)" = "$old" ] || {
		lab pin n1 "$old"
		n=$(lab starts n1)
		lab in n1 systemctl reboot
		lab wait n1 $((n + 1))
	}
	lab pin n1
	lab in n1 sh -c '! dpkg -s "$1" || dpkg --purge "$1"' sh "linux-image-$new" >/dev/null 2>&1
	fresh
	mkdir root/CAUHotfix_All/kernel
	sed -i 's|</DefaultRules>|&\
<FolderRules><Folder name="kernel" alwaysReboot="true">\
<Template path="/usr/bin/dpkg" parameters="--install \$update\$"/>\
<ExitConditions><Success>0</Success></ExitConditions></Folder></FolderRules>|' \
		root/DefaultHotfixConfig.xml
}

# The package of the new kernel is an update, dpkg its installer.
kernel() {
	cp "$LAB_KERNEL" root/CAUHotfix_All/kernel/linux.deb
}

# restart WORD...: the run. Sets rc, and what was before: n, id.
restart() {
	n=$(lab starts n1)
	id=$(lab bootid n1)
	cau run --nodes n1 --rsh "$rsh" --root "$top/root" --max-retries-per-node 0 --connect-timeout 20s "$@"
	rc=$?
}

kinds() { report '[.nodes[].reboots[].kind] | join(" ")'; }

# ended STATUS KIND STARTS RELEASE: exit status, kind of the one restart, how often the firmware has
# started the machine, and the kernel that runs now.
ended() {
	is "$1" "$rc" && is "$2" "$(kinds)" && is "$3" $(($(lab starts n1) - n)) && is "$4" "$(release)"
}

# What systemd makes of a restart by itself when a kernel is loaded is not what was asked for.
afresh
installer 1.sh 'kexec -l /boot/vmlinuz-* --initrd="$(ls /boot/initrd.img-*)" --reuse-cmdline' 'exit 194'
restart
verdict "a restart, although somebody has loaded a kernel" eval 'ended 0 full 1 "$old" &&
	[ "$id" != "$(lab bootid n1)" ] && is "$(lab bootid n1)" "$(report ".nodes[0].reboots[0].boot_id_after")"'

# A hardened node lets nobody load one, until it is restarted.
afresh
installer 1.sh 'exit 194'
lab in n1 sysctl -qw kernel.kexec_load_disabled=1
restart --attempt-soft-reboot
verdict "a soft reboot where no kernel can be loaded" eval 'ended 0 soft 0 "$old" &&
	is "$id" "$(lab bootid n1)" && is 1 "$(lab in n1 systemctl show -p SoftRebootsCount --value)"'

afresh
kernel
lab pin n1 "$old"
restart --attempt-soft-reboot
verdict "there is a new kernel, the restart is full, the boot loader starts the old one" eval 'ended 3 full 1 "$old" &&
	grep -q "the node came back with the old kernel $old although $new is installed: look at its boot loader" out &&
	is "PartiallyFailed Succeeded" "$(report ".nodes[0] | .status + \" \" + .updates[0].result")"'

afresh
kernel
restart
verdict "a new kernel is installed and started" eval 'ended 0 full 1 "$new" && is Succeeded "$(report .status)"'

afresh
kernel
lab in n1 sh -c "kexec -l /boot/vmlinuz-$old --initrd=/boot/initrd.img-$old --reuse-cmdline"
restart --attempt-soft-reboot
verdict "kexec into a new kernel, although another had been loaded before" eval 'ended 0 kexec 0 "$new" && is Succeeded "$(report .status)" &&
	[ "$id" != "$(lab bootid n1)" ]'

[ "$bad" = 0 ]
