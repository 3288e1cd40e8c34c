#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# memras doctor if the kernel is not the obstacle: missing permissions, missing mounts,
# and options that exclude something.
#
# guest: kernels=6.12 cpus=1 memory=768M dimm=256M timeout=300

load lib
load doctor

setup() {
	doctor_setup
}

teardown() {
	[ ! -e /run/inject.ko ] || mv /run/inject.ko "$inject"
	doctor_teardown
}

@test "without either module unpoison is missing too" {
	inject=$(modinfo -n hwpoison-inject)
	mv "$(installed)" /run/memras.ko
	mv "$inject" /run/inject.ko
	depmod
	examine 3
	expect_verdict missing unpoison
	expect_reason 'no such module is installed' unpoison
	assert_json '.capabilities[2].object == "hwpoison-inject"'
	prove_unpoison
	page_is hwpoison "$poisoned"
}

@test "--no-module tells what works without it" {
	memras module load --quiet
	examine 3 --no-module
	expect_verdict ok soft-offline hard-offline block-hotplug module
	expect_verdict off hugepage-replacement quarantine
	prove_hugepage_replacement --no-module
	prove_quarantine --no-module
	prove_block_hotplug --no-module
}

@test "an ordinary user is told what root could, and what cannot be seen" {
	local as_user="setpriv --reuid 65534 --clear-groups --inh-caps=-all"

	examine 4
	expect_verdict denied soft-offline hard-offline unpoison block-hotplug quarantine module
	expect_reason 'this needs root \(CAP_SYS_ADMIN\)' soft-offline hard-offline unpoison block-hotplug \
		quarantine module
	expect_verdict unknown tracing
	expect_verdict ok signing lockdown
	assert_json '.module | .present and .loadable'
	as_said soft-offline offline --soft --no-record "$(good_page)"
	as_said unpoison unpoison "$poisoned"
	as_said block-hotplug block offline "$(movable_block)"
	as_said module module load
	[ ! -e /dev/memras ]
	memras module load --quiet
	examine 4
	expect_verdict denied soft-offline quarantine module
	expect_reason 'this needs root' soft-offline quarantine module
}

@test "where /sys is read-only, as in containers, nothing is retired, and that is why" {
	run_in_container() {
		unshare --mount sh -c 'mount -o remount,bind,ro /sys && exec "$@"' - "$@"
	}
	as_user=run_in_container
	examine 3
	expect_verdict denied soft-offline hard-offline block-hotplug
	expect_reason 'mounted read-only' soft-offline hard-offline block-hotplug
	as_said soft-offline offline --soft --no-record --timeout 0s "$(good_page)"
	as_said hard-offline offline --hard --no-record --timeout 0s "$(good_page)"
	as_said block-hotplug block offline --no-module "$(movable_block)"
}

@test "file systems that are not mounted are not mounted, and what they would tell is not known" {
	local before

	umount /sys/kernel/tracing /sys/kernel/security /sys/kernel/debug
	before=$(state_of_machine)
	examine 3
	assert_equal "$(state_of_machine)" "$before"
	expect_verdict off tracing
	expect_verdict unknown lockdown module unpoison
	# The hints are the ways to get it.
	eval "${hint[tracing]}"
	eval "${hint[lockdown]}"
	mount -t debugfs debugfs /sys/kernel/debug
	examine 0
	expect_verdict ok lockdown
}

@test "once loading modules is turned off, so is what needs the module" {
	rmmod hwpoison_inject 2>/dev/null || true
	# Until the guest ends: this is the last test.
	echo 1 >/proc/sys/kernel/modules_disabled
	examine 3
	expect_verdict denied unpoison hugepage-replacement quarantine module
	expect_reason 'kernel\.modules_disabled' unpoison quarantine module
	assert_json '.policy.modules_disabled and .module.present and .module.loadable == false'
	expect_verdict ok soft-offline block-hotplug signing lockdown
	prove unpoison quarantine module
}
