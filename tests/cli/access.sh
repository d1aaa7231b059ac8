#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1003,SC2013,SC2086,SC2119,SC2154,SC2317
# Who may write what is about to run: refusals of cau run, exit 7.
. "${0%/*}/lib.sh"
use_stub
all=root/CAUHotfix_All

# A root folder with one update; the node is behind the stub.
start() {
	chmod -R u+rwx,go-w root 2>/dev/null
	fresh
	new_stub
	echo 'exit 0' | put $all/a.sh
	printf '#!/bin/sh\n' | put $all/Own/fw.bin
	rm -rf node
}

runs_stub() {
	runs "$1" cau run --nodes n1=host --node-state-dir "$dir/node" --root "$dir/root"
}

# refused OFFENDER...: exactly these, exit 7, no node was contacted.
refused() {
	runs_stub 7
	silent_out
	[ $# -eq 1 ] && s='' || s=s
	{
		for o; do
			echo "$o"
		done
		echo "cau run: Microsoft.HotfixPlugin: refused: others could change what would be run ($# problem$s above; see SECURITY CONSIDERATIONS in cau-hotfix(5))"
	} >is.want
	is err is.want
	same 'calls of ssh' "$(wc -l <stub.log)" 0
	no 'a run' [ -e c/current ]
	same 'runs' "$(ls -A c/runs 2>/dev/null)" ''
}

it 'all in order: not refused'
start
runs_stub 0
yes 'the node was contacted' [ -s stub.log ]

it 'root folder writable by its group'
start
chmod g+w root
refused 'DIR/root: writable by its group'

it 'root folder writable by everybody, with the sticky bit too'
start
chmod 1777 root
refused 'DIR/root: writable by everybody'

it 'a folder above the root writable by everybody'
start
chmod o+w .
refused 'DIR: writable by everybody'
chmod o-w .

it 'a folder above the root writable by everybody, but sticky'
start
chmod 1777 .
runs_stub 0
chmod 755 .

it 'configuration file'
start
chmod o+w root/DefaultHotfixConfig.xml
refused 'DIR/root/DefaultHotfixConfig.xml: writable by everybody'

it 'folder of updates, rule folder, files: each is named'
start
chmod g+w $all
chmod o+w $all/Own
chmod g+w $all/Own/fw.bin
chmod o+w $all/a.sh
refused 'DIR/root/CAUHotfix_All: writable by its group' \
	'DIR/root/CAUHotfix_All/Own: writable by everybody' \
	'DIR/root/CAUHotfix_All/a.sh: writable by everybody' \
	'DIR/root/CAUHotfix_All/Own/fw.bin: writable by its group'

it 'what is for no node of the run does not matter'
start
echo 'exit 0' | put root/other/a.sh
chmod -R o+w root/other
echo text | put $all/readme.txt
chmod o+w $all/readme.txt
runs_stub 0

it 'with JSON'
start
chmod g+w root
runs 7 cau run --json --nodes n1=host --root root
valid_json
json '.command' run
json '.error | startswith("Microsoft.HotfixPlugin: refused:")' true
json '.messages | join(" ")' "$(sed '$d' err | plain | tr '\n' ' ' | sed 's/ $//')"
err_has 'root: writable by its group'

it 'quiet tells why as well'
start
chmod g+w root
runs 7 cau run -q --nodes n1=host --root root
is_err=$(plain <err | head -n 1)
same 'first line' "$is_err" 'DIR/root: writable by its group'

it 'DisableAclChecks=True'
start
chmod -R o+w root
runs 0 cau run -q --nodes n1=host --node-state-dir "$dir/node" \
	-p Microsoft.HotfixPlugin -a "HotfixRootFolderPath=$dir/root;disableaclchecks=true"
runs 7 cau run -q --nodes n1=host --node-state-dir "$dir/node" \
	-p Microsoft.HotfixPlugin -a "HotfixRootFolderPath=$dir/root;DisableAclChecks=False"

it 'POSIX ACL: a named user, a named group, and a mask that takes it away'
start
if command -v setfacl >/dev/null 2>&1 && setfacl -m u:12345:rw $all/a.sh 2>/dev/null; then
	refused 'DIR/root/CAUHotfix_All/a.sh: writable by user 12345 (ACL)'
	setfacl -m m::r $all/a.sh
	runs_stub 0
	setfacl -b $all/a.sh
	setfacl -m g:12345:rwx $all
	new_stub
	rm -rf c
	refused 'DIR/root/CAUHotfix_All: writable by group 12345 (ACL)'
	setfacl -b $all
	setfacl -m u:12345:r $all/a.sh
	runs_stub 0
	setfacl -b $all/a.sh
else
	skip 'no setfacl, or no ACLs here'
fi

it 'owned by somebody else'
start
if [ -n "$is_root" ]; then
	chown 12345 $all/a.sh
	refused 'DIR/root/CAUHotfix_All/a.sh: owned by user 12345'
	chown 0 $all/a.sh
	chown 12345 root
	refused 'DIR/root: owned by user 12345'
	chown 0 root
	chown 12345:12345 root/DefaultHotfixConfig.xml
	refused 'DIR/root/DefaultHotfixConfig.xml: owned by user 12345'
	chown 0:0 root/DefaultHotfixConfig.xml
	chown 12345 .
	refused 'DIR: owned by user 12345'
	chown 0 .
else
	skip 'not root'
fi

it 'files of root are good for another account'
if [ -n "$is_root" ] && command -v setpriv >/dev/null 2>&1; then
	start
	mkdir -m 700 other
	chown 12345 other
	chmod 711 "$CAU_CLI" "$dir"
	runs 0 setpriv --reuid 12345 --regid 12345 --clear-groups "$CAU" run -q \
		--state-dir "$dir/other/c" --cluster local \
		--node-state-dir "$dir/other/n" --root "$dir/root"
	out_has '    Succeeded         CAUHotfix_All/a.sh'
	chown 12345 $all/a.sh
	runs 0 setpriv --reuid 12345 --regid 12345 --clear-groups "$CAU" run -q \
		--state-dir "$dir/other/c" --cluster local \
		--node-state-dir "$dir/other/n" --root "$dir/root"
else
	skip 'not root, or no setpriv'
fi

it 'a symbolic link as configuration file'
start
mv root/DefaultHotfixConfig.xml real.xml
ln -s ../real.xml root/DefaultHotfixConfig.xml
runs_stub 2
silent_out
err_is <<'EOF'
cau run: Microsoft.HotfixPlugin: cannot read DIR/root/DefaultHotfixConfig.xml: a symbolic link is not followed
EOF
rm real.xml

it 'symbolic links as folder and file are passed over'
start
mkdir elsewhere
echo "touch $dir/canary" >elsewhere/b.sh
ln -s ../../elsewhere/b.sh $all/b.sh
ln -s ../elsewhere root/n1
mv $all/Own Own.real
ln -s ../../Own.real $all/Own
runs_stub 0
no 'executed' [ -e canary ]
out_lacks b.sh
out_lacks fw.bin
rm -rf elsewhere Own.real

it 'a symbolic link to the root folder is followed, both ways are checked'
start
mkdir way
ln -s ../root way/link
runs 0 cau run -q --nodes n1=host --node-state-dir "$dir/node" --root "$dir/way/link"
rm -rf c
chmod o+w way
runs 7 cau run --nodes n1=host --node-state-dir "$dir/node" --root "$dir/way/link"
err_has 'way: writable by everybody'
chmod o-w way
chmod o+w root
runs 7 cau run --nodes n1=host --node-state-dir "$dir/node" --root "$dir/way/link"
err_has 'root: writable by everybody'
rm -rf way

it 'a file that is changed between the check and staging is not run'
start
echo "echo 'touch $dir/canary' >>$dir/$all/a.sh" >stub/swap
runs 1 cau run --nodes n1=swap --node-state-dir "$dir/node" --root "$dir/root" --retry-wait 0
no 'executed' [ -e canary ]
out_has '    error: CAUHotfix_All/a.sh: it is not the file that was checked: it was changed since, or damaged on the way'
no 'the changed file on the node' sh -c 'grep -rq canary "$1"' sh "$dir/node"

it 'a file that is exchanged for a symbolic link'
start
echo "touch $dir/canary" >canary.sh
echo "ln -sf $dir/canary.sh $dir/$all/a.sh" >stub/swap
runs 1 cau run --nodes n1=swap --node-state-dir "$dir/node" --root "$dir/root" --retry-wait 0
no 'executed' [ -e canary ]
out_has 'CAUHotfix_All/a.sh'

it 'a file that is removed between the check and staging'
start
echo "rm $dir/$all/a.sh" >stub/swap
runs 1 cau run --nodes n1=swap --node-state-dir "$dir/node" --root "$dir/root" --retry-wait 0
out_has 'CAUHotfix_All/a.sh: No such file or directory'

it 'a folder that is exchanged for a symbolic link'
start
mkdir evil
echo "touch $dir/canary" >evil/a.sh
echo "mv $dir/$all $dir/old; ln -s $dir/evil $dir/$all" >stub/swap
runs 1 cau run --nodes n1=swap --node-state-dir "$dir/node" --root "$dir/root" --retry-wait 0
no 'executed' [ -e canary ]
rm -rf old evil

it 'the rules file that is changed later has no effect'
start
echo "sed -i 's#/bin/sh#/bin/false#' $dir/root/DefaultHotfixConfig.xml" >stub/swap
runs 0 cau run --nodes n1=swap --node-state-dir "$dir/node" --root "$dir/root"

it 'a staged file that was changed on the node is sent again'
start
runs_stub 0
echo "touch $dir/canary" >"$(echo node/stage/*/a.sh)"
runs 0 cau run -q --reinstall --nodes n1=host --node-state-dir "$dir/node" --root "$dir/root"
no 'executed' [ -e canary ]

it 'a staged file that is whole but not yet executable, as a cut leaves it'
start
runs_stub 0
chmod 600 node/stage/*/fw.bin
runs 0 cau run -q --reinstall --nodes n1=host --node-state-dir "$dir/node" --root "$dir/root"
out_has '    Succeeded         CAUHotfix_All/Own/fw.bin'

it 'what cau keeps is for its account only'
start
runs_stub 0
for f in c c/runs c/runs/* c/runs/*/journal.jsonl node node/jobs node/stage node/stage/*/a.sh node/receipts; do
	case $(stat -c %A "$f") in
	?rw?------) ;;
	*) fail "$f: $(stat -c %A "$f")" ;;
	esac
done

finish
