# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2154
# What calls the plug-ins of others where they run: on a node, or beside the
# coordinator in a state folder like that of a node. Read after session.sh.

# cau_external_answer ID BYTES LINE KEEP|DROP: what it printed, cut to this many
# bytes, and lines to that many; and the last words of its log. DROP: the job
# goes.
cau_external_answer() {
	cau_job_of "$1"
	[ ! -s "$cau_dir/log" ] || cau_say words "$(tail -c 1000 "$cau_dir/log" |
		tr -d '\000' | grep -v '^[[:space:]]*$' | tail -n 1)"
	if [ -s "$cau_dir/answer" ]; then
		head -c "$2" "$cau_dir/answer" | cut -b "1-$3" |
			sed "s/^/$cau_mark $cau_seq answer /"
		echo
	fi
	[ "$4" != DROP ] || rm -rf "$cau_dir"
}

# cau_external_jobs ID...: folders for the jobs to come, with the boot in which
# they were made.
cau_external_jobs() {
	cau_jobs "$@" || return 1
	for cau_id; do
		[ -s "$cau_state/jobs/$cau_id/boot" ] ||
			printf '%s\n' "$cau_boot" >"$cau_state/jobs/$cau_id/boot" ||
			return 1
	done
}

# cau_external_boot ID: that boot.
cau_external_boot() {
	cau_was=
	[ ! -s "$cau_state/jobs/$1/boot" ] ||
		read -r cau_was <"$cau_state/jobs/$1/boot"
	cau_say was "${cau_was:-unknown}"
}
