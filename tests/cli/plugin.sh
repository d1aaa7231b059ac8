#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2012,SC2016,SC2030,SC2031,SC2086,SC2119,SC2154,SC2317
# Plug-ins of others: registered, listed, tested, run; and every way in which
# one can misbehave.
. "${0%/*}/lib.sh"
p=$dir/p
mkdir "$p"

# plugin FILE NAME [MEMBERS]: a plug-in with this name. The body of its verbs
# comes from a here-document: functions scan, stage, install.
plugin() {
	{
		echo '#!/bin/sh'
		echo 'scan() { :; }; stage() { :; }; install() { :; }'
		echo 'update() { echo "{\"type\":\"update\",\"id\":\"$1\"}"; }'
		echo 'result() { echo "{\"type\":\"result\",\"id\":\"${2-$CAU_UPDATE_ID}\",\"result\":\"$1\"}"; }'
		cat
		cat <<X
case \$1 in
describe) echo '{"type":"description","protocol":1,"name":"$2","version":"1.0","runs_on":"node"${3-}}' ;;
scan | stage | install) \$1 ;;
*) exit 2 ;;
esac
X
	} >"$p/$1"
	chmod 755 "$p/$1"
}

# A good one: a file for each update that is installed.
good='scan() { for u in ${CAU_ARG_LIST:-u1}; do [ -e "$CAU_ARG_DIR/$u" ] || update "$u"; done; }
install() { echo "here is $CAU_UPDATE_ID"; : >"$CAU_ARG_DIR/$CAU_UPDATE_ID"; } >&2
stage() { :; }'
args=',"summary":"makes files","arguments":[{"name":"Dir","required":true,"help":"where"},{"name":"List","default":"u1"}]'
good() {
	printf '%s\n' "$good" 'run_install() { install && result Succeeded; }' |
		plugin "$1" "$2" "$args${3-}"
	sed -i 's/^scan | stage | install) .*/scan | stage) $1 ;;\ninstall) run_install ;;/' "$p/$1"
}

register() {
	cau plugin register "$p/$1" >/dev/null 2>err || fail "$(cat err)"
}

# run_of NAME WORD...: one node, tried once.
run_of() {
	run_name=$1
	shift
	cau run -q --nodes "$one" -p "$run_name" --max-retries-per-node 0 "$@"
}

it 'register, twice, list, unregister'
good good Contoso.Files
runs 0 cau plugin register "$p/good"
silent_err
out_is <<'X'
Contoso.Files 1.0 is registered
X
runs 0 cau plugin register p/good
out_is <<'X'
Contoso.Files 1.0 is already registered
X
runs 0 cau plugin list
out_is <<'X'
NAME                           ORIGIN      VERSION  WHAT IT DOES
Microsoft.WindowsUpdatePlugin  built-in    0.1.0    updates of the node's own agent: apt, dnf, zypper, fwupd
Microsoft.HotfixPlugin         built-in    0.1.0    hotfixes of a root folder, by the rules of an XML file
Contoso.Files                  registered  1.0      makes files
X
runs 0 cau plugin list contoso.FILES
out_is <<'X'
Contoso.Files 1.0, registered
  makes files
  program: DIR/p/good
  sha256: SHA
  runs on: node
  arguments:
    Dir (required): where
    List (default u1)
X
runs 0 cau plugin list Contoso.Files --json
json '[.format, .command, (.plugins | length)] | join(" ")' '1 plugin list 1'
json '.plugins[0] | [.name, .origin, .version, .runs_on, .path, .problem,
	(.arguments | map("\(.name) \(.required) \(.default)") | join(","))] | map(tostring) | join(" ")' \
	'Contoso.Files registered 1.0 node DIR/p/good null Dir true null,List false u1'
runs 0 cau plugin list --json microsoft.hotfixplugin
json '.plugins[0] | [.name, .origin, .arguments[0].name] | join(" ")' \
	'Microsoft.HotfixPlugin built-in HotfixRootFolderPath'
