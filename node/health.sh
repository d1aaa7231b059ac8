# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2154
# What a health check wants to know of a node: facts, nothing is judged here
# and nothing is changed. Read after node/session.sh and node/holder.sh.
#
# cau_health LIMIT FOLDER PROBE...: all probes at the same time, each line a
# fact. Behind the last one of a probe stands "done PROBE", or "slow PROBE
# PROGRAM" when a program that it asked gave no answer within LIMIT seconds, or
# "failed PROBE PROGRAM" when it could not answer.
# FOLDER has monitoring plug-ins.

cau_health() {
	cau_limit=$1 cau_folder=$2
	shift 2
	# Neither POSIX nor the same everywhere.
	if timeout -k 1 5 true 2>/dev/null; then
		cau_within="timeout -k 1 $cau_limit"
	elif timeout 5 true 2>/dev/null; then
		cau_within="timeout $cau_limit"
	else
		cau_within=
	fi
	for cau_probe; do
		(
			cau_slow='' cau_failed=''
			"cau_probe_$cau_probe"
			if [ -n "$cau_slow" ]; then
				cau_say slow "$cau_probe $cau_slow"
			elif [ -n "$cau_failed" ]; then
				cau_say failed "$cau_probe $cau_failed"
			else
				cau_say 'done' "$cau_probe"
			fi
		) &
	done
	wait
}

# cau_ask PROGRAM WORD...: sets cau_text to what it prints.
cau_ask() {
	cau_text=$($cau_within "$@" 2>/dev/null)
	cau_rc=$?
	# As timeout(1) says it, that of busybox, and when it had to kill.
	case $cau_rc in 124 | 137 | 143) cau_slow=$1 ;; esac
	return $cau_rc
}

# cau_say_lines KEY: each line of cau_text. One write a line: others speak too.
cau_say_lines() {
	[ -n "$cau_text" ] || return 0
	while IFS= read -r cau_line; do
		cau_say "$1" "$cau_line"
	done <<X
$cau_text
X
}

# What costs nothing: the clock, and what the programs of cau need.
cau_probe_base() {
	cau_say 'time' "$(date +%s)"
	cau_say uid "$(id -u)"
	for cau_tool in cat chmod cut date dd df find grep head id ln mkdir mv rm rmdir \
		sed sleep sort stat tail touch tr uname uniq wc; do
		command -v $cau_tool >/dev/null 2>&1 || cau_say missing $cau_tool
	done
	command -v sha256sum >/dev/null 2>&1 || command -v shasum >/dev/null 2>&1 ||
		command -v openssl >/dev/null 2>&1 ||
		cau_say missing 'sha256sum, shasum or openssl'
	for cau_tool in apt-get dnf zypper; do
		! command -v $cau_tool >/dev/null 2>&1 || cau_say agent $cau_tool
	done
}

