# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2016,SC2034,SC2086
# What the tests in the lab share; to be sourced.

set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${CAU:?}" "${LAB_SSH_CONFIG:?}"
top=$LAB/test
mkdir -p "$top"
cd "$top" || exit 1
umask 022
rsh="ssh -F $LAB_SSH_CONFIG"
bad=0

ok() {
	echo "ok - $1"
}

not_ok() {
	echo "not ok - $1"
	shift
	for f; do
		sed 's/^/#   /' "$f"
	done
	bad=$((bad + 1))
}

# verdict NAME COMMAND...: by the status of COMMAND; shows what cau said.
verdict() {
	name=$1
	shift
	if "$@"; then
		ok "$name"
	else
		not_ok "$name" out err
	fi
}

fresh() {
	rm -rf root state
	mkdir -p root/CAUHotfix_All
	cat >root/DefaultHotfixConfig.xml <<'X'
<HotfixConfig>
  <DefaultRules><ExtensionRules><Extension name="SH">
    <Template path="/bin/sh" parameters="$update$"/>
    <ExitConditions><Success>0</Success>
      <Success_RebootRequired>194</Success_RebootRequired>
      <Fail_RebootRequired>201</Fail_RebootRequired></ExitConditions>
  </Extension></ExtensionRules></DefaultRules>
</HotfixConfig>
X
	for n in $LAB_NODES; do
		lab in "$n" rm -rf /var/lib/cau /var/lib/starts /var/lib/go
	done
}

# installer NAME LINE...: each says that it was started.
installer() {
	f=root/CAUHotfix_All/$1
	shift
	printf '%s\n' 'echo "$(basename "$0")" >>/var/lib/starts' "$@" >"$f"
}

# For runs that have nothing to wait for; the last of an option counts.
quick='--retry-wait 200ms --settle-time 500ms'

cau() {
	verb=$1
	shift
	[ "$verb" != run ] || set -- $quick "$@"
	"$CAU" "$verb" --state-dir state "$@" >out 2>err
}

run() {
	cau run --nodes n1,n2,n3 --rsh "$rsh" --root "$top/root" "$@"
}

starts() {
	for n in $LAB_NODES; do
		lab in "$n" sh -c "sed \"s/^/$n /\" /var/lib/starts 2>/dev/null"
	done | sort
}

is() {
	[ "$1" = "$2" ] || {
		printf '%s\n' "expected: $1" "found:    $2" >>err
		false
	}
}

report() {
	"$CAU" report show last --state-dir state --json | jq -r "$1"
}

# wait_for NODE FILE: until it is there.
wait_for() {
	lab in "$1" sh -c "while [ ! -e '$2' ]; do sleep 0.02; done"
}
