# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2154
# Restarts of a node: more functions for the shell of node/session.sh.
#
# What there is before the node goes down is kept in $cau_state/restart, so that
# what comes back can be compared with it. Lines of a key and a text:
#
#	boot ID			what it was when the restart was asked for
#	kind full|kexec|soft
#	release X		uname -r
#	kernel Y		a newer one, installed since the node's last boot
#	userspace COUNT TIME	what a soft reboot changes
#	failed UNIT

# The units that have failed, one a line. Some versions put a mark before them.
cau_failed_units() {
	systemctl --failed --plain --full --no-legend --no-pager 2>/dev/null |
		while read -r cau_a cau_b _; do
			case $cau_a in
			*.*) printf '%s\n' "$cau_a" ;;
			*) printf '%s\n' "$cau_b" ;;
			esac
		done
}

# The jobs of systemd, those that run before those that wait for them.
cau_unit_jobs() {
	cau_list=$(systemctl list-jobs --full --no-legend --no-pager 2>/dev/null)
	for cau_want in running waiting; do
		while read -r _ cau_a _ cau_b; do
			[ "$cau_b" != $cau_want ] || printf '%s\n' "$cau_a"
		done <<X
$cau_list
X
	done
}

# cau_field FORMAT FILE: a number that stat(1) knows about a file, or 0.
cau_field() {
	cau_number=$(stat -c "$1" "$2" 2>/dev/null)
	case $cau_number in
	'' | *[!0-9]*) cau_number=0 ;;
	esac
}

# Sets cau_release to the running kernel, cau_kernel to the newest one that was
# installed since the node's last boot if it is newer than that, and cau_touched
# when the files of any kernel or their initrds, which may bring microcode, have
# changed since. A folder that is older than the boot may have changed because
# modules were built for all kernels.
cau_kernels() {
	cau_release=$(uname -r)
	cau_kernel=
	cau_touched=
	cau_btime=$(sed -n 's/^btime //p' /proc/stat)
	[ -n "$cau_btime" ] || cau_touched=yes
	cau_names=$cau_release
	for cau_d in /lib/modules/*; do
		[ -e "$cau_d/modules.builtin" ] || [ -d "$cau_d/kernel" ] || continue
		cau_field %Z "$cau_d"
		[ "$cau_number" != 0 ] || cau_touched=yes
		[ "$cau_number" -gt "${cau_btime:-$cau_number}" ] || continue
		cau_touched=yes
		cau_field %W "$cau_d"
		[ "$cau_number" = 0 ] || [ "$cau_number" -gt "$cau_btime" ] ||
			continue
		case ${cau_d##*/} in
		*[!A-Za-z0-9._+~:-]*) ;;
		*) cau_names="$cau_names
