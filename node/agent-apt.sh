# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2154
# apt, for node/agent-common.sh, which says what the functions are for. What
# apt_list says is read by agent_apt.c.

apt_locks='/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock
	/var/cache/apt/archives/lock'

apt_present() {
	cau_has apt-get && cau_has dpkg-query && [ -s /var/lib/dpkg/status ]
}

# No questions; a configuration file that was changed here stays.
apt_get() {
	DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 \
		APT_LISTCHANGES_FRONTEND=none \
		apt-get -q -y -o APT::Color=0 -o Dpkg::Use-Pty=0 \
		-o Dpkg::Options::=--force-confdef \
		-o Dpkg::Options::=--force-confold \
		-o DPkg::Lock::Timeout=30 "$@" </dev/null
}

# apt_words COMMAND OUTPUT: why apt-get failed, in its words.
apt_words() {
	cau_words=$(printf '%s\n' "$2" | sed -n \
		-e '/^[EW]: Failed to fetch/p' -e '/^E: The repository/p' |
		head -n 1)
	[ -n "$cau_words" ] ||
		cau_words=$(printf '%s\n' "$2" | sed -n '/^E: /p' | head -n 1)
	[ -n "$cau_words" ] ||
		cau_words=$(printf '%s\n' "$2" | sed -n '/^Err:/p' | head -n 1)
	[ -n "$cau_words" ] ||
		cau_words=$(printf '%s\n' "$2" | tail -n 1)
	echo "$1: ${cau_words#[EW]: }" >&2
}

# A repository that cannot be read is an error: some versions of apt go on with
# what they had before and call that a success.
apt_update() {
	if [ "$(id -u)" != 0 ]; then
		echo "apt-get update needs root on this node (--sudo?)" >&2
		return 1
	fi
	cau_wait_lock "$cau_lock_limit" /var/lib/apt/lists/lock
	cau_out=$(apt_get -o APT::Update::Error-Mode=any update 2>&1)
	cau_rc=$?
	case $cau_nl$cau_out in
	*"${cau_nl}Err:"* | *"${cau_nl}W: Failed to fetch"* | \
		*"${cau_nl}W: Some index files failed"*) cau_rc=1 ;;
	esac
	[ $cau_rc = 0 ] || apt_words 'apt-get update' "$cau_out"
	return $cau_rc
}

# apt_simulate SECTION ARGS...: says what apt-get would do.
apt_simulate() {
	cau_section=$1
	shift
	if ! cau_out=$(apt-get -s -q -o APT::Color=0 "$@" 2>&1 </dev/null); then
		apt_words "apt-get -s $*" "$cau_out"
		return 1
	fi
	cau_all=$cau_all$cau_nl$cau_out
	printf '%s\n' "$cau_out" | cau_say_all "$cau_section"
}

# apt_policy: reads names; of each package its name, the version installed, the
# one that apt would install, and where both come from, SUITE/COMPONENT.
apt_policy() {
	xargs -r apt-cache policy 2>/dev/null | awk '
		function flush() {
			if (p != "")
				printf "%s\t%s\t%s\t%s\t%s\n", p, have, next_one, from[have], from[next_one]
			p = have = next_one = v = ""
			split("", from)
		}
		/^[^ ].*:$/ { flush(); p = substr($0, 1, length($0) - 1) }
		/^  Installed: / { have = $2 }
		/^  Candidate: / { next_one = $2 }
		/^ \*\*\* / { v = $2 }
		/^     [^ ]/ { v = $1 }
		/^        / && NF >= 4 { from[v] = from[v] (from[v] == "" ? "" : " ") $3 }
		END { flush() }' | cau_say_all policy
}

