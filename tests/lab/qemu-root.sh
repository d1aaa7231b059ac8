# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2034 # used by nspawn-root.sh
# qemu-root.sh: the root file system of qemu.sh's node, in the cache of nspawn-root.sh; to be sourced.
# A Debian release whose systemd can and counts soft reboots, with the last kernel but one. The
# package of the last one lies beside it:
#
#	$CAU_LAB_CACHE/SUITE-KEY/{root,kernel.deb}

# Software emulation takes its time: no documentation, and of all drivers those of QEMU's disk and
# network. dpkg goes by it on the node, too. The first initrd does without udev.
# shellcheck disable=SC2016 # for the shell of the hook
root_hook='cat >"$1/etc/dpkg/dpkg.cfg.d/lab" <<Y
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/locale/*
path-exclude=*/lib/modules/*/kernel/*
path-include=*/lib/modules/*/virtio_blk.ko*
path-include=*/lib/modules/*/virtio_net.ko*
path-include=*/lib/modules/*/*failover.ko*
Y
find "$1/usr/share/initramfs-tools" -name "*udev*" -delete
printf "%s\n" virtio_blk virtio_net >"$1/etc/initramfs-tools/modules"
chroot "$1" sh -ec '\''
	names="^linux-image-[0-9.]+[+]deb[0-9.]+-cloud-amd64\$"
	set -- $(apt-cache search --names-only "$names" | cut -d " " -f 1 | sort -V | tail -n 2)
	[ $# = 2 ] || { echo "there are no two kernels: $*" >&2; exit 1; }
	apt-get -q -y --no-install-recommends install "$1"
	cd /srv
	apt-get -q -o APT::Sandbox::User=root download "$2"'\''
mv "$1"/srv/linux-image-*.deb "$1/../kernel.deb"'

# Sets root.
qemu_root() {
	root_suite=trixie
	# From where this machine gets its own release.
	# shellcheck disable=SC2016 # fields
	root_sources=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' | sed -n -E "s|^Debian ([^ ]*) [a-z]*(-updates\|-security)? main\$|deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \1 $root_suite\2 main|p" | sort -u)
	[ -n "$root_sources" ] || die 77 "apt on this machine has no lists of Debian: apt-get update"
	root_get "$1" initramfs-tools kexec-tools kmod udev
}
