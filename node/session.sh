# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2154
# What cau runs on a node: functions for the shell at the far end of the
# channel. Nothing of this is installed. After it, cau sends one line per
# request, "{ cau_req NUMBER FUNCTION WORDS...", every word quoted by cau, and
# "}" on the next: what a cut connection leaves of it is no command.
#
# Answers are lines "MARK NUMBER KEY TEXT", the last one of a request has the
# key "end" and a status. MARK is new for every connection, so that whatever
# a login shell prints is told apart. Set before this text is read: cau_mark,
# cau_state (folder), cau_node (name), cau_job_text (node/job.sh).

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
# For the installers, and for %CAU_NODE% in a Template.
CAU_NODE=$cau_node
export PATH LC_ALL CAU_NODE
unset ENV BASH_ENV CDPATH CAU_RUN_ID CAU_SUSPEND_MODE CAU_FAILBACK_MODE
umask 077
cau_seq=0
cau_boot=
read -r cau_boot </proc/sys/kernel/random/boot_id || cau_boot=unknown

cau_say() {
	printf '%s %s %s %s\n' "$cau_mark" "$cau_seq" "$1" "$2"
}

# The functions must not read the channel: it is this shell's own script.
cau_req() {
	cau_seq=$1
	shift
	"$@" </dev/null
	cau_status=$?
	# The two streams travel apart: the mark says that the words are all there.
	[ $cau_status = 0 ] || printf '%s\n' "$cau_mark" >&2
	cau_say end $cau_status
}

cau_hello() {
	cau_uid=$(id -u)
	cau_say boot "$cau_boot"
	cau_say uid "$cau_uid"
	cau_say host "$(uname -n)"
	cau_restart_wanted
}

# "restart WHY": an update of a run has asked for a restart that the node has
# not seen. A new boot id makes it void.
cau_restart_wanted() {
	cau_line=
	[ ! -s "$cau_state/restart-wanted" ] || read -r cau_b cau_line <"$cau_state/restart-wanted"
	[ -z "$cau_line" ] || [ "$cau_b" != "$cau_boot" ] ||
		cau_say restart "$cau_line"
}

# cau_want_restart BOOT WHY: keeps that for the runs to come, if the node has
# not restarted since. The first reason stays.
cau_want_restart() {
	cau_line=
	[ "$1" = "$cau_boot" ] || return 0
	[ ! -s "$cau_state/restart-wanted" ] || read -r cau_line _ <"$cau_state/restart-wanted"
	[ "$cau_line" != "$1" ] || return 0
	printf '%s\n' "$*" >"$cau_state/restart-wanted.new" &&
		mv -f "$cau_state/restart-wanted.new" "$cau_state/restart-wanted" && return 0
	rm -f "$cau_state/restart-wanted.new"
	echo "cannot write to $cau_state (disk full?)" >&2
	return 1
}

# What restarted without a new boot id.
cau_restarted() {
	rm -f "$cau_state/restart-wanted"
}

# Whether a job of another run is alive; cau_job is its id then. Jobs of scans
# change nothing.
cau_busy() {
	for cau_dir in "$cau_state"/jobs/*; do
		cau_job=${cau_dir##*/}
		case $cau_job in "$1".* | scan-*) continue ;; esac
		[ -s "$cau_dir/start" ] || continue
		cau_job_result
		[ -z "$cau_result" ] || continue
		if cau_job_alive; then
			return 0
		fi
	done
	return 1
}

