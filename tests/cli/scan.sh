#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1003,SC2013,SC2086,SC2119,SC2154,SC2317
# cau scan.
. "${0%/*}/lib.sh"
use_stub

# A root folder with a bit of everything.
everything() {
	fresh
	echo 'exit 0' | put root/CAUHotfix_All/b.sh
	echo 'exit 1' | put root/CAUHotfix_All/A.SH
	echo 'exit 2' | put root/CAUHotfix_All/two.dots.sh
	echo '#!/bin/sh' | put root/cauhotfix_all2/x.sh
	echo '#!/bin/sh' | put root/CAUHotfix_All/oWN/fw.bin
	echo '#!/bin/sh' | put root/CAUHotfix_All/oWN/noext
	echo text | put root/CAUHotfix_All/readme.txt
	echo text | put root/CAUHotfix_All/noext
	echo text | put root/CAUHotfix_All/dot.
	echo text | put root/CAUHotfix_All/Other/x.sh
	echo text | put root/CAUHotfix_All/Own/deep/x.sh
	ln -s /bin/true root/CAUHotfix_All/link.sh
	ln -s /bin root/n3
	mkfifo root/CAUHotfix_All/fifo.sh
	echo 'exit 3' | put root/N1/n1.sh
	echo 'exit 4' | put root/n4/n4.sh
	echo text | put root/stray.sh
}

it 'text of three nodes'
everything
runs 0 scan3
silent_err
out_is <<'EOF'
n1: 6 to install, 0 already installed, 11 ignored
  STATE       UPDATE                     VERSION  KB  SIZE  TITLE
  Applicable  CAUHotfix_All/A.SH                      7 B
  Applicable  CAUHotfix_All/b.sh                      7 B
  Applicable  CAUHotfix_All/two.dots.sh               7 B
  Applicable  CAUHotfix_All/oWN/fw.bin                10 B
  Applicable  CAUHotfix_All/oWN/noext                 10 B
  Applicable  N1/n1.sh                                7 B
  ignored: CAUHotfix_All/dot. (no rule for a name without extension)
  ignored: CAUHotfix_All/fifo.sh (not a regular file)
  ignored: CAUHotfix_All/link.sh (a symbolic link is not followed)
  ignored: CAUHotfix_All/noext (no rule for a name without extension)
  ignored: CAUHotfix_All/readme.txt (no rule for extension .txt)
  ignored: CAUHotfix_All/Other (no folder rule of this name)
  ignored: CAUHotfix_All/Own/deep (a folder inside a rule folder)
  ignored: cauhotfix_all2 (no node of this name)
  ignored: n3 (a symbolic link is not followed)
  ignored: n4 (no node of this name)
  ignored: stray.sh (lies in the root folder itself)
n2: 5 to install, 0 already installed, 11 ignored
  STATE       UPDATE                     VERSION  KB  SIZE  TITLE
  Applicable  CAUHotfix_All/A.SH                      7 B
  Applicable  CAUHotfix_All/b.sh                      7 B
  Applicable  CAUHotfix_All/two.dots.sh               7 B
  Applicable  CAUHotfix_All/oWN/fw.bin                10 B
  Applicable  CAUHotfix_All/oWN/noext                 10 B
  ignored: CAUHotfix_All/dot. (no rule for a name without extension)
  ignored: CAUHotfix_All/fifo.sh (not a regular file)
  ignored: CAUHotfix_All/link.sh (a symbolic link is not followed)
  ignored: CAUHotfix_All/noext (no rule for a name without extension)
  ignored: CAUHotfix_All/readme.txt (no rule for extension .txt)
  ignored: CAUHotfix_All/Other (no folder rule of this name)
  ignored: CAUHotfix_All/Own/deep (a folder inside a rule folder)
  ignored: cauhotfix_all2 (no node of this name)
  ignored: n3 (a symbolic link is not followed)
  ignored: n4 (no node of this name)
  ignored: stray.sh (lies in the root folder itself)
