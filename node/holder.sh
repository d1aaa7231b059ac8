# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2034
# Who has a file locked. Read before node/health.sh and node/agent-common.sh.

# cau_has_open PID FILE: files of other file systems have the same numbers.
# POSIX has -ef since 2024, the shells had it before; a job does not expand *.
# shellcheck disable=SC2045,SC3013
cau_has_open() {
	for cau_fd in $(ls "/proc/$1/fd" 2>/dev/null); do
		[ "/proc/$1/fd/$cau_fd" -ef "$2" ] && return 0
	done
	return 1
}

# cau_lock_holder FILE...: sets cau_holder to "PID NAME" of a process that has
# one of the files locked, and cau_locked to the file.
cau_lock_holder() {
	cau_holder=
	for cau_locked; do
		cau_inode=$(stat -c %i "$cau_locked" 2>/dev/null) || continue
		# shellcheck disable=SC2013 # a number a line
		for cau_pid in $(sed -n \
			"s/^[0-9]*: [A-Z]* *[A-Z]* *WRITE \([0-9]*\) [0-9a-f]*:[0-9a-f]*:$cau_inode .*/\1/p" \
			/proc/locks); do
			cau_has_open "$cau_pid" "$cau_locked" || continue
			cau_comm=
			read -r cau_comm 2>/dev/null <"/proc/$cau_pid/comm"
			cau_holder="$cau_pid ${cau_comm:-?}"
			return 0
		done
	done
	return 1
}
