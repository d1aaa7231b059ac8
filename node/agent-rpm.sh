# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2154
# What the agents of RPM distributions (agent-dnf.sh, agent-zypper.sh) have in
# common. With CAU_AGENT_ROOT their tools work on the system in that folder.

rpm_rpm() {
	if [ -n "${CAU_AGENT_ROOT-}" ]; then
		rpm --root "$CAU_AGENT_ROOT" "$@"
	else
		rpm "$@"
	fi
}

# rpm_text SECTION TEXT: its lines as facts; nothing for an empty text.
rpm_text() {
	[ -z "$2" ] || printf '%s\n' "$2" | cau_say_all "$1"
}

# rpm_installed [NAME...]: "installed |NAME|ARCH|[EPOCH:]VERSION-RELEASE|" for
# what is there of them, of everything without names.
rpm_installed() {
	rpm_format='|%{NAME}|%{ARCH}|%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}|\n'
	if [ $# = 0 ]; then
		rpm_out=$(rpm_rpm -qa --qf "$rpm_format") || {
			echo "rpm -qa failed" >&2
			return 1
		}
	else
		# It fails for those that are not there, and says so in between.
		rpm_out=$(rpm_rpm -q --qf "$rpm_format" -- "$@" |
			grep '^|' | sort -u)
	fi
	rpm_text installed "$rpm_out"
}

# rpm_verify WORD...: "have NAME ARCH VERSION". An epoch of 0 is none.
rpm_verify() {
	rpm_names=
	for rpm_word; do
		rpm_word=${rpm_word%%=*}
		rpm_names="$rpm_names ${rpm_word%:*}"
	done
	# shellcheck disable=SC2086
	[ -z "$rpm_names" ] || rpm_rpm -q --qf \
		'|%{NAME} %{ARCH} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\n' -- $rpm_names |
		sed -n 's/^|\([^ ]* [^ ]* \)0:/|\1/; s/^|//p' | sort -u |
		cau_say_all have
}

# rpm_core: the names of packages that only a restart brings into use, and that
# came since the node started.
rpm_core() {
	rpm_boot=$(sed -n 's/^btime //p' /proc/stat)
	rpm_rpm -q --qf '|%{INSTALLTIME}|%{NAME}|\n' \
		kernel kernel-core kernel-rt kernel-rt-core kernel-default \
		glibc systemd dbus dbus-1 dbus-broker dbus-daemon openssl-libs \
		gnutls linux-firmware kernel-firmware microcode_ctl ucode-intel \
		ucode-amd 2>/dev/null |
		awk -F '|' -v boot="${rpm_boot:-0}" 'NF == 4 && $2 > boot { print $3 }' |
		sort -u | tr '\n' ' '
}

# rpm_reboot: without the help of a tool.
rpm_reboot() {
	rpm_out=$(rpm_core)
	if [ -n "$rpm_out" ]; then
		# shellcheck disable=SC2086
		cau_say_reboot yes $rpm_out
	else
		cau_say_reboot no
	fi
}

# rpm_notes FOLDER FILE: scripts of packages that failed, from what dnf, zypper
# and rpm said.
rpm_notes() {
	sed -n \
		-e 's/^.*\(%[a-z]*\)(\([^()]*\)-[^-()]*-[^-()]*) \(scriptlet failed.*\)/\2 its \1 \3/p' \
		-e 's/^.*"\(%[a-z]*\)(\([^()]*\)-[^-()]*-[^-()]*)"[^ ]* \(.*\)/\2 its \1 script failed: \3/p' \
		-e 's/^Error in \([A-Z]*\) scriptlet in rpm package \([^ ]*\).*/\2 its \1 scriptlet failed/p' \
		"$2" | sort -u |
		while read -r rpm_name rpm_line; do
			cau_note "$1" "$rpm_name" "$rpm_line"
		done
}

# rpm_holder PID: who has a lock, for messages.
rpm_holder() {
	rpm_comm=
	[ -z "$1" ] || read -r rpm_comm 2>/dev/null <"/proc/$1/comm"
	if [ -n "$rpm_comm" ]; then
		echo "process $1 $rpm_comm"
	else
		echo "another process${1:+ ($1)}"
	fi
}