n3: 5 to install, 0 already installed, 11 ignored
  STATE       UPDATE                     VERSION  KB  SIZE  TITLE
  Applicable  CAUHotfix_All/A.SH                      7 B
  Applicable  CAUHotfix_All/b.sh                      7 B
  Applicable  CAUHotfix_All/two.dots.sh               7 B
  Applicable  CAUHotfix_All/oWN/fw.bin                10 B
  Applicable  CAUHotfix_All/oWN/noext                 10 B
  ignored: CAUHotfix_All/dot. (no rule for a name without extension)
  ignored: CAUHotfix_All/fifo.sh (not a regular file)
  ignored: CAUHotfix_All/link.sh (a symbolic link is not followed)
  ignored: CAUHotfix_All/noext (no rule for a name without extension)
  ignored: CAUHotfix_All/readme.txt (no rule for extension .txt)
  ignored: CAUHotfix_All/Other (no folder rule of this name)
  ignored: CAUHotfix_All/Own/deep (a folder inside a rule folder)
  ignored: cauhotfix_all2 (no node of this name)
  ignored: n3 (a symbolic link is not followed)
  ignored: n4 (no node of this name)
  ignored: stray.sh (lies in the root folder itself)
EOF

it 'scan changes nothing: no state here, none on the nodes'
no 'state folder' [ -e c ]
no 'node state folder' [ -e n1 ]

it 'JSON'
runs 0 scan3 --json
silent_err
valid_json
json '[.format, .command, .cluster.type, .plugins[0]] | join(" ")' \
	'1 scan list Microsoft.HotfixPlugin'
json '[.nodes[].name] | join(" ")' 'n1 n2 n3'
json '[.nodes[] | .status, (.error == null), (.updates | length),
	(.ignored | length)] | join(" ")' \
	'Succeeded true 6 11 Succeeded true 5 11 Succeeded true 5 11'
json '[.nodes[0].updates[0] | keys_unsorted[]] | sort | join(" ")' \
	'description id kb path plugin reason rule sha256 size state title version'
json '.nodes[0].updates[5] | .id, .rule, .path, .size, .sha256, .state' \
	'N1/n1.sh
Extension SH
N1/n1.sh
7
SHA
Applicable'
same 'SHA-256' "$(grep -c "$(sha256sum <root/N1/n1.sh | cut -c 1-64)" out)" 1
json '.nodes[1].ignored[1] | .path, .reason' 'CAUHotfix_All/fifo.sh
not a regular file'
json '[.nodes[0].updates[].rule] | join(",")' \
	'Extension SH,Extension SH,Extension SH,Folder Own,Folder Own,Extension SH'

it '--exit-code: 100 with updates, 0 without'
runs 100 scan3 --exit-code
runs 100 scan3 --exit-code --json
valid_json
fresh
runs 0 scan3 --exit-code
out_is <<'EOF'
n1: 0 to install, 0 already installed, 0 ignored
n2: 0 to install, 0 already installed, 0 ignored
n3: 0 to install, 0 already installed, 0 ignored
EOF

it 'a root folder without any folder of updates'
fresh
rmdir root/CAUHotfix_All
runs 0 scan1
out_is <<'EOF'
n1: 0 to install, 0 already installed, 0 ignored
EOF

it 'node folders: whole name, first label, case'
fresh
echo 1 | put root/NODE1/short.sh
echo 2 | put root/node1.Example.org/long.sh
echo 3 | put root/node1.example.net/other.sh
echo 4 | put root/node2.example.org/two.sh
runs 0 cau scan --root root --nodes \
	"node1.example.org=local:$dir/n1,node2=local:$dir/n2"
out_is <<'EOF'
node1.example.org: 2 to install, 0 already installed, 2 ignored
  STATE       UPDATE                     VERSION  KB  SIZE  TITLE
  Applicable  NODE1/short.sh                          2 B
  Applicable  node1.Example.org/long.sh               2 B
  ignored: node1.example.net (no node of this name)
  ignored: node2.example.org (no node of this name)
node2: 0 to install, 0 already installed, 2 ignored
  ignored: node1.example.net (no node of this name)
  ignored: node2.example.org (no node of this name)
EOF

it 'two folders for one node that differ in case'
fresh
echo 1 | put root/n1/a.sh
echo 2 | put root/N1/b.sh
echo 3 | put root/cauhotfix_ALL/c.sh
runs 0 scan1 --json
json '[.nodes[0].updates[].id] | join(" ")' 'cauhotfix_ALL/c.sh N1/b.sh n1/a.sh'

