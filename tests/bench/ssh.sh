#!/bin/sh
# SPDX-License-Identifier: ISC
# Run by run.sh inside the test lab: one trivial installer over ssh.
# shellcheck disable=SC1091
set -eu
: "${CAU:?}" "${LAB_SSH_CONFIG:?}"
here=$(cd "$(dirname "$0")" && pwd)
cd "$LAB"
. "$here/measure.sh"
reset_nodes() { lab in n1 rm -rf /var/lib/cau; }
mux="ssh -F $LAB_SSH_CONFIG -oControlMaster=auto -oControlPath=$LAB/mux -oControlPersist=60"
$mux n1 true
# shellcheck disable=SC2086
theirs=$(bare $mux n1 true)
# A round trip over an open channel: a line to cat and back.
mkfifo up down
# shellcheck disable=SC2086
$mux n1 cat <up >down 2>/dev/null &
exec 3>up 4<down
trip=999999
for _ in 1 2 3; do
	t0=$(date +%s%N)
	i=0
	while [ $i -lt 200 ]; do
		echo x >&3
		read -r _ <&4
		i=$((i + 1))
	done
	t1=$(date +%s%N)
	us=$(((t1 - t0) / 200000))
	[ $us -ge "$trip" ] || trip=$us
done
exec 3>&-
mine=$(per_update n1 --rsh "ssh -F $LAB_SSH_CONFIG")
$mux -O exit n1 2>/dev/null || true
awk -v a="$mine" -v b="$theirs" -v t="$trip" 'BEGIN {
	printf "| one trivial installer over ssh, against `ssh node true` over an open connection (round trip %.2f ms) | %.1f ms | %.1f ms | %+.1f ms | < 2 round trips more |\n", t/1000, a/1000, b/1000, (a-b)/1000 }'
