#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The module: found, loaded, refused, missing, and not used.
#
# guest: shares=yes core=arm64,arm64-16k cpus=1 memory=768M timeout=240

load lib

installed() {
	echo "/lib/modules/$(uname -r)/extra/memras.ko"
}

teardown() {
	[ ! -e /run/memras.ko ] || mv /run/memras.ko "$(installed)"
	memras module unload --quiet
}

@test "it is loaded by name, told, and unloaded" {
	run_json 0 memras module status --json
	assert_json '.module.installed and (.module.loaded | not) and .module.abi == null'
	assert_json ".module.vermagic | startswith(\"$(uname -r) \")"
	# Since 6.11 the kernel leaves what is PageOffline out of what it subtracts.
	[[ $MEMRAS_KERNEL = 5.10 || $MEMRAS_KERNEL = 6.1 ]] && unmanaged=false || unmanaged=true
	assert_json "(.module.features | index(\"offline-unmanaged\") != null) == $unmanaged"
	run_json 0 memras module load --json
	assert_json '.module.loaded and .module.abi == 1'
	[ -c /dev/memras ]
	assert_json "(.module.features | index(\"offline-unmanaged\") != null) == $unmanaged"
	assert_equal "$(stat -c %a /dev/memras)" 600
	run_json 0 memras status --json
	assert_json '.module.loaded and (.module.features | index("hard-offline") != null)'
	run_json 0 memras module load --json
	run_json 0 memras module unload --json
	assert_json '.module.loaded | not'
	[ ! -e /dev/memras ]
	run_json 0 memras module unload --json
}

@test "a command that wants it loads it, and a dry run does not" {
	run_json 0 memras unpoison --dry-run --json "$(find_page buddy)"
	[ ! -e /dev/memras ]
	run_json 0 memras unpoison --json "$(find_page buddy)"
	[ -e /dev/memras ]
}

@test "a dry run of loading and unloading changes nothing" {
	run_json 0 memras module load --dry-run --json
	[ ! -e /dev/memras ]
	memras module load --quiet
	run_json 0 memras module unload --dry-run --json
	[ -e /dev/memras ]
}

@test "where it is missing that is said, and memras goes on without it" {
	local pfn

	mv "$(installed)" /run/memras.ko
	depmod
	run_json 3 memras module load --json
	assert_json '.error.reason | test("no such module is installed")'
	pfn=$(find_page buddy)
	run_json 0 memras offline --soft --json "$pfn"
	assert_json '.results[0].result == "offlined"'
	page_is hwpoison "$pfn"
	mv /run/memras.ko "$(installed)"
	depmod
	run_json 0 memras module load /lib/modules/"$(uname -r)"/extra/memras.ko --json
	assert_json '.module.loaded'
}

@test "one that was built for another kernel is told by both names" {
	# The same file, said to be for release 9.something and built with another option: with
	# symbol versions the kernel does not look at the release (kernel/module, same_magic()).
	LC_ALL=C sed -e "s/vermagic=[0-9]/vermagic=9/" -e "s/ mod_unload modversions/ mod_unlaod modversions/" \
		"$(installed)" >/run/other.ko
	run_json 3 memras module load /run/other.ko --json
	assert_json '.error.errno == "ENOEXEC" and (.error.reason | test("another kernel \\(9"))'
	[ ! -e /dev/memras ]
}

@test "what is no module is refused" {
	head -c 4096 /dev/urandom >/run/junk.ko
	run_json 3 memras module load /run/junk.ko --json
	run_json 3 memras module load /run/nothing.ko --json
	assert_json '.error.errno == "ENOENT"'
}

@test "the device is for those with the capability, also when handed on" {
	memras module load --quiet
	refute setpriv --reuid 65534 --clear-groups sh -c 'exec 3<>/dev/memras'
	refute setpriv --bounding-set -sys_admin --inh-caps -sys_admin sh -c 'exec 3<>/dev/memras'
}

@test "it is not unloaded while someone has the device open" {
	memras module load --quiet
	exec {fd}<>/dev/memras
	run_json 1 memras module unload --json
	assert_json '.error.errno == "EBUSY" and (.error.reason | test("in use"))'
	exec {fd}>&-
	run_json 0 memras module unload --json
}