# The file systems that updates are written to.
cau_probe_disk() {
	cau_dir=$cau_state
	while [ ! -d "$cau_dir" ] && [ "$cau_dir" != "${cau_dir%/*}" ]; do
		cau_dir=${cau_dir%/*}
	done
	set -- "${cau_dir:-/}"
	for cau_dir in / /boot /boot/efi /usr /var /var/cache /var/lib /tmp; do
		[ ! -d $cau_dir ] || set -- "$@" $cau_dir
	done
	# One folder that cannot be looked at does not hide the others.
	cau_ask df -Pk -- "$@" || [ -n "$cau_text" ] || cau_failed='df'
	cau_say_lines fs
	# Not everywhere; and what hangs is not asked again.
	[ -n "$cau_slow" ] || cau_ask df -Pi -- "$@"
	[ -n "$cau_slow" ] || cau_say_lines inodes
}

# The package database, and who has the package manager locked.
cau_probe_packages() {
	if [ -d /var/lib/dpkg ] && command -v dpkg >/dev/null 2>&1; then
		cau_ask sh -c 'exec dpkg --audit 2>&1'
		cau_slow=${cau_slow:+dpkg}
		cau_audit=$cau_text cau_status=$cau_rc
		cau_names=$(printf '%s\n' "$cau_text" |
			sed -n 's/^ \([a-z0-9][a-z0-9.+:-]*\) .*/\1/p' | head -n 20)
		# Words of an error are no names.
		[ $cau_status = 0 ] || cau_names=
		cau_text=
		# shellcheck disable=SC2016
		[ -z "$cau_names" ] || cau_ask dpkg-query -W -f \
			'${db:Status-Eflag} ${db:Status-Status} ${Package}\n'
		# What a run brings to an end itself.
		cau_text=$(printf '%s\n' "$cau_text" | sed -n \
			-e 's/^ok unpacked //p' -e 's/^ok half-configured //p' \
			-e 's/^ok triggers[a-z-]* //p')
		if [ -n "$cau_names" ] && [ -n "$cau_text" ] &&
			! printf '%s\n' "$cau_names" | sed 's/:.*//' |
			grep -qvxF -e "$cau_text"; then
			cau_say unfinished "$(printf %s "$cau_names" | tr '\n' ' ')"
		else
			cau_database "$cau_status" "$cau_names" "$cau_audit"
		fi
	elif command -v rpm >/dev/null 2>&1; then
		cau_ask sh -c 'exec rpm -q --qf "" rpm 2>&1'
		cau_database "$cau_rc" '' "$cau_text"
	fi
	cau_lock_holder /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock \
		/var/lib/apt/lists/lock /var/cache/apt/archives/lock \
		/var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock &&
		cau_say lock "${cau_holder%% *} $cau_locked ${cau_holder#* }"
	for cau_file in /run/zypp.pid /var/run/zypp.pid; do
		cau_pid=
		[ ! -s "$cau_file" ] || read -r cau_pid 2>/dev/null <"$cau_file"
		case $cau_pid in '' | *[!0-9]*) continue ;; esac
		[ ! -d "/proc/$cau_pid" ] || cau_say lock "$cau_pid $cau_file"
		break
	done
}

# cau_database STATUS PACKAGES TEXT
cau_database() {
	[ -z "$cau_slow" ] || return 0
	if [ "$1" != 0 ] || [ -n "$3" ]; then
		# Words, onto one line.
		# shellcheck disable=SC2086
		set -- "$1" "${2:-$(printf '%s\n' "$3" | head -n 1)}"
		cau_say database "$1 $(printf %s "$2" | tr '\n' ' ')"
	fi
}

# cau_timer NAME: true when systemd starts the timer by itself.
cau_timer() {
	[ -d /run/systemd/system ] &&
		[ -h "/etc/systemd/system/timers.target.wants/$1" ] &&
		[ "$(readlink "/etc/systemd/system/$1" 2>/dev/null)" != /dev/null ]
}

# cau_setting NAME FILE: the value of a line "NAME = VALUE".
cau_setting() {
	sed -n "s/^[[:blank:]]*$1[[:blank:]]*=[[:blank:]]*[\"']*\([A-Za-z-]*\).*/\1/p" \
		"$2" 2>/dev/null | tail -n 1
}

# "auto install|restart WHAT": what installs updates by itself.
cau_probe_auto() {
	if command -v unattended-upgrade >/dev/null 2>&1 &&
		{ cau_timer apt-daily-upgrade.timer ||
			{ [ ! -d /run/systemd/system ] && [ -x /etc/cron.daily/apt-compat ]; }; }; then
		cau_ask apt-config dump --format '%f=%v%n' \
			APT::Periodic Unattended-Upgrade::Automatic-Reboot
		case $cau_text in
		*APT::Periodic::Enable=0*) ;;
		*APT::Periodic::Unattended-Upgrade=[1-9]* | \
			*APT::Periodic::Unattended-Upgrade=always*)
			case $cau_text in
			*Automatic-Reboot=[Tt]rue* | *Automatic-Reboot=1*)
				cau_say auto 'restart unattended-upgrades'
				;;
			*) cau_say auto 'install unattended-upgrades' ;;
			esac
			;;
		esac
	fi
	for cau_text in dnf-automatic dnf5-automatic dnf-automatic-install; do
		cau_timer $cau_text.timer || continue
		cau_file=/etc/dnf/automatic.conf
		[ $cau_text = dnf-automatic-install ] ||
			case $(cau_setting apply_updates $cau_file) in
			[Yy]es | [Tt]rue) ;;
			*) continue ;;
			esac
		case $(cau_setting reboot $cau_file) in
		'' | never) cau_say auto "install $cau_text.timer" ;;
		*) cau_say auto "restart $cau_text.timer" ;;
		esac
	done
	if cau_timer transactional-update.timer; then
		case $(cau_setting REBOOT_METHOD /etc/transactional-update.conf) in
		none) cau_say auto 'install transactional-update.timer' ;;
		*) cau_say auto 'restart transactional-update.timer' ;;
		esac
	fi
	for cau_file in /etc/cron.*/*online_update* /etc/cron.*/*yum-cron*; do
		[ ! -x "$cau_file" ] || cau_say auto "install $cau_file"
	done
}

