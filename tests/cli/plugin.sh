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
	err_has 'usage: cau plugin list [NAME] | register PATH | unregister NAME | test PATH'
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
fresh
echo 'exit 0' | put root/CAUHotfix_All/a.sh
runs 0 cau run -q --nodes "$one" -p microsoft.hotfixPLUGIN -a "HotfixRootFolderPath=$dir/root"
out_has 'n1  Succeeded: 1 succeeded'

finish
