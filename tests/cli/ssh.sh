#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1003,SC2013,SC2086,SC2119,SC2154,SC2317
# The remote shell: how it is called, and what its failures are told as.
. "${0%/*}/lib.sh"
use_stub
all=root/CAUHotfix_All

# Nothing here may ask for a restart: the nodes are this machine.
start() {
	rm -rf node ran
	fresh
	new_stub
	echo "echo ran >>$dir/ran; exit 0" | put $all/a.sh
}

# remote COMMAND ADDRESS WORD...
remote() {
	c=$1 a=$2
	shift 2
	cau "$c" --nodes "n1=$a" --node-state-dir "$dir/node" --root root "$@"
}

# calls: the calls of ssh without the command's own text.
calls() {
	sed -E -e "s#$CAU_CLI/x/cau\.[A-Za-z0-9]{6}#CONTROL#" <stub.log
}

it 'scan: one connection, the words of ssh'
start
runs 0 remote scan host
calls >log
file_is log <<'EOF'
 -T -oBatchMode=yes -oConnectTimeout=15 -oServerAliveInterval=5 -oServerAliveCountMax=3 -oControlMaster=auto -oControlPath=CONTROL/%C -oControlPersist=no -- host 'exec sh'
EOF

it 'a name without an address is the address'
start
runs 0 cau scan --nodes host.example.org --node-state-dir "$dir/node" --root root
yes 'address' grep -q -- ' -- host.example.org ' stub.log

it 'run: a big file goes over a connection of its own'
start
{
	cat $all/a.sh
	head -c 3000000 /dev/zero | tr '\000' '\n'
} >$all/b.sh
runs 0 remote run host
calls | sed -n 's/.*-oControlMaster=\([a-z]*\) .* -- \(.*\)/\1 \2/p' >log
same 'first call' "$(head -n 1 log)" "auto host 'exec sh'"
yes 'the file with the connection of the first' grep -q '^no host ' log
same 'times run' "$(wc -l <ran)" 2
out_has '    Succeeded         CAUHotfix_All/b.sh'

it '--sudo'
start
if [ -n "$is_root" ]; then
	runs 0 remote run host --sudo
	grep -v '^sudo' stub.log | sed 's/.* -- //' | head -n 1 >log
	file_is log <<'EOF'
host 'exec sudo -n sh'
EOF
	yes 'sudo was called' grep -q '^sudo sh' stub.log
	same 'times run' "$(wc -l <ran)" 1
else
	runs 1 remote scan host --sudo
	out_has 'sudo did not make this login root'
fi

it '--sudo where it asks for a password'
start
runs 1 remote scan nosudo --sudo
out_is <<'EOF'
n1: error: no contact: sudo: a password is required
EOF

it '--connect-timeout is handed on'
start
runs 0 remote scan host --connect-timeout 90s
yes 'option' grep -q -- '-oConnectTimeout=90 ' stub.log

it '--rsh: words and quotes; options of ssh only for ssh'
start
put 'my shell' <<EOF
#!/bin/sh
printf '<%s>' "\$@" >>$dir/rsh.log
echo >>$dir/rsh.log
shift 3
shift
exec sh -c "\$*"
EOF
chmod 755 'my shell'
rm -f rsh.log
runs 0 remote scan host --rsh "'$dir/my shell' -x \"two words\" \\\$HOME"
sort -u rsh.log >log
file_is log <<'EOF'
<-x><two words><$HOME><host><exec sh>
EOF
same 'calls of ssh' "$(wc -l <stub.log)" 0

it '--rsh with ssh and options of ones own: ours come behind them'
runs 0 remote scan host --rsh "ssh -F /dev/null -oConnectTimeout=3"
yes 'order' grep -q -- '^ -F /dev/null -oConnectTimeout=3 -T -oBatchMode=yes ' stub.log

it '--rsh that is not there'
runs 1 remote scan host --rsh /nowhere/ssh
out_is <<'EOF'
n1: error: cannot start /nowhere/ssh: No such file or directory
EOF

it 'noisy login shell'
start
runs 0 remote run noisy
same 'times run' "$(wc -l <ran)" 1
out_has '  n1  Succeeded: 1 succeeded'
no 'junk in the report' grep -q 'Welcome\|motd' out