# "restart WHY": the node waits for one.
cau_probe_restart() {
	cau_restart_wanted
	for cau_file in /run/reboot-required /var/run/reboot-required \
		/run/reboot-needed /var/run/reboot-needed; do
		[ -e $cau_file ] || continue
		cau_say restart "$cau_file $(sort -u $cau_file.pkgs 2>/dev/null |
			head -n 10 | tr '\n' ' ')"
		return
	done
	if [ ! -d /var/lib/dpkg ] && command -v rpm >/dev/null 2>&1; then
		cau_boot_s=$(sed -n 's/^btime //p' /proc/stat)
		cau_ask rpm -q --qf '%{INSTALLTIME} %{NAME}\n' kernel \
			kernel-core kernel-default glibc systemd dbus-broker
		cau_text=$(printf '%s\n' "$cau_text" |
			while read -r cau_1 cau_2; do
				case $cau_1 in '' | *[!0-9]*) continue ;; esac
				[ "$cau_1" -le "$cau_boot_s" ] || printf '%s ' "$cau_2"
			done)
		[ -z "$cau_text" ] || cau_say restart "packages $cau_text"
	fi
}

cau_probe_units() {
	[ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1 ||
		return 0
	cau_ask systemctl --failed --plain --full --no-legend --no-pager ||
		cau_failed=systemctl
	[ -n "$cau_text" ] || return 0
	while read -r cau_1 cau_2 _; do
		# Some versions put a mark before the name.
		case $cau_1 in *.*) cau_2=$cau_1 ;; esac
		cau_say unit "$cau_2"
	done <<X
$cau_text
X
}

# "job alive|cut ID" of installers that run or never came to an end, and "held
# new|old LINE" of the lock.
cau_probe_jobs() {
	for cau_dir in "$cau_state"/jobs/*; do
		# Those change nothing.
		case ${cau_dir##*/} in scan-*) continue ;; esac
		[ -s "$cau_dir/start" ] || continue
		cau_job_result
		[ -z "$cau_result" ] || continue
		if cau_job_alive; then
			cau_say job "alive ${cau_dir##*/}"
		elif [ "$cau_b" != - ]; then
			cau_say job "cut ${cau_dir##*/}"
		fi
	done
	cau_line=
	[ ! -s "$cau_state/lock" ] ||
		read -r cau_line 2>/dev/null <"$cau_state/lock"
	if [ -n "$cau_line" ]; then
		cau_text=new
		[ -z "$(find "$cau_state/lock" -mmin +60 2>/dev/null)" ] || cau_text=old
		cau_say held "$cau_text $cau_line"
	fi
}

# "os ID VERSION", "sources SUM", "proxy TEXT": where updates come from.
cau_probe_sources() {
	# shellcheck disable=SC1091
	cau_say os "$(. /etc/os-release 2>/dev/null && echo "$ID ${VERSION_ID-}")"
	set -- /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		/etc/apt/sources.list.d/*.sources /etc/yum.repos.d/*.repo \
		/etc/zypp/repos.d/*.repo
	for cau_file; do
		shift
		[ ! -s "$cau_file" ] || set -- "$@" "$cau_file"
	done
	# The same lines in another order, or in other files, are the same.
	[ $# != 0 ] || cau_say sources none
	[ $# = 0 ] || cau_say sources "$(sed -e 's/[[:blank:]]*#.*//' \
		-e 's/[[:blank:]]\{1,\}/ /g' -e 's/ $//' -e '/^$/d' -- "$@" |
		sort -u | cksum)"
	set -- /etc/apt/apt.conf /etc/apt/apt.conf.d/* /etc/dnf/dnf.conf \
		/etc/sysconfig/proxy /etc/environment
	for cau_file; do
		shift
		[ ! -f "$cau_file" ] || set -- "$@" "$cau_file"
	done
	cau_text=
	[ $# = 0 ] || cau_text=$(sed -n '/^[[:blank:]]*#/d
		/[Pp][Rr][Oo][Xx][Yy]/{
			s/.*\(localhost:[0-9]\{1,\}\).*/\1/p
			s/.*\(127\.[0-9.]*:[0-9]\{1,\}\).*/\1/p
			s/.*\(\[::1\]:[0-9]\{1,\}\).*/\1/p
		}' \
		-- "$@" | sort -u)
	cau_say_lines proxy
}

