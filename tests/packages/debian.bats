#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian packages: built from the last commit, and installed in a fresh root of the
# distribution of this machine. Needs root to create the root directory.
# shellcheck disable=SC2030,SC2031,SC2154 # what setup_file exports

setup_file() {
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	BUILT=$BATS_FILE_TMPDIR/deb
	ROOT=$BATS_FILE_TMPDIR/root
	export TOP BUILT ROOT
	"$TOP/contrib/packaging/build-deb" "$BUILT"
	# From the machine's own sources, without its caches.
	(. /etc/os-release && mmdebstrap --quiet --variant=minbase --skip=cleanup/apt/lists \
		--aptopt='Apt::Install-Recommends "false"' "$VERSION_CODENAME" "$ROOT" \
		<<<"$(apt_sources)")
}

teardown_file() {
	rm -rf "$ROOT"
}

# The machine's sources as one-line entries.
apt_sources() {
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' | sort -u
}

in_root() {
	chroot "$ROOT" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# What is in the root, without caches and logs.
files() {
	(cd "$ROOT" && find . -xdev \( -path ./var/cache -o -path ./var/log -o -path ./tmp \
		-o -path ./var/lib/apt -o -path ./var/lib/dpkg \) -prune -o -print | sort)
}

install_memras() {
	cp "$BUILT"/memras_*.deb "$ROOT/tmp/memras.deb"
	in_root apt-get -q -y --no-install-recommends install /tmp/memras.deb
}

@test "lintian has nothing to say of the packages" {
	run lintian --pedantic --tag-display-limit 0 --allow-root "$BUILT"/*.changes
	echo "$output"
	[ "$status" = 0 ]
	[ -z "$output" ]
}

@test "memras installs in a fresh root, runs, and enables no unit" {
	files >"$BATS_FILE_TMPDIR/before"
	install_memras
	[ "$(in_root memras --version)" = "memras $(cat "$TOP/src/kmod/VERSION")" ]
	in_root memras --introspect | jq -e '.commands | length > 5'
	[ -s "$ROOT/usr/share/memras/schema/status.schema.json" ]
	[ -e "$ROOT/lib/systemd/system/memras-restore.service" ]
	[ -z "$(find "$ROOT/etc/systemd" -name 'memras*')" ]
}

@test "an upgrade keeps the retired list" {
	mkdir -p "$ROOT/var/lib/memras"
	echo '{}' >"$ROOT/var/lib/memras/retired.json"
	in_root dpkg -i /tmp/memras.deb
	[ -e "$ROOT/var/lib/memras/retired.json" ]
}

@test "removal and purge leave the retired list and nothing else" {
	in_root apt-get -q -y purge memras
	in_root apt-get -q -y autoremove --purge
	run diff "$BATS_FILE_TMPDIR/before" <(files)
	echo "$output"
	[ "$(grep -c '^[<>]' <<<"$output")" = 2 ]
	[[ $output == *"> ./var/lib/memras/retired.json"* ]]
}

@test "a purge that is told to removes the list too" {
	install_memras
	in_root env MEMRAS_PURGE_LIST=yes apt-get -q -y purge memras
	[ ! -e "$ROOT/var/lib/memras" ]
}

@test "memras-dkms has what dkms needs to build the module" {
	local dir=$BATS_TEST_TMPDIR/dkms

	dpkg-deb -x "$BUILT"/memras-dkms_*.deb "$dir"
	dir=$(echo "$dir"/usr/src/memras-*)
	grep -q "^PACKAGE_VERSION=\"${dir##*-}\"" "$dir/dkms.conf"
	(
		# shellcheck disable=SC2034 # dkms.conf refers to it
		kernel_source_dir=$("$TOP/tests/vm/fetch-kernel" 6.1)/build
		# shellcheck source=/dev/null
		. "$dir/dkms.conf"
		cd "$dir"
		eval "${MAKE[0]}"
		[ -s "${BUILT_MODULE_LOCATION[0]}/${BUILT_MODULE_NAME[0]}.ko" ]
	)
}
