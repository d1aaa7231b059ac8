# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2154
# zypper, for node/agent-common.sh, which says what the functions are for. What
# zypper_list says is read by agent_zypper.c. A patch is a package of its own
# here, patch:NAME, beside those that it brings.

zypper_present() {
	cau_has rpm && cau_has zypper || return 1
	[ -z "${CAU_AGENT_ROOT-}" ] || [ -d "$CAU_AGENT_ROOT/etc/zypp" ]
}

# With reboot patches: zypper alone would skip them without a word. Then
# "interactive" means that a person has to read or to agree.
zypper_zypper() {
	set -- --non-interactive --non-interactive-include-reboot-patches "$@"
	[ -z "${CAU_AGENT_ROOT-}" ] || set -- --root "$CAU_AGENT_ROOT" "$@"
	ZYPP_LOCK_TIMEOUT=$cau_lock_limit zypper "$@" </dev/null
}

# zypper_why STATUS FILE: why it failed (zypper(8), EXIT CODES), and its words.
zypper_why() {
	case $1 in
	4) zypper_text="a problem with packages, dependencies or repositories" ;;
	5) zypper_text="it needs root on this node (--sudo?)" ;;
	6) zypper_text="no repositories are defined" ;;
	7) zypper_text="the package manager is locked" ;;
	8) zypper_text="the installation failed" ;;
	104) zypper_text="a package, patch or repository was not found" ;;
	105) zypper_text="it was ended by a signal" ;;
	106) zypper_text="a repository could not be refreshed" ;;
	107) zypper_text="installed, but a script of a package failed" ;;
	*) zypper_text="it failed" ;;
	esac
	# The first word on the matter, with a holder of the lock or a repository.
	zypper_found=$(sed -e 's/<[^>]*>//g' -e 's/&quot;/"/g' -e "s/&apos;/'/g" \
		-e 's/&lt;/</g' -e 's/&gt;/>/g' -e 's/&amp;/\&/g' "$2" | grep -m 1 \
		-e 'is locked by' -e '^Repository .* is invalid' \
		-e '^Skipping repository' -e 'not found in package names' \
		-e '^No provider of' -e '^Problem: .' -e 'nothing provides' \
		-e ' failed:' -e '^Can.t ' -e 'license confirmation' -e 'rror: .')
	echo "exit code $1: $zypper_text${zypper_found:+: $zypper_found}"
}

# zypper_ask SECTION WORDS...: what zypper answers, as facts.
zypper_ask() {
	zypper_section=$1
	shift
	zypper_out=$(zypper_zypper --no-refresh "$@" 2>"$zypper_file")
	zypper_rc=$?
	if [ $zypper_rc != 0 ]; then
		printf '%s\n' "$zypper_out" >>"$zypper_file"
		echo "zypper $*: $(zypper_why $zypper_rc "$zypper_file")" >&2
		return 1
	fi
	rpm_text "$zypper_section" "$zypper_out"
}

zypper_list() {
	zypper_file=$(mktemp) || return 1
	zypper_list_all "$@"
	zypper_rc=$?
	rm -f "$zypper_file"
	return $zypper_rc
}

zypper_list_all() {
	cau_say tool "zypper${1:+ $1}"
	zypper_zypper refresh >"$zypper_file" 2>&1
	zypper_rc=$?
	if [ $zypper_rc != 0 ]; then
		echo "zypper refresh: $(zypper_why $zypper_rc "$zypper_file")" >&2
		return 1
	fi
	if [ "${1-}" = installed ]; then
		zypper_ask patches --xmlout list-patches --all
	else
		zypper_ask patches --xmlout list-patches
	fi || return 1
	# Which packages a patch brings is told in words only.
	zypper_names=$(printf '%s\n' "$zypper_out" | tr '<' '\n' | sed -n \
		's/^update kind="patch" name="\([^" &]*\)".* status="\(needed\|optional\|applied\|unwanted\)".*/\1/p' |
		sort -u)
	# shellcheck disable=SC2086 # names of patches have no blanks
	[ -z "$zypper_names" ] || zypper_ask info info -t patch $zypper_names ||
		return 1
	# What may be installed now; then also what a lock holds back.
	zypper_ask updates --xmlout list-updates &&
		zypper_ask all --xmlout list-updates --all || return 1
	[ "${1-}" != installed ] || rpm_installed || return 1
	zypper_reboot
}

