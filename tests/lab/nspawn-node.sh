#!/bin/sh
# SPDX-License-Identifier: ISC
# nspawn-node.sh: the nodes of nspawn.sh, from the inside of the lab (LAB is its folder, LAB_ROOT the
# root file system that is below all nodes).
#	common		makes the files all nodes share
#	supervise NODE	the node's hardware: starts it again whenever it ended
#	boot NODE	in fresh network and mount namespaces: cable, root file system, then systemd
set -eu
here=$(cd "${0%/*}" && pwd)
mode=$1
node=${2-}
D=$LAB/$node
# shellcheck source=hardware.sh
. "$here/hardware.sh"

# The layer over the root file system. What fails in a container, waits for a console or works by the
# clock is not wanted: a node is "running" or it is not.
common() {
	c=$LAB/common
	units=$c/etc/systemd/system
	mkdir "$c"
	mkdir -p "$units" "$c/etc/ssh" "$c/etc/sudoers.d" "$c/var/log/journal" \
		"$c/root/.ssh" "$c/home/admin/.ssh" "$c/home/noisy/.ssh"
	for u in getty.target console-getty.service apt-daily.timer apt-daily-upgrade.timer \
		dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer; do
		ln -s /dev/null "$units/$u"
	done

	sed 's|^root:.*|root:x:0:0:root:/root:/bin/bash|' "$LAB_ROOT/etc/passwd" >"$c/etc/passwd"
	echo "admin:x:7701:7701::/home/admin:/bin/sh" >>"$c/etc/passwd"
	echo "noisy:x:0:0::/home/noisy:/bin/bash" >>"$c/etc/passwd"
	cp "$LAB_ROOT/etc/group" "$c/etc/group"
	echo "admin:x:7701:" >>"$c/etc/group"
	# No password, which is not the same as locked.
	sed '/^root:/d' "$LAB_ROOT/etc/shadow" >"$c/etc/shadow"
	printf '%s:*:20000:0:99999:7:::\n' root admin noisy >>"$c/etc/shadow"
	chmod 640 "$c/etc/shadow"
	echo 'admin ALL=(ALL:ALL) NOPASSWD: ALL' >"$c/etc/sudoers.d/admin"
	chmod 440 "$c/etc/sudoers.d/admin"
	make_homes "$c"

	make_sshd_config "$c"
	# Whoever has the files here, on the nodes they are root's.
	[ -z "${LAB_LAYER-}" ] || tar -C "$LAB_LAYER" --owner=0 --group=0 --mode=u+rwX,go+rX-w -cf - . | tar -C "$c" -xpf -
}

# Sets leader to pid 1 of the node below process $1 (unshare, systemd-nspawn), when it is systemd.
find_leader() {
	children=
	{ read -r children <"/proc/$1/task/$1/children"; } 2>/dev/null || : # a line without end
	for p in $children; do
		if grep -q '^NSpid:.*[[:space:]]1$' "/proc/$p/status" 2>/dev/null; then
			leader=$p
			grep -qx systemd "/proc/$p/comm" 2>/dev/null
			return
		fi
		! find_leader "$p" || return 0
	done
	return 1
}

supervise() {
	u=$D/upper
	mkdir -p "$u/etc/ssh" "$D/work" "$D/root" "/sys/fs/cgroup/$node"
	make_identity "$u"
	echo "${LAB_DOWN_MS:-200}" >"$D/down_ms"
	boots=0
	while :; do
		echo $((boots += 1)) >"$D/boots"
		unshare --net --mount --propagation private sh "$here/nspawn-node.sh" boot "$node" &
		boot=$!
		until find_leader "$boot" || ! kill -0 "$boot" 2>/dev/null; do sleep 0.02; done
		cp "/proc/$leader/root/proc/sys/kernel/random/boot_id" "$D/boot_id"
		echo "$leader" >"$D/init.new"
		mv "$D/init.new" "$D/init.pid"
		rc=0
		wait "$boot" || rc=$?
		ip link del "v${node#n}" 2>/dev/null || : # or the kernel was faster
		[ ! -e "$D/crash" ] || rc=crash
		rm -f "$D/crash"
		echo "$node ended: $rc"
		# What is left of its cgroups: systemd starts with none.
		find "/sys/fs/cgroup/$node" -mindepth 1 -depth -type d -exec rmdir {} +
		case $rc in
		133 | crash) ;; # the word of systemd-nspawn for a restart
		0) : >"$D/noreturn" ;;
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

	mount -t overlay -o "lowerdir=$LAB/common:$LAB_ROOT,upperdir=$D/upper,workdir=$D/work,index=off,metacopy=off" \
		"$node" "$D/root"
	# A cgroup of its own, or the systemds of all nodes would meet in one.
	echo 0 >"/sys/fs/cgroup/$node/cgroup.procs"
	set -- systemd-nspawn --quiet --boot --directory="$D/root" --machine="$node" --hostname="$node" \
		--register=no --keep-unit --network-namespace-path=/proc/self/ns/net --link-journal=no \
		--resolv-conf=off --timezone=off --console=pipe \
		--capability=CAP_NET_ADMIN,CAP_IPC_LOCK,CAP_SYS_NICE
	read -r up _ </proc/uptime # a time namespace, so that the node's uptime starts anew
	[ ! -e /proc/self/ns/time ] || set -- unshare --time "--boottime=-${up%.*}" --fork --kill-child "$@"
	exec "$@"
}

"$mode"