runs 0 cau plugin unregister CONTOSO.files
silent_err
out_is <<'X'
Contoso.Files is no longer registered
X
runs 2 cau plugin unregister Contoso.Files
silent_out
err_is <<'X'
cau plugin: there is no registered plug-in Contoso.Files
X
runs 2 cau plugin list Contoso.Files
silent_out
err_is <<'X'
cau plugin: there is no plug-in Contoso.Files
X

it 'in a state folder of its own'
runs 0 cau plugin register "$p/good" --state-dir "$dir/other"
yes 'the file is there' test -s other/plugins/contoso.files.json
runs 0 cau plugin list --state-dir "$dir/other" Contoso.Files
runs 2 cau plugin list Contoso.Files
rm -rf other

it 'the built-in ones stay'
runs 2 cau plugin unregister microsoft.HotfixPlugin
err_is <<'X'
cau plugin: Microsoft.HotfixPlugin is built in and cannot be removed
X
plugin builtin Microsoft.hotfixplugin </dev/null
runs 2 cau plugin register "$p/builtin"
err_is <<'X'
cau plugin: Microsoft.hotfixplugin is the name of a built-in plug-in
X

it 'a name that is taken'
register good
good other contoso.files
runs 2 cau plugin register "$p/other"
silent_out
err_is <<'X'
cau plugin: the name contoso.files is taken by DIR/p/good: cau plugin unregister Contoso.Files first
X
echo '# changed' >>"$p/good"
runs 2 cau plugin register "$p/good"
err_is <<'X'
cau plugin: Contoso.Files is registered, and DIR/p/good has changed since: cau plugin unregister Contoso.Files first
X
it 'a file that changed is not run'
runs 7 cau scan --nodes "$one" -p Contoso.Files -a "Dir=$dir"
silent_out
err_is <<'X'
cau scan: Contoso.Files: DIR/p/good is not the file that was registered: if it may be used, register it again (cau plugin unregister, then register)
X
runs 0 cau plugin unregister Contoso.Files
register good

it 'who may write to it'
chmod 777 "$p/good"
runs 7 cau run --nodes "$one" -p Contoso.Files -a "Dir=$dir"
silent_out
err_is <<'X'
DIR/p/good: writable by everybody
cau run: Contoso.Files: others than root could change DIR/p/good, which is run as root on the nodes
X
good open Contoso.Open
chmod 757 "$p/open"
runs 7 cau plugin register "$p/open"
err_is <<'X'
DIR/p/open: writable by everybody
cau plugin: others than root could change DIR/p/open, which is run as root on the nodes
X
chmod 755 "$p/good"

it 'a registration that others could have written, or that is damaged'
chmod 666 c/plugins/contoso.files.json
runs 7 cau scan --nodes "$one" -p Contoso.Files -a "Dir=$dir"
err_is <<'X'
cau scan: contoso.files: its registration DIR/c/plugins/contoso.files.json is of no use: DIR/c/plugins/contoso.files.json: writable by everybody; register it again
X
chmod 644 c/plugins/contoso.files.json
cp c/plugins/contoso.files.json keep
head -c 50 keep >c/plugins/contoso.files.json
runs 7 cau scan --nodes "$one" -p Contoso.Files -a "Dir=$dir"
err_has 'is of no use: it is damaged; register it again'
runs 0 cau plugin list
out_has 'UNUSABLE, see cau plugin list NAME'
runs 0 cau plugin list contoso.files
out_has "  problem: its registration $dir/c"
chmod 777 c/plugins
mv keep c/plugins/contoso.files.json
runs 7 cau scan --nodes "$one" -p Contoso.Files -a "Dir=$dir"
err_has 'others could register plug-ins: '
chmod 755 c/plugins

it 'misuse'
for words in '' foo register 'register a b' unregister 'list a b' 'test'; do
	runs 2 cau plugin $words
	silent_out
	err_has 'usage: cau plugin list [NAME] | unregister NAME | register FILE | test FILE'
