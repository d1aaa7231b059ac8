# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2154
# dnf of generation 4 and 5, for node/agent-common.sh, which says what the
# functions are for. What dnf_list says is read by agent_dnf.c.

dnf_present() {
	cau_has rpm || return 1
	cau_has dnf || cau_has dnf5 || return 1
	[ -z "${CAU_AGENT_ROOT-}" ] || [ -d "$CAU_AGENT_ROOT/etc/dnf" ]
}

# dnf_tool: dnf_name is the program to call, dnf_kind dnf4 or dnf5.
dnf_tool() {
	dnf_name=dnf
	! cau_has dnf5 || dnf_name=dnf5
	case $("$dnf_name" --version 2>/dev/null) in
	*dnf5*) dnf_kind=dnf5 ;;
	*) dnf_kind=dnf4 ;;
	esac
}

# A repository that cannot be read is an error, unless its own configuration
# says that it may be skipped.
dnf_dnf() {
	set -- --setopt=skip_if_unavailable=False --setopt=color=never "$@"
	[ -z "${CAU_AGENT_ROOT-}" ] || set -- --installroot="$CAU_AGENT_ROOT" "$@"
	"$dnf_name" "$@" </dev/null
}

# dnf_words FILE: why it failed.
dnf_words() {
	dnf_text=$(grep -m 1 -e '^Error: .' -e '^Failed to ' "$1") ||
		dnf_text=$(grep -m 1 -e '^ *Problem' -e '^No match' "$1") ||
		dnf_text=$(grep -v '^ *$' "$1" | tail -n 1)
	case $dnf_text in
	*'No packages marked'*)
		dnf_text=$(grep -m 1 '^No match' "$1") || dnf_text="it found nothing to do"
		;;
	*'Transaction failed'* | *: | *': ')
		dnf_text="$dnf_text $(grep -m 1 -e '^error: ' -e '^ *- ' -e '^  [a-z]' "$1")"
		;;
	esac
	echo "${dnf_text#Error: }"
}

# dnf_ask SECTION WORDS...: what dnf answers, as facts. 100 is the status of
# check-update that has found something.
dnf_ask() {
	dnf_section=$1
	shift
	dnf_out=$(dnf_dnf -q "$@" 2>"$dnf_errors")
	dnf_rc=$?
	case $dnf_rc in
	0 | 100) rpm_text "$dnf_section" "$dnf_out" ;;
	*)
		echo "$dnf_name $*: $(dnf_words "$dnf_errors") (exit code $dnf_rc)" >&2
		return 1
		;;
	esac
}

# dnf_advisories BEFORE WHICH
dnf_advisories() {
	if [ "$dnf_kind" = dnf4 ]; then
		dnf_ask "$1list" -C --disableexcludes=all updateinfo list "$2" &&
			dnf_ask "$1info" -C --disableexcludes=all updateinfo info "$2"
	elif dnf_dnf advisory list --help 2>/dev/null | grep -q -e --json; then
		dnf_ask "$1list-json" -C --setopt='disable_excludes=*' advisory list "$2" --json &&
			dnf_ask "$1info-json" -C --setopt='disable_excludes=*' advisory info "$2" --json
	else
		dnf_ask "$1list" -C --setopt='disable_excludes=*' advisory list "$2"
	fi
}

dnf_list() {
	dnf_tool
	dnf_errors=$(mktemp) || return 1
	dnf_list_all "$@"
	dnf_rc=$?
	rm -f "$dnf_errors"
	return $dnf_rc
}

dnf_list_all() {
	cau_say tool "$dnf_kind${1:+ $1}"
	# What may be installed now; then everything newer, for sizes and for what
	# is held back.
	dnf_ask check --refresh check-update || return 1
	dnf_format='|%{name}|%{epoch}|%{version}|%{release}|%{arch}|%{repoid}|%{downloadsize}|'
	if [ "$dnf_kind" = dnf5 ]; then
		dnf_ask upgrade -C --setopt='disable_excludes=*' repoquery --upgrades \
			--latest-limit=1 --queryformat "$dnf_format\\n"
	else
		dnf_ask upgrade -C --disableexcludes=all repoquery --upgrades \
			--latest-limit=1 --queryformat "$dnf_format"
	fi || return 1
	dnf_names=$(printf '%s\n' "$dnf_out" | sed -n 's/^|\([^|]*\)|.*/\1/p' | sort -u)
	dnf_advisories '' --available || return 1
	if [ "${1-}" = installed ]; then
		rpm_installed && dnf_advisories done- --installed || return 1
	elif [ -n "$dnf_names" ]; then
		# Names have no blanks.
		# shellcheck disable=SC2086
		rpm_installed $dnf_names
	fi
	dnf_reboot
}

