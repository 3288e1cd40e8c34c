#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The retired list within one boot; reboot.bats tests reboots.
#
# guest: core=arm64,arm64-16k shares=yes cpus=1 memory=1G timeout=300

load lib

list=/var/lib/memras/retired.json

setup() {
	workload_pid=
}

teardown() {
	[ -z "$workload_pid" ] || kill "$workload_pid" 2>/dev/null || true
}

@test "what is retired is recorded, is so already for restore, and is forgotten by unpoison" {
	local page pages=()

	run_json 0 memras --json retired restore
	assert_json '.summary.requested == 0'
	[ ! -e $list ]
	workload_start anon 64
	pages=("${pfns[3]}" "${pfns[20]}" "${pfns[40]}")
	run_json 0 memras --json offline --soft --cause "a test" "${pages[@]}"
	run_json 0 memras --json offline --soft --no-record "${pfns[50]}"
	workload_check
	run_json 0 memras --json retired list
	assert_json '.retired | length == 3 and all(.state == "retired" and .cause == "a test" and
		.node == 0)'

	for page in "${pages[@]}"; do
		page_is hwpoison "$page"
	done
	run_json 0 memras --json retired restore
	assert_json '.summary.already == 3'
	run_json 0 memras --json status
	assert_json '.retired == {"recorded": 3, "pending": 0}'

	run_json 0 memras --json unpoison "${pages[0]}"
	run_json 0 memras --json retired list
	assert_json '.retired | length == 2'
	workload_stop
}

@test "what is no memory now is said to be so, and stays on the list" {
	echo 0x7fffffff >/tmp/pages
	run_json 2 memras --json retired import /tmp/pages
	assert_json '.error.errno == "EINVAL"'
	run_json 0 memras --json retired import --force /tmp/pages
	run_json 0 memras --json retired restore --timeout 1s
	assert_json '.summary.already == 3'
	[[ $errors == *"1 page is no memory of this boot, and stays on the list"* ]]
	run_json 0 memras --json retired list --pending
	assert_json '.retired | length == 1 and .[0].pfn == 2147483647 and
		(.[0].reason | test("no memory of this boot"))'
	run_json 0 memras --json retired forget 0x7fffffff
}

@test "what cannot be retired stays pending with the reason, at once with --timeout 0" {
	local start

	workload_start pinned 16
	printf '%s\n' "${pfns[@]}" >/tmp/pages
	run_json 0 memras --json retired import /tmp/pages
	start=$(date +%s%3N)
	run_json 64 memras --json retired restore --timeout 0
	echo "# $(($(date +%s%3N) - start)) ms for 16 pages" >&3
	assert_json '.summary.already == 2 and .summary.failed + .summary.refused == 16 and
		(.results | all(.attempts <= 1))'
	run_json 0 memras --json retired list --pending
	assert_json '.retired | length == 16 and all(.reason != null)'
	workload_stop
	run_json 0 memras --json retired forget "${pfns[@]}"
}

@test "while a page is tried for long, the list is free for others" {
	local restore

	workload_start pinned 16
	printf '%s\n' "${pfns[5]}" >/tmp/pinned
	run_json 0 memras --json retired import /tmp/pinned
	memras --json retired restore --timeout 100s >/tmp/restored 3>&- &
	restore=$!
	tried() { [ "$(awk '/ctxt/ { print $2; exit }' /proc/$restore/status)" -gt 20 ]; }
	wait_for 20 tried
	run_json 0 memras --json offline --soft --cause meanwhile "$(find_page buddy)"
	run_json 0 memras --json retired list
	assert_json '.retired | map(select(.cause == "meanwhile")) | length == 1'
	kill -0 "$restore"
	workload_stop
	wait_for 60 test -s /tmp/restored
	wait "$restore"
	jq -e '.summary.offlined == 1' /tmp/restored
	run_json 0 memras --json retired list
	assert_json '.retired | all(.state == "retired") and any(.cause == "meanwhile")'
}