# "service NAME off|enabled down|active": of a cluster of Pacemaker.
cau_probe_services() {
	for cau_name in corosync pacemaker; do
		cau_1=off
		for cau_file in /etc/systemd/system/*.wants/"$cau_name.service" \
			/etc/rc3.d/S??"$cau_name"; do
			[ ! -e "$cau_file" ] && [ ! -h "$cau_file" ] || cau_1=enabled
		done
		cau_2=down
		for cau_file in /run/$cau_name.pid /run/$cau_name/$cau_name.pid \
			/var/run/$cau_name.pid; do
			[ ! -e "$cau_file" ] || cau_2=active
		done
		[ $cau_2 = active ] || ! command -v systemctl >/dev/null 2>&1 ||
			! cau_ask systemctl is-active -q $cau_name || cau_2=active
		cau_say service "$cau_name $cau_1 $cau_2"
	done
}

# "monitor NAME STATUS OUTPUT", lines parted by SOH; "unsafe NAME" of what
# others could have changed.
cau_probe_monitors() {
	[ -d "$cau_folder" ] || return 0
	cau_me=$(id -u)
	# What a plug-in leaves running keeps its output open: what it has printed
	# until then must not be held back in a buffer.
	cau_reader=${cau_within:+${cau_within% *} $((cau_limit + 2))}
	for cau_file in "$cau_folder"/*; do
		if [ ! -f "$cau_file" ] || [ ! -x "$cau_file" ]; then
			continue
		fi
		cau_text=${cau_file##*/}
		case $cau_text in
		*[!A-Za-z0-9._+-]*)
			cau_say badname "$cau_text"
			continue
			;;
		esac
		if [ -n "$(cau_others "$cau_folder/." "$cau_file")" ]; then
			cau_say unsafe "$cau_text"
			continue
		fi
		cau_monitor "$cau_file" "$cau_text" &
	done
	wait
}

# cau_others FOLDER FILE: what of these, and of the file that a link leads to and
# the folders above it, others could change. In a sticky folder they can not
# replace what is not theirs.
cau_others() {
	cau_text=$(readlink -f "$2") || echo "$2"
	find "$1" -prune '(' -perm -0002 -o -perm -0020 -o \
		! -user 0 ! -user "$cau_me" ')' 2>/dev/null || echo "$1"
	while [ -n "$cau_text" ]; do
		find "$cau_text" -prune '(' '(' -perm -0002 -o -perm -0020 ')' \
			! '(' -type d -perm -1000 ')' -o \
			! -user 0 ! -user "$cau_me" ')' 2>/dev/null || echo "$2"
		cau_text=${cau_text%/*}
	done
}

# cau_monitor FILE NAME: the status is found by the mark in what is printed,
# whichever of the two comes first.
cau_monitor() {
	cau_all=$(
		{
			{
				$cau_within "$1" 3>&-
				printf '\n%s rc %s.\n' "$cau_mark" $? >&3
			} 2>/dev/null | $cau_reader sh -c \
				'dd bs=1 count=4096; cat >/dev/null' 2>/dev/null | tr '\n\0' '\001?'
		} 3>&1
	)
	cau_rc=${cau_all#*"$cau_mark rc "}
	cau_rc=${cau_rc%%.*}
	cau_line=${cau_all#*"$cau_mark rc $cau_rc."}
	cau_line=${cau_all%%"
$cau_mark rc "*}${cau_line#"
"}
	cau_say monitor "$2 $cau_rc $cau_line"
}
