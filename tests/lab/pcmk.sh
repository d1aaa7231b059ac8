# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2016,SC2119,SC2120 # for the nodes' shells; optional words
# pcmk.sh: a real Pacemaker cluster of the nodes of cluster.sh; to be sourced in its SCRIPT.
#
#	pcmk_up [N]		n1..nN (all) are a new, empty cluster with quorum; what was there is gone
#	pcmk_down		none is any more
#	pcmk_resources WORD...	adds resources, started: service db agents chain pinned[=NODE] roles
#	pcmk_clear		takes all resources and constraints away
# Questions are asked on node $PCMK_VIA (n1). XPath is over `crm_mon -1 --output-as=xml`.
#	pcmk_mon		prints that document
#	pcmk_is XPATH		is it true?
#	pcmk_wait XPATH [S]	until it is true, at most S (60) seconds; then shows the cluster and fails
#	pcmk_settle [S]		until the cluster has nothing left to do
#	pcmk_where RESOURCE	the nodes it runs on; a group or clone: its members'
#	pcmk_on NODE		what runs there
#	pcmk_try COMMAND...	runs it on $PCMK_VIA
# Admin and accidents:
#	pcmk_standby NODE, pcmk_unstandby NODE
#	pcmk_cut NODE		cuts its network
#	pcmk_off NODE		cuts its power; it stays off
#	pcmk_hang NODE		restarts its cluster stack, which hangs while it joins: with the option
#				stonith-enabled the node is pending, without it is just offline
#	pcmk_heal NODE...	undoes these three; until it is back in the cluster
#	pcmk_break NODE RESOURCE start|stop|monitor fail|hang	for resources of db, chain, pinned
#	pcmk_mend NODE...	ends that; failures are forgotten
#	pcmk_unmanage RESOURCE, pcmk_manage RESOURCE
#	pcmk_option NAME [VALUE]	sets a cluster option, or takes it away; with stonith-enabled true, a
#				node that vanishes stays unclean (no fencing device); pcmk_up sets false
#	pcmk_coordinator NODE	puts $CAU there as /usr/local/sbin/cau, and ssh to all nodes
# The client of the resources of "service" (an address with a server):
#	pcmk_probe start
#	pcmk_probe stop		prints the longest time without an answer, in ms; $LAB/probe.out has the rest

: "${LAB:?}" "${here:?}" # the folder of this file
PCMK_VIA=n1
PCMK_ADDRESS=10.77.200.1

pcmk_up() {
	pcmk_n=${1:-$(echo "$LAB_NODES" | wc -w)}
	PCMK_NODES=$(echo "$LAB_NODES" | cut -d' ' "-f1-$pcmk_n")
	pcmk_down
	pcmk_files "$LAB/pcmk"
	for pcmk_x in $PCMK_NODES; do
		tar -C "$LAB/pcmk" -cf - . | lab in "$pcmk_x" sh -c '
			tar -C / --no-same-owner -xpf - && cd /var/lib/pacemaker && chown -R hacluster:haclient . &&
				systemctl start --no-block pacemaker'
	done
	pcmk_wait "$(pcmk_formed "$pcmk_n")"
}

# The condition that $1 nodes are in the cluster, all the way.
pcmk_formed() {
	echo "count(//nodes/node[@online='true' and @pending='false' and @unclean='false'])=$1 and //current_dc/@with_quorum='true'"
}

