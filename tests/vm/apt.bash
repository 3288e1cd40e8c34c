# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # $cache is the caller's
# Gets packages of any Debian suite for fetch-kernel, fetch-sysroot and fetch-qemu:
# through a separate apt root, from this machine's mirror, with signatures checked.
# Installs nothing and changes no setting of apt. An apt root serves one call at a
# time. The caller provides $cache, die(), $trash, a list of files that it removes at
# exit, and $archs, a list of architectures, the first of which apt takes for its own.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Prints the Debian mirror of this machine, else Debian's own.
mirror() {
	local uri

	if [ -n "${MEMRAS_MIRROR:-}" ]; then
		echo "$MEMRAS_MIRROR"
		return
	fi
	# shellcheck disable=SC2016 # the $() is apt's
	uri=$(apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' 'Component: main' | sed -n 1p)
	if [ -z "$uri" ]; then	# apt-get update was never run: read its sources
		uri=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
			grep -oE '^(deb |URIs:).*' | grep -oE '[a-z+]+://[^ ]*/debian(/|$| )' | sed -n 1p) || :
	fi
	echo "${uri:-http://ftp.debian.org/debian}"
}

# apt_folder SUITE: where its apt root is
apt_folder() {
	local IFS=-

	echo "$cache/apt/$1-${archs[*]}"
}

# The apt root of a suite, or of several, as trixie+trixie-backports. It has the settings
# for reaching the mirror (proxies, time limits), but none of the hooks.
apt_root() {
	local root suite
	root=$(apt_folder "$1")

	mkdir -p "$root"/etc/{apt.conf.d,preferences.d,sources.list.d,trusted.gpg.d} \
		"$root"/state/lists/partial "$root"/cache/archives/partial
	[ -f "$root/state/status" ] || : >"$root/state/status"
	for suite in ${1//+/ }; do
		echo "deb [signed-by=$keyring] $(mirror) $suite main"
	done >"$root/etc/sources.list"
	{
		apt-config dump 2>/dev/null | grep -E '^Acquire::(http|https|ftp|Retries|Check-|Max-)' || :
		cat <<-EOF
		Dir::Etc "$root/etc";
		Dir::State "$root/state";
		Dir::State::status "$root/state/status";
		Dir::Cache "$root/cache";
		Acquire::Languages "none";
		APT::Sandbox::User "root";
		APT::Architecture "${archs[0]}";
		APT::Architectures { $(printf '"%s"; ' "${archs[@]}")};
		EOF
	} >"$root/apt.conf"
	echo "$root/apt.conf"
}

apt_update() {
	local root log
	root=$(apt_folder "$1") log=$root/update.log

	[ -f "$keyring" ] || die "$keyring is not there: install debian-archive-keyring"
	trash+=("$root/cache")
	mkdir -p "$root"
	exec 8>"$root/.lock"
	flock 8
	# A missing suite is only a warning for apt: check the outcome.
	if ! APT_CONFIG=$(apt_root "$1") apt-get -q -o APT::Update::Error-Mode=any update >"$log" 2>&1; then
		sed 's/^/  /' "$log" >&2
		die "cannot read Debian's suite $1 (does the mirror have it?)"
	fi
	exec 8>&-
}

# apt_fetch SUITE INTO PACKAGE...: download and unpack
apt_fetch() {
	local root into=$2 debs
	root=$(apt_folder "$1")
	shift 2

	exec 8>"$root/.lock"
	flock 8
	debs=$(mktemp -d "$cache/apt/.debs.XXXXXX")
	trash+=("$debs")
	if ! (cd "$debs" && APT_CONFIG=$root/apt.conf apt-get -q download "$@" >log 2>&1); then
		sed 's/^/  /' "$debs/log" >&2
		die "cannot download: $*"
	fi
	mkdir -p "$into"
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$into"
	done
	exec 8>&-
	rm -r "$debs"
}

# apt_fetch_all SUITE INTO OPTION... PACKAGE...: likewise with all that the packages
# need, for a folder where bin, sbin and lib may be links. INTO/files/PACKAGE has the
# paths of its files.
apt_fetch_all() {
	local root into=$2 deb package
	root=$(apt_folder "$1")
	shift 2

	exec 8>"$root/.lock"
	flock 8
	rm -f "$root"/cache/archives/*.deb
	if ! APT_CONFIG=$root/apt.conf apt-get -q -y --no-install-recommends --download-only \
		install "$@" >"$root/install.log" 2>&1; then
		sed 's/^/  /' "$root/install.log" >&2
		die "cannot download: $*"
	fi
	mkdir -p "$into/files"
	for deb in "$root"/cache/archives/*.deb; do
		package=${deb##*/}
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$into"
		dpkg-deb --fsys-tarfile "$deb" | tar -t | sed -n 's,^\./\(.*[^/]\)$,/\1,p' \
			>"$into/files/${package%%_*}"
	done
	exec 8>&-
}