# cau_lock RUN WHO OVER: locks the node for a run; says "held RUN WHO" when
# another one has it. OVER is a run that is known to be over. A lock that
# nobody has touched for an hour is void. But where an installer of another run
# still runs, nobody else begins: "busy JOB".
cau_lock() {
	cau_file=$cau_state/lock
	cau_new=$cau_file.$$
	cau_tries=0
	cau_mine=
	if ! mkdir -p "$cau_state" || ! printf '%s %s\n' "$1" "$2" >"$cau_new"; then
		rm -f "$cau_new"
		return 1
	fi
	while ! ln "$cau_new" "$cau_file" 2>/dev/null; do
		cau_line=
		read -r cau_line 2>/dev/null <"$cau_file"
		cau_holder=${cau_line%% *}
		if [ "$cau_holder" = "$1" ]; then
			touch "$cau_file"
			cau_mine=yes
			break
		fi
		cau_tries=$((cau_tries + 1))
		if [ $cau_tries -gt 20 ] && [ ! -e "$cau_file" ]; then
			rm -f "$cau_new"
			echo "cannot make $cau_file" >&2
			return 1
		fi
		if [ $cau_tries -gt 20 ] || {
			[ -n "$cau_line" ] && [ "$cau_holder" != "$3" ] &&
				[ -z "$(find "$cau_file" -mmin +60 2>/dev/null)" ]
		}; then
			rm -f "$cau_new"
			cau_say held "$cau_line"
			return 0
		fi
		# Only one may take it away, and only this one, not its successor.
		if mkdir "$cau_file.break" 2>/dev/null; then
			cau_again=
			read -r cau_again 2>/dev/null <"$cau_file"
			[ "$cau_again" != "$cau_line" ] || rm -f "$cau_file"
			rmdir "$cau_file.break"
		else
			find "$cau_file.break" -prune -mmin +1 \
				-exec rmdir {} \; 2>/dev/null
			sleep 0.1 2>/dev/null || sleep 1
		fi
	done
	rm -f "$cau_new"
	# Not before: who has just let go of it may have left an installer running.
	if [ -z "$cau_mine" ] && cau_busy "$1"; then
		rm -f "$cau_file"
		cau_say busy "$cau_job"
	fi
	return 0
}

# cau_unlock RUN, cau_touch RUN: only what is this run's.
cau_unlock() {
	cau_holder=
	read -r cau_holder _ 2>/dev/null <"$cau_state/lock"
	[ "$cau_holder" != "$1" ] || rm -f "$cau_state/lock"
}

cau_touch() {
	cau_holder=
	read -r cau_holder _ 2>/dev/null <"$cau_state/lock"
	[ "$cau_holder" != "$1" ] || touch "$cau_state/lock"
}

# cau_job_of ID: sets cau_id and cau_dir to the job that does the work: with a
# file "of" in its folder, a job is a part of the one that is named there.
cau_job_of() {
	cau_id=
	[ ! -s "$cau_state/jobs/$1/of" ] || read -r cau_id <"$cau_state/jobs/$1/of"
	cau_id=${cau_id:-$1}
	cau_dir=$cau_state/jobs/$cau_id
}

# cau_cancel ID: ends the job with all its processes; one that has not been
# started never will.
cau_cancel() {
	cau_job_of "$1"
	[ -d "$cau_dir" ] || mkdir -p "$cau_dir" || return 1
	printf '' >"$cau_dir/cancel"
	(set -C && echo '- - - .' >"$cau_dir/start") 2>/dev/null
	return 0
}

# cau_receipts SHA...: the receipts of these contents.
cau_receipts() {
	[ -s "$cau_state/receipts" ] || return 0
	printf '%s\n' "$@" | grep -F -f - "$cau_state/receipts" |
		while IFS= read -r cau_line; do
			cau_say receipt "$cau_line"
		done
}

# cau_packages deb|rpm (NAME VERSION)...: which of them the node's package
# database has, in which version, and how that compares: lt, eq, gt.
cau_packages() {
	cau_kind=$1
	shift
	case $cau_kind in
	deb) command -v dpkg-query >/dev/null 2>&1 || return 0 ;;
	rpm) command -v rpm >/dev/null 2>&1 || return 0 ;;
	esac
	while [ $# -ge 2 ]; do
		cau_have=
		case $cau_kind in
		deb) cau_installed_deb "$1" "$2" ;;
		rpm) cau_installed_rpm "$1" "$2" ;;
		esac
		[ -z "$cau_have" ] ||
			cau_say package "$cau_kind $1 $2 $cau_order $cau_have"
		shift 2
	done
}

cau_installed_deb() {
	cau_have=$(dpkg-query -W -f '${db:Status-Status} ${Version}\n' \
		-- "$1" 2>/dev/null | sed -n 's/^installed //p' | head -n 1)
	[ -n "$cau_have" ] || return 0
	cau_order=lt
	if dpkg --compare-versions "$cau_have" eq "$2"; then
		cau_order=eq
	elif dpkg --compare-versions "$cau_have" gt "$2"; then
		cau_order=gt
	fi
}

# Version and name come as words of [A-Za-z0-9._+~^:-] only; cau sees to it.
cau_installed_rpm() {
	cau_have=$(rpm -q --qf '%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\n' \
		"$1" 2>/dev/null | tail -n 1) || cau_have=
	[ -n "$cau_have" ] || return 0
	case $(rpm --eval "%{lua:print(rpm.vercmp('$cau_have', '$2'))}" \
		2>/dev/null) in
	0) cau_order=eq ;;
	1) cau_order=gt ;;
	*) cau_order=lt ;;
	esac
	[ "$cau_have" != "$2" ] || cau_order=eq
}

