# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2154
# Watches over one installer on a node, in a session of its own, so that it
# outlives the connection and the coordinator. Leaves in the job's folder:
# argv, log, start (boot id, pid, start time), exit (how, code, wide code). Ends
# with 3 when it started nothing and nobody will, 4 when another one has it.
#
# Words: FOLDER ID LIMIT_CS GRACE_S BOOT PROGRAM ARGS...

cau_dir=$1 cau_id=$2 cau_limit=$3 cau_grace=$4 cau_boot=$5
shift 5
cd "$cau_dir" || exit 3
cau_here=$(pwd -P)
# bash tells of deaths by signals only outside of its POSIX mode.
# shellcheck disable=SC3040
[ -z "${BASH_VERSION:-}" ] || set +o posix

# Centiseconds since boot.
uptime_cs() {
	read -r cau_up _ </proc/uptime
	cau_now=$((${cau_up%.*} * 100 + 1${cau_up#*.} - 100))
}

# Field N of proc(5) stat of a process is word N - 2 here.
stat_words() {
	read -r cau_stat 2>/dev/null <"/proc/$1/stat" || return 1
	cau_words=${cau_stat##*) }
}

write_start() {
	stat_words $$ || return 1
	# shellcheck disable=SC2086
	set -- $cau_words
	printf '%s %s %s .\n' "$cau_boot" $$ "${20}"
}

# Whoever makes start has the job: O_EXCL lets only one do it. It stays empty
# until everything is there that the job needs, room for its result and for
# how the watchdog came in (over) above all: blanks, overwritten in place. So an
# installer runs only if start is filled, and a disk that is full keeps it from
# running, not from being ended in time, nor from telling.
set -C
printf '' 2>/dev/null >start || exit 4
set +C
{
	printf '%-127s\n' ' ' >./exit && printf '%-15s\n' ' ' >over &&
		printf '' >log && printf '' >why &&
		printf '%s\n' "$@" >argv && write_start >start
} 2>/dev/null || exit 3

end() {
	printf '%s %s %s .\n' "$1" "$2" "$3" 1<>./exit
	exit 0
}

cannot_start() {
	printf 'cau: cannot start %s: %s\n' "$cau_program" "$1" >>log
	end nostart - -
}

# The program: a path, or a name looked up in the fixed PATH. Looked up here,
# because the shell would prefer its own commands of that name.
cau_program=$1
shift
case $cau_program in
/*) ;;
*/* | '') cannot_start "neither an absolute path nor a plain name" ;;
*)
	cau_name=$cau_program
	cau_program=
	IFS=:
	for cau_d in $PATH; do
		if [ -f "$cau_d/$cau_name" ] && [ -x "$cau_d/$cau_name" ]; then
			cau_program=$cau_d/$cau_name
			break
		fi
	done
	unset IFS
	if [ -z "$cau_program" ]; then
		cau_program=$cau_name
		cannot_start "no such program in $PATH"
	fi
	;;
esac
[ -e "$cau_program" ] || cannot_start "no such file"
[ -f "$cau_program" ] || cannot_start "not a regular file"
[ -x "$cau_program" ] || cannot_start "not executable"

# A shell takes a file that the kernel cannot execute for a script of its
# own. So only what the kernel can execute is handed to it; the programs of
# the system are known to be.
#
# elf_check FILE: the first 64 bytes as numbers against those of a program of
# this node: class, byte order, machine; and the program headers must lie
# inside the file (elf(5)).
elf_check() {
	# shellcheck disable=SC2046
	set -- $(od -An -v -tu1 -N64 "$1" 2>/dev/null) \
		$(od -An -v -tu1 -N20 /proc/self/exe 2>/dev/null)
	[ $# = 84 ] || cannot_start "it is cut off"
	# 32-bit x86 runs on 64-bit x86.
	[ "$5 $6 ${19} ${20}" = "${69} ${70} ${83} ${84}" ] ||
		[ "$5 $6 ${19} ${20} ${83}" = "1 1 3 0 62" ] ||
		cannot_start "it is made for another processor"
	case "$5 $6" in
	"2 1")
		cau_need=$((${33} + ${34} * 256 + ${35} * 65536 +
			(${55} + ${56} * 256) * (${57} + ${58} * 256)))
		;;
	"1 1")
		cau_need=$((${29} + ${30} * 256 + ${31} * 65536 +
			(${43} + ${44} * 256) * (${45} + ${46} * 256)))
		;;
	*) cau_need=64 ;;
	esac
	[ "$(wc -c <"$cau_program")" -ge $cau_need ] ||
		cannot_start "it is cut off"
}
cau_nl='
'
case $cau_program in
/bin/* | /sbin/* | /usr/*) cau_head=system ;;
*) cau_head=$(head -c 256 "$cau_program" 2>/dev/null) ;;
esac
case $cau_head in
system) ;;
'#!'*)
	cau_interp=${cau_head%%"$cau_nl"*}
	cau_interp=${cau_interp#??}
	cau_interp=${cau_interp#"${cau_interp%%[! 	]*}"}
	cau_interp=${cau_interp%%[ 	]*}
	[ -x "$cau_interp" ] ||
		cannot_start "its interpreter '$cau_interp' is not there"
	;;
?ELF*) elf_check "$cau_program" ;;
*)
	cau_magic=
	for cau_d in /proc/sys/fs/binfmt_misc/*; do
		case $cau_head in
		MZ*) grep -q '^magic 4d5a' "$cau_d" 2>/dev/null &&
			cau_magic=yes ;;
		esac
	done
	[ -n "$cau_magic" ] ||
		cannot_start "not a program: no #! line and not ELF"
	;;
esac

# The processes that show by themselves that they belong to the job.
marked_pids() {
	grep -lF "CAU_JOB_ID=$cau_id" /proc/[0-9]*/environ 2>/dev/null |
		sed 's|^/proc/||; s|/.*||'
	# shellcheck disable=SC2010
	printf '%s\n' /proc/[0-9]*/cwd /proc/[0-9]*/fd/* | xargs ls -ld 2>/dev/null |
		grep -F -- " -> $cau_here" |
		sed 's|.* /proc/||; s|/.*||'
}

# Sets cau_tree to every process of the installer: those of this session (but
# this shell, the watchdog and what they run), those that carry its mark in
# their environment, have a file of the job open or its folder as theirs,
# those found before, and the children of all these.
find_tree() {
	cau_all=
	cau_all_starts=
	cau_tree=' '
	for cau_d in /proc/[0-9]*; do
		cau_p=${cau_d#/proc/}
		stat_words "$cau_p" || continue
		# shellcheck disable=SC2086
		set -- $cau_words
		[ "$1" != Z ] || continue
		[ "$cau_p" != $$ ] && [ "$cau_p" != "$cau_self" ] &&
			[ "$2" != "$cau_self" ] || continue
		cau_all="$cau_all $cau_p:$2"
		cau_all_starts="$cau_all_starts $cau_p:${20}"
		case "$4 $cau_seen " in
		"$$ "* | *" $cau_p:${20} "*) cau_tree="$cau_tree$cau_p " ;;
		esac
	done
	for cau_p in $(marked_pids); do
		case "$cau_all " in
		*" $cau_p:"*) cau_tree="$cau_tree$cau_p " ;;
		esac
	done
	cau_grew=yes
	while [ -n "$cau_grew" ]; do
		cau_grew=
		for cau_pair in $cau_all; do
			case $cau_tree in
			*" ${cau_pair%:*} "*) ;;
			*" ${cau_pair#*:} "*)
				cau_tree="$cau_tree${cau_pair%:*} "
				cau_grew=yes
				;;
			esac
		done
	done
	for cau_pair in $cau_all_starts; do
		case $cau_tree in
		*" ${cau_pair%:*} "*) cau_seen="$cau_seen $cau_pair" ;;
		esac
	done
}

# Ends the whole tree: TERM, a time of grace, then KILL until none is left.
end_tree() {
	cau_seen=
	read -r cau_self _ </proc/self/stat
	uptime_cs
	cau_until=$((cau_now + cau_grace * 100))
	cau_signal=TERM
	cau_tries=0
	while [ $cau_tries -lt 50 ]; do
		find_tree
		[ "$cau_tree" != ' ' ] || return 0
		# shellcheck disable=SC2086
		kill -$cau_signal $cau_tree 2>/dev/null
		sleep 0.1 2>/dev/null || sleep 1
		uptime_cs
		if [ "$cau_now" -ge "$cau_until" ]; then
			cau_signal=KILL
			cau_tries=$((cau_tries + 1))
		fi
	done
	say_over stuck
}

say_over() {
	printf '%-15s\n' "$1" 1<>./over
}

# Also keeps output that grows without end from filling the disk: a log is cut,
# who answers without end (external-run.sh) is ended.
watchdog() {
	uptime_cs
	cau_end=$((cau_now + cau_limit))
	while [ "$cau_now" -lt "$cau_end" ]; do
		cau_left=$((cau_end - cau_now))
		if [ $cau_left -lt 100 ]; then
			sleep "0.$((cau_left / 10))" 2>/dev/null || sleep 1
		else
			sleep 1
		fi
		if [ -n "$(find log -size +131072 2>/dev/null)" ]; then
			echo "cau: dropped 64 MiB of output" >log
		fi
		# Over: whatever still runs was meant to.
		read -r cau_result <./exit
		[ -z "$cau_result" ] || exit 0
		if [ -e cancel ]; then
			say_over canceled
			end_tree
			exit 0
		fi
		if [ -n "$(find answer -size +16384 2>/dev/null)" ]; then
			echo "it printed more than 8 MiB and was ended" >>log
			say_over flooded
			cau_grace=1
			end_tree
			head -c 8388608 answer >./cut && mv ./cut answer
			exit 0
		fi
		uptime_cs
	done
	say_over timeout
	end_tree
}

watchdog </dev/null >/dev/null 2>&1 &
cau_watchdog=$!
# Not before: a signal that reaches a new child before it has dropped the traps
# of its parent would be lost, and the watchdog with it live on.
trap : HUP INT TERM

CAU_JOB_ID=$cau_id
CAU_EXIT_CODE_FILE=$cau_dir/code
DEBIAN_FRONTEND=noninteractive
export CAU_JOB_ID CAU_EXIT_CODE_FILE DEBIAN_FRONTEND
umask 022

# Death by a signal and an exit status over 128 look alike in $?. They are
# told apart by the word that the shell prints about a signal, on its own
# stderr; it prints none for INT and PIPE, which count as signals. The
# parentheses keep the redirection of the installer away from that stderr.
exec 2>why
(cd work && exec "$cau_program" "$@" >>../log 2>&1 </dev/null)
cau_code=$?
umask 077
# Before anything else can leave a word there.
cau_signaled=
[ ! -s why ] || cau_signaled=yes

read -r cau_over <./over
if [ -n "$cau_over" ]; then
	wait "$cau_watchdog"
	read -r cau_over <./over
fi
case $cau_over in
# stuck: some of its processes may live on, and go on.
canceled | timeout | stuck) end "$cau_over" - - ;;
esac
kill "$cau_watchdog" 2>/dev/null
if [ $cau_code -gt 128 ] && [ $cau_code -le 192 ]; then
	if [ -n "$cau_signaled" ] || [ $cau_code = 130 ] || [ $cau_code = 141 ]; then
		end signal $((cau_code - 128)) -
	fi
fi
cau_wide=-
if [ -s code ]; then
	cau_wide=$(head -c 64 code | head -n 1)
	case $cau_wide in
	'' | - | *[!0-9A-Fa-fxX-]* | ????????????????????*) cau_wide=garbage ;;
	esac
fi
end exited $cau_code "$cau_wide"