# Without a good-bye: a resource that does not stop must not hold up the next test.
pcmk_down() {
	pcmk_pids=
	for pcmk_x in $LAB_NODES; do
		(
			lab allow "$pcmk_x"
			lab up "$pcmk_x"
			lab wait "$pcmk_x" || exit
			lab in "$pcmk_x" sh -c '
				[ -e /etc/corosync/lab ] || exit 0
				rm -f /etc/corosync/lab
				rm -rf /var/lib/cau-lab
				systemctl kill -s KILL pacemaker corosync 2>/dev/null
				systemctl stop pacemaker corosync
				systemctl reset-failed pacemaker corosync 2>/dev/null
				[ ! -e /run/cau-server.pid ] || kill "$(cat /run/cau-server.pid)" 2>/dev/null
				ip addr del '"$PCMK_ADDRESS"'/16 dev eth0 2>/dev/null
				rm -rf /run/cau-lab /run/cau-server.pid /run/resource-agents/* /run/Dummy-* /run/Stateful-* /var/lib/pacemaker/cib/* \
					/var/lib/pacemaker/pengine/* /var/lib/corosync/*
				:'
		) &
		pcmk_pids="$pcmk_pids $!"
	done
	for pcmk_x in $pcmk_pids; do wait "$pcmk_x" || return 1; done
}

# The files of all nodes into folder $1. A new cluster would wait 20 s for a DC
# (dc-deadtime): the first CIB says otherwise.
pcmk_files() {
	rm -rf "$1"
	mkdir -p "$1/etc/corosync" "$1/var/lib/pacemaker/cib"
	: >"$1/etc/corosync/lab"
	{
		printf '%s\n' 'totem {' ' version: 2' ' cluster_name: lab' ' transport: knet' \
			' crypto_cipher: none' ' crypto_hash: none' " token: ${PCMK_TOKEN_MS:-1000}" " token_coefficient: 0" '}' \
			'system {' ' sched_rr: no' ' allow_knet_handle_fallback: yes' '}' \
			'quorum {' ' provider: corosync_votequorum'
		[ "$pcmk_n" != 2 ] || echo ' two_node: 1'
		printf '%s\n' '}' 'logging {' ' to_syslog: no' ' to_logfile: yes' \
			' logfile: /var/log/corosync/corosync.log' ' timestamp: hires' '}' 'nodelist {'
		for pcmk_x in $PCMK_NODES; do
			printf '%s\n' ' node {' "  name: $pcmk_x" "  nodeid: ${pcmk_x#n}" "  ring0_addr: $(lab addr "$pcmk_x")" ' }'
		done
		echo '}'
	} >"$1/etc/corosync/corosync.conf"
	{
		echo '<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0">'
		echo '<configuration><crm_config><cluster_property_set id="lab-options">'
		pcmk_nv lab dc-deadtime 1s
		pcmk_nv lab stonith-enabled false
		pcmk_nv lab cluster-recheck-interval 10s
		echo '</cluster_property_set></crm_config><nodes/><resources/><constraints/>'
		echo '<rsc_defaults><meta_attributes id="lab-defaults">'
		pcmk_nv lab resource-stickiness 100
		echo '</meta_attributes></rsc_defaults></configuration><status/></cib>'
	} >"$1/var/lib/pacemaker/cib/cib.xml"
	chmod 600 "$1/var/lib/pacemaker/cib/cib.xml"
	chmod 750 "$1/var/lib/pacemaker" "$1/var/lib/pacemaker/cib"
}

pcmk_nv() {
	printf '<nvpair id="%s-%s" name="%s" value="%s"/>\n' "$1" "$2" "$2" "$3"
}

pcmk_mon() {
	lab in "$PCMK_VIA" crm_mon -1 --output-as=xml
}

pcmk_try() {
	lab in "$PCMK_VIA" "$@"
}

pcmk_is() {
	[ "$(pcmk_mon 2>/dev/null | xmllint --xpath "boolean($1)" - 2>/dev/null)" = true ]
}

pcmk_wait() {
	pcmk_end=$(($(pcmk_ms) + ${2:-60} * 1000))
	until pcmk_is "$1"; do
		[ "$(pcmk_ms)" -lt $pcmk_end ] || {
			echo "the cluster does not come to: $1" >&2
			pcmk_try crm_mon -1 -r >&2
			return 1
		}
		sleep 0.05
	done
}

# crm_resource --wait says the same, but only looks every 2 s. The second
# question is about the CIB as it is: the DC may not have heard of a change yet.
pcmk_settle() {
	pcmk_try timeout "${1:-60}" sh -c '
		until crmadmin -S "$(crmadmin -qD 2>/dev/null)" 2>/dev/null | grep -q S_IDLE &&
			crm_simulate -LR --output-as=xml >/run/settle.xml 2>/dev/null &&
			grep -q "<actions" /run/settle.xml &&
			! grep "<rsc_action" /run/settle.xml | grep -qv blocked=; do sleep 0.05; done' && return
	echo "the cluster does not settle" >&2
	pcmk_try crm_mon -1 -r >&2
	return 1
}

# Milliseconds that no change of the clock touches, for differences.
pcmk_ms() {
	read -r pcmk_t _ </proc/uptime
	echo "${pcmk_t%.*}${pcmk_t#*.}0"
}

pcmk_names() {
	pcmk_mon | xmllint --xpath "$1" - 2>/dev/null | sed 's/.*="\(.*\)"/\1/' | sort -u | xargs
}

pcmk_where() {
	pcmk_names "//resources//*[@id='$1']/descendant-or-self::resource[@active='true']/node/@name"
}

pcmk_on() {
	pcmk_names "//resources//resource[@active='true'][node/@name='$1']/@id"
}

# --- resources ---

# pcmk_primitive ID CLASS [NAME VALUE]: CLASS as in ocf:cau:Lab; one parameter.
pcmk_primitive() {
	case $2 in
	*:*:*)
		pcmk_x=${2#*:}
		echo "<primitive id=\"$1\" class=\"${2%%:*}\" provider=\"${pcmk_x%:*}\" type=\"${pcmk_x#*:}\">"
		;;
	*) echo "<primitive id=\"$1\" class=\"${2%%:*}\" type=\"${2#*:}\">" ;;
	esac
	if [ $# = 4 ]; then
		echo "<instance_attributes id=\"$1-ia\">"
		pcmk_nv "$1" "$3" "$4"
		echo "</instance_attributes>"
	fi
	echo "<operations>"
	# Patience that a drain which sticks is tested with: 10 s for each start and stop.
	for pcmk_x in start:0s stop:0s monitor:5s; do
		echo "<op id=\"$1-${pcmk_x%:*}\" name=\"${pcmk_x%:*}\" interval=\"${pcmk_x#*:}\" timeout=\"10s\"/>"
	done
	echo "</operations></primitive>"
}

# pcmk_part WORD: what it adds to the resources, and with FD 4 to the constraints.
pcmk_part() {
	case $1 in
	service)
		echo '<group id="service">'
		pcmk_primitive server ocf:cau:Server
		pcmk_primitive address ocf:heartbeat:IPaddr2 ip "$PCMK_ADDRESS"
		echo '</group>'
		;;
	db)
		echo '<group id="db">'
		pcmk_primitive disk ocf:cau:Lab
		pcmk_primitive data ocf:cau:Lab
		echo '</group>'
		;;
	agents)
		echo '<clone id="agents">'
		pcmk_primitive agent ocf:pacemaker:Dummy
		echo '</clone>'
		;;
	chain)
		pcmk_primitive first ocf:cau:Lab
		pcmk_primitive second ocf:cau:Lab
		echo '<rsc_order id="chain-order" first="first" then="second" kind="Mandatory"/>' >&4
		echo '<rsc_colocation id="chain-place" rsc="second" with-rsc="first" score="INFINITY"/>' >&4
		;;
	pinned | pinned=*)
		pcmk_to=${1#pinned}
		pcmk_to=${pcmk_to#=}
		pcmk_primitive pinned ocf:cau:Lab
		cat >&4 <<-Y
			<rsc_location id="pinned-there" rsc="pinned"><rule id="pinned-rule" score="-INFINITY">
			<expression id="pinned-node" attribute="#uname" operation="ne" value="${pcmk_to:-n1}"/></rule></rsc_location>
		Y
		;;
	roles)
		echo '<clone id="roles"><meta_attributes id="roles-meta">'
		pcmk_nv roles promotable true
		echo '</meta_attributes>'
		pcmk_primitive role ocf:pacemaker:Stateful | sed 's|</operations>|<op id="role-pmon" name="monitor" role="Promoted" interval="4s" timeout="10s"/>&|'
		echo '</clone>'
		;;
	*)
		echo "pcmk_resources: no $1" >&2
		return 1
		;;
	esac
}

# One cibadmin for all, then until they run.
pcmk_resources() {
	: >"$LAB/constraints.xml"
	{
		echo '<configuration><resources>'
		for pcmk_word; do
			pcmk_part "$pcmk_word" 4>>"$LAB/constraints.xml" || return 1
		done
		echo '</resources><constraints>'
		cat "$LAB/constraints.xml"
		echo '</constraints></configuration>'
	} >"$LAB/resources.xml"
	pcmk_try cibadmin --modify --allow-create --xml-pipe <"$LAB/resources.xml" || return 1
	pcmk_settle
}

pcmk_clear() {
	pcmk_try sh -c "cibadmin --replace --scope constraints --xml-text '<constraints/>' &&
		cibadmin --replace --scope resources --xml-text '<resources/>'" && pcmk_settle
}

pcmk_unmanage() {
	pcmk_try crm_resource --resource "$1" --meta --set-parameter is-managed --parameter-value false >/dev/null
}

pcmk_manage() {
	pcmk_try crm_resource --resource "$1" --meta --delete-parameter is-managed >/dev/null
}

pcmk_option() {
	if [ $# = 2 ]; then
		pcmk_try crm_attribute -t crm_config -n "$1" -v "$2"
	else
		pcmk_try crm_attribute -t crm_config -n "$1" -D >/dev/null
	fi
}

# --- admin and accidents ---

pcmk_standby() {
	pcmk_try crm_standby -N "$1" -v on
}

pcmk_unstandby() {
	pcmk_try crm_standby -N "$1" -D >/dev/null
}

pcmk_cut() {
	lab down "$1"
}

pcmk_off() {
	lab noreturn "$1"
	lab crash "$1"
}

# Between the moment when the others see its controller and the end of its join.
pcmk_hang() {
	lab in "$1" timeout 60 sh -c 'systemctl stop pacemaker && systemctl start --no-block pacemaker
		until p=$(pidof pacemaker-controld) && corosync-cpgtool | grep -q "[[:space:]]$p[[:space:]]"; do :; done
		kill -STOP "$p"'
}

pcmk_heal() {
	for pcmk_x; do
		lab allow "$pcmk_x"
		lab up "$pcmk_x"
	done
	for pcmk_x; do
		lab wait "$pcmk_x" || return 1
		lab in "$pcmk_x" sh -c 'p=$(pidof pacemaker-controld) && kill -CONT "$p"' # if it hangs
		pcmk_wait "//nodes/node[@name='$pcmk_x'][@online='true' and @pending='false' and @unclean='false']" || return 1
	done
}

pcmk_break() {
	lab in "$1" sh -c 'mkdir -p /var/lib/cau-lab && echo "$2" >"/var/lib/cau-lab/$1"' sh "$3.$2" "$4"
}

pcmk_mend() {
	for pcmk_x; do lab in "$pcmk_x" rm -rf /var/lib/cau-lab; done
	pcmk_try crm_resource --cleanup >/dev/null 2>&1
	pcmk_settle
}

pcmk_coordinator() {
	mkdir -p "$LAB/coordinator/root/.ssh" "$LAB/coordinator/usr/local/sbin"
	cp "$CAU" "$LAB/coordinator/usr/local/sbin/cau"
	cp "$LAB/key" "$LAB/known_hosts" "$LAB/coordinator/root/.ssh"
	sed "s|$LAB/|/root/.ssh/|" "$LAB/ssh_config" >"$LAB/coordinator/root/.ssh/config"
	tar -C "$LAB/coordinator" -cf - root/.ssh usr/local/sbin/cau | lab in "$1" tar -C / --no-same-owner -xf -
}

pcmk_probe() {
	case $1 in
	start)
		[ -x "$LAB/probe" ] || "${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -o "$LAB/probe" "$here/probe.c" || return 1
		# A question that nobody on the bridge answers is asked again soon.
		echo 50 >/proc/sys/net/ipv4/neigh/cau0/retrans_time_ms
		"$LAB/probe" "$PCMK_ADDRESS" 7000 >"$LAB/probe.out" &
		pcmk_client=$!
		;;
	stop)
		kill -TERM "$pcmk_client" || return 1
		# Not wait: in a subshell it is nobody's child.
		until grep -q '^longest' "$LAB/probe.out"; do sleep 0.02; done
		sed -n 's/^longest //p' "$LAB/probe.out"
		;;
	esac
}
