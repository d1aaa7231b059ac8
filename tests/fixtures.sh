#!/bin/sh
# SPDX-License-Identifier: ISC
# Update files for tests, made in DIR with the tools of the real makers.
# What a missing tool would make is left out and named on standard error.
#
#   tests/fixtures.sh DIR
set -eu

[ $# -eq 1 ] || {
	echo "usage: fixtures.sh DIR" >&2
	exit 2
}
mkdir -p "$1"
dir=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work"

have()
{
	command -v "$1" >/dev/null 2>&1 || {
		echo "fixtures.sh: no $1: left out $2" >&2
		return 1
	}
}

# cut FROM TO BYTES: TO is FROM without its last BYTES bytes.
cut_tail()
{
	head -c -"$3" "$1" >"$2"
}

# patch FILE OFFSET OCTAL...: overwrites bytes.
patch()
{
	file=$1 at=$2
	shift 2
	for byte; do
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\$byte" |
			dd of="$file" bs=1 seek="$at" conv=notrunc 2>/dev/null
		at=$((at + 1))
	done
}

make_deb()
{
	mkdir -p deb/DEBIAN deb/usr/share/cau-test
	cat >deb/DEBIAN/control <<-'END'
	Package: cau-test
	Version: 1:2.0-3
	Architecture: all
	Maintainer: Nobody <nobody@example.invalid>
	Description: update of nothing
	 It changes one file.
	 .
	 And that file is not used.
	END
	echo 2.0 >deb/usr/share/cau-test/version
	for z in gzip xz zstd none; do
		dpkg-deb --root-owner-group --uniform-compression -Z$z -b deb \
			"$dir/ok-$z.deb" >/dev/null
	done
	mv "$dir/ok-xz.deb" "$dir/ok.deb"
	cut_tail "$dir/ok.deb" "$dir/truncated.deb" 10
	# The size of the second member reaches behind the end.
	cp "$dir/ok.deb" "$dir/hugemember.deb"
	patch "$dir/hugemember.deb" 120 71 71 71 71 71 71 71 71 71 71
}

make_rpm()
{
	cat >t.spec <<-'END'
	Name: cau-test
	Epoch: 1
	Version: 2.0
	Release: 3
	Summary: update of nothing
	License: none
	BuildArch: noarch
	%description
	It changes nothing.
	%files
	END
	rpmbuild -bb --quiet --define "_topdir $work/rpm" \
		--define "_rpmdir $work/rpm" \
		--define "_buildhost localhost" t.spec >/dev/null 2>&1
	find rpm -name '*.rpm' -exec cp {} "$dir/ok.rpm" \;
	cut_tail "$dir/ok.rpm" "$dir/truncated.rpm" 10
	head -c 600 "$dir/ok.rpm" >"$dir/header.rpm"
	# The signature header claims 2^31 entries.
	cp "$dir/ok.rpm" "$dir/hugeheader.rpm"
	patch "$dir/hugeheader.rpm" 104 200 0 0 0
}

make_msu()
{
	name=Windows6.1-KB9999991-x64
	mkdir -p cab/amd64_cautest
	cat >cab/update.mum <<-'END'
	<?xml version="1.0" encoding="utf-8" standalone="yes"?>
	<assembly xmlns="urn:schemas-microsoft-com:asm.v3"
	 manifestVersion="1.0" displayName="Test update &amp; more"
	 description="Update for testing (KB9999991)" company="Nobody">
	<assemblyIdentity name="Package_for_KB9999991" version="6.1.1.2"
	 language="neutral" processorArchitecture="amd64"
	 publicKeyToken="31bf3856ad364e35"/>
	<package identifier="KB9999991" releaseType="Update"/>
	</assembly>
	END
	echo "payload of KB9999991" >cab/amd64_cautest/payload.txt
	(cd cab && gcab -cz ../$name.cab update.mum amd64_cautest/payload.txt)
	cat >$name.xml <<-END
	<?xml version="1.0" encoding="utf-8"?>
	<unattend xmlns="urn:schemas-microsoft-com:unattend"><servicing>
	<package action="install">
	<assemblyIdentity name="Package_for_KB9999991" version="6.1.1.2"
	 language="neutral" processorArchitecture="amd64"
	 publicKeyToken="31bf3856ad364e35"/>
	<source location="%configsetroot%\\$name.CAB"/>
	</package></servicing></unattend>
	END
	printf '%s="%s"\r\n' 'ApplicabilityInfo' 'Windows 7' \
		'Applies to' 'Windows 7' 'Build Date' '2026/01/01' \
		'Company' 'Nobody' 'KB Article Number' '9999991' \
		'Language' 'ALL' 'Package Type' 'Update' \
		'Processor Architecture' 'amd64' \
		'Product Name' 'Windows' >$name-pkgProperties.txt
	gcab -c WSUSSCAN.cab $name.xml
	set -- WSUSSCAN.cab $name.cab $name-pkgProperties.txt $name.xml
	gcab -c "$dir/kb.msu" "$@"
	gcab -cz "$dir/kb-packed.msu" "$@"
	cp $name.cab "$dir/$name.cab"
	# No payload: what it is for is in the properties alone.
	gcab -c "$dir/properties.msu" $name-pkgProperties.txt $name.xml

	cut_tail "$dir/kb.msu" "$dir/truncated.msu" 700
	head -c 50 "$dir/$name.cab" >"$dir/header.cab"
	cp "$dir/properties.msu" "$dir/badsum.cab"
	size=$(wc -c <"$dir/badsum.cab")
	patch "$dir/badsum.cab" $((size - 40)) 1
	cp "$dir/properties.msu" "$dir/manyfiles.cab"
	patch "$dir/manyfiles.cab" 28 377 377
}

