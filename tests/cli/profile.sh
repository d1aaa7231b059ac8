#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1003,SC2013,SC2086,SC2119,SC2154,SC2317
# The Updating Run Profile: options from a file, and what is wrong with one.
. "${0%/*}/lib.sh"
use_stub
all=root/CAUHotfix_All
esc=$(printf '\033')
plugin='CauPluginName=Microsoft.HotfixPlugin'
args="CauPluginArguments=HotfixRootFolderPath=$dir/root"

# An empty place, and a profile from a here-document.
start() {
	fresh
	rm -rf other node
	new_stub
	echo 'exit 0' | put $all/a.sh
}

prof() {
	put p/profile
}

# with COMMAND WORD...: on the nodes n1 to n3, with that profile.
with() {
	c=$1
	shift
	cau "$c" --nodes "$three" --profile p/profile "$@"
}

# option FILTER WANT: of the options of the only run.
option() {
	head -n 1 c/runs/*/journal.jsonl >out
	json ".options | $1" "$2"
}

# wrong TEXT: run and scan refuse the profile of the here-document with one
# error, which they tell with its line.
wrong() {
	start
	prof
	for c in run scan; do
		runs 2 with $c
		silent_out
		printf '%s\n' "cau $c: p/profile:$1" >is.want
		is err is.want
	done
	[ ! -e c/runs ] || fail 'there is a run'
	[ ! -e n1 ] || fail 'a node was touched'
}

it 'the plug-in and its arguments'
start
prof <<X
# What is installed
$plugin

$args
X
runs 0 with scan
silent_err
out_has 'n1: 1 to install'
runs 0 with run -q
silent_err
out_has '    Succeeded         CAUHotfix_All/a.sh'

it 'case, blanks, comments, line ends, byte order mark'
start
printf '\357\273\277# c = d\r\n\tCAUPLUGINNAME \t=  microsoft.hotfixplugin \t\r\n\r\n \t# c\r\n%s' \
	" caupluginarguments = HotfixRootFolderPath = \"$dir/root\" ; DisableAclChecks = False" >p/profile
runs 0 with scan
silent_err
out_has 'n1: 1 to install'

it 'every option, in its unit'
start
printf '#!/bin/sh\nexit 0\n' | put p/pre.sh
cp p/pre.sh p/post.sh
prof <<X
$plugin
$args
NodeOrder=n3,n1
RequireAllNodesOnline=TRUE
MaxFailedNodes=2
MaxUnavailable=2
MaxRetriesPerNode=64
RetryWait=7
WarnAfter=60
StopAfter=01:30:00
PreUpdateScript=pre.sh
PostUpdateScript=$dir/p/post.sh
ScriptTimeout=2
SuspendCommand=true "a b"
ResumeCommand=true
SuspendClusterNodeTimeoutMinutes=3
SuspendRetriesPerNode=4
ForcePauseAndDrain=true
ForcePauseNoDrain=False
FailbackMode=nofailback
RebootTimeoutMinutes=20
SettleTime=500ms
AttemptSoftReboot=True
AllowSelfReboot=false
RunPluginsSerially=true
StopOnPluginFailure=True
SeparateReboots=True
X
runs 0 with run -q
silent_err
option '[.require_all_nodes_online, .max_failed_nodes, .max_unavailable,
	.max_retries_per_node, .retry_wait_ms, .warn_after_ms, .stop_after_ms,
	.script_timeout_ms, .suspend_timeout_ms, .suspend_retries] |
	map(tostring) | join(" ")' \
	'true 2 2 64 7000 3600000 5400000 120000 180000 4'
option '[.suspend_mode, .failback_mode, .reboot_timeout_ms, .settle_ms,
	.attempt_soft_reboot, .allow_self_reboot, .run_plugins_serially,
	.stop_on_plugin_failure, .separate_reboots, .pre_script, .post_script,
	(.suspend_command | join("|"))] | map(tostring) | join(" ")' \
	'ForceDrain NoFailback 1200000 500 true false true true true DIR/p/pre.sh DIR/p/post.sh true|a b'
head -n 1 c/runs/*/journal.jsonl >out
json '[.nodes[].name] | join(" ")' 'n3 n1 n2'

it 'other names of the same'
start
prof <<X
$plugin
$args
RebootTimeout=90s
SuspendTimeout=2
RebootMode=softreboot
X
runs 0 with run -q
option '[.reboot_timeout_ms, .suspend_timeout_ms, .attempt_soft_reboot] |
	map(tostring) | join(" ")' '90000 120000 true'
start
prof <<X
$plugin
$args
RebootMode=FullReboot
X
runs 0 with run
option .attempt_soft_reboot false

it 'what stands on the command line wins'
start
prof <<X
$plugin
$args
MaxFailedNodes=1
StopAfter=60
ForcePauseAndDrain=True
FailbackMode=Policy
X
runs 0 with run -q --max-failed-nodes 2 --stop-after 5m \
	--force-pause-no-drain --failback-mode nofailback
option '[.max_failed_nodes, .stop_after_ms, .suspend_mode, .failback_mode] |
	map(tostring) | join(" ")' '2 300000 NoDrain NoFailback'

it 'the plug-in of the command line'
start
cp -r root other
echo 'exit 0' | put other/CAUHotfix_All/b.sh
prof <<X
$plugin
$args
X
runs 0 with scan --root other
out_has 'n1: 2 to install'
runs 0 with scan -p Microsoft.HotfixPlugin -a "HotfixRootFolderPath=$dir/other"
out_has 'n1: 2 to install'
runs 0 with scan -a "HotfixRootFolderPath=$dir/other"
out_has 'n1: 2 to install'
runs 2 with scan -p Microsoft.HotfixPlugin
err_has 'HotfixRootFolderPath is missing'

it 'arguments: one line per plug-in, an empty one keeps a place'
start
prof <<X
$plugin
$args
CauPluginArguments=
X
runs 2 with scan
err_has '-a comes 2 times for 1 plug-in'
prof <<X
CauPluginName=Microsoft.HotfixPlugin,Other.Plugin
CauPluginArguments=
$args
X
runs 2 with scan
err_has 'Microsoft.HotfixPlugin: HotfixRootFolderPath is missing'

it 'a scan takes no notice of what is for a run'
start
prof <<X
$plugin
$args
NodeOrder=n9
PreUpdateScript=none.sh
SuspendCommand=false
MaxFailedNodes=99
WarnAfter=10
StopAfter=5
X
runs 0 with scan
silent_err
out_has 'n1: 1 to install'

it 'all errors of a profile at once'
start
prof <<X
MaxFailedNodes
# comment
MaxFailNodes=1
MaxFailedNodes=1
maxfailednodes=2
=x
StopAfter=soon
MaxRetriesPerNode=65
RequireAllNodesOnline=yes
FailbackMode=Later
RebootTimeout=1
RebootTimeoutMinutes=1
RebootMode=Hard
ClusterName=alpha
Credential=root
ForcePauseAndDrain=True
ForcePauseNoDrain=True
PreUpdateScript=
MaxUnavailable=0
WhatIf=True
Confirm=False
ForceRecovery=True
Recover=True
ClearCorruptReports=True
SuspendNode=n1
ResumeNode=n1
X
for c in run scan; do
	runs 2 with $c
	silent_out
	cat >is.want <<X
p/profile:1: OptionName=value is expected
p/profile:3: unknown option 'MaxFailNodes' (did you mean MaxFailedNodes?)
p/profile:5: MaxFailedNodes comes twice, first in line 4
p/profile:6: a name is missing before '='
p/profile:7: StopAfter: 'soon' is not a duration (90s, 30m, 2h, 01:30:00)
p/profile:8: MaxRetriesPerNode: 65 is outside 0 to 64
p/profile:9: RequireAllNodesOnline: 'yes' is neither True nor False
p/profile:10: FailbackMode: Later: Immediate, Policy or NoFailback is expected
p/profile:12: RebootTimeoutMinutes comes twice, first in line 11 as RebootTimeout
p/profile:13: RebootMode: 'Hard' is none of FullReboot, SoftReboot, ClusProp, PluginCustomReboot, OrchestratorDefault
p/profile:14: ClusterName: a profile is for any cluster: use --nodes, --nodes-file or --cluster
p/profile:15: Credential: a profile holds no credentials: use the login of --rsh, and --sudo
p/profile:17: ForcePauseNoDrain: to drain by force and not to drain exclude each other
p/profile:18: PreUpdateScript: a file is expected
p/profile:19: MaxUnavailable: 0 is outside 1 to 1000
p/profile:20: WhatIf: use cau run -n, or cau plan
p/profile:21: Confirm: cau run does not ask; see what it would do by cau plan
p/profile:22: ForceRecovery: use cau recover
p/profile:23: Recover: use cau recover
p/profile:24: ClearCorruptReports: a damaged report keeps no run from starting
p/profile:25: SuspendNode: use what takes the node out of service
p/profile:26: ResumeNode: use what puts the node back into service
cau $c: p/profile:1: OptionName=value is expected (the first of 22 errors)
X
	is err is.want
done
no 'a run' [ -e c/runs ]
no 'a node' [ -e n1 ]
runs 2 with run -q --json
valid_json
json .error 'p/profile:1: OptionName=value is expected (the first of 22 errors)'
err_has 'p/profile:19: '

it 'one error'
wrong "2: unknown option 'Foo'" <<X
$plugin
Foo=bar
X
wrong "1: unknown option '\\xc2\\x9b'" <<X
$(printf '\302\233')=1
X
wrong '1: a control character (0x1b)' <<X
StopAfter=${esc}[31m
X
is_xml='this is XML, a profile has lines OptionName=value: see Profiles from elsewhere in cau-profile(5)'
wrong "1: $is_xml" <<X
<Objs Version="1.1.0.1">
<S N="StopAfter">60</S>
X
wrong '3: CauPluginName comes twice, first in line 1' <<X
$plugin
$args
CauPluginName=Other
X
wrong '1: longer than 8192 bytes' <<X
StopAfter=$(printf '%09000d' 1)
X
start
printf 'StopAfter=1\0\n' >p/profile
runs 2 with run
err_is <<'X'
cau run: p/profile:1: a NUL byte: this is no text
X
printf '\377\376S\0' >p/profile
runs 2 with run
err_is <<'X'
cau run: p/profile:1: this is UTF-16: save the file as UTF-8
X
for utf16 in '\0377\0376<\0O\0' '\0376\0377\0<\0O'; do
	printf %b "$utf16" >p/profile
	runs 2 with run
	err_is <<X
cau run: p/profile:1: $is_xml
X
done

it 'an error that shows only with the nodes names the line'
start
prof <<X
$plugin
$args
MaxFailedNodes=3
X
runs 2 with run
silent_out
head -n 1 err >first
file_is first <<'X'
cau run: p/profile:3: MaxFailedNodes: 3 is outside 0 to 2: there are 3 nodes
X
prof <<X
$plugin
$args
NodeOrder=n4
X
runs 2 with run
head -n 1 err >first
file_is first <<'X'
cau run: p/profile:3: NodeOrder: n4 is none of the nodes
X
prof <<X
$plugin
$args
SuspendCommand=true
X
runs 2 with run
err_has 'cau run: p/profile:3: SuspendCommand: there is no resume command, the two belong together'
prof <<X
$plugin
$args
NodeOrder=n4
X
runs 2 with run --node-order n5
err_has 'cau run: --node-order: n5 is none of the nodes'

it 'what means nothing here: a warning, and none with -q'
start
prof <<X
$plugin
$args
ConfigurationName=Microsoft.PowerShell
EnableFirewallRules=True
ForcePauseDrainAndReboot=False
Force=True
ForceSelfUpdate=True
OsRollingUpgrade=True
SiteAwareUpdatingOrder=a,b
SkipUpdateChecks=True
WaitForStorageRepairTimeoutMinutes=5
RebootMode=ClusProp
X
for w in scan 'run -n'; do
	runs 0 with $w
	i=3
	for n in ConfigurationName EnableFirewallRules ForcePauseDrainAndReboot \
		Force ForceSelfUpdate OsRollingUpgrade SiteAwareUpdatingOrder \
		SkipUpdateChecks WaitForStorageRepairTimeoutMinutes \
		RebootMode=ClusProp; do
		echo "warning: p/profile:$i: $n means nothing here and is ignored"
		i=$((i + 1))
	done >is.want
	is err is.want
	runs 0 with $w -q
	silent_err
done
runs 0 with run
err_has 'warning: p/profile:4: EnableFirewallRules means nothing here'

it 'warnings of options: run, dry run, not with -q'
start
prof <<X
$plugin
$args
WarnAfter=10
StopAfter=10
SeparateReboots=True
X
for w in 'run -n' run; do
	runs 0 with $w
	err_has 'warning: --warn-after is not before --stop-after, so it never warns'
	err_has 'warning: with one plug-in, --separate-reboots does nothing'
	runs 0 with $w -q
	silent_err
done

# refused CODE TEXT: of run and scan; nothing was touched.
refused() {
	for c in run scan; do
		runs "$1" timeout 20 "$CAU" $c --nodes "$three" --profile p/profile
		silent_out
		sed "s/^cau $c: /cau: /" err >said
		printf '%s\n' "$2" >is.want
		is said is.want
	done
	no 'a run' [ -e c/runs ]
	no 'a node' [ -e n1 ]
}

it 'who may write it'
start
prof <<X
$plugin
$args
X
chmod g+w p/profile
refused 7 'p/profile: writable by its group
cau: refused: others could change the profile p/profile (1 problem above)'
chmod 646 p/profile
refused 7 'p/profile: writable by everybody
cau: refused: others could change the profile p/profile (1 problem above)'
chmod 644 p/profile
chmod o+w p
refused 7 'DIR/p: writable by everybody
cau: refused: others could change the profile p/profile (1 problem above)'
chmod o-w p
mkdir -p open
chmod 777 open
mv p/profile open/
ln -s ../open/profile p/profile
refused 7 'DIR/open: writable by everybody
cau: refused: others could change the profile p/profile (1 problem above)'
rm p/profile
mv open/profile p/
if [ -n "$is_root" ]; then
	chown 12345 p/profile
	refused 7 'p/profile: owned by user 12345
cau: refused: others could change the profile p/profile (1 problem above)'
	chown 0 p/profile
fi
runs 0 with run -q

it 'files that are no profile'
start
rm -f p/profile
refused 2 'cau: cannot read the profile p/profile: No such file or directory'
mkdir p/profile
refused 2 'cau: the profile p/profile is not a regular file'
rmdir p/profile
mkfifo p/profile
refused 2 'cau: the profile p/profile is not a regular file'
rm p/profile
head -c 1048577 /dev/zero | tr '\000' '\n' >p/profile
refused 2 'cau: the profile p/profile is larger than 1 MiB'
rm p/profile
head -c 1048576 /dev/zero | tr '\000' '\n' >p/profile
runs 0 with scan --root root
echo "$plugin" >p/real
ln -s real p/profile.link
rm p/profile
runs 0 cau scan --nodes "$one" --profile p/profile.link \
	-a "HotfixRootFolderPath=$dir/root"

it 'a megabyte of errors ends soon'
start
command yes 'MaxFailedNode=' | head -c 1048576 >p/profile
runs 2 timeout 20 "$CAU" run --nodes "$three" --profile p/profile
same 'lines' "$(wc -l <err)" 1002
err_has 'more errors are not shown'

it 'no profile at all'
start
runs 0 cau scan --nodes "$one" --root root --profile ''

it 'the default profile'
start
mkdir etc
cp -r /etc/passwd /etc/group /etc/nsswitch.conf etc/ 2>/dev/null
mkdir etc/cau
printf '%s\n' "$plugin" "$args" >etc/cau/profile
# in_etc COMMAND...: with our /etc, if the kernel lets us.
in_etc() {
	unshare -rm sh -c 'mount --bind etc /etc && exec "$@"' sh "$@"
}
if in_etc true 2>/dev/null; then
	runs 0 in_etc "$CAU" scan --nodes "$one"
	silent_err
	out_has 'n1: 1 to install'
	runs 2 in_etc "$CAU" scan --nodes "$one" --profile '' -a Foo=1
	err_has 'WindowsUpdatePlugin: unknown argument'
	echo 'Foo=1' >>etc/cau/profile
	runs 2 in_etc "$CAU" run --nodes "$one"
	err_is <<'X'
cau run: /etc/cau/profile:3: unknown option 'Foo'
X
	rm etc/cau/profile
	runs 0 in_etc "$CAU" scan --nodes "$one" --root root
else
	skip 'no mount namespace'
fi

it 'scripts are looked for beside the profile'
start
mkdir -p sub
printf '#!/bin/sh\necho here >>%s/pre\n' "$dir" | put p/x/pre.sh
rm -f pre
prof <<X
$plugin
$args
PreUpdateScript=x/pre.sh
X
cd sub || exit 1
runs 0 cau run -q --nodes "n1=local:$dir/n1" --profile ../p/profile
cd ..
mv sub/out sub/err .
same 'the script ran' "$(cat pre)" here

it 'the suspend and resume commands know the run and the modes'
start
echo "env >$dir/installer.env" | put $all/a.sh
# What stands here is no business of an installer.
printf '#!/bin/sh\necho "$CAU_RUN_ID $CAU_SUSPEND_MODE $CAU_FAILBACK_MODE $1" >>%s/told\n' \
	"$dir" | put p/lb
chmod 755 p/lb
# tells LINE WORD...: the lines of both commands for a run with these words.
tells() {
	line=$1
	shift
	rm -rf told c n1 node
	runs 0 cau run -q --nodes "n1=$address" --node-state-dir "$dir/node" \
		--root root --suspend-command "$dir/p/lb" \
		--resume-command "$dir/p/lb" "$@"
	id=$(ls c/runs)
	same 'told' "$(cat told)" "$id $line$nl$id $line"
	no 'modes in the environment of an installer' \
		grep -q -e CAU_RUN_ID -e CAU_SUSPEND -e CAU_FAILBACK installer.env
}
for address in "local:$dir/n1" host; do
	tells 'Drain Immediate n1'
	tells 'ForceDrain Policy n1' --force-pause-and-drain \
		--failback-mode policy
	tells 'NoDrain NoFailback n1' --force-pause-no-drain \
		--failback-mode NoFailback
done

it 'exclude each other'
runs 2 cau run --nodes "$one" --root root --force-pause-and-drain \
	--force-pause-no-drain
err_has '--force-pause-no-drain: to drain by force and not to drain exclude each other'

it 'ranges'
runs 2 cau run --nodes "$one" --root root --max-failed-nodes 1
err_has '--max-failed-nodes: 1 is outside 0 to 0: there is 1 node'
runs 2 cau run --nodes "$three" --root root --max-failed-nodes 3
err_has '--max-failed-nodes: 3 is outside 0 to 2: there are 3 nodes'
runs 2 cau run --nodes "$one" --root root --max-retries-per-node 65
err_has '--max-retries-per-node: 65 is outside 0 to 64'

finish