it 'this machine without --nodes'
fresh
echo 1 | put root/CAUHotfix_All/a.sh
runs 0 cau scan --cluster local --root root --node-state-dir "$dir/n1" --json
json '.cluster.type' local
json '.cluster.name == .nodes[0].name' true
json '.nodes[0].updates[0].state' Applicable

it '-v names all that is ignored, else 20'
fresh
i=10
while [ $i -lt 35 ]; do
	: >"root/CAUHotfix_All/f$i.txt"
	i=$((i + 1))
done
runs 0 scan1
same 'lines' "$(grep -c '  ignored: CAUHotfix_All/f[0-9]*.txt' out)" 20
out_has '  ignored: 5 more (-v names them)'
runs 0 scan1 -v
same 'lines' "$(grep -c '  ignored: CAUHotfix_All/f[0-9]*.txt' out)" 25
out_lacks 'more (-v'

it 'AlreadyInstalled by receipts of each node'
fresh
echo 'exit 0' | put root/CAUHotfix_All/a.sh
echo 'exit 5' | put root/CAUHotfix_All/b.sh
echo 'exit 20' | put root/CAUHotfix_All/c.sh
echo 'exit 30' | put root/CAUHotfix_All/d.sh
runs 3 run1
runs 100 cau scan --exit-code --root root --nodes "n1=local:$dir/n1,n2=local:$dir/n2"
out_is <<'EOF'
n1: 2 to install, 2 already installed, 0 ignored
  STATE             UPDATE              VERSION  KB  SIZE  TITLE
  AlreadyInstalled  CAUHotfix_All/a.sh               7 B   this file was installed here on DATE by run RUN
  Applicable        CAUHotfix_All/b.sh               7 B
  AlreadyInstalled  CAUHotfix_All/c.sh               8 B   this file was installed here on DATE by run RUN
  Applicable        CAUHotfix_All/d.sh               8 B
n2: 4 to install, 0 already installed, 0 ignored
  STATE       UPDATE              VERSION  KB  SIZE  TITLE
  Applicable  CAUHotfix_All/a.sh               7 B
  Applicable  CAUHotfix_All/b.sh               7 B
  Applicable  CAUHotfix_All/c.sh               8 B
  Applicable  CAUHotfix_All/d.sh               8 B
EOF
rm root/CAUHotfix_All/[bd].sh
runs 0 scan1 --exit-code --json
json '[.nodes[0].updates[].state] | join(" ")' 'AlreadyInstalled AlreadyInstalled'
runs 100 scan1 --exit-code --reinstall
runs 100 scan1 --exit-code --no-metadata
echo 'exit 0 # changed' | put root/CAUHotfix_All/a.sh
runs 100 scan1 --exit-code

it 'a damaged receipts file hides nothing and breaks nothing'
printf 'x\377\n\n\t\t\t\t\n%s\n' "$(sha256sum <root/CAUHotfix_All/a.sh | cut -c 1-64)" >>n1/receipts
printf 'a\tb\t%s\tid\tFailed\t1\n' "$(sha256sum <root/CAUHotfix_All/a.sh | cut -c 1-64)" >>n1/receipts
runs 100 scan1 --exit-code
out_has '  Applicable        CAUHotfix_All/a.sh'

it '--no-metadata opens no file'
fresh
echo 'exit 0' | put root/CAUHotfix_All/a.sh
chmod 666 root/CAUHotfix_All/a.sh
runs 0 scan1 --no-metadata --json
silent_err
json '.nodes[0].updates[0] | "\(.size),\(.sha256),\(.title)"' 7,,

it 'access problems are told, the scan goes on'
runs 100 scan1 --exit-code
err_is <<'EOF'
DIR/root/CAUHotfix_All/a.sh: writable by everybody
cau run would refuse this root folder
EOF
out_has '  Applicable  CAUHotfix_All/a.sh'
runs 0 scan1 -q
silent_err
runs 0 scan1 --json
valid_json
err_has 'writable by everybody'

