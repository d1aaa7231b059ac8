# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# nspawn-root.sh: the root file system of nodes; to be sourced. Made once by mmdebstrap from the apt
# sources of this machine and kept in a cache:
#
#	$CAU_LAB_CACHE/SUITE-KEY/root	KEY stands for the packages and for this recipe
#
# The cache is ${TMPDIR:-/var/tmp}/cau-lab-cache-UID unless CAU_LAB_CACHE names another. What is a
# week old is made again: the files of temporary folders vanish with age, one by one.

root_packages="dbus iproute2 openssh-server procps sudo systemd systemd-sysv util-linux"

# root_get RECIPE PACKAGE...: sets root to the folder, which stays as it is for as long as descriptor
# 5 is open, also in others. RECIPE is the file that says how it is made: this one, or one that has
# set root_suite to another release than that of this machine, root_sources to the lines of a
# sources.list for it, and root_hook to what the shell of a hook does in the end ($1 is the root).
root_get() {
	: "${root_suite:=$(. /etc/os-release && echo "${VERSION_CODENAME-}")}"
	[ -n "$root_suite" ] || die 77 "/etc/os-release names no Debian release (VERSION_CODENAME)"
	root_recipe=$1
	shift
	# shellcheck disable=SC2086 # words
	root_names=$(printf '%s\n' $root_packages "$@" | sort -u)
	root_cache=${CAU_LAB_CACHE:-${TMPDIR:-/var/tmp}/cau-lab-cache-$(id -u)}
	mkdir -m 700 "$root_cache" 2>/dev/null || : # it is there
	# Programs in it are going to be run as root.
	[ -n "$(find "$root_cache" -maxdepth 0 -type d -user 0 ! -perm /022)" ] ||
		die 1 "$root_cache: must be a folder of root that nobody else can write to"
	root_dir=$(cd "$root_cache" && pwd)/$root_suite-$({ echo "$root_names" && cat "$root_recipe"; } | sha256sum | cut -c 1-12)
	exec 6>"$root_dir.lock"
	flock 6 # only one makes it, others wait for that
	root=$root_dir/root
	if [ ! -d "$root" ] || root_old; then
		root_make "$root_dir.new"
		rm -rf --one-file-system "$root_dir"
		mv "$root_dir.new" "$root_dir"
	fi
	exec 5<"$root"
	flock -s 5
	exec 6>&-
}

# Old, and nobody uses it?
root_old() {
	[ -n "$(find "$root" -maxdepth 0 -mtime +6)" ] && flock -n "$root" true
}

root_make() {
	echo "lab: making the root file system of the nodes ($root_suite)" >&2
	rm -rf --one-file-system "$1"
	mkdir -m 700 "$1" "$1/tmp"
	# mmdebstrap's apt reads nothing of /etc/apt by itself: how to get packages, and from where.
	root_list='' root_parts='' root_netrc='' root_netrcs=''
	eval "$(apt-config shell root_list Dir::Etc::sourcelist/f root_parts Dir::Etc::sourceparts/d \
		root_netrc Dir::Etc::netrc/f root_netrcs Dir::Etc::netrcparts/d)"
	{
		apt-config dump | grep -E '^Acquire::([a-z]|Check-|Force|Retries)' || :
		echo "Dir::Etc::netrc \"$root_netrc\"; Dir::Etc::netrcparts \"$root_netrcs\";"
	} >"$1/apt.conf"
	set -- "$1" "$root_list" "${root_parts%/}"/*.list "${root_parts%/}"/*.sources
	root_new=$1
	shift
	for root_f; do
		shift
		[ ! -s "$root_f" ] || set -- "$@" "$root_f"
	done
	if [ -n "${root_sources-}" ]; then
		printf '%s\n' "$root_sources" >"$root_new/sources.list"
		set -- "$root_new/sources.list"
	fi
	# In this release usrmerge would bring all of perl along; the hook does without.
	root_usr=
	[ "$root_suite" != bookworm ] || root_usr=--hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr
	# In namespaces of its own: when this shell is killed, all of it ends, and its mounts with it.
	# shellcheck disable=SC2016,SC2086 # for the shell of the hook; one word or none
	TMPDIR=$root_new/tmp LC_ALL=C DEBIAN_FRONTEND=noninteractive setpriv --pdeathsig KILL \
		unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
		mmdebstrap --mode=root --format=directory --variant=minbase $root_usr \
		--include="$(echo "$root_names" | paste -sd ,)" --aptopt="$root_new/apt.conf" \
		--dpkgopt=force-unsafe-io --customize-hook="${root_hook:-true}" \
		--customize-hook='cd "$1" && rm -f etc/ssh/ssh_host_* etc/apt/apt.conf.d/99mmdebstrap \
			etc/apt/sources.list etc/apt/sources.list.d/* etc/resolv.conf etc/hostname' \
		"$root_suite" "$root_new/root" "$@" </dev/null >"$root_new/log" 2>&1 || {
		rm -rf --one-file-system "$root_new/root" "$root_new/tmp" "$root_new/apt.conf"
		tail -n 15 "$root_new/log" >&2
		die 77 "cannot make the root file system, see $root_new/log"
	}
	rm -rf "$root_new/tmp" "$root_new/apt.conf"
	touch "$root_new/root"
}