# needs-restarting belongs to the plug-ins, which need not be there.
dnf_reboot() {
	dnf_out=$(dnf_dnf -q -C needs-restarting -r 2>/dev/null)
	dnf_rc=$?
	case $dnf_rc:$dnf_out in
	0:*'eboot should not be necessary'*) cau_say_reboot no ;;
	1:*'eboot is required'*)
		# shellcheck disable=SC2046
		cau_say_reboot yes $(printf '%s\n' "$dnf_out" |
			sed -n 's/^ *\* *\([^ ]*\).*/\1/p')
		;;
	*) rpm_reboot ;;
	esac
}

# dnf_words_of NAME:ARCH=VERSION...: sets dnf_specs to what dnf takes for them.
dnf_words_of() {
	dnf_specs=
	for dnf_word; do
		dnf_name_arch=${dnf_word%%=*}
		dnf_specs="$dnf_specs ${dnf_name_arch%:*}-${dnf_word#*=}.${dnf_name_arch##*:}"
	done
}

dnf_cache() {
	echo "${CAU_AGENT_ROOT-}/var/cache/dnf" "${CAU_AGENT_ROOT-}/var/cache/libdnf5"
}

dnf_download() {
	dnf_tool
	dnf_words_of "$@"
	# Who has the lock may be gone when it comes to the installation.
	# shellcheck disable=SC2086
	dnf_out=$(dnf_dnf -q -y --best --setopt=exit_on_lock=True \
		upgrade --downloadonly $dnf_specs 2>&1) && return 0
	case $dnf_out in
	*'already locked'* | *'another transaction'* | *'obtain'*lock*) return 0 ;;
	esac
	printf '%s\n' "$dnf_out" >&2
	printf '%s\n' "$dnf_out" | {
		dnf_text=$(grep -m 1 '^Error: .') || dnf_text="it failed"
		echo "$dnf_name upgrade --downloadonly: ${dnf_text#Error: }" >&2
	}
	return 1
}

# dnf would skip what cannot be resolved and call it done; with --best it is an
# error.
dnf_install() {
	dnf_folder=$1
	shift
	dnf_tool
	dnf_words_of "$@"
	dnf_until=$(($(date +%s) + cau_lock_limit))
	dnf_said=
	while :; do
		# shellcheck disable=SC2086
		{
			dnf_dnf -y --best --setopt=exit_on_lock=True upgrade $dnf_specs
			echo $? >"$dnf_folder/dnf.rc"
		} 2>&1 | tee "$dnf_folder/dnf.out"
		dnf_rc=1
		[ ! -s "$dnf_folder/dnf.rc" ] || read -r dnf_rc <"$dnf_folder/dnf.rc"
		[ "$dnf_rc" != 0 ] || break
		dnf_pid=$(sed -n 's/.* already locked by \([0-9]*\).*/\1/p' \
			"$dnf_folder/dnf.out" | tail -n 1)
		[ "$dnf_rc" = 200 ] || [ -n "$dnf_pid" ] || grep -q -i \
			-e 'failed to obtain .*lock' \
			-e 'another transaction is in progress' \
			"$dnf_folder/dnf.out" || break
		dnf_holder=$(rpm_holder "$dnf_pid")
		if [ "$(date +%s)" -ge $dnf_until ]; then
			cau_error "$dnf_folder" \
				"$dnf_holder has had dnf's lock for $cau_lock_limit s"
			rm -f "$dnf_folder/dnf.out" "$dnf_folder/dnf.rc"
			return "$dnf_rc"
		fi
		[ "$dnf_holder" = "$dnf_said" ] ||
			echo "cau: waiting for $dnf_holder, which has dnf's lock"
		dnf_said=$dnf_holder
		sleep 2
	done
	rpm_notes "$dnf_folder" "$dnf_folder/dnf.out"
	[ "$dnf_rc" = 0 ] ||
		cau_error "$dnf_folder" "$dnf_name: $(dnf_words "$dnf_folder/dnf.out")"
	rm -f "$dnf_folder/dnf.out" "$dnf_folder/dnf.rc"
	return "$dnf_rc"
}

dnf_verify() {
	dnf_tool
	rpm_verify "$@"
	dnf_reboot
}
