#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# memras doctor: what it reports as working works, and what it reports as missing is
# refused for the reason that it gave. It changes nothing itself.
#
# guest: shares=yes cpus=1 memory=768M dimm=256M timeout=300

load lib
load doctor

setup() {
	doctor_setup
}

teardown() {
	doctor_teardown
	[ ! -e /proc/sys/vm/enable_soft_offline ] || echo 1 >/proc/sys/vm/enable_soft_offline
}

@test "with the module loaded all works that this kernel has, and is done" {
	local lockdown='"none"'

	# 64k.config has none.
	[ "$page_size" != 65536 ] || lockdown=null
	memras module load --quiet
	examine "$(best)"
	expect_verdict ok soft-offline hard-offline unpoison block-hotplug quarantine module signing \
		lockdown tracing
	expect_verdict n/a edac
	[ "$HOSTTYPE" != x86_64 ] || grep -qw hypervisor /proc/cpuinfo
	refute test -e /sys/devices/system/edac/mc/mc0
	if replaces; then
		expect_verdict ok hugepage-replacement
	else
		expect_verdict missing hugepage-replacement
		expect_reason 'before 5\.13' hugepage-replacement
	fi
	assert_json '.module | .present and .loadable and .loaded and .signer == null'
	assert_json ".policy == {signatures_enforced: false, secure_boot: false, lockdown: $lockdown,
		modules_disabled: false}"
	prove soft-offline hard-offline unpoison hugepage-replacement block-hotplug quarantine module \
		tracing
}

@test "a module that is not loaded is loaded for what needs it, but not by looking" {
	local before features

	before=$(state_of_machine)
	examine "$(best)"
	assert_equal "$(state_of_machine)" "$before"
	expect_verdict ok unpoison quarantine module
	assert_json '.module | .present and .loadable and (.loaded | not)'
	assert_json '.capabilities[] | select(.capability == "quarantine") | .detail | test("loaded on demand")'
	features=$(get_json '.module.features | sort | join(",")')
	prove_quarantine
	# What the file says of itself is what the module then says.
	run_json 0 memras status --json
	assert_equal "$(get_json '.module.features | sort | join(",")')" "$features"
	memras module unload --quiet
	prove_unpoison
	memras module unload --quiet
	examine "$(best)"
	prove_hugepage_replacement
}

@test "where the module is missing, what needs it is, and the rest works" {
	mv "$(installed)" /run/memras.ko
	depmod
	examine 3
	expect_verdict ok soft-offline hard-offline unpoison block-hotplug signing lockdown tracing
	expect_verdict missing hugepage-replacement quarantine module
	expect_reason 'no such module is installed' hugepage-replacement quarantine module
	assert_json '.module | (.present or .loadable or .loaded) | not'
	prove unpoison hugepage-replacement block-hotplug quarantine module
}

@test "soft offline that is turned off is told, with the switch" {
	[ -e /proc/sys/vm/enable_soft_offline ] || skip "this kernel has no such switch"
	echo 0 >/proc/sys/vm/enable_soft_offline
	examine 3
	expect_verdict off soft-offline
	expect_reason 'turned off' soft-offline
	expect_verdict ok hard-offline unpoison
	prove_soft_offline
	prove_hard_offline
	# The hint is the way to get it.
	assert_equal "${hint[soft-offline]}" "sysctl vm.enable_soft_offline=1 turns it on"
	echo 1 >/proc/sys/vm/enable_soft_offline
	examine "$(best)"
	expect_verdict ok soft-offline
	prove_soft_offline
}

@test "a module of another kernel is told without loading it" {
	mv "$(installed)" /run/memras.ko
	# As in module.bats: another release, and another option.
	LC_ALL=C sed -e "s/vermagic=[0-9]/vermagic=9/" -e "s/ mod_unload modversions/ mod_unlaod modversions/" \
		/run/memras.ko >"$(installed)"
	examine 3
	expect_verdict missing module quarantine
	expect_reason 'another kernel \(9' module quarantine
	assert_json '.module | .present and .loadable == false'
	expect_log 'memras: version magic'
	prove_module
	prove_quarantine
}

@test "a module with other versions of symbols is told without loading it" {
	local at

	mv "$(installed)" /run/memras.ko
	cp /run/memras.ko "$(installed)"
	modinfo -F vermagic /run/memras.ko | grep -q modversions || skip "this kernel has no versions of symbols"
	# Each is 8 bytes before the name of its symbol: include/linux/module.h, struct modversion_info
	at=$(grep -abo module_layout /run/memras.ko | head -1 | cut -d : -f 1)
	printf '\x12\x34\x56\x78' | dd of="$(installed)" bs=1 seek=$((at - 8)) conv=notrunc status=none
	examine 3
	expect_verdict missing module
	expect_reason 'disagrees about the symbol module_layout' module
	expect_log 'memras: disagrees about version of symbol'
	prove_module
}