make_msi()
{
	echo hello >hello.txt
	cat >t.wxs <<-'END'
	<?xml version="1.0" encoding="utf-8"?>
	<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
	<Product Id="{6D3F0A4E-1111-4222-8333-0C4A5D6E7F80}" Name="Cau Test"
	 UpgradeCode="{6D3F0A4E-9999-4222-8333-0C4A5D6E7F80}" Language="1033"
	 Version="1.2.3" Manufacturer="Nobody">
	<Package InstallerVersion="200" Compressed="yes"
	 Comments="Fixes KB9999992" InstallScope="perMachine"/>
	<Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
	<Directory Id="TARGETDIR" Name="SourceDir">
	<Directory Id="ProgramFilesFolder">
	<Directory Id="INSTALLDIR" Name="CauTest">
	<Component Id="C1" Guid="{6D3F0A4E-2222-4222-8333-0C4A5D6E7F80}">
	<File Id="F1" Name="hello.txt" Source="hello.txt" KeyPath="yes"/>
	</Component></Directory></Directory></Directory>
	<Feature Id="Main" Level="1"><ComponentRef Id="C1"/></Feature>
	</Product>
	</Wix>
	END
	wixl -o "$dir/ok.msi" t.wxs
	cut_tail "$dir/ok.msi" "$dir/truncated.msi" 600
	head -c 600 "$dir/ok.msi" >"$dir/header.msi"
	# The first FAT sector is said to be far outside the file.
	cp "$dir/ok.msi" "$dir/badfat.msi"
	patch "$dir/badfat.msi" 76 377 377 377 77
}

# A patch has the class of one; its describing table is added by hand.
make_msp()
{
	cp "$dir/ok.msi" t.msp
	{
		printf 'Company\tProperty\tValue\r\n'
		printf 'S72\ts72\tL0\r\n'
		printf 'MsiPatchMetadata\tCompany\tProperty\r\n'
		printf '\tDisplayName\tCau Test hotfix\r\n'
		printf '\tDescription\tChanges one file\r\n'
		printf '\tKBArticle Number\t9999993\r\n'
	} >MsiPatchMetadata.idt
	msibuild t.msp -i MsiPatchMetadata.idt >/dev/null
	# The class is 80 bytes into the first entry of the directory, whose
	# sector is told at 48 of the header.
	sector=$(od -An -tu4 -j48 -N4 t.msp)
	patch t.msp $(((sector + 1) * 512 + 80)) 206
	cp t.msp "$dir/ok.msp"
}

make_zip()
{
	mkdir -p zip/sub
	echo one >zip/one.txt
	echo two >zip/sub/two.txt
	(cd zip && echo 'Update in a zip (KB9999994)' |
		zip -q -r -z "$dir/ok.zip" . >/dev/null)
	# Names of the same length, changed where they are written.
	LC_ALL=C sed 's,sub/two\.txt,../..//evil,g; s,one\.txt,/et/sh2,g' \
		"$dir/ok.zip" >"$dir/names.zip"
	cut_tail "$dir/ok.zip" "$dir/truncated.zip" 60
}

printf 'MSWIM\0\0\0' >"$dir/wim.msu"
head -c 200 /dev/zero >>"$dir/wim.msu"
printf 'this is not an installer\n' >"$dir/junk.bin"
: >"$dir/empty.bin"

have dpkg-deb '.deb' && make_deb
have rpmbuild '.rpm' && make_rpm
have gcab '.msu and .cab' && make_msu
have wixl '.msi' && make_msi
[ -e "$dir/ok.msi" ] && have msibuild '.msp' && make_msp
have zip '.zip' && make_zip
exit 0
