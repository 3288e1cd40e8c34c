# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # $cache is the caller's
# Gets packages of any Debian suite for fetch-kernel and build-kernel: through a
# separate apt root, from this machine's mirror, with signatures checked. Installs
# nothing and changes no setting of apt. An apt root serves one call at a time. The
# caller provides $cache, die(), and $trash, a list of files that it removes at exit.

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

# Copies the settings for reaching the mirror (proxies, time limits), but none of the
# hooks.
apt_root() {
	local root=$cache/apt/$1

	mkdir -p "$root"/etc/{apt.conf.d,preferences.d,sources.list.d,trusted.gpg.d} \
		"$root"/state/lists/partial "$root"/cache/archives/partial
	[ -f "$root/state/status" ] || : >"$root/state/status"
	echo "deb [signed-by=$keyring] $(mirror) $1 main" >"$root/etc/sources.list"
	{
		apt-config dump 2>/dev/null | grep -E '^Acquire::(http|https|ftp|Retries|Check-|Max-)' || :
		cat <<-EOF
		Dir::Etc "$root/etc";
		Dir::State "$root/state";
		Dir::State::status "$root/state/status";
		Dir::Cache "$root/cache";
		Acquire::Languages "none";
		APT::Sandbox::User "root";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		EOF
	} >"$root/apt.conf"
	echo "$root/apt.conf"
}

apt_update() {
	local log=$cache/apt/$1/update.log

	[ -f "$keyring" ] || die "$keyring is not there: install debian-archive-keyring"
	trash+=("$cache/apt/$1/cache")
	mkdir -p "$cache/apt/$1"
	exec 8>"$cache/apt/$1/.lock"
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
	local suite=$1 conf=$cache/apt/$1/apt.conf into=$2 debs
	shift 2

	exec 8>"$cache/apt/$suite/.lock"
	flock 8
	debs=$(mktemp -d "$cache/apt/.debs.XXXXXX")
	trash+=("$debs")
	if ! (cd "$debs" && APT_CONFIG=$conf apt-get -q download "$@" >log 2>&1); then
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