done
runs 2 cau plugin list -a x=y
err_has '-a is for test, and comes once'
runs 2 cau plugin register "$p/none"
err_is <<'X'
cau plugin: cannot read the plug-in DIR/p/none: No such file or directory
X
runs 2 cau plugin register "$p"
err_has "$dir/p is not a regular file"
echo hello >"$p/text"
runs 2 cau plugin register "$p/text"
err_has "$dir/p/text has no #! line, so a node could not run it"
printf '#!/bin/sh\n' >"$p/text"
runs 2 cau plugin register "$p/text" --json
json .error 'DIR/p/text describe: it is not executable (chmod 755)'
rm "$p/text"

# bad_description TEXT PROGRAM: what registering it says.
bad_description() {
	printf '#!/bin/sh\n%s\n' "$2" >"$p/bad"
	chmod 755 "$p/bad"
	runs 1 cau plugin register "$p/bad"
	silent_out
	printf 'cau plugin: DIR/p/bad describe: %s\n' "$1" >is.want
	is err is.want
}

it 'descriptions that are none'
bad_description 'it gave no description' 'exit 0'
bad_description 'it failed: exit status 3: no licence' 'echo no licence >&2; exit 3'
bad_description 'it failed: killed by signal 9 (Killed)' 'kill -9 $$'
bad_description "line 1 of its output: not a JSON object: 'Hello world' (what people are to read goes to standard error)" \
	'echo Hello world'
bad_description "line 1 of its output: broken JSON: '{': string or '}' expected near end of file (an object is whole in one line)" \
	'echo "{"; echo "\"type\":\"description\"}"'
