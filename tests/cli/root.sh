#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1003,SC2013,SC2086,SC2119,SC2154,SC2317
# Hotfix root folders that are missing, huge or broken.
. "${0%/*}/lib.sh"
use_stub
all=root/CAUHotfix_All

# refused TEXT [WORD...]: exit 2, this last line, no node contacted.
refused() {
	text=$1
	shift
	for c in run scan; do
		runs 2 cau $c --nodes n1=host --node-state-dir "$dir/node" --root "$dir/root" "$@"
		silent_out
		plain <err | tail -n 1 >last
		echo "cau $c: Microsoft.HotfixPlugin: $text" >is.want
		is last is.want
	done
	same 'calls of ssh' "$(wc -l <stub.log)" 0
	no 'a run' [ -e c/runs ]
}

config() {
	cat >root/DefaultHotfixConfig.xml
}

it 'no root folder'
refused 'cannot read DIR/root: No such file or directory'
it 'the root is a file'
: >root
refused 'cannot read DIR/root: Not a directory'
rm root
it 'the root is a FIFO'
mkfifo root
refused 'cannot read DIR/root: Not a directory'
rm root
it 'no rules file'
mkdir root
refused 'cannot read DIR/root/DefaultHotfixConfig.xml: No such file or directory'
it 'the rules file is a folder'
mkdir root/DefaultHotfixConfig.xml
refused 'cannot read DIR/root/DefaultHotfixConfig.xml: Is a directory'
rmdir root/DefaultHotfixConfig.xml
it 'the rules file is a FIFO'
mkfifo root/DefaultHotfixConfig.xml
runs 2 cau run --nodes n1=host --root root
silent_out
rm root/DefaultHotfixConfig.xml

it 'the rules file has errors: every one is told'
config <<'EOF'
<HotfixConfig>
  <FolderRules>
    <Folder name="a">
      <Templat path="/x" />
      <ExitConditions>
        <Success>0 3010</Success>
        <AlreadyInstalled>0</AlreadyInstalled>
      </ExitConditions>
    </Folder>
    <Folder name="A">
      <Template path="/x" />
      <ExitConditions><Success>x</Success></ExitConditions>
    </Folder>
  </FolderRules>
</HotfixConfig>
EOF
runs 2 cau run --nodes n1=host --root root
silent_out
n=$(grep -c '^.*/root/DefaultHotfixConfig.xml:[0-9]*: error: ' err)
[ "$n" -ge 4 ] || fail "only $n errors: $(cat err)"
same 'last line' "$(plain <err | tail -n 1)" \
	"cau run: Microsoft.HotfixPlugin: DIR/root/DefaultHotfixConfig.xml has $n errors"
err_has "unknown element 'Templat' in <Folder>, did you mean 'Template'?"

it 'DOCTYPE, entities and other files'
echo secret >secret
config <<EOF
<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY e SYSTEM "file://$dir/secret"><!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<HotfixConfig>&e;&b;</HotfixConfig>
EOF
runs 2 cau scan --nodes n1=host --root root
silent_out
err_has 'error'
err_lacks secret

it 'not XML, empty, binary, UTF-16'
: | config
runs 2 cau scan --nodes n1=host --root root
err_has 'DefaultHotfixConfig.xml:'
echo hello | config
runs 2 cau scan --nodes n1=host --root root
err_has 'DefaultHotfixConfig.xml:1: error'
head -c 100000 /bin/sh | config
runs 2 cau scan --nodes n1=host --root root
err_has 'error'
rm -r root
fresh
echo 'exit 0' | put $all/a.sh
if command -v iconv >/dev/null 2>&1; then
	{
		printf '\377\376'
		iconv -f UTF-8 -t UTF-16LE root/DefaultHotfixConfig.xml
	} >utf16
	config <utf16
	runs 0 scan1
	out_has 'n1: 1 to install'
fi

it 'an attribute of 20 MB'
fresh
{
	printf '<HotfixConfig><x y="'
	head -c 20000000 /dev/zero | tr '\000' y
	echo '"/></HotfixConfig>'
} | config
runs 2 sh -c 'ulimit -t 10; exec "$@"' sh "$CAU" scan --nodes n1=host --root root
silent_out
[ "$(wc -c <err)" -lt 2000 ] || fail "$(wc -c <err) bytes on stderr"
err_has 'larger than'

it 'deeply nested elements'
fresh
{
	i=0
	while [ $i -lt 5000 ]; do
		printf '<a>'
		i=$((i + 1))
	done
} | config
runs 2 cau scan --nodes n1=host --root root
silent_out

it 'a path of 4,000 bytes'
fresh
echo 'exit 0' | put $all/a.sh
deep=$dir
while [ ${#deep} -lt 3800 ]; do
	deep=$deep/$(printf '%0180d' 0)
done
mkdir -p "$deep"
mv root "$deep/root"
ln -s "$deep" short
# Whatever is said must be said within its limits, and the run must work.
runs 0 cau run -q --nodes "$one" --root "$deep/root"
out_has '    Succeeded         CAUHotfix_All/a.sh'
runs 2 cau run -q --nodes "$one" --root "$deep/none"
err_has 'No such file or directory'
rm -rf short "$dir"/0000*

it 'a path that is too long'
runs 2 cau run -q --nodes "$one" --root "/$(printf '%05000d' 0)"
silent_out
err_has 'File name too long'

it '100,000 files without rule and 20,000 with one'
fresh
(cd $all && seq 1 100000 | sed 's/$/.txt/' | xargs touch &&
	seq 1 20000 | sed 's/$/.sh/' | xargs touch)
runs 100 sh -c 'ulimit -t 20; exec "$@"' sh "$CAU" scan --exit-code --no-metadata --nodes "$three" --root root
out_has 'n3: 20000 to install, 0 already installed, 100000 ignored'
runs 0 sh -c 'ulimit -t 20; exec "$@"' sh "$CAU" scan --json --no-metadata --nodes "$one" --root root
json '.nodes[0] | [(.updates | length), (.ignored | length)] | join(" ")' '20000 100000'
rm -rf root

it '2,000 updates through a scan with receipts and staging'
fresh
i=0
while [ $i -lt 2000 ]; do
	echo "exit 0 # $i" >$all/$i.sh
	i=$((i + 1))
done
runs 100 sh -c 'ulimit -t 20; exec "$@"' sh "$CAU" scan --exit-code --nodes "$one" --root root
out_has 'n1: 2000 to install'

it 'a file that cannot be read'
fresh
echo 'exit 0' | put $all/a.sh
chmod 000 $all/a.sh
# Even root is kept out without these two capabilities.
mortal=
[ -z "$is_root" ] || mortal='setpriv --bounding-set -dac_override,-dac_read_search'
runs 1 $mortal "$CAU" run --state-dir c --nodes "$one" --root root
err_has 'CAUHotfix_All/a.sh: Permission denied'

it 'an empty configuration: everything is ignored'
fresh
echo 'exit 0' | put $all/a.sh
echo '<HotfixConfig/>' | config
runs 0 scan1 --exit-code
out_has '  ignored: CAUHotfix_All/a.sh (no rule for extension .sh)'

it 'another configuration file'
fresh
echo 'exit 0' | put $all/a.sh
mv root/DefaultHotfixConfig.xml root/mine.xml
runs 100 scan1 --exit-code -a HotfixConfigFileName=mine.xml
out_lacks mine.xml

finish
