#!/bin/sh
# SPDX-License-Identifier: ISC
# qemu.sh: one throw-away machine with a kernel of its own, as root, in QEMU by software emulation:
# what the nodes of nspawn.sh cannot show, because they have the kernel of this machine.
#
#	qemu.sh run SCRIPT [ARGS...]	machine n1 up, run SCRIPT, everything down; exits as SCRIPT did
#	qemu.sh root		only makes the root file system of the machine and says where it is
# From SCRIPT (where `lab` is in the PATH; `lab in` and `bootid` exit 255 if the machine is not up):
#	lab in n1 CMD...	run CMD in the machine
#	lab wait n1 [COUNT]	until it is up and its firmware has started it at least COUNT times (10 min at most)
#	lab starts n1		how often its firmware has
#	lab pin n1 [VERSION]	the kernel that its boot loader starts; without VERSION again the one that
#				/vmlinuz points to, by which Debian's packages tell boot loaders
#	lab bootid n1
# Environment in SCRIPT: LAB (folder), LAB_SSH_CONFIG (for ssh -F), LAB_NODES ("n1"), LAB_KERNEL (a
# .deb: a newer kernel than that of the machine).
#
# The boot loader is QEMU's -kernel, chosen here at each reset out of the machine's /boot; all behind
# it is real. The lab lives in network, mount and pid namespaces of its own: when their first process
# ends, the kernel ends every other and drops every mount, and with it all files.
# Status 77: cannot run here (the reason is on stderr).
set -eu
umask 022 # of the files of the machine, too
case $0 in */*) here=$(cd "${0%/*}" && pwd) ;; *) here=$PWD ;; esac

die() {
	echo "lab: $2" >&2
	exit "$1"
}

usage() {
	sed -n '3,/^#.Status 77/s/^# \{0,1\}//p' "$here/qemu.sh" >&2
	exit 2
}

# Sets root.
get_root() {
	missing=
	[ "$(id -u)" = 0 ] || missing=" root"
	[ "$(uname -m)" = x86_64 ] || missing="$missing x86_64"
	for c in qemu-system-x86_64:qemu-system-x86 debugfs:e2fsprogs mmdebstrap:mmdebstrap apt-config:apt \
		ssh:openssh-client ip:iproute2 unshare:util-linux setpriv:util-linux flock:util-linux; do
		command -v "${c%:*}" >/dev/null || missing="$missing ${c#*:}"
	done
	grep -qw overlay /proc/filesystems || missing="$missing overlayfs"
	[ -z "$missing" ] || die 77 "needs:$missing"
	# shellcheck source=nspawn-root.sh
	. "$here/nspawn-root.sh"
	# shellcheck source=qemu-root.sh
	. "$here/qemu-root.sh"
	qemu_root "$here/qemu-root.sh"
}

# Outside. pdeathsig: even a kill -9 of this shell takes the lab with it.
run() {
	[ $# -ge 1 ] || usage
	get_root
	mkdir -p "$root_dir/lab"
	exec 3<&0 # a background command would otherwise get /dev/null
	LAB=$root_dir/lab LAB_ROOT=$root LAB_KERNEL=$root_dir/kernel.deb setpriv --pdeathsig KILL \
		unshare --net --mount --propagation private --pid --fork --kill-child --mount-proc \
		sh "$here/qemu.sh" _lab "$@" <&3 3<&- &
	child=$!
	trap 'kill -KILL $child; exit 143' HUP INT TERM
	status=0
	wait "$child" || status=$?
	exit "$status"
}

# Inside, as pid 1 of the lab.
lab() {
	mount -t tmpfs -o mode=755 cau-lab "$LAB"
	ip link set lo up
	export LAB LAB_SSH_CONFIG="$LAB/ssh_config" LAB_NODES=n1
	unset SSH_AUTH_SOCK
	mkdir "$LAB/bin" "$LAB/boot" "$LAB/over" "$LAB/work" "$LAB/merged"
	printf '#!/bin/sh\nexec sh "%s/qemu.sh" "$@"\n' "$here" >"$LAB/bin/lab"
	chmod 755 "$LAB/bin/lab"
	ssh-keygen -q -t ed25519 -N '' -C lab -f "$LAB/key"
	ssh-keygen -q -t ed25519 -N '' -C n1 -f "$LAB/host"
	echo "n1 $(cat "$LAB/host.pub")" >"$LAB/known_hosts"
	cat >"$LAB/ssh_config" <<-Y
		Host n1
		 HostName 127.0.0.1
		 Port 2222
		 HostKeyAlias n1
		 User root
		 IdentityFile $LAB/key
		 IdentitiesOnly yes
		 UserKnownHostsFile $LAB/known_hosts
		 GlobalKnownHostsFile /dev/null
		 StrictHostKeyChecking yes
		 BatchMode yes
		 ConnectTimeout 20
		 ServerAliveInterval 15
		 ServerAliveCountMax 8
	Y
	layer
	mount -t overlay -o "lowerdir=$LAB_ROOT,upperdir=$LAB/over,workdir=$LAB/work" overlay "$LAB/merged"
	mke2fs -q -F -t ext4 -O ^has_journal -d "$LAB/merged" "$LAB/disk" 1000M >/dev/null
	umount "$LAB/merged"
	{ hardware || : >"$LAB/broken"; } </dev/null >"$LAB/log" 2>&1 &
	wait_up 1 || shows "the machine does not start"
	PATH=$LAB/bin:$PATH
	[ -x "$1" ] || [ ! -f "$1" ] || set -- sh "$@"
	rc=0
	"$@" || rc=$?
	exit "$rc"
}

# The layer over the root file system. What only takes time in software emulation, and what waits for
# a console, is not started.
layer() {
	units=$LAB/over/etc/systemd/system
	mkdir -p "$units/multi-user.target.wants" "$LAB/over/root/.ssh" "$LAB/over/etc/ssh"
	for u in systemd-udevd systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udev-trigger \
		systemd-hwdb-update systemd-journal-catalog-update systemd-journal-flush systemd-pstore \
		systemd-random-seed systemd-tmpfiles-setup-dev systemd-tmpfiles-setup-dev-early \
		systemd-binfmt kmod-static-nodes modprobe@ e2scrub_reap getty@ serial-getty@ sshd-keygen \
		ldconfig dev-hugepages.mount dev-mqueue.mount sys-kernel-config.mount sys-kernel-debug.mount \
		sys-kernel-tracing.mount sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount \
		timers.target; do
		case $u in *.*) ;; *) u=$u.service ;; esac
		ln -s /dev/null "$units/$u"
	done
	ln -s /usr/lib/systemd/system/multi-user.target "$units/default.target"
	cat >"$units/cable.service" <<-Y
		[Unit]
		DefaultDependencies=no
		Before=ssh.service
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/usr/sbin/ip link set lo up
		ExecStart=/usr/sbin/ip link set eth0 up
		ExecStart=/usr/sbin/ip addr replace 10.0.2.15/24 dev eth0
	Y
	ln -s ../cable.service "$units/multi-user.target.wants"
	echo n1 >"$LAB/over/etc/hostname"
	tr -d - </proc/sys/kernel/random/uuid >"$LAB/over/etc/machine-id"
	: >"$LAB/over/root/.bashrc"
	cp "$LAB/key.pub" "$LAB/over/root/.ssh/authorized_keys"
	chmod -R go= "$LAB/over/root"
	cp "$LAB/host" "$LAB/over/etc/ssh/ssh_host_ed25519_key"
	# The key exchange that costs least.
	cat >"$LAB/over/etc/ssh/sshd_config" <<-Y
		HostKey /etc/ssh/ssh_host_ed25519_key
		KexAlgorithms curve25519-sha256
		PermitRootLogin prohibit-password
		UsePAM no
		UseDNS no
		PrintMotd no
		LoginGraceTime 0
		SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	Y
}

# A machine that goes down is started again.
hardware() {
	: >"$LAB/starts"
	while :; do
		load || return 1
		echo "$version" >>"$LAB/starts"
		# Of its network there is only a door from this machine, no way out.
		qemu-system-x86_64 -accel tcg,tb-size=256 -cpu qemu64 -smp 1 -m 768 -M pc -nodefaults \
			-display none -serial "file:$LAB/console" -no-reboot \
			-drive "if=virtio,file=$LAB/disk,format=raw,cache=unsafe" \
			-netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:2222-10.0.2.15:22 \
			-device virtio-net-pci,netdev=net,romfile= -device virtio-rng-pci \
			-kernel "$LAB/boot/kernel" -initrd "$LAB/boot/initrd" -append "root=/dev/vda rw \
console=ttyS0 quiet mitigations=off net.ifnames=0 systemd.getty_auto=no" || return 1
	done
}

# The boot loader. Sets version.
load() {
	version=$(cat "$LAB/pin" 2>/dev/null) || version=
	[ -n "$version" ] || version=$(debugfs -R 'stat /vmlinuz' "$LAB/disk" 2>/dev/null |
		sed -n 's|^Fast link dest: "boot/vmlinuz-\(.*\)"$|\1|p')
	rm -f "$LAB"/boot/*
	debugfs -R "dump /boot/vmlinuz-$version $LAB/boot/kernel" "$LAB/disk" 2>/dev/null
	debugfs -R "dump /boot/initrd.img-$version $LAB/boot/initrd" "$LAB/disk" 2>/dev/null
	[ -s "$LAB/boot/kernel" ] && [ -s "$LAB/boot/initrd" ] && return 0
	echo "the boot loader finds no kernel $version and initrd"
	return 1
}

starts() { wc -l <"$LAB/starts"; }

inside() { # each word quoted for the shell there
	text=
	for w; do
		text="$text '$(printf '%s\n' "$w" | sed "s/'/'\\\\''/g")'"
	done
	exec ssh -F "$LAB/ssh_config" n1 "$text"
}

# A connection alone says nothing: QEMU takes it before sshd is there.
wait_up() {
	end=$(($(date +%s) + 600))
	until [ "$(starts)" -ge "$1" ] && (inside systemctl is-system-running --wait) >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$end" ] || return 1
		[ ! -e "$LAB/broken" ] || return 1
		sleep 0.5
	done
}

shows() {
	cat "$LAB/log" "$LAB/console" >&2
	die 1 "$1"
}

case ${1-}:${2-} in
run:*) shift && run "$@" ;;
_lab:*) shift && lab "$@" ;;
root:) get_root && echo "$root" ;;
in:n1) shift 2 && inside "$@" ;;
wait:n1) wait_up "${3:-1}" || shows "the machine is not up" ;;
starts:n1) starts ;;
pin:n1) echo "${3-}" >"$LAB/pin" ;;
bootid:n1) inside cat /proc/sys/kernel/random/boot_id ;;
*) usage ;;
esac
