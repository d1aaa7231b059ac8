#!/bin/sh
# SPDX-License-Identifier: ISC
# Run by run.sh inside the test lab: a health check of all its nodes against
# `ssh node true` on all of them, as many at the same time.
set -eu
: "${CAU:?}" "${LAB_SSH_CONFIG:?}" "${LAB_NODES:?}" "${PAIRS:?}"
cd "$LAB"
# shellcheck disable=SC2086
set -- $LAB_NODES
printf '%s\n' "$@" >names
cat >bare.sh <<X
xargs -P 32 -n 1 -I NODE ssh -n -F $LAB_SSH_CONFIG NODE true <$LAB/names
X
printf '%s\n' "$CAU" healthcheck --state-dir "$LAB/state" --parallel 32 \
	--nodes-file "$LAB/names" --rsh "ssh -F $LAB_SSH_CONFIG" >a
printf '%s\n' sh "$LAB/bare.sh" >b
# shellcheck disable=SC2046
set -- $# $("$PAIRS" 11 a b)
printf '| health check of %s nodes against `ssh node true`, 32 at a time | %s ms | %s ms | %s | < 1.3 |\n' "$@"