# 102: a restart is needed. zypper does not say for which packages.
zypper_reboot() {
	zypper_zypper needs-rebooting >/dev/null 2>&1
	case $? in
	0) cau_say_reboot no ;;
	102)
		# shellcheck disable=SC2046
		cau_say_reboot yes $(rpm_core)
		;;
	*) rpm_reboot ;;
	esac
}

# zypper_words_of NAME:ARCH=VERSION...: sets zypper_specs to what zypper takes.
zypper_words_of() {
	zypper_specs=
	for zypper_word; do
		zypper_left=${zypper_word%%=*}
		case $zypper_left in
		patch:*) zypper_left=${zypper_left%:*} ;;
		*) zypper_left=${zypper_left%:*}.${zypper_left##*:} ;;
		esac
		zypper_specs="$zypper_specs $zypper_left=${zypper_word#*=}"
	done
}

zypper_cache() {
	echo "${CAU_AGENT_ROOT-}/var/cache/zypp/packages"
}

# Who has the lock may be gone when it comes to the installation.
zypper_download() {
	zypper_words_of "$@"
	zypper_file=$(mktemp) || return 1
	# shellcheck disable=SC2086
	zypper_zypper --no-refresh install --download-only --no-recommends \
		$zypper_specs >"$zypper_file" 2>&1
	zypper_rc=$?
	case $zypper_rc in
	0 | 7 | 102 | 103) zypper_rc=0 ;;
	*)
		echo "zypper install --download-only: $(zypper_why $zypper_rc \
			"$zypper_file")" >&2
		;;
	esac
	rm -f "$zypper_file"
	return $zypper_rc
}

zypper_go() {
	{
		# shellcheck disable=SC2086
		zypper_zypper --no-refresh install --no-recommends $zypper_specs
		echo $? >"$zypper_folder/zypper.rc"
	} 2>&1 | tee -a "$zypper_folder/zypper.out"
	zypper_rc=1
	[ ! -s "$zypper_folder/zypper.rc" ] ||
		read -r zypper_rc <"$zypper_folder/zypper.rc"
}

zypper_install() {
	zypper_folder=$1
	shift
	zypper_words_of "$@"
	zypper_go
	if [ "$zypper_rc" = 103 ]; then
		echo "cau: zypper has updated itself (exit code 103), once more:"
		zypper_go
	fi
	rpm_notes "$zypper_folder" "$zypper_folder/zypper.out"
	case $zypper_rc in
	0 | 103) zypper_rc=0 ;;
	102)
		# zypper forgets that a patch asked for a restart; its own flag
		# keeps it until then.
		echo "cau: zypper says that a restart is needed (exit code 102)"
		for zypper_run in /var/run /run; do
			[ ! -d "${CAU_AGENT_ROOT-}$zypper_run" ] ||
				: >"${CAU_AGENT_ROOT-}$zypper_run/reboot-needed"
		done
		zypper_rc=0
		;;
	*)
		cau_error "$zypper_folder" "zypper: $(zypper_why "$zypper_rc" \
			"$zypper_folder/zypper.out")"
		;;
	esac
	rm -f "$zypper_folder/zypper.out" "$zypper_folder/zypper.rc"
	return "$zypper_rc"
}

# A patch is there when it is applied.
zypper_verify() {
	zypper_count=$#
	while [ $zypper_count -gt 0 ]; do
		zypper_count=$((zypper_count - 1))
		zypper_word=$1
		shift
		case $zypper_word in
		patch:*)
			zypper_left=${zypper_word#patch:}
			zypper_left=${zypper_left%%=*}
			zypper_zypper --no-refresh info -t patch \
				"${zypper_left%:*}" 2>/dev/null |
				awk -F ' *: +' '
				/^[A-Z][A-Za-z]* *: / && !($1 in f) { f[$1] = $2 }
				END {
					if (f["Status"] == "applied")
						print "patch:" f["Name"], f["Arch"], f["Version"]
					else if (f["Status"] != "")
						print "patch:" f["Name"], f["Arch"], f["Version"], f["Status"]
				}' | cau_say_all have
			;;
		*) set -- "$@" "$zypper_word" ;;
		esac
	done
	rpm_verify "$@"
	zypper_reboot
}