# cau_hashes FILE...: the SHA-256 of each, a line each, in this order. Files
# with odd names are read from standard input, because the tools write such
# names in ways of their own.
cau_hashes() {
	if command -v sha256sum >/dev/null 2>&1; then
		cau_tool='sha256sum'
	elif command -v shasum >/dev/null 2>&1; then
		cau_tool='shasum -a 256'
	elif command -v openssl >/dev/null 2>&1; then
		cau_tool='openssl dgst -r -sha256'
	else
		echo "no sha256sum, shasum or openssl on this node" >&2
		return 1
	fi
	case $* in
	*[!A-Za-z0-9._+,/~\ -]*)
		for cau_file; do
			$cau_tool <"$cau_file" || return 1
		done
		;;
	*) $cau_tool "$@" ;;
	esac
}

# cau_have (SHA NAME)...: says "need SHA" for what is not staged whole, and
# makes room for it. Files and jobs that were not used for 30 days go.
cau_have() {
	mkdir -p "$cau_state/stage" "$cau_state/jobs" &&
		cd "$cau_state/stage" || return 1
	find . ../jobs -mindepth 1 -maxdepth 1 -mtime +30 \
		-exec rm -rf {} + 2>/dev/null
	cau_new=
	while [ $# -ge 2 ]; do
		if [ -f "$1/$2" ] && [ ! -h "$1/$2" ] &&
			cau_sum=$(cau_hashes "$1/$2") &&
			[ "${cau_sum%% *}" = "$1" ]; then
			# A cut may have come before it was made executable.
			chmod 700 "$1/$2" && touch "$1"
		else
			[ ! -e "$1" ] || rm -rf "$1"
			cau_new="$cau_new $1"
			cau_say need "$1"
		fi
		shift 2
	done
	# Hex digits only: split at the blanks.
	# shellcheck disable=SC2086
	[ -z "$cau_new" ] || mkdir -p $cau_new
}

# cau_write SHA NAME TEXT: a small file, as the escapes of printf.
cau_write() {
	printf '%b' "$3" >"$cau_state/stage/$1/$2" && return 0
	echo "cannot write to $cau_state/stage (disk full?)" >&2
	return 1
}

# cau_verify (SHA NAME)...: what came over must be what was checked. Says
# "differs SHA" and takes away what is not.
cau_verify() {
	cd "$cau_state/stage" || return 1
	cau_count=$#
	cau_want=
	while [ "$cau_count" -gt 0 ]; do
		cau_want="$cau_want $1"
		set -- "$@" "$1/$2"
		shift 2
		cau_count=$((cau_count - 2))
	done
	chmod 700 "$@" && cau_sums=$(cau_hashes "$@") || return 1
	cau_bad=0
	while read -r cau_sum _; do
		cau_sha=${cau_want# }
		cau_sha=${cau_sha%% *}
		cau_want=${cau_want# "$cau_sha"}
		[ "$cau_sum" = "$cau_sha" ] && continue
		rm -rf "$cau_sha"
		cau_say differs "$cau_sha"
		cau_bad=1
	done <<X
$cau_sums
X
	return $cau_bad
}

# cau_jobs ID...: folders for the jobs to come, all at once.
cau_jobs() {
	cd "$cau_state/jobs" || return 1
	for cau_id; do
		set -- "$@" "$cau_id/work"
		shift
	done
	mkdir -p "$@"
}

# The first words of exit are there from the start as blanks, so that a disk
# that fills up cannot keep the result from being written; a result that is
# whole ends with a dot.
cau_job_result() {
	cau_result=
	[ -s "$cau_dir/exit" ] && read -r cau_result <"$cau_dir/exit"
	case $cau_result in
	*' .') cau_result=${cau_result% .} ;;
	*) cau_result= ;;
	esac
}

# True while the process that watches over the job lives: same pid, same
# start time, same boot.
cau_job_alive() {
	read -r cau_b cau_p cau_t cau_dot <"$cau_dir/start" || return 1
	[ "$cau_dot" = . ] && [ "$cau_b" = "$cau_boot" ] &&
		read -r cau_stat 2>/dev/null <"/proc/$cau_p/stat" || return 1
	# Field 22 of proc(5), counted from behind the name.
	# shellcheck disable=SC2086
	set -- ${cau_stat##*) }
	[ "$1" != Z ] && [ "${20}" = "$cau_t" ]
}

# The way to start a job. In the foreground: what a shell starts with & ignores
# INT and QUIT for ever, and so would the installer. Its session is its own, so
# that it outlives this shell.
cau_job_start() {
	if command -v setsid >/dev/null 2>&1; then
		setsid sh -c "$cau_job_text" cau-job "$cau_dir" "$cau_id" \
			"$cau_limit" "$cau_grace" "$cau_boot" "$@" \
			>/dev/null 2>&1
	else
		sh -c "$cau_job_text" cau-job "$cau_dir" "$cau_id" \
			"$cau_limit" "$cau_grace" "$cau_boot" "$@" \
			>/dev/null 2>&1 &
		wait $!
	fi
}

# cau_job ID LIMIT_CS GRACE_S HOW BOOT PROGRAM ARGS...: runs the installer as
# a durable job and waits for it. HOW: "first"; "again", when an earlier contact
# may have started it while the boot id was BOOT; "look", as again, but it is
# not started any more.
cau_job() {
	cau_job_of "$1"
	cau_asked=$1 cau_limit=$2 cau_grace=$3 cau_how=$4 cau_old=$5
	shift 5
	if [ ! -e "$cau_dir/start" ]; then
		# Its folder was made before it was announced: who took it away
		# took the mark with it.
		if [ "$cau_how" != first ] &&
			{ [ "$cau_old" != "$cau_boot" ] || [ ! -d "$cau_dir" ]; }; then
			cau_say exit "lost - -"
			return 0
		fi
		[ -d "$cau_dir/work" ] || mkdir -p "$cau_dir/work" || return 1
		if [ "$cau_how" != look ]; then
			cau_job_start "$@"
			if [ $? = 3 ]; then
				echo "cannot write to $cau_dir (disk full?)" >&2
				return 1
			fi
		fi
		# Nobody has started it, and from here on nobody can.
		if [ ! -e "$cau_dir/start" ] &&
			(set -C && echo '- - - .' >"$cau_dir/start") 2>/dev/null; then
			cau_say exit "never - -"
			return 0
		fi
		if [ ! -e "$cau_dir/start" ] && [ "$cau_how" = first ]; then
			echo "cannot make $cau_dir/start (disk full?)" >&2
			return 1
		fi
	fi
	# Another contact may have made the mark and not filled it yet.
	cau_tries=0
	while [ ! -s "$cau_dir/start" ] && [ $cau_tries -lt 20 ]; do
		sleep 0.1 2>/dev/null || sleep 1
		cau_tries=$((cau_tries + 1))
	done
	cau_b=
	[ ! -s "$cau_dir/start" ] || read -r cau_b _ <"$cau_dir/start"
	cau_job_result
	while [ -z "$cau_result" ] && cau_job_alive; do
		sleep 0.1 2>/dev/null || sleep 1
		cau_job_result
	done
	# It may have ended between the two looks.
	[ -n "$cau_result" ] || cau_job_result
	case $cau_b in
	-) cau_say exit "never - -" ;;
	'') cau_say exit "vague - -" ;;
	*)
		cau_say boot "$cau_b"
		if [ -n "$cau_result" ]; then
			cau_say exit "$cau_result"
		elif [ "$cau_b" = "$cau_boot" ]; then
			cau_say exit "orphan - -"
		else
			cau_say exit "lost - -"
		fi
		;;
	esac
	# Who asks for a part has the log already, or can ask for the whole.
	if [ "$cau_id" = "$cau_asked" ] && [ -s "$cau_dir/log" ]; then
		cau_size=$(wc -c <"$cau_dir/log")
		if [ "$cau_size" -gt 67108864 ]; then
			tail -c 1048576 "$cau_dir/log" >"$cau_dir/tail" &&
				mv -f "$cau_dir/tail" "$cau_dir/log"
		fi
		tail -c 262144 "$cau_dir/log" | sed "s/^/$cau_mark $cau_seq log /"
		# The last line may have no end of its own.
		echo
	fi
}

# cau_receipt ID LINE: keeps what a job came to, once.
cau_receipt() {
	[ -e "$cau_state/jobs/$1/receipt" ] && return 0
	printf '%s\n' "$2" >>"$cau_state/receipts" &&
		printf '' >"$cau_state/jobs/$1/receipt" && return 0
	echo "cannot write to $cau_state/receipts (disk full?)" >&2
	return 1
}

# The answer starts a line of its own, whatever was printed before it.
echo
