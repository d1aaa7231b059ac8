#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2016,SC2086,SC2119,SC2120,SC2154,SC2317
# cau plan and cau run --plan, on a list of pretended nodes.
. "${0%/*}/lib.sh"

# What .run does is known never to ask for a restart, what the folder Boot has
# always does.
begin() {
	fresh
	cat >root/DefaultHotfixConfig.xml <<'X'
<HotfixConfig>
  <DefaultRules><ExtensionRules>
    <Extension name="SH"><Template path="/bin/sh" parameters="$update$"/>
      <ExitConditions><Success>0</Success>
        <Success_RebootRequired>194</Success_RebootRequired></ExitConditions></Extension>
    <Extension name="RUN"><Template path="/bin/sh" parameters="$update$"/>
      <ExitConditions><Success>0</Success></ExitConditions></Extension>
  </ExtensionRules></DefaultRules>
  <FolderRules><Folder name="Boot" alwaysReboot="true">
    <Template path="/bin/sh" parameters="$update$"/>
    <ExitConditions><Success>0</Success></ExitConditions></Folder></FolderRules>
</HotfixConfig>
X
	echo 'echo one' | put root/CAUHotfix_All/1.run
	rm -f p.json nodes order
}

two="n1=local:$dir/n1,n2=local:$dir/n2"
plan2() { cau plan --nodes "$two" --root "$dir/root" "$@"; }
sealed() { cau run -q --plan p.json "$@"; }

# make_plan [WORD]...
make_plan() {
	begin
	plan2 --out p.json "$@" >made 2>&1 || fail "cau plan: $(cat made)"
}

