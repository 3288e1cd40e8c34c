#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The RPM packages, built on Debian from the tarball of the last commit, and the header with
# its pkg-config file. What needs a Fedora or RHEL (their macros, akmods) is not tried here.
# shellcheck disable=SC2030,SC2031 # what setup_file exports

setup_file() {
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	BUILT=$BATS_FILE_TMPDIR/rpm
	export TOP BUILT
	# What the packages need is here, but not known to rpm.
	"$TOP/contrib/packaging/build-rpm" "$BUILT" -- --nodeps
}

# package NAME: the file
package() {
	find "$BUILT" -name "$1-[0-9]*.rpm" ! -name '*.src.rpm'
}

files_of() {
	rpm -qp --nosignature --qf '[%{FILENAMES}\n]' "$(package "$1")"
}

@test "rpmlint has nothing to say of the specs and the packages" {
	run rpmlint --config "$TOP/contrib/packaging/rpm/rpmlint.toml" \
		"$TOP"/contrib/packaging/rpm/*.spec "$BUILT"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *" 0 errors, 0 warnings"* ]]
}

@test "the packages have what the Debian packages have, and every file once" {
	local version

	version=$(<"$TOP/src/kmod/VERSION")
	files_of memras | grep -qx /usr/sbin/memras
	files_of memras | grep -qx /usr/share/memras/schema/status.schema.json
	files_of memras | grep -qx /usr/lib/systemd/system/memras-watch.service
	files_of memras-devel | grep -qx /usr/include/memras/memras.h
	files_of memras-dkms | grep -qx "/usr/src/memras-$version/dkms.conf"
	[ "$(rpm -qp --nosignature --qf '%{VERSION}' "$(package memras)")" = "$version" ]
	[ -z "$(for p in memras memras-devel memras-dkms; do files_of $p; done | sort | uniq -d)" ]
	# It asks for no library that is opened late.
	refute_requires libkmod libsqlite3 libsystemd
}

refute_requires() {
	local lib

	for lib; do
		! rpm -qp --nosignature --requires "$(package memras)" | grep "$lib" || return 1
	done
}

@test "the source of the module package builds the module for a kernel of the matrix" {
	local kdir

	kdir=$("$TOP/tests/vm/fetch-kernel" 6.1)/build
	rpmbuild --define "_topdir $BATS_TEST_TMPDIR" --define "kdir $kdir" --nodeps \
		--rebuild "$BUILT"/SRPMS/memras-kmod-*.src.rpm
	rpm -qp --nosignature --qf '[%{FILENAMES}\n]' \
		"$BATS_TEST_TMPDIR"/RPMS/*/kmod-memras-*.rpm | grep '^/lib/modules/6\.1.*/memras.ko$'
}

@test "a program finds the header by pkg-config, and what is installed can be uninstalled" {
	local root=$BATS_TEST_TMPDIR/root

	rpm2cpio "$(package memras-devel)" | (mkdir "$root" && cd "$root" && cpio -id --quiet)
	cat >"$BATS_TEST_TMPDIR/user.c" <<-'END'
	#include <memras.h>
	int main(void) { struct memras_info info = { .abi = MEMRAS_ABI_VERSION }; return info.abi != MEMRAS_ABI_VERSION; }
	END
	PKG_CONFIG_PATH=$root/usr/share/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root \
		sh -c 'gcc -Wall -Werror -o "$1" "$1.c" $(pkg-config --cflags memras)' - \
		"$BATS_TEST_TMPDIR/user"
	"$BATS_TEST_TMPDIR/user"

	rm -r "$root"
	DESTDIR=$root meson install -C "$BUILT/meson"
	[ -x "$root/usr/local/sbin/memras" ]
	DESTDIR=$root ninja -C "$BUILT/meson" uninstall
	[ -z "$(find "$root" ! -type d)" ]
}
