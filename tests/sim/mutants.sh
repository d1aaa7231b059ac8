#!/bin/sh
# SPDX-License-Identifier: ISC
# Breaks the engine in many small ways and has the simulator find each: shows
# that every promise is really checked.
#
#	tests/sim/mutants.sh [NAME PROMISE [SEED]]	(make check-mutants)
#
# OUT, CC, CFLAGS, SIM_OBJS and LIBS are set by the Makefile. One line for each
# mutant: its name, its promise, the seed that found it.
set -u
here=$(dirname "$0")
SEEDS=${SEEDS:-30000}

# apply NAME FILE: FILE as that mutant has it; fails when it does not apply.
apply() {
	awk -v name="$1" -v file="$2" '
	function replace(at) {
		if (old == "")
			return
		at = index(text, old)
		if (at == 0 || index(substr(text, at + 1), old) != 0)
			exit failed = 1
		text = substr(text, 1, at - 1) new substr(text, at + length(old))
		old = new = ""
	}
	FILENAME == file { text = text $0 "\n"; next }
	/^= / { replace(); mine = $2 == name; here = 0; next }
	/^@ / { replace(); here = mine && $2 == file; next }
	here && /^-/ { old = old substr($0, 2) "\n" }
	here && /^[+]/ { new = new substr($0, 2) "\n" }
	END { if (!failed) replace(); if (failed) exit 1; printf "%s", text }
	' "$2" "$here/mutants"
}

# one NAME PROMISE [SEED]
one() {
	dir=$OUT/mutants/$1
	rm -rf "$dir"
	mkdir -p "$dir" || return 1
	objs=
	files=$(awk -v name="$1" '
	    /^= / { mine = $2 == name }
	    mine && /^@ / && !seen[$2]++ { print $2 }' "$here/mutants")
	for f in $files; do
		if ! apply "$1" "$f" >"$dir/$f"; then
			echo "FAILED  $1 does not apply to $f any more"
			return 1
		fi
		# shellcheck disable=SC2086
		$CC $CFLAGS -c -o "$dir/$f.o" "$dir/$f" || return 1
		objs="$objs $dir/$f.o"
	done
	# shellcheck disable=SC2086
	$CC $CFLAGS -o "$dir/sim" $SIM_OBJS $objs $LIBS || return 1
	"$dir/sim" -p "$2" "${3:-1}" "$SEEDS" >"$dir/log" 2>&1
	if ! grep -q "^promise $2 is broken" "$dir/log"; then
		echo "FAILED  $1: nobody saw that promise $2 is broken"
		tail -n 3 "$dir/log"
		return 1
	fi
	sed -n "s/^to see it again: .* /caught  $1, promise $2, seed /p" "$dir/log"
	rm -rf "$dir"
}

if [ $# != 0 ]; then
	one "$@"
	exit
fi
sed -n 's/^= //p' "$here/mutants" |
	xargs -P "$(getconf _NPROCESSORS_ONLN)" -L 1 sh "$0"