it 'one dead node of three: the others are shown, exit 3'
fresh
new_stub
echo 'exit 0' | put root/CAUHotfix_All/a.sh
runs 3 cau scan --root root --nodes "n1=local:$dir/n1,n2=fail255,n3=local:$dir/n3"
out_is <<'EOF'
n1: 1 to install, 0 already installed, 0 ignored
  STATE       UPDATE              VERSION  KB  SIZE  TITLE
  Applicable  CAUHotfix_All/a.sh               7 B
n2: error: no contact: ssh: connect to host fail255 port 22: Connection refused
n3: 1 to install, 0 already installed, 0 ignored
  STATE       UPDATE              VERSION  KB  SIZE  TITLE
  Applicable  CAUHotfix_All/a.sh               7 B
EOF
runs 3 cau scan --exit-code --json --root root --nodes "n1=local:$dir/n1,n2=fail255,n3=local:$dir/n3"
valid_json
json '[.nodes[].status] | join(" ")' 'Succeeded Failed Succeeded'
json '.nodes[1].error' 'no contact: ssh: connect to host fail255 port 22: Connection refused'
json '.nodes[1].updates | length' 0

it 'all nodes dead: exit 1'
runs 1 cau scan --exit-code --root root --nodes 'n1=fail255a,n2=fail255b'
out_is <<'EOF'
n1: error: no contact: ssh: connect to host fail255a port 22: Connection refused
n2: error: no contact: ssh: connect to host fail255b port 22: Connection refused
EOF
runs 1 cau scan --json --root root --nodes 'n1=fail255a,n2=fail255b'
valid_json

it 'JSON on error'
runs 2 cau scan --json --root "$dir/nowhere" --nodes "$one"
valid_json
json '.format, .command, .error' "1
scan
Microsoft.HotfixPlugin: cannot read DIR/nowhere: No such file or directory"
runs 2 cau scan --json --root root --nodes 'a,a'
valid_json
json '.command' scan

it 'many nodes, few at a time'
fresh
echo 'exit 0' | put root/CAUHotfix_All/a.sh
many=
i=100
while [ $i -lt 160 ]; do
	many="$many,m$i=local:$dir/n1"
	i=$((i + 1))
done
runs 100 cau scan --exit-code --parallel 3 --root root --nodes "$many"
same 'nodes' "$(grep -c '^m1[0-9][0-9]: 1 to install' out)" 60

it 'two roots of the same plug-in are refused'
runs 2 cau scan --nodes "$one" -p Microsoft.HotfixPlugin,microsoft.hotfixplugin \
	-a "HotfixRootFolderPath=$dir/root" -a "HotfixRootFolderPath=$dir/root"
err_has 'plug-in Microsoft.HotfixPlugin is named twice'

it 'more nodes at the same time than the limit of open files has room for'
fresh
echo 'exit 0' | put root/CAUHotfix_All/a.sh
few() (
	# shellcheck disable=SC3045
	ulimit -Sn 64 2>/dev/null && "$@"
)
runs 100 few "$CAU" scan -q --exit-code --parallel 40 --root root \
	--nodes "$(i=0; while [ $((i += 1)) -le 40 ]; do printf 'm%d=local:%s/m/%d,' $i "$dir" $i; done)"
same 'nodes' "$(grep -c '1 to install' out)" 40
rm -rf m

it 'titles and versions of a package, control characters made visible'
if command -v dpkg-deb >/dev/null 2>&1; then
	fresh
	mkdir -p deb/DEBIAN
	printf 'Package: cau-no-such\nVersion: 1.2-3\nArchitecture: all\nMaintainer: x\nDescription: A \033[31mred title\n long text\n' >deb/DEBIAN/control
	sed -i 's/name="SH"/name="DEB"/' root/DefaultHotfixConfig.xml
	if dpkg-deb -b deb root/CAUHotfix_All/a.deb >/dev/null 2>&1; then
		runs 0 scan1
		out_has '  1.2-3'
		out_lacks "$(printf '\033')"
		out_has 'A \x1b[31mred title'
	else
		skip 'dpkg-deb does not build here'
	fi
else
	skip 'no dpkg-deb'
fi

finish