printf '#!%s/none\necho\n' "$p" >"$p/nobody"
chmod 755 "$p/nobody"
runs 1 cau plugin register "$p/nobody"
err_is <<'X'
cau plugin: DIR/p/nobody describe: cannot start DIR/p/nobody: No such file or directory (is the program of its #! line there, with nothing behind its name?)
X
bad_description 'line 1 of its output: it speaks version 2 of the protocol, this cau only version 1' \
	'echo "{\"type\":\"description\",\"protocol\":2}"'
bad_description 'line 1 of its output: it is longer than 65536 bytes' 'exec cat /dev/zero'
bad_description "line 1 of its output: not a JSON object: 'y' (what people are to read goes to standard error)" 'exec yes'
no 'anything was registered' test -e c/plugins/bad.json

it 'a run: installed, and then nothing to do'
rm -rf n1 made
mkdir made
runs 0 run_of contoso.files -a "Dir=$dir/made;List=u1 u2"
silent_err
out_is <<'X'
Updating Run RUN: Succeeded
  started TIME, took SPAN, 1 node, by USER on HOST

  n1  Succeeded: 2 succeeded
    Succeeded         u1  exit 0 SPAN
    Succeeded         u2  exit 0 SPAN
X
same 'made' "$(ls made | tr '\n' ' ')" 'u1 u2 '
same 'the log' "$(cat c/runs/*/log/n1/001-u1.log)" 'here is u1'
runs 0 run_of Contoso.Files -a "Dir=$dir/made;List=u1 u2"
out_has 'nothing to install'

it 'the same names of built-in ones in any spelling'
make_root root
echo 'exit 0' | put root/CAUHotfix_All/a.sh
runs 0 cau run -q --nodes "$one" -p microsoft.hotfixPLUGIN -a "HotfixRootFolderPath=$dir/root"
out_has 'n1  Succeeded: 1 succeeded'


it 'arguments: missing, unknown, in the wrong order'
both=Contoso.Files,Microsoft.HotfixPlugin
# wrong TEXT WORD...: cau run and cau scan refuse the words with this text.
wrong() {
	text=$1
	shift
	for c in run scan; do
		runs 2 cau $c --nodes n1=host --node-state-dir "$dir/node" "$@"
		silent_out
		plain <err | head -n 1 >first
		printf '%s\n' "cau $c: $text" >is.want
		is first is.want
	done
}
wrong 'Contoso.Files: the argument Dir is missing: where' -p Contoso.Files
wrong "Contoso.Files: unknown argument 'Dri' (did you mean Dir?)" -p Contoso.Files -a Dri=1
wrong "Contoso.Files: unknown argument 'zzz'; known are Dir, List" -p Contoso.Files -a 'Dir=/;zzz=1'
wrong "Contoso.Files: HotfixRootFolderPath is an argument of Microsoft.HotfixPlugin: -a comes in the order of -p, '' for one without arguments" \
	-p $both -a "HotfixRootFolderPath=$dir/root" -a "Dir=$dir"
wrong "-a comes 1 time for 2 plug-ins: once for each of them, '' for one without arguments" \
	-p $both -a "Dir=$dir"
wrong "-a comes 3 times for 2 plug-ins: once for each of them, '' for one without arguments" \
	-p $both -a "Dir=$dir" -a '' -a ''
wrong 'plug-in Contoso.Files is named twice' -p Contoso.Files,contoso.files -a "Dir=$dir" -a "Dir=$dir"
wrong 'Contoso.Files: plug-in arguments, column 5: this quote is never closed' -p Contoso.Files -a 'Dir="x'

it 'what a plug-in is given'
plugin echo Contoso.Echo ',"arguments":[{"name":"Text","default":"none"},{"name":"x_1"}]' <<'X'
scan() { [ -e "$CAU_PLUGIN_DIR/done" ] || { set | sed -n 's/^\(CAU_[A-Z_0-9]*\)=/\1=/p' | grep -v -e JOB -e PLUGIN_DIR -e EXIT >&2; cat >&2; exit 1; }; }
X
sed -i 's/exit 1; }; }/printf "%s\\n" "$CAU_ARG_TEXT" >"$CAU_PLUGIN_DIR\/done"; exit 1; }; }/' "$p/echo"
register echo
rm -rf n1
evil='$(touch canary);`touch canary`'"'\"\"$nl\\"
runs 1 cau scan --nodes "$one" -p Contoso.Echo -a "Text=\"$evil\""
err_lacks canary
out_has '{"protocol":1,"verb":"scan","node":{"name":"n1","address":"","local":true,"host":'
out_has '"rsh":["ssh"],"arguments":{"Text":'
same 'the value' "$(cat n1/plugins/Contoso.Echo/done)" '$(touch canary);`touch canary`'"'\"$nl\\"
no 'a shell has read it' find . -name canary | grep .
runs 0 cau scan --nodes "$one" -p Contoso.Echo
no 'the job of a scan is left' ls -d n1/jobs/scan-*

# scan_says TEXT BODY [SECONDS]: the scan of a plug-in with this body fails.
n=0
scan_says() {
	n=$((n + 1))
	plugin "bad$n" "Contoso.Bad$n" ",\"scan_timeout_s\":${3-1}" <<X
scan() {
$2
}
X
	register "bad$n"
	runs 1 cau scan --nodes "$one" -p "Contoso.Bad$n"
	silent_err
	printf 'n1: error: scan: %s\n' "$1" >is.want
	is out is.want
}

it 'scan: a crash'
scan_says 'it ended with exit code 3: no contact to the vendor' \
	'echo first words >&2; echo "no contact to the vendor" >&2; exit 3'
scan_says 'it was killed by signal 9 (Killed)' 'update u1; kill -9 $$'
it 'scan: half a line'
scan_says "it was killed by signal 6 (Aborted); line 2 of its output: broken JSON: '{\"type\":\"upd': premature end of input near '\"upd' (an object is whole in one line)" \
	'update u1; printf "{\"type\":\"upd"; kill -6 $$'
it 'scan: garbage'
scan_says "line 1 of its output: not a JSON object: 'Reading package lists...' (what people are to read goes to standard error)" \
	'echo Reading package lists...; update u1'
scan_says "line 1 of its output: not a JSON object: '\\xff\\x00\\x1b[31m' (what people are to read goes to standard error)" \
	'printf "\377\000\033[31m\n"'
it 'scan: silence; the same update for ever, slowly and fast: three plug-ins at once, and one that is well'
slow() {
	plugin "$1" "Contoso.$1" ",\"scan_timeout_s\":$2" <<X
scan() {
$3
}
X
	register "$1"
}
slow Silent 1 'sleep 100 & wait'
slow Slow 1 'while :; do update u1; sleep 0.2; done'
slow Fast 20 '(trap "" TERM; yes "$(update u1)")'
rm -rf n1 made
mkdir made
runs 3 cau scan --nodes "$one" -p Contoso.Silent,Contoso.Files,Contoso.Slow,Contoso.Fast \
	-a '' -a "Dir=$dir/made" -a '' -a ''
silent_err
out_is <<'X'
n1: 1 to install, 0 already installed, 0 ignored
  error: Contoso.Silent: scan: timeout: it was ended after SPAN
  error: Contoso.Slow: scan: timeout: it was ended after SPAN; line 2 of its output: update 'u1' is offered twice
  error: Contoso.Fast: scan: it was killed by signal 15 (Terminated): it printed more than 8 MiB and was ended; line 2 of its output: update 'u1' is offered twice
  STATE       UPDATE  VERSION  KB  SIZE  TITLE
  Applicable  u1                   0 B
X
it 'scan: a line without end'
scan_says 'line 1 of its output: it is longer than 65536 bytes' \
	'head -c 3000000 /dev/zero | tr "\0" x'
it 'scan: what is missing, what is none'
scan_says 'line 1 of its output: "id" is missing' 'echo "{\"type\":\"update\"}"'
scan_says "line 1 of its output: \"type\" is 'updat' (did you mean update?)" 'echo "{\"type\":\"updat\"}"'
scan_says 'line 1 of its output: "result" is no answer to scan' 'result Succeeded u1'
it 'scan: members of later versions, progress, log'
plugin later Contoso.Later <<'X'
scan() { echo '{"type":"progress","percent":50,"text":"half","eta":3}'
	echo '{"type":"update","id":"u1","title":"T","version":"2","size":2048,"severity":{"x":[1]},"data":{"k":"v"}}'
	echo '{"type":"log","text":"done"}'; }
X
register later
runs 0 cau scan --json --nodes "$one" -p Contoso.Later
json '.nodes[0].updates[0] | [.id, .plugin, .title, .version, .size, .state, .properties.data.k] | join(" ")' \
	'u1 Contoso.Later T 2 2048 Applicable v'

# install_says RESULT REASON BODY: the one update of this plug-in.
install_says() {
	n=$((n + 1))
	rm -rf n1
	plugin "bad$n" "Contoso.Bad$n" ",\"stage\":false,\"install_timeout_s\":1" <<X
scan() { [ -e "\$CAU_PLUGIN_DIR/done" ] || update u1; }
install() { : >"\$CAU_PLUGIN_DIR/done"
$3
}
X
	register "bad$n"
	code=1
	[ "$1" != Succeeded ] || code=0
	runs $code run_of "Contoso.Bad$n" --json
	jsonl '.nodes[0].updates[0] | "\(.result): \(.reason)"' "$1: $2"
}

it 'install: a crash'
install_says Failed 'it ended with exit code 3: no room' 'echo no room >&2; exit 3'
install_says Failed 'it was killed by signal 9 (Killed)' 'kill -9 $$'
it 'install: no result'
install_says Failed 'it gave no result' 'echo all is well >&2'
it 'install: garbage beside the result'
install_says Failed "line 2 of its output: not a JSON object: 'done' (what people are to read goes to standard error)" \
	'result Succeeded; echo done'
it 'install: a result and then a crash'
install_says Failed 'it said Succeeded, but it ended with exit code 4: oh' \
	'result Succeeded; echo oh >&2; exit 4'
it 'install: silence'
install_says Failed 'timeout: it was ended after SPAN: waiting' 'echo waiting >&2; sleep 100 & wait'
it 'install: a result for an update that was never offered'
install_says Failed "line 1 of its output: a result for 'u2', which it was not asked for" 'result Succeeded u2'
it 'install: two results'
install_says Failed 'line 2 of its output: a second result' 'result Succeeded; result Succeeded'
it 'install: a failure of which it tells'
install_says Failed 'the bank is locked' \
	'echo "{\"type\":\"result\",\"id\":\"u1\",\"result\":\"Failed\",\"reason\":\"the bank is locked\",\"exit_code\":77}"; exit 1'
json '.nodes[0].updates[0] | "\(.exit_code) \(.condition)"' '77 '
it 'install: progress and log'
install_says Succeeded '' 'echo first >&2
	echo "{\"type\":\"progress\",\"percent\":50,\"text\":\"half\"}"
	echo "{\"type\":\"log\",\"text\":\"bank B\"}"; result Succeeded'
json '.nodes[0].updates[0].log' log/n1/001-u1.log
same 'the log' "$(cat "$(ls -td c/runs/* | head -n 1)"/log/n1/001-u1.log)" "first${nl}50% half${nl}bank B"
it 'install: a wrong result'
install_says Failed "line 1 of its output: \"result\" is 'OK'; Succeeded, Failed, AlreadyInstalled or NotApplicable is expected" 'result OK'
it 'install: it is offered again'
install_says Failed 'it was said to be installed, and the next scan offers it again' \
	'rm "$CAU_PLUGIN_DIR/done"; result Succeeded'
it 'new updates for ever'
plugin endless Contoso.Endless ',"stage":false' <<'X'
scan() { update "u$(ls "$CAU_PLUGIN_DIR" | wc -l)"; }
install() { : >"$CAU_PLUGIN_DIR/$CAU_UPDATE_ID"; result Succeeded; }
X
register endless
rm -rf n1
runs 3 run_of Contoso.Endless
out_has 'error: new updates came into sight after each of 8 passes; the rest is left to the next run'
out_has 'n1  PartiallyFailed: 8 succeeded, 1 canceled'

it 'stage: fails'
plugin nostage Contoso.NoStage <<'X'
scan() { update u1; }
stage() { echo '{"type":"result","id":"u1","result":"Failed","reason":"no room for it"}'; }
install() { result Succeeded; }
X
register nostage
rm -rf n1
runs 1 run_of Contoso.NoStage
out_has 'error: stage of u1: no room for it'

# Two plug-ins that say what they do, in this order.
teller() {
	plugin "$1" "Contoso.$1" ',"stage":false,"arguments":[{"name":"Mode"}]' <<X
say() { echo "$1 \$*" >>$dir/told; }
scan() {
	say scan
	[ "\$CAU_ARG_MODE" != noscan ] || { echo "no scan today" >&2; exit 1; }
	[ "\$CAU_ARG_MODE" != waits ] || { : >$dir/waits; while :; do sleep 0.1; done; }
	[ -e "\$CAU_PLUGIN_DIR/done" ] || update u1
}
install() {
	say install
	[ "\$CAU_ARG_MODE" != noinstall ] || exit 1
	: >"\$CAU_PLUGIN_DIR/done"
	result Succeeded
}
X
	register "$1"
}
# tell ARGS1 ARGS2 WORD...: a run with both.
tell() {
	rm -rf n1 told
	a1=$1 a2=$2
	shift 2
	cau run -q --nodes "$one" -p Contoso.First,Contoso.Second -a "$a1" -a "$a2" \
		--max-retries-per-node 0 "$@"
}
told() {
	same 'what was done' "$(tr '\n' ' ' <told)" "$1"
}
teller First
teller Second
it 'two plug-ins: serially, each in its turn'
runs 0 tell '' '' --run-plugins-serially
told 'First scan Second scan First install Second install First scan Second scan '
it 'two plug-ins: the scan of one fails, the other goes on'
runs 1 tell Mode=noscan '' --run-plugins-serially
told 'First scan Second scan Second install First scan Second scan '
out_has 'error: Contoso.First: scan: it ended with exit code 1: no scan today'
it 'two plug-ins: with --stop-on-plugin-failure it does not'
runs 1 tell Mode=noscan '' --run-plugins-serially --stop-on-plugin-failure
told 'First scan '
it 'two plug-ins: an update fails, the other plug-in goes on'
runs 3 tell Mode=noinstall ''
out_has '    Failed            u1  exit 1'
out_has '    Succeeded         u1  exit 0'
it 'two plug-ins: cau stop --now ends the scans of both'
rm -rf n1 waits
cau run -q --nodes "$one" -p Contoso.First,Contoso.Second -a '' -a Mode=waits >run.out 2>&1 </dev/null &
run=$!
eventually 'the second one scans' test -e waits
runs 6 timeout 40 "$CAU" stop --now --wait
wait $run
same 'exit code' $? 6

it 'two plug-ins: all scan, then all stage; serially, the second scans when the first has staged'
for f in First Second; do
	sed "s/,\"stage\":false//; s/Contoso.$f/Contoso.$f.Stage/; s/^stage() { :; };*//; s/^install() {/stage() { say stage; }\n&/" "$p/$f" >"$p/$f.stage"
	chmod 755 "$p/$f.stage"
	register $f.stage
done
for w in '' --run-plugins-serially; do
	rm -rf n1 told
	runs 0 cau run -q --nodes "$one" -p Contoso.First.Stage,Contoso.Second.Stage $w
	case $w in
	'')
		# Called at the same time, they may come in any order.
		mv told pairs
		while read -r a b && read -r c d; do
			printf '%s\n' "$a $b" "$c $d" | sort
		done <pairs >told
		told 'First scan Second scan First stage Second stage First install Second install First scan Second scan '
		;;
	*) told 'First scan First stage Second scan Second stage First install Second install First scan Second scan ' ;;
	esac
done
it 'beside a built-in one'
rm -rf n1 told root
make_root root
echo 'exit 0' | put root/CAUHotfix_All/a.sh
runs 0 cau run -q --nodes "$one" -p Contoso.First,Microsoft.HotfixPlugin -a '' \
	-a "HotfixRootFolderPath=$dir/root"
out_has '    Succeeded         u1'
out_has '    Succeeded         CAUHotfix_All/a.sh'

# waiter FILE NAME WHERE: its installation waits for the file go.
waiter() {
	plugin "$1" "$2" ',"arguments":[]' <<X
scan() { [ -e "$dir/installed.\$CAU_NODE" ] || update u1; }
stage() { echo "\$CAU_NODE stage" >>$dir/ran; }
install() {
	echo "\$CAU_NODE start" >>$dir/ran
	until [ -e $dir/go ]; do sleep 0.05; done
	echo "\$CAU_NODE end" >>$dir/ran
	: >"$dir/installed.\$CAU_NODE"
	result Succeeded
}
X
	sed -i "s/\"runs_on\":\"node\"/\"runs_on\":\"$3\"/" "$p/$1"
	register "$1"
}
# begin NAME: a run with it in the background, as $run; returns when it installs.
begin() {
	rm -rf n1 n2 ran go installed.* c/coordinator
	"$CAU" run --nodes "n1=local:$dir/n1,n2=local:$dir/n2" -p "$1" >run.out 2>run.err </dev/null &
	run=$!
	eventually 'it installs' grep -q start ran
}
waiter waiter Contoso.Waiter node
waiter here Contoso.Here coordinator
it 'a health check with a plug-in that runs here leaves nothing here'
rm -rf c/coordinator
runs 0 cau healthcheck --nodes "n1=local:$dir/n1" -p Contoso.Here --only plugins
no 'its folder' test -e c/coordinator
for w in Waiter Here; do
	it "$w: kill -9 while it installs, and recovery: once"
	begin Contoso.$w
	kill -9 $run
	wait $run 2>/dev/null
	: >go
	runs 0 cau recover -q
	out_has 'n1  Succeeded: 1 succeeded'
	same 'staged' "$(grep stage ran | sort | tr '\n' ' ')" 'n1 stage n2 stage '
	grep -v stage ran >ran.installs
	file_is ran.installs <<'X'
n1 start
n1 end
n2 start
n2 end
X
done
yes 'it ran beside the coordinator' test -d c/coordinator/n1/plugins/Contoso.Here
no 'and not on the node' test -e n1/stage
it 'cau stop --now: it is ended, and nobody knows'
begin Contoso.Waiter
runs 8 cau stop --now --wait
wait $run
same 'exit code' $? 8
runs 0 cau report show
out_has 'ended because the run was stopped; nobody knows how far it came'
same 'it does not end any more' "$(grep -c end ran)" 0
it 'recovery when it has changed: refused, as long as it is not put back'
begin Contoso.Here
kill -9 $run
wait $run 2>/dev/null
cp "$p/here" keep
echo '# more' >>"$p/here"
runs 7 cau recover
err_has "Contoso.Here: $p/here is not the file that was registered"
: >go
cp keep "$p/here"
runs 0 cau recover -q
same 'once' "$(grep -c 'n1 start' ran)" 1

it 'over a remote shell, and the connection breaks while it installs'
use_stub
rm -rf ran go installed.* c/coordinator stub
new_stub
: >go
runs 0 cau run -q --nodes n1=cut -p Contoso.Waiter --node-state-dir "$dir/node"
same 'once' "$(tr '\n' ' ' <ran)" 'n1 stage n1 start n1 end '

it 'plugin test: what is wrong comes first'
: >made/u1
runs 0 cau plugin test "$p/good" -a "Dir=$dir/made;List=u1 u8 u9"
silent_err
out_is <<'X'
fine      describe: Contoso.Files 1.0, protocol 1, runs on the node, 2 arguments
fine      scan: 2 updates: u8, u9
not tried stage and install: they would change this machine; cau plugin test --yes tries them too
X
runs 1 cau plugin test "$p/good"
out_is <<'X'
problem   the argument Dir is missing: where (arguments are given as -a 'NAME=VALUE')
fine      describe: Contoso.Files 1.0, protocol 1, runs on the node, 2 arguments
X
runs 0 cau plugin test "$p/good" -a "Dir=$dir/made"
out_has 'not tried stage and install: the scan offers nothing (arguments with -a may change that)'
plugin wrong Contoso.Wrong <<'X'
scan() { update u1; update u2; update u3; update u4; }
install() {
	case $CAU_UPDATE_ID in
	u1) result Succeeded ;;
	u2) ;;
	u3) result Succeeded u4 ;;
	u4) exit 7 ;;
	esac
}
X
sed -i 's/^\*) exit 2/*) exit 0/' "$p/wrong"
runs 1 cau plugin test --yes "$p/wrong"
out_is <<'X'
problem   an unknown verb ends with 0; anything else is expected
problem   install of u2: Failed: it gave no result
problem   install of u3: Failed: line 1 of its output: a result for 'u4', which it was not asked for
problem   install of u4: Failed: it ended with exit code 7 and gave no reason
problem   scan after install: u1 is offered again; what is installed must not be
fine      describe: Contoso.Wrong 1.0, protocol 1, runs on the node, 0 arguments
fine      scan: 4 updates: u1, u2, u3 and 1 more
fine      stage
fine      install of u1: Succeeded
X
plugin fickle Contoso.Fickle <<'X'
scan() { update "u$$"; }
X
runs 1 cau plugin test --json "$p/fickle"
json '.problems[0]' 'scan: two scans, with nothing done between them, do not offer the same'
runs 1 cau plugin test "$p/open"
out_is <<'X'
problem   others than root could change DIR/p/open, which is run as root on the nodes: DIR/p/open: writable by everybody
X
finish
