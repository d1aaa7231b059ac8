#!/bin/sh
# node.sh: the nodes of lab.sh, from the inside of the lab (LAB is its folder).
#	common		makes the files all nodes share
#	supervise NODE	the node's hardware: starts it again whenever it ended
#	boot NODE	pid 1 of fresh namespaces: cable, root file system, then the node's init
set -eu
here=$(cd "${0%/*}" && pwd)
mode=$1
node=${2-}
D=$LAB/$node
# shellcheck source=hardware.sh
. "$here/hardware.sh"

# Two layers over the machine's files: mask hides what is the machine's own business (a character
# device 0,0 is a hole in an overlay), common holds what the nodes have instead.
common() {
	m=$LAB/mask c=$LAB/common
	mkdir "$m" "$c"
	# A copy: an overlay takes no layer that is part of another one, here of /.
	[ -z "${LAB_LAYER-}" ] || cp -a "$LAB_LAYER/." "$c"
	mkdir -p "$m/etc" "$m/var/lib" "$c/etc/ssh" "$c/usr/lib/cau-lab" "$c/usr/bin" "$c/usr/sbin" \
		"$c/root/.ssh" "$c/home/admin/.ssh" "$c/home/noisy/.ssh"
	for f in root home etc/ssh etc/cau etc/sudoers etc/sudoers.d etc/nologin var/lib/cau; do
		mknod "$m/$f" c 0 0
	done
	cp "$here/node-init.sh" "$c/usr/lib/cau-lab/init"
	chmod 755 "$c/usr/lib/cau-lab/init"

	# The shims stand wherever the real commands do, so no PATH leads to a real one.
	for f in systemctl reboot shutdown poweroff halt telinit init; do
		std=usr/sbin
		[ $f != systemctl ] || std=usr/bin
		for d in bin sbin usr/bin usr/sbin usr/local/bin usr/local/sbin; do
			[ ! -L "/$d" ] || continue
			[ $d = $std ] || [ -e "/$d/$f" ] || [ -L "/$d/$f" ] || continue
			mkdir -p "$c/$d"
			cp "$here/shim.sh" "$c/$d/$f"
			chmod 755 "$c/$d/$f"
		done
	done

	sed 's|^root:.*|root:x:0:0:root:/root:/bin/bash|; /^admin:/d; /^noisy:/d' /etc/passwd >"$c/etc/passwd"
	echo "admin:x:7701:7701::/home/admin:/bin/sh" >>"$c/etc/passwd"
	echo "noisy:x:0:0::/home/noisy:/bin/bash" >>"$c/etc/passwd"
	sed '/^admin:/d' /etc/group >"$c/etc/group"
	echo "admin:x:7701:" >>"$c/etc/group"
	printf '%s:*:20000:0:99999:7:::\n' root admin noisy sshd nobody >"$c/etc/shadow"
	chmod 640 "$c/etc/shadow"
	make_homes "$c"
	printf '%s\n' 'Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"' \
		'root ALL=(ALL:ALL) ALL' 'admin ALL=(ALL:ALL) NOPASSWD: ALL' >"$c/etc/sudoers"
	chmod 440 "$c/etc/sudoers"

	make_sshd_config "$c"
}

supervise() {
	u=$D/upper
	mkdir -p "$u/etc/ssh" "$D/work" "$D/root"
	make_identity "$u"
	echo "${LAB_REBOOT_MS:-300}" >"$D/reboot_ms"
	echo "${LAB_DOWN_MS:-200}" >"$D/down_ms"
	boots=0
	while :; do
		cat /proc/sys/kernel/random/uuid >"$D/boot_id"
		echo $((boots += 1)) >"$D/boots"
		time=
		read -r up _ </proc/uptime # a time namespace, so that the node's uptime starts anew
		[ ! -e /proc/self/ns/time ] || time="--time --boottime=-${up%.*}"
		rc=0
		# shellcheck disable=SC2086 # two words
		unshare --net --mount --propagation private --uts --ipc --pid $time --fork --kill-child \
			sh "$here/node.sh" boot "$node" || rc=$?
		ip link del "v${node#n}" 2>/dev/null || : # or the kernel was faster
		# A mark for the power cut: unshare 2.38 makes a 1 of a child's SIGKILL.
		[ ! -e "$D/crash" ] || rc=crash
		rm -f "$D/crash"
		echo "$node ended: $rc"
		case $rc in
		3 | crash) ;;
		4) : >"$D/noreturn" ;;
		*)
			: >"$D/broken"
			exit 1
			;;
		esac
		rm -f "$D/init.pid" # last: who sees it gone may say `lab allow`
		sleep "$(seconds "$D/down_ms")"
		while [ -e "$D/noreturn" ]; do sleep 0.02; done
	done
}

boot() {
	plug_in
	echo "$node" >/proc/sys/kernel/hostname
	read -r pid _ </proc/self/stat # for the same reason, our pid as the lab sees it

	r=$D/root
	mount -t overlay -o "lowerdir=$LAB/common:$LAB/mask:/,upperdir=$D/upper,workdir=$D/work,index=off,metacopy=off" "$node" "$r"
	mount -t tmpfs -o mode=755 run "$r/run"
	mount -t tmpfs -o mode=1777 tmp "$r/tmp"
	mount -t tmpfs -o mode=755 dev "$r/dev"
	mkdir "$r/dev/pts" "$r/dev/shm" "$r/run/sshd" "$r/run/lock" "$r/run/.old"
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$r/dev/pts"
	mount -t tmpfs -o mode=1777 shm "$r/dev/shm"
	for f in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "$r/dev/${f%:*}" c 1 "${f#*:}"; done
	mknod -m 666 "$r/dev/tty" c 5 0
	for f in ptmx:pts/ptmx fd:/proc/self/fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do ln -s "${f#*:}" "$r/dev/${f%:*}"; done
	# Read only where a write would reach the machine: sysfs, kernel settings, sysrq.
	mount -t sysfs -o ro sysfs "$r/sys"
	mount -t proc proc "$r/proc"
	mount --bind "$r/proc/sys" "$r/proc/sys"
	mount -o remount,bind,ro "$r/proc/sys"
	mount --bind "$D/boot_id" "$r/proc/sys/kernel/random/boot_id"
	[ ! -e "$r/proc/sysrq-trigger" ] || mount --bind "$r/dev/null" "$r/proc/sysrq-trigger"
	delay=$(seconds "$D/reboot_ms")
	echo "$pid" >"$D/init.pid"
	cd "$r"
	pivot_root . run/.old
	umount -l /run/.old
	rmdir /run/.old
	# Without the rights that reach beyond the node: reboot(2), clock, modules.
	exec env -i LAB_DELAY="$delay" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		setpriv --bounding-set=-sys_boot,-sys_time,-sys_module,-sys_rawio \
		/usr/lib/cau-lab/init
}

"$mode"
