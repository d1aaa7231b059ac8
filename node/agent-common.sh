# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2034,SC2154
# What the agents of a node have in common: apt, dnf, zypper, fwupd, each with
# its functions in node/agent-*.sh. Read after node/session.sh and node/holder.sh
# by runs that use Microsoft.WindowsUpdatePlugin; jobs read it too, without the
# session.
#
# An agent X brings along:
#
#	X_present	status 0 if it rules on this node
#	X_list [installed]
#			asks the tools, after they have refreshed what they
#			know, and says what they said: cau_say SECTION TEXT
#	X_download WORD...
#			optional: brings the packages to the node beforehand
#	X_cache		the folders where X_download puts them
#	X_install FOLDER WORD...
#			in a job: one transaction, no questions, ends with the
#			status of the tool. Its output is FOLDER/log
#	X_verify WORD...
#			says "have NAME ARCH VERSION [TROUBLE]" of what is there,
#			and "reboot yes [NAME...]" or "reboot no": cau_reboot_say
#
# A WORD is NAME:ARCH=VERSION, or NAME=VERSION where there is no architecture.
# A function that fails says why in its last line on stderr.

# Seconds that the lock of a package manager is waited for.
cau_lock_limit=${CAU_LOCK_LIMIT:-600}
cau_batch_file=

# cau_say_all SECTION: says each line of its input.
cau_say_all() {
	sed "s/^/$cau_mark $cau_seq $1 /"
}

# Sets cau_agents to the agents of this node: one
# for packages, and one for firmware.
cau_find_agents() {
	cau_agents=
	case " $(. /etc/os-release 2>/dev/null && echo "$ID ${ID_LIKE-}") " in
	*' debian '* | *' ubuntu '*) set -- apt dnf zypper ;;
	*suse* | *' sles '*) set -- zypper dnf apt ;;
	*) set -- dnf zypper apt ;;
	esac
	for cau_agent; do
		if cau_has "${cau_agent}_present" && "${cau_agent}_present"; then
			cau_agents=$cau_agent
			break
		fi
	done
	if cau_has fwupd_present && fwupd_present; then
		cau_agents="$cau_agents fwupd"
	fi
}

# cau_has FUNCTION
cau_has() {
	command -v "$1" >/dev/null 2>&1
}

# cau_agents_list [installed]: everything that the agents say, behind a line
# "agent NAME" each.
cau_agents_list() {
	cau_find_agents
	if [ -z "$cau_agents" ]; then
		echo "no update agent on this node: apt, dnf, zypper or fwupd" >&2
		return 1
	fi
	for cau_agent in $cau_agents; do
		cau_say agent "$cau_agent"
		"${cau_agent}_list" "$@" || return 1
	done
}

# cau_batch N JOB... (AGENT WORD)...: N jobs are one transaction with these
# packages. The first of them that is not part of one yet does the work. What is
# older than 30 days goes.
cau_batch() {
	mkdir -p "$cau_state/jobs" && cd "$cau_state/jobs" || return 1
	find . -mindepth 2 -maxdepth 2 '(' -name batch -o -name of ')' \
		-mtime +30 2>/dev/null |
		while read -r cau_file; do
			rm -rf "${cau_file%/*}"
		done
	cau_count=$1
	shift
	cau_first=
	while [ "$cau_count" -gt 0 ]; do
		cau_count=$((cau_count - 1))
		cau_id=$1
		shift
		mkdir -p "$cau_id/work" || return 1
		[ ! -e "$cau_id/start" ] && [ ! -s "$cau_id/of" ] || continue
		if [ -z "$cau_first" ]; then
			cau_first=$cau_id
		else
			echo "$cau_first" >"$cau_id/of.new" &&
				mv -f "$cau_id/of.new" "$cau_id/of" || return 1
		fi
	done
	[ -n "$cau_first" ] || return 0
	printf '%s %s\n' "$@" >"$cau_first/batch.new" &&
		mv -f "$cau_first/batch.new" "$cau_first/batch" || return 1
	rm -f "$cau_first/left"
	cau_before=$(cau_cached "$cau_first/batch")
	cau_each_agent "$cau_first/batch" download
	cau_rc=$?
	cau_say staged $(($(cau_cached "$cau_first/batch") - cau_before))
	[ -s "$cau_first/left" ] || return $cau_rc
	awk 'NR == FNR { left[$1]; next } !($2 in left)' "$cau_first/left" \
		"$cau_first/batch" >"$cau_first/batch.new" &&
		mv -f "$cau_first/batch.new" "$cau_first/batch" || return 1
	return $cau_rc
}

