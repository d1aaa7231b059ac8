# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2154
# Firmware of devices through fwupd 1.7 or later, for node/agent-common.sh,
# which says what the functions are for. What fwupd_list says is read by
# agent_fwupd.c. A package is a device here: DEVICEID=VERSION.

fwupd_present() {
	cau_has fwupdmgr
}

# fwupd_ask SECTION WORDS...: 2 means that there is nothing to do, 3 that
# nothing was found.
fwupd_ask() {
	fwupd_section=$1
	shift
	fwupd_out=$(fwupdmgr --json "$@" </dev/null)
	fwupd_rc=$?
	case $fwupd_rc in
	0) printf '%s\n' "$fwupd_out" | cau_say_all "$fwupd_section" ;;
	2 | 3) ;;
	*)
		echo "fwupdmgr $*: $(printf '%s\n' "$fwupd_out" |
			sed -n 's/^.*"Message" *: *"\(.*\)".*/\1/p' |
			head -n 1) (exit code $fwupd_rc)" >&2
		return 1
		;;
	esac
}

fwupd_list() {
	fwupd_out=$(fwupdmgr refresh 2>&1 </dev/null)
	fwupd_rc=$?
	case $fwupd_rc in
	0 | 2) ;;
	*)
		echo "fwupdmgr refresh: $(printf '%s\n' "$fwupd_out" |
			grep -v '^ *$' | tail -n 1) (exit code $fwupd_rc; on a node" \
			"without a way there: fwupdmgr disable-remote lvfs)" >&2
		return 1
		;;
	esac
	fwupd_ask updates get-updates || return 1
	[ "${1-}" != installed ] || fwupd_ask devices get-devices || return 1
	fwupd_reboot
}

# fwupd_install FOLDER DEVICEID=VERSION...: one after the other, fwupd knows no
# transaction. The status is that of the first one that failed.
fwupd_install() {
	fwupd_folder=$1
	shift
	fwupd_bad=0
	for fwupd_word; do
		echo "cau: device ${fwupd_word%%=*}, firmware ${fwupd_word#*=}"
		fwupdmgr install "${fwupd_word%%=*}" "${fwupd_word#*=}" --assume-yes \
			--no-reboot-check --no-unreported-check </dev/null 2>&1
		fwupd_rc=$?
		[ $fwupd_rc != 0 ] || continue
		cau_note "$fwupd_folder" "${fwupd_word%%=*}" \
			"fwupdmgr ended with $fwupd_rc"
		[ $fwupd_bad != 0 ] || fwupd_bad=$fwupd_rc
	done
	[ $fwupd_bad = 0 ] ||
		cau_error "$fwupd_folder" "fwupdmgr ended with $fwupd_bad"
	return $fwupd_bad
}

# fwupd_table: "DEVICEID VERSION STATE NEW" for the devices of a document, a
# key a line as fwupdmgr writes it; NEW is the version of the first release.
fwupd_table() {
	awk '
	/^[ \t]*[]}]/ { depth-- }
	depth == 2 && /^[ \t]*}/ && id != "" { print id, version, state, new }
	match($0, /^[ \t]*"[A-Za-z]*"[ \t]*:[ \t]*/) {
		split(substr($0, 1, RLENGTH), key, "\"")
		value = substr($0, RLENGTH + 1)
		sub(/,$/, "", value)
		gsub(/"/, "", value)
		gsub(/ /, "_", value)
		if (depth == 3 && key[2] == "DeviceId")
			id = value
		if (depth == 3 && key[2] == "Version")
			version = value
		if (depth == 3 && key[2] == "UpdateState")
			state = value
		if (depth == 5 && key[2] == "Version" && new == "-")
			new = value
	}
	/[[{]$/ { depth++ }
	depth == 3 && /^[ \t]*{$/ { id = ""; version = state = new = "-" }'
}

# fwupd_waiting: "DEVICEID VERSION" of what has been handed to the firmware and
# comes into use by a restart.
fwupd_waiting() {
	fwupdmgr --json get-history 2>/dev/null </dev/null | fwupd_table |
		while read -r fwupd_id _ fwupd_state fwupd_new; do
			case $fwupd_state in
			1 | 4) echo "$fwupd_id $fwupd_new" ;;
			esac
		done
}

fwupd_reboot() {
	fwupd_wait=$(fwupd_waiting)
	if [ -n "$fwupd_wait" ]; then
		# shellcheck disable=SC2046
		cau_say_reboot yes $(printf '%s\n' "$fwupd_wait" | sed 's/ .*//')
	else
		cau_say_reboot no
	fi
}

# What waits for a restart counts as there.
fwupd_verify() {
	fwupd_out=$(fwupdmgr --json get-devices </dev/null) || {
		echo "fwupdmgr get-devices ended with $?" >&2
		return 1
	}
	fwupd_out=$(fwupd_waiting && printf '%s\n' "$fwupd_out" | fwupd_table)
	for fwupd_word; do
		printf '%s\n' "$fwupd_out" |
			sed -n "s/^\(${fwupd_word%%=*}\) \([^ ]*\).*/\1 - \2/p" |
			head -n 1 | cau_say_all have
	done
	fwupd_reboot
}
