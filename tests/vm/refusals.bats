#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel without memory failure handling: each command reports in one line what is
# missing, and does nothing else.
#
# guest: kernels=cloud cpus=1 memory=768M timeout=200

load lib
load doctor

@test "retiring and taking back say what the kernel lacks" {
	local before

	before=$(state_of_machine)
	for command in "offline --soft 0x1000" "offline --hard --force 0x1000" "unpoison 0x1000" \
		"offline --soft --dry-run 0x1000" "offline --soft pid:1@0x1000"; do
		# shellcheck disable=SC2086 # words
		run_json 3 memras $command --json
		assert_json '.error.reason | test("CONFIG_MEMORY_FAILURE")'
		assert_equal "$(wc -l <<<"$errors")" 2 "lines on stderr, the last a hint"
		# shellcheck disable=SC2086 # words
		run memras $command --quiet
		assert_equal "$status" 3
		assert_equal "${#lines[@]}" 1
	done
	assert_equal "$(state_of_machine)" "$before"
}

@test "what needs the module says that there is none for this kernel" {
	local before

	before=$(state_of_machine)
	run_json 3 memras module load --json
	assert_json '.error.reason | test("no such module is installed for kernel")'
	run_json 3 memras hugepage replace --json 0x1000
	assert_json '.error.reason | test("no such module is installed for kernel")'
	run_json 0 memras module status --json
	assert_json '.module.supported and (.module.installed | not) and (.module.loaded | not)'
	assert_equal "$(state_of_machine)" "$before"
}

@test "status tells what is there, and that poison is not counted" {
	run_json 0 memras status --json
	assert_json '.hardware_corrupted == null and (.kernel.features | index("soft-offline") == null)'
	run memras status
	[[ $output == *"no memory failure handling"* ]]
}

@test "what needs none of it works: blocks are listed" {
	run_json 0 memras block list --json
	assert_json '.blocks | length > 0'
}

@test "doctor tells it of each capability, in the words of its command" {
	mount -t securityfs securityfs /sys/kernel/security
	examine 3
	expect_verdict missing soft-offline hard-offline unpoison hugepage-replacement quarantine module \
		tracing
	expect_reason 'CONFIG_MEMORY_FAILURE' soft-offline hard-offline unpoison
	expect_reason 'no such module is installed' hugepage-replacement quarantine module
	expect_verdict ok block-hotplug signing lockdown
	expect_verdict n/a edac
	poisoned=0x1000
	prove soft-offline hard-offline unpoison hugepage-replacement quarantine module tracing
}