${cau_d##*/}" ;;
		esac
	done
	for cau_file in /boot/*; do
		[ -f "$cau_file" ] || continue
		cau_field %Z "$cau_file"
		[ "$cau_number" -le "${cau_btime:-0}" ] || cau_touched=yes
	done
	cau_newest=$(printf '%s\n' "$cau_names" | {
		sort -V 2>/dev/null || sort
	} | tail -n 1)
	[ "$cau_newest" = "$cau_release" ] || cau_kernel=$cau_newest
}

# What a soft reboot changes, it leaves the boot id alone: systemd's count of
# them (since 256), and when sysinit.target was reached. Up to 255 it keeps
# the times of the manager itself.
cau_userspace() {
	cau_count=$(systemctl show -p SoftRebootsCount --value 2>/dev/null)
	cau_since=$(systemctl show -p ActiveEnterTimestampMonotonic --value \
		sysinit.target 2>/dev/null)
	case $cau_count in '' | *[!0-9]*) cau_count=- ;; esac
	case $cau_since in '' | 0 | *[!0-9]*) cau_since=- ;; esac
}

# cau_record_read BOOT: fails unless the record is about this boot.
cau_record_read() {
	cau_was=
	cau_kind=
	cau_old=
	cau_new=
	cau_old_count=-
	cau_old_since=-
	cau_old_failed=' '
	[ -r "$cau_state/restart" ] || return 1
	while read -r cau_key cau_a cau_b; do
		case $cau_key in
		boot) cau_was=$cau_a ;;
		kind) cau_kind=$cau_a ;;
		release) cau_old=$cau_a ;;
		kernel) cau_new=$cau_a ;;
		userspace) cau_old_count=$cau_a cau_old_since=$cau_b ;;
		failed) cau_old_failed="$cau_old_failed$cau_a " ;;
		esac
	done <"$cau_state/restart"
	[ "$cau_was" != "$1" ] || return 0
	cau_kind=
	cau_new=
	cau_old_failed=' '
	return 1
}

# cau_record_write KIND: what cau_kernels and cau_userspace have found.
cau_record_write() {
	mkdir -p "$cau_state" && {
		printf '%s %s\n' boot "$cau_boot" kind "$1" \
			release "$cau_release" kernel "$cau_kernel" \
			userspace "$cau_count $cau_since" &&
			cau_failed_units | sed 's/^/failed /'
	} >"$cau_state/restart.new" &&
		{ sync "$cau_state/restart.new" 2>/dev/null || sync; } &&
		mv -f "$cau_state/restart.new" "$cau_state/restart" &&
		{ sync "$cau_state" 2>/dev/null || sync; } && return 0
	echo "cannot write to $cau_state/restart (disk full?)" >&2
	return 1
}

# True when the soft reboot of the record has been done.
cau_soft_done() {
	[ "$cau_kind" = soft ] || return 1
	cau_userspace
	if [ "$cau_count" != - ] && [ "$cau_old_count" != - ]; then
		[ "$cau_count" != "$cau_old_count" ]
	else
		[ "$cau_since" != - ] && [ "$cau_since" != "$cau_old_since" ]
	fi
}

# True when a kernel is loaded for kexec: already, or now. One that was loaded
# already may be older than what has been installed since.
cau_kexec_load() {
	cau_loaded=
	read -r cau_loaded 2>/dev/null </sys/kernel/kexec_loaded
	[ "$cau_loaded" != 1 ] || [ -n "$cau_touched" ] || return 0
	command -v kexec >/dev/null 2>&1 || return 1
	cau_v=${cau_kernel:-$cau_release}
	for cau_image in "/boot/vmlinuz-$cau_v" "/boot/vmlinux-$cau_v" \
		"/boot/Image-$cau_v" "/boot/image-$cau_v" \
		"/lib/modules/$cau_v/vmlinuz"; do
		for cau_initrd in "/boot/initrd.img-$cau_v" \
			"/boot/initramfs-$cau_v.img" "/boot/initrd-$cau_v"; do
			[ -f "$cau_image" ] && [ -f "$cau_initrd" ] || continue
			kexec -l "$cau_image" --initrd="$cau_initrd" \
				--reuse-cmdline >/dev/null 2>&1 && return 0
		done
	done
	return 1
}

# The ways that leave out the firmware, and the boot loader with it.
cau_restart_soft() {
	[ "$cau_systemd" = yes ] || return 1
	if cau_kexec_load; then
		cau_record_write kexec && systemctl kexec 2>/dev/null && return 0
		# Or the full restart might become one of these.
		kexec -u >/dev/null 2>&1
	fi
	[ -z "$cau_touched" ] && [ "$cau_count$cau_since" != -- ] &&
		systemctl --help --no-pager 2>/dev/null | grep -q soft-reboot &&
		cau_record_write soft && systemctl soft-reboot 2>/dev/null
}

# Since 256 systemd makes a reboot a kexec when a kernel is loaded, and a soft
# reboot when there is a /run/nextroot, unless it is told not to.
cau_restart_full() {
	cau_record_write full || return 1
	if [ "$cau_systemd" = yes ] && SYSTEMCTL_SKIP_AUTO_KEXEC=1 \
		SYSTEMCTL_SKIP_AUTO_SOFT_REBOOT=1 systemctl reboot; then
		return 0
	fi
	shutdown -r now || reboot
}

# cau_restart BOOT full|soft: restarts the node, unless it has been restarted
# since or is about to be. Says the kind of the restart.
cau_restart() {
	[ "$1" = "$cau_boot" ] || return 0
	cau_systemd=
	! command -v systemctl >/dev/null 2>&1 || cau_systemd=yes
	cau_asked=
	if cau_record_read "$1"; then
		cau_asked=yes
		# What runs now is not what ran before it went down.
		if cau_soft_done || { [ "$cau_systemd" = yes ] &&
			[ "$(systemctl is-system-running 2>/dev/null)" = stopping ]; }; then
			cau_say kind "$cau_kind"
			return 0
		fi
	fi
	cau_kernels
	cau_userspace
	if [ "$2" = soft ] && cau_restart_soft || cau_restart_full; then
		cau_record_read "$1"
		cau_say kind "$cau_kind"
		return 0
	fi
	# Who was asked before may refuse because it is on its way.
	[ -z "$cau_asked" ] || return 0
	rm -f "$cau_state/restart"
	return 1
}

# cau_back BOOT: nothing, unless the node has been restarted since. Else says
# "restarted KIND", "state STATE" in systemd's words and, as far as they are
# there, "failed UNIT" that had not failed before, "unsure UNIT" of which that is
# not known, "job UNIT" that is not done, and "kernel OLD NEW" when the old
# one runs again.
cau_back() {
	cau_known=
	! cau_record_read "$1" || cau_known=yes
	if [ "$1" != "$cau_boot" ]; then
		[ "$cau_known$cau_kind" = yeskexec ] || cau_kind=full
	elif [ -z "$cau_known" ] || ! cau_soft_done; then
		return 0
	fi
	cau_say restarted "$cau_kind"
	# It leaves /run alone, and with it the wishes that it has fulfilled.
	[ "$cau_kind" != soft ] || find /run/reboot-required \
		/run/reboot-required.pkgs /run/reboot-needed \
		! -newer "$cau_state/restart" -exec rm -f {} + 2>/dev/null
	cau_up=
	! command -v systemctl >/dev/null 2>&1 ||
		cau_up=$(systemctl is-system-running 2>/dev/null)
	case $cau_up in
	'' | offline)
		# Not systemd's: there is little to go by.
		cau_up=running
		[ ! -e /run/nologin ] || cau_up=starting
		;;
	running | degraded)
		# Up to 255 systemd takes itself for started after a soft reboot.
		[ "$cau_kind$cau_count" != soft- ] || [ -z "$(cau_unit_jobs)" ] ||
			systemctl is-active -q default.target 2>/dev/null ||
			cau_up=starting
		;;
	esac
	case $cau_up in
	running) ;;
	degraded)
		cau_failed_units | while read -r cau_a; do
			case $cau_known$cau_old_failed in
			*" $cau_a "*) ;;
			yes*) cau_say failed "$cau_a" ;;
			*) cau_say unsure "$cau_a" ;;
			esac
		done
		;;
	*)
		cau_unit_jobs | while read -r cau_a; do
			cau_say job "$cau_a"
		done
		;;
	esac
	if [ -n "$cau_known" ] && [ -n "$cau_new" ] &&
		[ "$(uname -r)" = "$cau_old" ]; then
		cau_say kernel "$cau_old $cau_new"
	fi
	cau_say state "$cau_up"
}
