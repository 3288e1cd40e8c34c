#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Firmware first: memory errors that the firmware of an arm64 machine reports. The kernel
# acts on them, and memras watch verifies and records what became of it.
#
# guest: kernels=6.12-arm64,7.3-arm64-16k cpus=1 memory=1G ghes=yes disk=128M timeout=300

load lib
load watch

setup_file() {
	mount_tracing
}

setup() {
	expect_log 'Memory failure|[Ss]oft.offlin|Hardware Error|Killing workload'
	# The kernel logs two errors in 5 seconds (drivers/acpi/apei/ghes.c, ghes_print_estatus()):
	# without the log, a cause is unknown.
	sleep 5
}

teardown() {
	watch_teardown
	[ -z "${workload_pid:-}" ] || kill "$workload_pid" 2>/dev/null || true
}

# retired_for_firmware PFN: watch has told and recorded that, and it is so
retired_for_firmware() {
	wait_for 20 told ".pfn == $(($1)) and .result == \"retired\" and .cause == \"firmware\""
	assert_equal "$(cause_of "$1")" firmware
}

@test "doctor names the firmware as one that retires" {
	# All memory is that of the boot, which cannot go offline.
	run_json 3 memras doctor --json
	assert_json '.retirers | any(.retirer == "ghes" and .state == "active")'
	assert_json '.retirers | all(.retirer != "cec" or .state != "active")'
}

@test "an error that cannot be corrected, in a page of a process, kills just that" {
	watch_start
	workload_start anon 16
	firmware_reports recoverable "${pfns[5]}"
	retired_for_firmware "${pfns[5]}"
	wait_for 20 workload_is_hit "${vaddrs[5]}"
	workload_stop
}

# The workload finds the page gone
workload_is_hit() {
	[[ $(workload_ask check) == "sigbus $1 "* ]]
}

@test "... in a page of the page cache, leaves the file to be read again" {
	watch_start
	workload_start file-clean 16 /mnt/disk/file
	firmware_reports recoverable "${pfns[3]}"
	retired_for_firmware "${pfns[3]}"
	workload_check
	workload_stop
}

@test "... in a hugepage, costs the pool one, which watch gives back" {
	pool_set 4
	watch_start --act restore-pool
	workload_start hugetlb "$hugepage_pages"
	firmware_reports recoverable "${pfns[7]}"
	retired_for_firmware "${pfns[7]}"
	workload_stop
	wait_for 20 told_pool '.result == "restored"'
	assert_equal "$(pool nr)" 4
	kill "$watch_pid"
	wait "$watch_pid"
	watch_pid=
	pool_set 0
}

# The kernel can but flag it, and count it; the next boot will not use it.
@test "... in memory of the kernel, is on the list for the next boot" {
	local page

	watch_start
	page=$(find_page slab)
	firmware_reports recoverable "$page"
	retired_for_firmware "$page"
	page_is slab "$page"
	# No neighbour was taken for it, nor for a page of the hugepage.
	assert_equal "$(jq '.retired | length' /var/lib/memras/retired.json)" 4
}

@test "at too many corrected errors the kernel moves the page, and no byte is lost" {
	local page

	watch_start
	workload_start anon 16
	page=${pfns[9]}
	# Below the threshold nothing is done.
	firmware_reports corrected "$page"
	sleep 2
	refute page_is hwpoison "$page"
	firmware_reports threshold "$page"
	retired_for_firmware "$page"
	page_is hwpoison "$page"
	echo "$page" >/run/moved
	workload_check
	workload_stop
	kill "$watch_pid"
	wait "$watch_pid"
	watch_pid=
	artifact firmware.watch.json <"$out"
}

@test "what the firmware had retired is on the list, and stays poisoned" {
	local page

	page=$(</run/moved)
	# After a real error the kernel unpoisons nothing until the next boot.
	run_json 3 memras unpoison --json "$page"
	assert_json '.results[0].error.reason | test("real memory error")'
	run_json 0 memras retired restore --json
	assert_json '.summary.already == 5'
}