# untouched: no run was begun, no installer has run.
untouched() {
	no 'a run was begun' ls c/runs/*/journal.jsonl
	no 'an update was installed' ls n1/receipts n2/receipts
}

it 'what would be done, in order'
begin
echo 'exit 0' | put root/n2/2.sh
runs 0 plan2 --node-order n2
silent_err
out_is <<'EOF'
The nodes would be updated in this order, 1 at a time:
1. n2: 2 to install, whether it restarts is not known yet
     CAUHotfix_All/1.run
     n2/2.sh
   it stays in service: there is no suspend command
2. n1: 1 to install, no restart
     CAUHotfix_All/1.run
   it stays in service: there is no suspend command
EOF
no 'a state folder was made' test -e c

it 'commands that drain, restarts that are known, nodes that need nothing'
begin
rm root/CAUHotfix_All/1.run
echo 'exit 0' | put root/n2/Boot/fw.bin
runs 0 plan2 --suspend-command 'lb drain' --resume-command 'lb ready' --max-unavailable 2
silent_err
out_is <<'EOF'
The nodes would be updated in this order, 2 at a time:
1. n1: nothing to install, it stays in service
2. n2: 1 to install, a restart
     n2/Boot/fw.bin  (restart)
   out of service by: lb drain n2
   put back by: lb ready n2
EOF
runs 0 plan2 --json
json '[.format, .command, .cluster.type, .cluster.configuration, .refused] | tostring' '[1,"plan","list",null,false]'
json '[.nodes[] | .name, .status, .restart, .skipped, .survives] | tostring' \
	'["n1","Succeeded","Never",null,null,"n2","Succeeded","Expected",null,null]'
json '.nodes[1].updates[0].restart' Expected
json '.seal' null

it 'a node that cannot be scanned'
begin
runs 3 cau plan --nodes "$one,n2" --rsh "$dir/nothing" --root root --out p.json
out_has '2. n2: error: '
err_has 'cau plan: p.json is not written: not all nodes could be scanned'
no 'it was written' test -e p.json
runs 1 cau plan --nodes n2 --rsh "$dir/nothing" --root root

it 'options that are wrong'
begin
runs 2 plan2 more
silent_out
err_is <<'EOF'
cau plan: unexpected word 'more'
usage: cau plan [--out FILE] [options] (see cau help plan)
EOF
runs 2 plan2 -n
runs 1 plan2 --out "$dir/none/p.json"
err_has 'cau plan: cannot write the plan: '

it 'a sealed plan is run'
make_plan --suspend-command "$dir/lb out" --resume-command "$dir/lb in" --node-order n2
printf '#!/bin/sh\necho "$@" >>%s/order\n' "$dir" | put lb
chmod 755 lb
runs 0 sealed
silent_err
out_has '  n1  Succeeded: 1 succeeded'
file_is order <<'EOF'
out n2
in n2
out n1
in n1
EOF
mkdir elsewhere
runs 7 sh -c 'cd elsewhere && exec "$CAU" run -q --plan ../p.json'
silent_out
err_is <<'EOF'
cau run: n2: CAUHotfix_All/1.run is not to be installed any more
cau run: n1: CAUHotfix_All/1.run is not to be installed any more
cau run: ../p.json is out of date (2 things above); nothing was touched: make a new plan
EOF

it 'what is said again'
make_plan --max-unavailable 2
runs 0 sealed -n --nodes "$two" --max-unavailable 2 --root root
runs 2 sealed --max-unavailable 1
silent_out
err_is <<'EOF'
cau run: --max-unavailable is '2' in the plan p.json, not '1': leave it out, or make a new plan
EOF
runs 2 sealed --sudo
err_is <<'EOF'
cau run: --sudo is not in the plan p.json: leave it out, or make a new plan
EOF
runs 2 sealed --profile x
err_is <<'EOF'
cau run: --profile and --plan exclude each other: what the profile said is in the plan
EOF
untouched

it 'a profile is in the plan'
begin
echo MaxRetriesPerNode=7 | put profile
plan2 --profile profile --out p.json >made
rm profile
runs 0 sealed --json
[ -z "$has_jq" ] || same 'the option of the run' \
	"$(jq -r 'select(.event == "run_started").options.max_retries_per_node' out)" 7

it 'an edited plan'
make_plan
sed -i 's/"max_unavailable": 1/"max_unavailable": 2/' p.json
runs 7 sealed
silent_out
err_is <<'EOF'
cau run: p.json: somebody has changed this plan since it was sealed: make a new one with cau plan --out
EOF
runs 7 sealed --json
valid_json
untouched

it 'blanks and line ends are no change'
make_plan
[ -n "$has_jq" ] || skip 'jq is not installed'
[ -z "$has_jq" ] || { jq -c . p.json >q.json && cat q.json >p.json; }
runs 0 sealed -n

it 'what is no plan'
begin
echo '{' | put p.json
runs 2 sealed
err_has 'cau run: p.json: no plan: line '
echo '{"format":1,"command":"scan"}' | put p.json
runs 2 sealed
err_is <<'EOF'
cau run: p.json: no plan that cau plan --out has sealed
EOF
rm p.json
runs 2 sealed
err_has 'cau run: cannot read the plan p.json: '
mkdir p.json
runs 2 sealed
err_has 'the plan p.json is not a regular file'
rmdir p.json

it 'a plan that others could change'
make_plan
chmod 666 p.json
runs 7 sealed
err_has 'refused: others could change the plan p.json (1 problem above)'
untouched

it 'changed rules and files'
make_plan
sed -i 's/194/195/' root/DefaultHotfixConfig.xml
echo 'echo two' | put root/CAUHotfix_All/1.run
echo 'exit 0' | put root/n2/2.sh
runs 7 sealed
silent_out
err_is <<'EOF'
cau run: Microsoft.HotfixPlugin: its rules or arguments were changed
cau run: n1: CAUHotfix_All/1.run has other contents
cau run: n2: CAUHotfix_All/1.run has other contents
cau run: n2: n2/2.sh is new
cau run: p.json is out of date (4 things above); nothing was touched: make a new plan
EOF
runs 7 sealed -n
runs 7 sealed --json
json '[.error, (.messages | length), .messages[3]] | map(tostring) | join("; ")' \
	'p.json is out of date (4 things above); nothing was touched: make a new plan; 4; n2: n2/2.sh is new'
untouched

it 'a changed script'
begin
printf '#!/bin/sh\nexit 0\n' | put pre
chmod 755 pre
plan2 --pre-update-script pre --out p.json >made
echo 'exit 1' >>pre
runs 7 sealed
err_has 'cau run: PreUpdateScript: the script was changed'
untouched

it 'another list of nodes'
begin
printf 'n1=local:%s\nn2=local:%s\n' "$dir/n1" "$dir/n2" | put nodes
cau plan --nodes-file nodes --root root --out p.json >made || fail "$(cat made)"
printf 'n3=local:%s\nn2=local:%s\n' "$dir/n3" "$dir/n1" | put nodes
runs 7 sealed
silent_out
err_is <<'EOF'
cau run: n3: this node is not in the plan
cau run: n1: this node of the plan is gone
cau run: n2: its address is local:DIR/n1, planned with local:DIR/n2
cau run: p.json is out of date (3 things above); nothing was touched: make a new plan
EOF
printf 'n2=local:%s\nn1=local:%s\n' "$dir/n2" "$dir/n1" | put nodes
runs 7 sealed
err_is <<'EOF'
cau run: the nodes come in another order
cau run: p.json is out of date (1 thing above); nothing was touched: make a new plan
EOF
untouched

finish
