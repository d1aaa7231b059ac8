# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC1091,SC2016
# cau healthcheck, and the health check that every run begins with.
. "${0%/*}/lib.sh"

health() { cau healthcheck --nodes "$three" --root "$dir/root" "$@"; }
# What the machine of the test is like has no say.
quiet_checks=reachable,clock,tools,leftover-jobs,node-lock,plugins,scripts,access

it 'all is well'
fresh
runs 0 health --only $quiet_checks
out_is <<'X'
OK: 0 critical, 0 warnings; 3 nodes
X
silent_err
no 'a trace on a node' [ -e n1 ]
no 'a trace here' [ -e c ]

it 'a node that does not answer is critical, and a run is not started'
echo 'exit 0' | put root/CAUHotfix_All/a.sh
runs 4 cau healthcheck --nodes "n1=local:$dir/n1,n2=away" --root root --rsh false --only reachable
out_is <<'X'
CRITICAL  n2  reachable  no contact: exit status 1
What to do:
  reachable  look at the node, its address and its sshd
CRITICAL: 1 critical, 0 warnings; 2 nodes
X
runs 4 cau run --nodes "n1=local:$dir/n1,n2=away" --root root --rsh false
silent_out
grep -v ' WARNING ' err >err.got
file_is err.got <<'X'
CRITICAL  n2  reachable  no contact: exit status 1
What to do:
  reachable  look at the node, its address and its sshd
CRITICAL: 1 critical, 0 warnings; 2 nodes
cau run: stopped by the health check, nothing was touched; to run nevertheless: --alert-action continue
X
no 'a trace on a node' [ -e n1 ]
no 'a run' [ -e c/runs ]

finish