# failure ADDRESS TEXT [WORD...]: scan and run tell it, nothing is run.
failure() {
	a=$1 text=$2
	shift 2
	start
	runs 1 remote scan "$a" "$@"
	plain <out >got
	printf '%s\n' "n1: error: $text" >is.want
	is got is.want
	runs 1 remote scan "$a" --json "$@"
	valid_json
	runs 1 remote run "$a" --max-retries-per-node 0 --alert-action continue "$@"
	out_has "    error: $text"
	out_has '  n1  Failed: not scanned'
	no 'executed' [ -e ran ]
}

it 'connection refused'
failure fail255 'no contact: ssh: connect to host fail255 port 22: Connection refused'
it 'host key changed'
failure hostkey 'the ssh host key of hostkey is not the one that is known: find out why before you go on; if this is the node, for instance because it was reinstalled, forget the old key with ssh-keygen -R node'
it 'host key unknown'
failure unknownkey 'the ssh host key of unknownkey is not known: log in once by hand, or add it with ssh-keyscan'
it 'no key that is let in'
failure password 'no contact: root@password: Permission denied (publickey,password).'
it 'silent node, --connect-timeout 1s'
begin=$(date +%s)
failure silent 'no answer in time' --connect-timeout 1s
[ $(($(date +%s) - begin)) -lt 40 ] || fail 'it took too long'
it 'a shell that says nothing'
failure nothing 'no contact: exit status 0'
it 'an account without a shell'
failure noshell 'no contact: exit status 1'
it 'a line without end'
failure flood 'the node sent a line of more than 1048576 bytes'

it 'a connection that dies after any number of bytes'
for n in 0 1 7 60 100; do
	start
	runs 1 remote scan bytes-$n --connect-timeout 5s
	out_has 'n1: error: no contact: '
done

it 'one dead node of three: the run goes on'
start
runs 3 cau run --alert-action continue --nodes "n1=host,n2=fail255,n3=local:$dir/n3" --node-state-dir "$dir/node" --root root --retry-wait 0
out_has '  n2  Failed: not scanned'
out_has '    error: no contact: ssh: connect to host fail255 port 22: Connection refused'

it 'cut before the job request arrives: started once'
start
runs 0 remote run cut-before
same 'times run' "$(wc -l <ran)" 1
same 'connections' "$(grep -c "'exec sh'" stub.log)" 2

it 'cut while the installer runs: its end is read, started once'
start
echo "echo ran >>$dir/ran; : >$dir/stub/cut; exit 20" | put $all/a.sh
runs 0 remote run cut-in
same 'times run' "$(wc -l <ran)" 1
out_has '    AlreadyInstalled  CAUHotfix_All/a.sh  exit 20'

it 'lost for good while the installer runs: Unknown, exit 8'
start
echo "echo ran >>$dir/ran; : >$dir/stub/cut; exec sleep 1000" | put $all/a.sh
put away <<EOF
case \$* in *'exec sh') [ ! -e $dir/stub/was-cut ] || exec ssh -- fail255 x ;; esac
exec ssh "\$@"
EOF
runs 8 cau run --nodes n1=cut-in --node-state-dir "$dir/node" --root root \
	--rsh "sh $dir/away" --contact-timeout 1s -a HotfixInstallerTimeoutMinutes=1s
out_has '    Unknown           CAUHotfix_All/a.sh'
out_has 'contact was lost while the installer ran: no contact: ssh: connect to host fail255 port 22: Connection refused'
out_has "    OUTCOME UNKNOWN: look at the node and at $dir/node/jobs there before the next run"
same 'times run' "$(wc -l <ran)" 1

it 'the environment of ssh is the one of cau: agent and configuration are found'
start
put env.sh <<EOF
env | grep '^SSH_AUTH_SOCK=' >>$dir/env.log
exec ssh "\$@"
EOF
runs 0 env SSH_AUTH_SOCK=/x/agent "$CAU" scan --nodes n1=host --node-state-dir "$dir/node" --root root --rsh "sh $dir/env.sh"
yes 'agent' grep -q /x/agent env.log

finish
