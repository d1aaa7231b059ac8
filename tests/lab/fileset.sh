# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2016,SC2034,SC2154
# The example plug-in examples/fileset on nodes with systemd; read by
# systemd.sh. On n1 the service runs; n2 is the passive node.

# set_of VERSION LINE...: a set of files on n1 and n2.
set_of() {
	version=$1
	shift
	mkdir -p set/bin
	printf '%s\n' '#!/bin/sh' "$@" >set/bin/app
	echo "$version" >set/VERSION
	echo "conf of $version" >"set/app.conf $version"
	chmod 755 set/bin/app
	for n in n1 n2; do
		lab in "$n" rm -rf /srv/new
		tar -C set -cf - . | lab in "$n" sh -c 'mkdir -p /srv/new && tar -C /srv/new -xf -'
	done
	rm -rf set
}

files() {
	cau run --nodes n1,n2 --node-order n2,n1 --rsh "$rsh" -p Example.FileSet \
		--suspend-command 'sh tool out' --resume-command 'sh tool in' \
		-a 'Source=/srv/new;Target=/srv/app;Services=app.service;Patience=2' \
		--max-retries-per-node 0 "$@"
}

# state NODE: what is there, and what runs.
state() {
	lab in "$1" sh -c 'cat "$0"; ls /srv/app; systemctl is-active app.service' \
		/srv/app/current 2>/dev/null | tr '\n' ' '
}

start
cp "$here/../../examples/fileset" fileset
chmod 755 fileset
"$CAU" plugin register "$top/fileset" --state-dir state >out 2>err
for n in n1 n2; do
	lab in "$n" sh -c 'mkdir -p /srv/app/bin
	printf "#!/bin/sh\necho 1 >/srv/app/current\nexec sleep 1000\n" >/srv/app/bin/app
	chmod 755 /srv/app/bin/app
	printf "[Service]\nExecStart=/srv/app/bin/app\n" >/etc/systemd/system/app.service
	systemctl daemon-reload'
done
lab in n1 systemctl start app.service

set_of 2 'echo 2 >/srv/app/current' 'exec sleep 1000'
files
rc=$?
verdict "example fileset: the passive node first, each with its service as it was" eval 'is 0 $rc &&
	is "out n2
in n2
out n1
in n1" "$(cat order)" &&
	is "2 app.conf 2 bin current active " "$(state n1)" &&
	is "app.conf 2 bin inactive " "$(state n2)" &&
	is "exec sleep 1000" "$(lab in n2 tail -n 1 /srv/app/bin/app)"'
files
rc=$?
verdict "example fileset: nothing to do any more" eval 'is 0 $rc &&
	is "0 0" "$(report "[.nodes[].updates | length] | join(\" \")")"'
set_of 3 'echo 3 >/srv/app/current' 'exit 1'
files --node-order n1,n2
rc=$?
verdict "example fileset: a service that does not come up: all is put back, the run stops" eval 'is 1 $rc &&
	is "Failed: not all services came up within 2 s; the old files are back, and what ran before runs again" \
		"$(report ".nodes[] | select(.name == \"n1\") | .updates[0] | \"\(.result): \(.reason)\"")" &&
	is "2 app.conf 2 bin current active " "$(state n1)" &&
	is "app.conf 2 bin inactive " "$(state n2)"'
lab in n1 systemctl stop app.service