# "upgrade": what can be done without a removal. "all": with everything that
# would be done if nothing were held or kept back. "info": of their packages,
# name, version, architecture, size, section, summary. "policy": of what is kept
# back or installed. "hold", "reboot".
apt_list() {
	cau_nl='
'
	cau_all=
	apt_update || return 1
	apt_simulate upgrade --with-new-pkgs upgrade || return 1
	apt_simulate all --ignore-hold \
		-o APT::Get::Always-Include-Phased-Updates=true dist-upgrade ||
		return 1
	if ! cau_out=$(apt-mark showhold 2>&1); then
		apt_words 'apt-mark showhold' "$cau_out"
		return 1
	fi
	[ -z "$cau_out" ] || printf '%s\n' "$cau_out" | cau_say_all hold
	printf '%s\n' "$cau_all" | awk '
		$1 == "Inst" || $1 == "Conf" {
			for (i = 3; i <= NF; i++)
				if (substr($i, 1, 1) == "(") {
					v = substr($i, 2)
					sub(/\)$/, "", v)
					print $2 "=" v
					break
				}
		}' | sort -u | xargs -r apt-cache show 2>/dev/null | awk '
		function flush() {
			if (p != "")
				printf "%s\t%s\t%s\t%s\t%s\t%s\n", p, v, a, n, s, d
			p = v = a = n = s = d = ""
		}
		/^Package: / { flush(); p = $2 }
		/^Version: / { v = $2 }
		/^Architecture: / { a = $2 }
		/^Size: / { n = $2 }
		/^Section: / { s = $2 }
		/^Description(-en)?: / { d = $0; sub(/^[^:]*: /, "", d); gsub(/\t/, " ", d) }
		END { flush() }' | cau_say_all info
	if [ "${1-}" = installed ]; then
		dpkg-query -W -f '${binary:Package}\n'
	else
		printf '%s\n' "$cau_all" | awk '
			/^[^ ]/ { back = /kept back:$/ }
			/^ / && back' | tr ' ' '\n'
	fi | apt_policy
	[ "${1-}" != installed ] || dpkg-query -W -f \
		'${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t\t${Section}\t${binary:Summary}\n' |
		sed -n 's/^installed	//p' | cau_say_all installed
	apt_reboot
}

# The names of the packages that asked for a restart stand behind yes.
apt_reboot() {
	for cau_file in /run/reboot-required /var/run/reboot-required; do
		[ -e "$cau_file" ] || continue
		# shellcheck disable=SC2046
		cau_say_reboot yes $(sort -u "$cau_file.pkgs" 2>/dev/null)
		return 0
	done
	cau_say_reboot no
}

# Packages that dpkg has begun with and not finished?
apt_interrupted() {
	for cau_file in /var/lib/dpkg/updates/[0-9]*; do
		[ ! -e "$cau_file" ] || return 0
	done
	dpkg-query -W -f '${db:Status-Status}\n' 2>/dev/null |
		grep -qx -e unpacked -e half-configured \
			-e triggers-awaited -e triggers-pending
}

# As apt-get takes them: NAME:all is NAME.
apt_packages() {
	cau_words=
	for cau_word; do
		case $cau_word in
		*:all=*) cau_word=${cau_word%%:*}=${cau_word#*=} ;;
		esac
		cau_words="$cau_words $cau_word"
	done
}

apt_cache() {
	echo /var/cache/apt/archives
}

apt_download() {
	! apt_interrupted || return 0
	# shellcheck disable=SC2086
	cau_wait_lock 60 $apt_locks 2>/dev/null || return 0
	apt_packages "$@"
	# shellcheck disable=SC2086
	if cau_out=$(apt_get -d --no-remove install $cau_words 2>&1); then
		apt_questions "$@"
		return 0
	fi
	case $cau_out in
	*'E: Could not get lock'*) return 0 ;;
	esac
	apt_words 'apt-get -d install' "$cau_out"
	return 1
}

# apt_questions WORD...: leaves out those of them that would ask a person. Where
# their files are: apt copies what it downloads, and leaves the others there.
apt_questions() {
	# shellcheck disable=SC2086
	cau_uris=$(apt_get -qq --print-uris --no-remove install $cau_words \
		2>/dev/null)
	for cau_word; do
		cau_file=${cau_word%%=*}
		cau_file=${cau_file%:*}_${cau_word#*=}_${cau_file##*:}.deb
		cau_file=$(printf '%s\n' "$cau_file" | sed 's/:/%3a/g')
		if [ ! -e "/var/cache/apt/archives/$cau_file" ]; then
			cau_file=$(printf '%s\n' "$cau_uris" |
				awk -v f="$cau_file" '$2 == f { print $1 }' |
				sed -n "s/^'file:\(.*\)'\$/\1/p" | head -n 1)
		else
			cau_file=/var/cache/apt/archives/$cau_file
		fi
		[ -f "$cau_file" ] && apt_asks "$cau_file" || continue
		cau_leave_out "$cau_word" \
			"a person must answer its question $cau_question"
	done
}

# apt_asks FILE: sets cau_question to a question of a package that its script
# asks with the priority critical, that has no default, and that nobody has
# answered on this node yet. What the script names by a variable is not seen.
apt_asks() {
	cau_script=$(dpkg-deb -I "$1" config 2>/dev/null) || return 1
	for cau_question in $(printf '%s\n' "$cau_script" | sed -n \
		's/.*[Ii][Nn][Pp][Uu][Tt][^A-Za-z0-9]*critical[^A-Za-z0-9$]*\([a-z0-9][-A-Za-z0-9+.\/_]*\).*/\1/p'); do
		dpkg-deb -I "$1" templates 2>/dev/null |
			awk -v q="$cau_question" '
			/^Template:/ { in_it = $2 == q; found = found || in_it }
			in_it && /^Type:/ && /string|password|select|boolean/ { asks = 1 }
			in_it && /^Default:/ && NF > 1 { has = 1 }
			END { exit !(found && asks && !has) }' || continue
		case $(printf '%s\n' "FGET $cau_question seen" \
			"GET $cau_question" | debconf-communicate 2>/dev/null |
			tr '\n' ' ') in
		'0 true '* | *'0 '[!\ ]*' 0 '[!\ ]*) continue ;;
		esac
		return 0
	done
	return 1
}

