# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2119,SC2120,SC2154
# What cau asks a member of a Pacemaker cluster. Read after node/session.sh by
# runs on such a cluster.
#
# Whoever takes a node out of service leaves its name on it: cau-run is the run
# that has put it in standby. What does not bear its name, a run leaves alone.

# cau_pcmk_say SECTION: says each line of its input. The last one may have no
# end of its own.
cau_pcmk_say() {
	sed "s/^/$cau_mark $cau_seq $1 /"
	echo
}

cau_pcmk_tools() {
	for cau_tool in crm_mon crm_attribute crmadmin; do
		command -v $cau_tool >/dev/null 2>&1 || {
			echo "no $cau_tool on this node: Pacemaker's command line tools are missing" >&2
			return 1
		}
	done
}

# The version of the configuration: without num_updates, which count changes of
# the state.
cau_pcmk_config() {
	cibadmin --query 2>/dev/null | sed -n '/^<cib /{
		s/.* admin_epoch="\([0-9]*\)".*/&\n\1/
		s/.* epoch="\([0-9]*\)".*\n\(.*\)/\2.\1/p
		q
	}'
}

cau_pcmk_self() {
	crm_node --name 2>/dev/null | head -n 1 | cau_pcmk_say self
}

# cau_pcmk_who: this node's name, the cluster's, the version of its
# configuration, and its state.
cau_pcmk_who() {
	cau_pcmk_tools || return 1
	cau_pcmk_self
	crm_attribute --type crm_config --name cluster-name --query --quiet 2>/dev/null |
		head -n 1 | cau_pcmk_say cluster
	cau_pcmk_config | cau_pcmk_say config
	cau_pcmk_state
}

# cau_pcmk_state [idle]: what the tools say of the cluster; with idle also
# whether it has nothing left to do.
cau_pcmk_state() {
	cau_pcmk_tools || return 1
	crm_mon -1 --output-as=xml 2>/dev/null | cau_pcmk_say xml
	if command -v corosync-quorumtool >/dev/null 2>&1; then
		corosync-quorumtool -s 2>/dev/null | cau_pcmk_say quorum
	fi
	[ "$#" = 0 ] || ! cau_pcmk_idle || cau_say idle yes
}

# The DC rests, and would have nothing to do with the CIB as it is now: it may
# not have heard of a change yet.
cau_pcmk_idle() {
	cau_dc=$(crmadmin --dc_lookup --quiet 2>/dev/null | head -n 1)
	[ -n "$cau_dc" ] || return 1
	case $(crmadmin --status="$cau_dc" 2>/dev/null) in
	*S_IDLE*) ;;
	*) return 1 ;;
	esac
	# Before 2.1 there is no XML: the DC's word has to do.
	cau_plan=$(crm_simulate --live-check --run --output-as=xml 2>/dev/null) ||
		return 0
	! printf '%s\n' "$cau_plan" | grep '<rsc_action' | grep -qv 'blocked='
}

cau_pcmk_set() {
	crm_attribute --node "$1" --name "$2" --update "$3" --lifetime forever >/dev/null
}

cau_pcmk_unset() {
	crm_attribute --node "$1" --name "$2" --delete --lifetime forever >/dev/null
}

# What is set on a member that is cut off is lost when it comes back.
cau_pcmk_quorate() {
	[ "$(crm_node --quorum 2>/dev/null)" = 1 ] || {
		echo "this member has no quorum" >&2
		return 1
	}
}

# cau_pcmk_standby NODE RUN: the name first, so that no standby of ours is
# ever without it.
cau_pcmk_standby() {
	cau_pcmk_quorate && cau_pcmk_set "$1" cau-run "$2" && cau_pcmk_set "$1" standby on
}

# cau_pcmk_ready NODE RUN: only what bears the name of the run.
cau_pcmk_ready() {
	cau_pcmk_quorate || return 1
	cau_owner=$(crm_attribute --node "$1" --name cau-run --query --quiet \
		--lifetime forever 2>/dev/null)
	# 105: there is no such attribute. With any other failure nobody knows.
	case $? in
	0 | 105) ;;
	*)
		echo "cannot read who put it in standby" >&2
		return 1
		;;
	esac
	if [ "$cau_owner" = "$2" ]; then
		cau_pcmk_unset "$1" standby && cau_pcmk_unset "$1" cau-run &&
			cau_say ready yes
	fi
}

# cau_pcmk_simulate NODE...: what would become of the cluster if these were in
# standby; on a copy of the CIB, which may hold secrets.
cau_pcmk_simulate() {
	cau_cib=$(umask 077 && mktemp "${TMPDIR:-/tmp}/cau-cib.XXXXXX") || return 1
	cau_pcmk_on_copy "$@"
	cau_status=$?
	rm -f "$cau_cib"
	return $cau_status
}

cau_pcmk_on_copy() {
	cibadmin --query >"$cau_cib" || return 1
	for cau_name; do
		CIB_file=$cau_cib crm_attribute --node "$cau_name" --name standby \
			--update on --lifetime forever >/dev/null || return 1
	done
	crm_simulate --simulate --xml-file="$cau_cib" --output-as=xml 2>/dev/null |
		cau_pcmk_say xml
}
