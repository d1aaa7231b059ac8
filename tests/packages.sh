# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# Installs what is missing, by the package manager of the distribution; to
# be sourced. Asks sudo when it is not run as root.

packages_sudo() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		echo "to install packages, run this as root or install sudo" >&2
		return 1
	fi
}

# packages_have NAME...: true when all are there.
packages_have() {
	if command -v dpkg-query >/dev/null 2>&1; then
		for packages_p; do
			dpkg-query -W -f '${db:Status-Status}\n' "$packages_p" 2>/dev/null |
				grep -qx installed || return 1
		done
	else
		rpm -q "$@" >/dev/null 2>&1
	fi
}

packages_add() {
	packages_have "$@" && return 0
	echo "== installing: $*"
	if command -v apt-get >/dev/null 2>&1; then
		packages_sudo apt-get -o DPkg::Lock::Timeout=900 -qq update &&
			packages_sudo env DEBIAN_FRONTEND=noninteractive apt-get \
				-o DPkg::Lock::Timeout=900 -qq -y install \
				--no-install-recommends "$@" >/dev/null
	elif command -v dnf >/dev/null 2>&1; then
		packages_sudo dnf -q -y install "$@"
	elif command -v zypper >/dev/null 2>&1; then
		packages_sudo zypper -q -n install "$@"
	else
		echo "no apt-get, dnf or zypper here; needed: $*" >&2
		return 1
	fi
}

# packages_install build|test
packages_install() {
	if command -v apt-get >/dev/null 2>&1; then
		packages_add gcc libc6-dev make pkg-config libxml2-dev \
			libarchive-dev libjansson-dev nettle-dev || return 1
		[ "$1" = test ] || return 0
		packages_add libcmocka-dev python3-jsonschema openssh-client openssh-server \
			iproute2 util-linux sudo procps jq acl attr libxml2-utils \
			dpkg-dev rpm dnf createrepo-c zypper msitools wixl gcab valgrind clang \
			clang-format clang-tidy cppcheck shellcheck mandoc \
			busybox bash zip strace time mmdebstrap systemd-container \
			curl python3 monitoring-plugins-basic prometheus-alertmanager
	elif command -v dnf >/dev/null 2>&1; then
		packages_add gcc make pkgconf-pkg-config libxml2-devel \
			libarchive-devel jansson-devel nettle-devel || return 1
		[ "$1" = test ] || return 0
		packages_add libcmocka-devel python3-jsonschema openssh-clients openssh-server \
			iproute util-linux sudo procps-ng jq acl attr libxml2 \
			rpm-build dpkg msitools valgrind clang clang-tools-extra \
			cppcheck ShellCheck mandoc busybox bash zip strace time
	else
		packages_add gcc make pkg-config libxml2-devel \
			libarchive-devel libjansson-devel libnettle-devel || return 1
		[ "$1" = test ] || return 0
		packages_add libcmocka-devel python3-jsonschema openssh-clients openssh-server \
			iproute2 util-linux sudo procps jq acl attr libxml2-tools \
			rpm-build valgrind clang clang-tools cppcheck ShellCheck \
			mandoc busybox bash zip strace time
	fi
}
