# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2016,SC2034,SC2154
# The example plug-in examples/catalogue, which runs beside the coordinator,
# with nodes behind a real sshd; read by ssh.sh.

if command -v python3 >/dev/null 2>&1; then
	fresh
	cp "$here/../../examples/catalogue" catalogue
	chmod 755 catalogue
	for n in $LAB_NODES; do lab in "$n" rm -f /var/lib/one /var/lib/two /var/lib/waiting; done
	cat >catalogue.json <<'X'
[{"id":"one","title":"the first","needed":"test ! -e /var/lib/one",
  "stage":"! test -e /var/lib/one","install":"echo 'one' >/var/lib/one; exit 7",
  "codes":{"7":"reboot"}},
 {"id":"two","nodes":["n2"],"needed":"test ! -e /var/lib/two",
  "install":": >/var/lib/waiting; until [ -e /var/lib/go ]; do sleep 0.05; done; echo two >>/var/lib/two"}]
X
	"$CAU" plugin register "$top/catalogue" --state-dir state >out 2>err
	"$CAU" run --state-dir state --nodes n1,n2,n3 --rsh "$rsh" -p example.catalogue --settle-time 200ms \
		-a "Catalogue=$top/catalogue.json" >out 2>err &
	pid=$!
	wait_for n2 /var/lib/waiting
	kill -9 $pid
	wait $pid 2>/dev/null
	lab in n2 touch /var/lib/go
	cau recover
	rc=$?
	verdict "example catalogue: restarts, and kill -9 with recovery; each command once" eval 'is 0 $rc &&
		is "Succeeded" "$(report .status)" &&
		is "1 1 1" "$(report "[.nodes[].reboots | length] | join(\" \")")" &&
		is "one 7 true, two 0 false" "$(report "[.nodes[1].updates[] | \"\(.id) \(.exit_code) \(.reboot_required)\"] | join(\", \")")" &&
		is two "$(lab in n2 cat /var/lib/two)"'
else
	echo "skip - example catalogue (no python3)"
	[ "${CAU_REQUIRE_ALL:-}" != 1 ] || bad=$((bad + 1))
fi