# cau_leave_out WORD WHY: in X_download: this is not installed.
cau_leave_out() {
	printf '%s %s\n' "$1" "$2" >>"$cau_first/left"
}

# cau_cached FILE: the bytes of all packages in the folders where the agents in
# FILE put them.
cau_cached() {
	cau_each_agent "$1" cache | tr ' ' '\n' | while read -r cau_file; do
		find "$cau_file" -type f '(' -name '*.deb' -o -name '*.rpm' ')' \
			-exec ls -ln {} + 2>/dev/null
	done | awk '{ n += $5 } END { printf "%.0f\n", n }'
}

# cau_each_agent FILE VERB ARGS...: calls AGENT_VERB ARGS WORDS for each agent
# with words in FILE, all of them; the status is that of the first that failed.
cau_each_agent() {
	cau_file=$1 cau_verb=$2
	shift 2
	cau_status=0
	for cau_agent in $(cut -d ' ' -f 1 "$cau_file" | uniq); do
		cau_has "${cau_agent}_$cau_verb" || continue
		# Words hold no blanks: split there.
		# shellcheck disable=SC2046
		"${cau_agent}_$cau_verb" "$@" \
			$(sed -n "s/^$cau_agent //p" "$cau_file")
		cau_rc=$?
		[ $cau_status != 0 ] || cau_status=$cau_rc
	done
	return $cau_status
}

# In a job: the transaction. FOLDER is that of the job, above the current one.
cau_batch_run() {
	set -f
	cau_folder=${PWD%/work}
	if [ ! -s "$cau_folder/batch" ] && [ -s "$cau_folder/left" ]; then
		echo "cau: nothing to do, all of it is left out"
		exit 0
	fi
	if [ ! -s "$cau_folder/batch" ]; then
		cau_error "$cau_folder" "nobody knows what was to be installed"
		exit 66
	fi
	cau_each_agent "$cau_folder/batch" install "$cau_folder"
	exit $?
}

# cau_note FOLDER NAME TEXT: something that belongs into the report of a
# package, or of all when NAME is "-".
cau_note() {
	printf '%s %s\n' "$2" "$3" >>"$1/notes"
}

# cau_error FOLDER TEXT: why a transaction failed as a whole.
cau_error() {
	printf '%s\n' "$2" >"$1/error"
	printf 'cau: %s\n' "$2"
}

# cau_batch_result JOB AGENT WORD...: what is known of an update after its
# transaction: "leader ID", "left NAME WHY", "note NAME TEXT", "error TEXT", and
# what the agent verifies.
cau_batch_result() {
	cau_job_of "$1"
	cau_agent=$2
	shift 2
	cau_say leader "$cau_id"
	[ ! -s "$cau_dir/left" ] ||
		sed 's/^\([^:= ]*\)[^ ]*/\1/' "$cau_dir/left" | cau_say_all left
	[ ! -s "$cau_dir/notes" ] || cau_say_all note <"$cau_dir/notes"
	[ ! -s "$cau_dir/error" ] || head -n 1 "$cau_dir/error" | cau_say_all error
	cau_batch_file=$cau_dir/batch
	"${cau_agent}_verify" "$@"
	cau_status=$?
	cau_batch_file=
	return $cau_status
}

# cau_say_reboot yes|no [NAME...]: whether the node waits for a restart, and the
# packages that asked for it. After a transaction only those of it count: who
# else asked, such as a new dependency, is none of the updates.
cau_say_reboot() {
	cau_text=$1
	shift
	for cau_name; do
		[ -z "$cau_batch_file" ] ||
			grep -qF -e " $cau_name:" -e " $cau_name=" "$cau_batch_file" ||
			continue
		cau_text="$cau_text $cau_name"
	done
	cau_say reboot "$cau_text"
}

# cau_wait_lock SECONDS FILE...: waits until nobody has the files locked;
# status 1 with cau_holder and cau_locked when it takes too long.
cau_wait_lock() {
	cau_left=$1
	shift
	cau_said=
	while cau_lock_holder "$@"; do
		[ "$cau_left" -gt 0 ] || return 1
		if [ "$cau_holder" != "$cau_said" ]; then
			cau_said=$cau_holder
			echo "cau: waiting for process $cau_holder, which has $cau_locked locked" >&2
		fi
		sleep 1
		cau_left=$((cau_left - 1))
	done
	return 0
}
