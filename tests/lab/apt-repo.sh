# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# A small Debian repository in $repo, made of nothing; to be sourced.
#
#	deb NAME VERSION SUITE [POSTINST]	a package; more of its files first in $extra/
#				with $ask, a question of its config script
#	repo_index		the lists of all suites
# SUITE: main, updates, security, backports, other.

native=$(dpkg --print-architecture)

# shellcheck disable=SC2154 # repo is set by who reads this
deb() {
	d=$repo/build
	rm -rf "$d"
	mkdir -p "$d/DEBIAN" "$d/usr/share/$1" "$repo/pool/$3"
	[ ! -d "$repo/extra" ] || cp -a "$repo/extra/." "$d"
	rm -rf "$repo/extra"
	echo "$2" >"$d/usr/share/$1/version"
	printf '%s\n' "Package: $1" "Version: $2" "Architecture: ${arch:-all}" \
		'Maintainer: Lab <lab@example.org>' 'Section: admin' \
		'Priority: optional' ${depends:+"Depends: $depends"} \
		${conflicts:+"Conflicts: $conflicts"} \
		"Description: lab package $1" ' It does nothing.' \
		>"$d/DEBIAN/control"
	if [ -n "${4-}" ]; then
		printf '#!/bin/sh\n%s\n' "$4" >"$d/DEBIAN/postinst"
		chmod 755 "$d/DEBIAN/postinst"
	fi
	if [ -n "${ask-}" ]; then
		printf '%s\n' "Template: $ask" 'Type: string' \
			'Description: What is it called?' >"$d/DEBIAN/templates"
		printf '%s\n' '#!/bin/sh' '. /usr/share/debconf/confmodule' \
			"db_input critical $ask || true" 'db_go || true' \
			>"$d/DEBIAN/config"
		chmod 755 "$d/DEBIAN/config"
	fi
	[ ! -d "$d/etc" ] ||
		(cd "$d" && find etc -type f | sed 's|^|/|') >"$d/DEBIAN/conffiles"
	dpkg-deb --root-owner-group -Znone -b "$d" \
		"$repo/pool/$3/${1}_$2_${arch:-all}.deb" >/dev/null
	rm -rf "$d"
}

# suite POOL SUITE CODENAME LABEL
suite() {
	mkdir -p "$repo/pool/$1" "$repo/dists/$3/main/binary-$native"
	(
		cd "$repo" || exit 1
		dpkg-scanpackages -m "pool/$1" 2>/dev/null \
			>"dists/$3/main/binary-$native/Packages"
		cd "dists/$3" || exit 1
		f=main/binary-$native/Packages
		printf '%s\n' "Origin: ${4%%-*}" "Label: $4" "Suite: $2" \
			"Codename: $3" 'Version: 12' "Date: $(date -Ru)" \
			"Architectures: $native" 'Components: main' 'SHA256:' \
			" $(sha256sum "$f" | cut -d ' ' -f 1) $(wc -c <"$f") $f" >Release
	)
}

repo_index() {
	suite main oldstable bookworm Debian
	suite updates oldstable-updates bookworm-updates Debian
	suite security oldstable-security bookworm-security Debian-Security
	suite backports oldstable-backports bookworm-backports 'Debian Backports'
	suite other stable other Vendor
}
