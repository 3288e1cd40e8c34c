#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A locked-down kernel, as under Secure Boot: no unsigned module, and no debugfs.
# Everything else works, and doctor reports which.
#
# guest: kernels=5.10,7.3 cpus=1 memory=768M dimm=256M append=lockdown=integrity timeout=240

load lib
load doctor
load watch

setup() {
	mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
	expect_log 'Lockdown: '
}

@test "what lockdown forbids is told with its name, before it is tried and when it is" {
	poisoned=$(good_page)
	memras offline --soft --no-record --quiet "$poisoned"
	examine 3
	expect_verdict denied unpoison hugepage-replacement quarantine module lockdown
	expect_reason 'lockdown lets only signed modules in' hugepage-replacement quarantine module lockdown
	expect_reason 'lockdown keeps debugfs closed' unpoison
	assert_json '.policy | .lockdown == "integrity" and .signatures_enforced == false'
	prove unpoison quarantine module
	page_is hwpoison "$poisoned"
	[ ! -e /dev/memras ]
}

@test "what it does not forbid works" {
	examine 3
	expect_verdict ok soft-offline hard-offline block-hotplug signing tracing
	prove soft-offline hard-offline block-hotplug tracing
}

@test "that securityfs is not mounted does not make it another refusal" {
	umount /sys/kernel/security
	examine 4
	expect_verdict unknown lockdown module unpoison
	run_json 3 memras module load --json
	assert_json '.error.reason | test("lockdown, or a security policy")'
	[ ! -e /dev/memras ]
}

# Last, as lockdown is never lowered.
@test "watch goes on without tracing, which lockdown=confidentiality forbids" {
	local page

	mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
	mount_tracing
	expect_log '[Ss]oft.offlin'
	echo confidentiality >/sys/kernel/security/lockdown
	refute cat /sys/kernel/tracing/events/header_page
	watch_start
	grep "trace events are not heard, .*: lockdown (confidentiality) keeps tracefs closed" "$out.errors"
	page=$(find_page buddy)
	echo $((page * page_size)) >/sys/devices/system/memory/soft_offline_page
	wait_for 60 told ".pfn == $((page)) and .result == \"retired\""
	watch_stop
	assert_equal "$(grep -c "trace events" "$out.errors")" 1
	assert_equal "$(ls /sys/kernel/tracing/instances)" ""
	run_json 0 memras --json retired list
	assert_json ".retired[] | select(.pfn == $((page))) | .state == \"retired\""
}
