#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2016,SC2086,SC2119,SC2154,SC2317
# Runs on a pretended Pacemaker cluster: nodes are shells here, with tools that
# read and write the folder k. What real clusters do is in tests/lab.
. "${0%/*}/lib.sh"

export K="$dir/k" CAU_STATE_DIR="$dir/c"
mkdir tools

tool() {
	{
		echo '#!/bin/sh'
		cat
	} >"tools/$1"
	chmod 755 "tools/$1"
}

# The remote shell: tools before those of the machine.
tool rsh <<'X'
export NODE="$1"
sed -u "s#^PATH=/usr/local/sbin.*#PATH=$K/../tools:$PATH#" | sh -c "$2"
X
tool crm_mon <<'X'
cd "$K" || exit
echo '<pacemaker-result api-version="2.25"><summary>'
echo '<current_dc present="true" version="2.1.5" name="n2" with_quorum="true"/>'
echo '<cluster_options maintenance-mode="false"/></summary><nodes>'
for n in $(cat members remotes); do
	on=true type=member standby=false
	[ ! -e "off.$n" ] || on=false
	[ ! -e "standby.$n" ] || standby=true
	! grep -qx "$n" remotes || type=remote
	echo "<node name='$n' id='$n' type='$type' online='$on' standby='$standby'/>"
done
echo '</nodes><resources>'
for n in $(cat members remotes); do
	[ ! -e "runs.$n" ] || echo "<resource id='$(cat "runs.$n")' role='Started' active='true'>" \
		"<node name='$n'/></resource>"
done
echo '</resources><node_attributes>'
for f in cau-run.*; do
	[ ! -e "$f" ] || echo "<node name='${f#cau-run.}'><attribute name='cau-run' value='$(cat "$f")'/></node>"
done
echo '</node_attributes><status code="0" message="OK"/></pacemaker-result>'
X
tool crm_attribute <<'X'
[ -z "${CIB_file-}" ] || exit 0
cd "$K" || exit
name= node= do=
while [ $# -gt 0 ]; do
	case $1 in
	--node) node=$2; shift ;;
	--name) name=$2; shift ;;
	--update) do=update value=$2; shift ;;
	--delete | --query) do=${1#--} ;;
	esac
	shift
done
f=$name.$node
case $do in
update)
	echo "$value" >"$f"
	[ "$name" != standby ] || sh ./on-standby "$node" "$NODE"
	;;
delete)
	rm -f "$f"
	sh ./on-delete "$f" "$NODE"
	;;
query)
	[ ! -e deaf ] || exit 124
	[ -e "$f" ] || exit 105
	cat "$f"
	;;
esac
X
tool crm_simulate <<'X'
cd "$K" || exit
echo '<pacemaker-result api-version="2.25">'
case $1 in
--live-check)
	if [ -s busy ]; then
		sed -i 1d busy
		echo look >>looks
		echo '<actions><rsc_action action="start" resource="d"/></actions>'
	fi
	;;
*)
	for s in cluster_status revised_cluster_status; do
		echo "<$s><nodes><node name='n1' online='true'/></nodes><resources/></$s>"
	done
	;;
esac
echo '<status code="0"/></pacemaker-result>'
X
tool crmadmin <<'X'
case $1 in
--dc_lookup) echo n2 ;;
*) echo 'Controller on n2 in state S_IDLE: ok' ;;
esac
X
tool crm_node <<'X'
case $1 in
--name) echo "$NODE" ;;
--quorum) echo 1 ;;
esac
X
tool cibadmin <<'X'
echo '<cib epoch="1" admin_epoch="0">'
X
# Of remote nodes there is no vote.
tool corosync-quorumtool <<'X'
grep -qx "$NODE" "$K/members" && cat "$K/quorum"
X

# cluster MEMBERS [REMOTES]: all is well there, nothing runs; an update each.
cluster() {
	rm -rf k c node root
	mkdir k
	printf '%s\n' $1 >k/members
	printf '%s\n' ${2-} >k/remotes
	n=$(wc -w <k/members)
	votes $n $n $((n / 2 + 1))
	: >k/on-delete
	echo 'rm -f "runs.$1"' >k/on-standby
	mkdir -p root/CAUHotfix_All
	cp "$top/schema/samples/scripts.xml" root/DefaultHotfixConfig.xml
	for n in $1 ${2-}; do
		mkdir "root/$n"
		echo "echo $n >>$K/installed" >"root/$n/$n.sh"
	done
}

# votes EXPECTED TOTAL NEEDED
votes() {
	printf '%s\n' 'Quorate: Yes' "Expected votes: $1" "Total votes: $2" "Quorum: $3" >k/quorum
}

pc() {
	cau run --via n1 --rsh "$dir/tools/rsh" --node-state-dir "$dir/node" \
		--root "$dir/root" --skip clock --alert-action continue \
		--max-retries-per-node 0 --suspend-timeout 5s "$@"
}

untouched() {
	no 'an update was installed' test -e k/installed
}

it 'a whole run'
cluster 'n1 n2 n3'
runs 0 pc -q
silent_err
same installed "$(xargs <k/installed)" 'n1 n2 n3'
no 'a node stayed in standby' ls k/standby.* k/cau-run.*

