# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2154
# hardware.sh: what the nodes of lab.sh and nspawn.sh have in common: logins, sshd,
# names and keys, cable. To be sourced; $node is the name of the node.

# make_homes FOLDER: of root, admin and noisy. Only the .bashrc of noisy speaks.
make_homes() {
	# shellcheck disable=SC2016 # for the node's shell
	echo 'echo "*** Welcome to $(uname -n)! Last update: never ***"' >"$1/home/noisy/.bashrc"
	: >"$1/root/.bashrc"
	chmod 700 "$1/root"
	for d in root home/admin home/noisy; do
		cp "$LAB/key.pub" "$1/$d/.ssh/authorized_keys"
		chmod 700 "$1/$d/.ssh"
	done
	chown -R 7701:7701 "$1/home/admin"
}

# make_sshd_config FOLDER
make_sshd_config() {
	# One cheap key exchange: half the time of the default for a connection.
	cat >"$1/etc/ssh/sshd_config" <<-X
		HostKey /etc/ssh/ssh_host_ed25519_key
		KexAlgorithms curve25519-sha256
		AuthenticationMethods publickey
		PermitRootLogin prohibit-password
		UsePAM no
		UseDNS no
		PrintMotd no
		MaxStartups 500
		MaxSessions 100
		PidFile /run/sshd.pid
		SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		Subsystem sftp internal-sftp
	X
}

# make_identity FOLDER: names and host key.
make_identity() {
	ssh-keygen -q -t ed25519 -N '' -C "$node" -f "$1/etc/ssh/ssh_host_ed25519_key"
	read -r type key _ <"$1/etc/ssh/ssh_host_ed25519_key.pub"
	echo "$node $type $key" >>"$LAB/known_hosts"
	echo "$node" >"$1/etc/hostname"
	tr -d - </proc/sys/kernel/random/uuid >"$1/etc/machine-id"
	cp "$LAB/hosts" "$1/etc/hosts"
}

# The cable: eth0 here, and its other end at the bridge of the lab.
plug_in() {
	i=${node#n}
	net=/proc/1/ns/net # /proc is still the lab's
	ip -b - <<-X
		link set lo up
		link add eth0 address $(printf '02:77:00:00:%02x:%02x' $((i / 250)) $((i % 250 + 1))) type veth peer name v$i netns $net
		addr add 10.77.$((i / 250)).$((i % 250 + 1))/16 dev eth0
		link set eth0 up
		neigh add 10.77.255.254 lladdr 02:77:00:00:ff:fe dev eth0 nud permanent
	X
	nsenter "--net=$net" ip link set "v$i" master cau0
	# Asked again afterwards: `lab down` may come in between.
	[ -e "$D/cut" ] || nsenter "--net=$net" ip link set "v$i" up
	[ ! -e "$D/cut" ] || nsenter "--net=$net" ip link set "v$i" down
}

# seconds FILE: the milliseconds in it, for sleep
seconds() {
	read -r ms <"$1"
	printf '%d.%03d\n' $((ms / 1000)) $((ms % 1000))
}
