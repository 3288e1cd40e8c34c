#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A machine check injected from outside reaches the kernel's memory failure handling, and
# memras reports it.
#
# guest: default=5.10,7.3 cpus=1 memory=768M cpu=intel timeout=240

load lib
load doctor

@test "an uncorrected error injected by the monitor is told by status and inspect" {
	local pfn phys poisoned

	workload_start anon 64
	pfn=${pfns[9]}
	phys=$(printf 0x%x $((pfn * 4096)))
	poisoned=$(poisoned_pages)
	expect_log 'Memory failure|mce:|Machine check|MCE|Killing workload'
	# Action optional: status, mcg_status, address, misc as shared by the architecture.
	monitor "mce -b 0 9 0xbd000000000000c0 0x5 $phys 0x8c"
	wait_for 120 page_is hwpoison "$pfn"
	assert_equal "$(poisoned_pages)" $((poisoned + 1))
	run_json 0 memras status --pages --json
	assert_json ".hardware_corrupted == $(((poisoned + 1) * 4096)) and ([.poisoned[].pfn] | index($((pfn))) != null)"
	run_json 0 memras inspect --json "$pfn"
	assert_json '.pages[0].flags | index("hwpoison") != null'
	run_json 0 memras offline --soft --json "$pfn"
	assert_json '.results[0].result == "already"'
	# The page was dirty, so its user is told when it next touches it.
	assert_equal "$(workload_ask check)" "sigbus ${vaddrs[9]} 4"
	workload_stop
}

@test "after a real error unpoison is refused for good" {
	local pfn

	memras module load --quiet
	pfn=$(memras status --pages --json | jq -er '.poisoned[0].pfn')
	# Kernels before 5.19 would unpoison it, and the next who gets the page would oops.
	run_json 3 memras unpoison --json "$pfn"
	assert_json '.results[0].error.reason | test("real memory error")'
	run_json 3 memras unpoison --no-module --json "$pfn"
	page_is hwpoison "$pfn"
	# Which doctor knows before it is tried, by both ways.
	examine 3
	expect_verdict off unpoison
	expect_reason 'real memory error' unpoison
	as_said unpoison unpoison "$pfn"
	examine 3 --no-module
	expect_verdict off unpoison
	as_said unpoison unpoison --no-module "$pfn"
	page_is hwpoison "$pfn"
}