# What is installed as a dependency, and what is new, stays to be removed when
# nothing needs it any more.
apt_automatic() {
	for cau_word in $cau_words; do
		cau_word=${cau_word%%=*}
		case $(dpkg-query -W -f '${db:Status-Status}\n' \
			-- "$cau_word" 2>/dev/null) in
		'' | *not-installed* | *config-files*) echo "$cau_word" ;;
		esac
	done
	# shellcheck disable=SC2046,SC2086
	apt-mark showauto $(printf '%s\n' $cau_words | sed 's/=.*//') 2>/dev/null
}

apt_install() {
	apt_folder=$1
	shift
	# shellcheck disable=SC2086
	cau_wait_lock "$cau_lock_limit" $apt_locks 2>&1
	cau_stuck=$cau_holder
	cau_stuck_on=$cau_locked
	if [ -z "$cau_stuck" ] && apt_interrupted; then
		echo 'cau: dpkg was interrupted earlier, dpkg --configure -a:'
		DEBIAN_FRONTEND=noninteractive dpkg --force-confdef \
			--force-confold --configure -a 2>&1 </dev/null
		cau_rc=$?
		cau_text='dpkg had been interrupted on this node: dpkg --configure -a was run first'
		[ $cau_rc = 0 ] || cau_text="$cau_text and ended with $cau_rc"
		cau_note "$apt_folder" - "$cau_text"
	fi
	apt_packages "$@"
	cau_auto=$(apt_automatic)
	# shellcheck disable=SC2086
	apt_get --no-remove install $cau_words 2>&1
	cau_rc=$?
	# shellcheck disable=SC2086
	[ -z "$cau_auto" ] || apt-mark auto $cau_auto >/dev/null 2>&1
	[ ! -f "$apt_folder/log" ] || apt_notes "$apt_folder"
	[ $cau_rc != 0 ] || return 0
	cau_text=$(sed -n 's/^E: //p' "$apt_folder/log" | head -n 1)
	[ -z "$cau_stuck" ] ||
		cau_text="process $cau_stuck has had $cau_stuck_on locked for $cau_lock_limit s"
	cau_error "$apt_folder" "${cau_text:-apt-get ended with $cau_rc}"
	return $cau_rc
}

# What the log says about single packages: what failed, and configuration
# files that stayed as they were.
apt_notes() {
	awk '
		function note(name, text) {
			sub(/:.*/, "", name)
			if (name != "" && !((name, text) in seen))
				print name " " text
			seen[name, text] = 1
		}
		/^Setting up / { name = $3 }
		/^Configuration file / {
			file = $0
			sub(/^[^\047]*\047/, "", file)
			sub(/\047.*/, "", file)
		}
		/==> (Keeping old config file|Using current old file)/ {
			note(name, file " was changed here and stays as it is")
		}
		/^dpkg: error processing / {
			failed = $5
			sub(/.*\//, "", failed)
			sub(/_.*/, "", failed)
			getline
			sub(/^ +/, "")
			note(failed, $0)
		}' "$1/log" >>"$1/notes"
}

apt_verify() {
	apt_packages "$@"
	for cau_word in $cau_words; do
		dpkg-query -W -f \
			'${Package} ${Architecture} ${Version} ${db:Status-Status}\n' \
			-- "${cau_word%%=*}" 2>/dev/null |
			sed -e '/ not-installed$/d' -e '/ config-files$/d' \
				-e 's/ installed$//' | cau_say_all have
	done
	apt_reboot
}