it 'a member that cannot say what the cluster is'
cluster 'n1 n2'
runs 1 cau run --via n1 --rsh false --root root
err_is <<'X'
cau run: cannot find the members of the cluster: no member of the cluster can say: n1: no contact: exit status 1
X
mv tools/crm_mon crm_mon
tool crm_mon <<'X'
printf '<crm_mon>'
X
runs 1 pc -q
err_has ': n1: output of crm_mon: line 2: '
tool crm_mon <<'X'
yes '<pacemaker-result>' | head -c 80000000
X
runs 1 pc -q
err_has ': n1 answered with more than is believed'
tool crm_mon <<'X'
echo '<crm_mon><status code="102" message="Not connected"/></crm_mon>'
X
runs 4 pc -q
err_has ': n1: the cluster does not run there (crm_mon: Not connected)'
mv crm_mon tools/crm_mon

it 'nodes that others have in standby may not cost the quorum either'
cluster 'n1 n2 n3'
votes 3 2 2
: >k/off.n2
: >k/standby.n1
: >k/standby.n3
runs 7 pc -q --max-unavailable 3 --standby-nodes update
err_has 'cau run: the cluster would lose quorum when n1 restarts: it has 2 of 3 votes and needs 2; bring back'
untouched

it 'a node that others have in standby, and that still has work'
cluster 'n1 n2 n3'
: >k/standby.n3
echo db >k/runs.n3
runs 3 pc -q --max-unavailable 2 --standby-nodes update
out_has 'n3  Canceled'
out_has 'n3 is in standby, set by somebody else: end it with crm_standby -N n3 -D; db runs there'
same installed "$(sort k/installed | xargs)" 'n1 n2'
rm -f k/runs.n3 k/installed
echo old >k/cau-run.n3
runs 3 pc -q --max-unavailable 2
out_has '    skipped: n3 is in standby, set by Updating Run old: end it with crm_standby -N n3 -D and crm_attribute -N n3 -n cau-run -D'
rm -f k/installed
runs 0 pc -q --max-unavailable 2 --standby-nodes update
yes 'n3 is still in standby' test -e k/standby.n3

it 'a remote node knows nothing of votes'
cluster 'n1 n2' a1
votes 2 2 2
runs 7 pc -q
err_has 'the cluster would lose quorum when n1 restarts: it has 2 of 2 votes and needs 2'
untouched

it 'an address that is that of another member'
cluster 'n1 n2 n3'
runs 7 pc -q --cluster pacemaker --nodes n2=n3 --node-order n2
out_has 'refused: what answers at its address (n3) is n3: give the right one with --nodes'
untouched
no 'a node was put in standby' ls k/standby.* k/cau-run.*

it 'the member that cau runs on comes last, also when it is told to be earlier'
cluster 'n1 n10 n2'
here="--via n2 --cluster pacemaker --nodes n1=local:$dir/here"
runs 0 pc $here -n --node-order n10
err_lacks 'comes last'
runs 0 pc $here -n --node-order N1,n2
err_has 'warning: n1 comes last, because cau runs on it'
runs 0 pc $here -n --node-order n10,n2,n1
err_lacks 'comes last'
untouched

it 'who ends the standby while a node is drained'
cluster 'n1 n2 n3'
echo 'rm -f "standby.$1"' >k/on-standby
runs 1 pc -q --max-failed-nodes 0
out_has 'someone else took it out of standby while it was drained'
untouched
no 'a name was left' ls k/cau-run.*

it 'nobody can say who put a node in standby'
cluster 'n1 n2 n3'
echo ': >deaf' >>k/on-standby
runs 1 pc -q --max-failed-nodes 0
out_has 'cannot take it out of standby: '
out_has 'cannot read who put it in standby'
out_has 'OUT OF SERVICE: cau did not resume this node; when it is in order, run: crm_standby -D -N n1 && crm_attribute -D -n cau-run -N n1'
yes 'it is in standby, by the run' test -e k/standby.n1 -a -e k/cau-run.n1

it 'the answer that a node was put back is lost'
cluster 'n1 n2'
votes 2 2 1
cat >k/on-delete <<'X'
[ "$1" = cau-run.n1 ] && [ ! -e lost ] || exit 0
: >lost
printf '1\n2\n3\n' >busy
exit 1
X
runs 0 pc -q
same 'looks at a busy cluster' "$(xargs <k/looks)" 'look look look'

it 'a node that waits when the run is stopped stays in service'
cluster 'n1 n2 n3'
echo 'echo "$1" >>went; echo r >"runs.$1"' >k/on-standby
seq 1000 >k/busy
pc -q --max-unavailable 2 --suspend-timeout 30s >out 2>err &
pid=$!
eventually 'one is drained' test -s k/went
both() { [ "$(cat c/runs/*/journal.jsonl | grep -c Suspend)" -ge 2 ]; }
eventually "both have their turn" both
yes 'cau stop' cau stop
: >k/busy
rm -f k/runs.*
wait $pid
same 'exit' $? 6
same 'nodes that were drained' "$(wc -l <k/went)" 1

finish
