#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1003,SC2013,SC2016,SC2034,SC2086,SC2119,SC2154
# Transactions on a node: node/agent-common.sh with an agent of our own, in
# every shell that is here.
. "${0%/*}/lib.sh"

cat >fake.sh <<'X'
apt_present() { true; }
apt_list() { cau_say asked "${1-}"; }
apt_cache() { echo "$cau_state/nothing" "$cau_state/cache"; }
apt_download() {
	echo "download $*" >>"$cau_state/did"
	mkdir -p "$cau_state/cache"
	for cau_word; do
		case $cau_word in
		ask:*) cau_leave_out "$cau_word" "it asks" ;;
		esac
	done
	echo 1234567890 >"$cau_state/cache/$(ls "$cau_state/cache" | wc -l).deb"
}
apt_install() {
	echo "install $*" >>"$1/../../did"
	echo "some words"
	cau_note "$1" b "b kept its file"
	cau_note "$1" - "dpkg was finished first"
	cau_error "$1" "it broke"
	return 5
}
apt_verify() {
	for cau_word; do
		cau_say have "$cau_word"
	done
	cau_say_reboot yes libother b
}
X

# session LINE...: a shell that has read the programs, as node.c sends them.
session() {
	{
		printf '%s\n' "cau_mark=@m cau_state='$dir/node' cau_node=n1"
		printf '%s\n' 'cau_job_text=$(cat "$top/node/job.sh")' \
			'. "$top/node/session.sh"' \
			'cau_plugin_text=$(cat "$top/node/holder.sh" "$top/node/agent-common.sh" fake.sh)' \
			'eval "$cau_plugin_text"'
		for line; do
			printf '{ cau_req 1 %s\n}\n' "$line"
		done
	} >in
	top=$top $shell <in >out 2>err
	sed -n 's/^@m 1 //p' out >said
}

job='sh -c "$cau_plugin_text
cau_batch_run" cau-batch'

for shell in dash 'bash --posix' 'busybox sh'; do
	command -v ${shell%% *} >/dev/null 2>&1 || continue
	rm -rf node

	it "$shell: one agent for packages"
	session 'cau_agents_list installed'
	file_is said <<'X'
agent apt
asked installed
end 0
X

	it "$shell: what was staged together is one transaction"
	session "cau_batch 3 J.0 J.1 J.2 apt 'a:all=1' apt 'b=2' apt 'c=3'"
	file_is said <<'X'
staged 11
end 0
X
	file_is node/did <<'X'
download a:all=1 b=2 c=3
X
	file_is node/jobs/J.0/batch <<'X'
apt a:all=1
apt b=2
apt c=3
X
	file_is node/jobs/J.2/of <<'X'
J.0
X
	no 'the first is part of itself' test -e node/jobs/J.0/of

	it "$shell: whoever asks runs it, once"
	: >node/did
	session "cau_job J.1 10000 1 first B $job" \
		"cau_job J.0 10000 1 again B $job" \
		"cau_job J.2 10000 1 again B $job"
	sed -i 's/^boot .*/boot X/' said
	file_is said <<'X'
boot X
exit exited 5 -
end 0
boot X
exit exited 5 -
log some words
log cau: it broke
end 0
boot X
exit exited 5 -
end 0
X
	sed "s|$dir|DIR|" node/did >did
	file_is did <<'X'
install DIR/node/jobs/J.0 a:all=1 b=2 c=3
X

	it "$shell: what is known afterwards"
	session "cau_batch_result J.1 apt 'b=2'"
	file_is said <<'X'
leader J.0
note b b kept its file
note - dpkg was finished first
error it broke
have b=2
reboot yes b
end 0
X

	it "$shell: staged again, a transaction that was started stays as it is"
	session "cau_batch 3 J.1 J.2 J.3 apt 'b=2' apt 'c=3' apt 'd=4'"
	file_is node/jobs/J.1/of <<'X'
J.0
X
	file_is node/jobs/J.0/batch <<'X'
apt a:all=1
apt b=2
apt c=3
X
	yes 'the new one has a batch' test -s node/jobs/J.3/batch

	it "$shell: a job whose folder went is not started again"
	rm -rf node/jobs/J.1
	session "cau_job J.1 10000 1 again B $job"
	file_is said <<'X'
exit lost - -
end 0
X

	it "$shell: one that is to end takes the whole along"
	session "cau_batch 2 K.0 K.1 apt 'x=1' apt 'y=2'" 'cau_cancel K.1'
	yes 'the first is to end' test -e node/jobs/K.0/cancel
	session "cau_job K.0 10000 1 again B $job"
	file_is said <<'X'
exit never - -
end 0
X

	it "$shell: a batch that went"
	session "cau_job L.0 10000 1 first B $job"
	has said 'exit exited 66 -'
	has said 'log cau: nobody knows what was to be installed'

	it "$shell: what is left out of a transaction"
	: >node/did
	session "cau_batch 3 M.0 M.1 M.2 apt 'x=1' apt 'ask:all=2' apt 'y=3'" \
		"cau_job M.1 10000 1 first B $job" \
		"cau_batch_result M.1 apt 'ask:all=2'"
	tail -n 1 node/did | sed "s|$dir|DIR|" >did
	file_is did <<'X'
install DIR/node/jobs/M.0 x=1 y=3
X
	has said 'left ask it asks'

	it "$shell: all of it"
	session "cau_batch 1 N.0 apt 'ask:all=2'" "cau_job N.0 10000 1 first B $job"
	has said 'exit exited 0 -'
	has said 'log cau: nothing to do, all of it is left out'

	it "$shell: no agent"
	echo 'apt_present() { false; }' >>fake.sh
	session cau_agents_list
	has said 'end 1'
	has err 'no update agent on this node'
	sed -i '$d' fake.sh
done
finish
