#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# memras watch verifies pages that others retire (the kernel for corrected and uncorrected
# errors, programs by sysfs), and puts each on the retired list once.
#
# guest: kernels=5.10,6.1,6.12,7.2,7.3 default=6.12,7.3 cpus=1 memory=768M cpu=intel timeout=900 silence=300

load lib
load watch

instances=/sys/kernel/tracing/instances

setup_file() {
	mount_tracing
	# Poll for corrected errors every second.
	echo 1 >/sys/devices/system/machinecheck/machinecheck0/check_interval
}

setup() {
	expect_log 'Memory failure|[Ss]oft.offlin|mce:|Machine check|MCE|Hardware Error|Killing workload'
}

teardown() {
	watch_teardown
}

pool_is() {
	[ "$(pool nr)" = "$1" ]
}

corrected() {
	monitor "mce 0 9 0x8c0000400001009f 0x0 $(printf 0x%x $(($1 * 4096 + 64))) 0x8c"
}

# corrected_until PAGE COMMAND...: injects corrected errors into PAGE until COMMAND succeeds;
# the collector acts at the second error
corrected_until() {
	local page=$1 _
	shift

	for _ in {1..5}; do
		corrected "$page"
		wait_for 5 "$@" 2>/dev/null && return
	done
	"$@" || {
		cat "$out"
		dmesg | grep -i offlin
		return 1
	} >&2
}

# Debian's 5.10 and 6.1 are built without it.
needs_collector() {
	[[ ! $MEMRAS_KERNEL =~ ^(5\.10|6\.1)$ ]] || skip "this kernel has no collector of corrected errors"
}

# a_list: there is one, if no test before has made it
a_list() {
	[ -e /var/lib/memras/retired.json ] || memras offline --soft --quiet "$(find_page buddy)"
}

@test "pages that the kernel's collector of corrected errors retires are recorded as cec" {
	local page

	needs_collector
	watch_start
	page=$(find_page buddy)
	corrected_until "$page" told ".pfn == $((page)) and .result == \"retired\" and .cause == \"cec\""
	page_is hwpoison "$page"
	workload_start anon 16
	page=${pfns[5]}
	corrected_until "$page" told ".pfn == $((page)) and .result == \"retired\" and .cause == \"cec\""
	workload_check
	workload_stop
	watch_stop
	# The summary has the counts, and all lines match the schema.
	jq -es 'last | .summary | .retired == 2 and .failed == 0' "$out"
	artifact cec.watch.json <"$out"
	assert_equal "$(listed | wc -l)" 2
	assert_equal "$(cause_of "$page")" cec
	assert_equal "$(poisoned_pages)" 2
}

@test "a page that the kernel says it retires, and does not, is told as failed and not recorded" {
	local page before

	needs_collector
	before=$(listed)
	watch_start
	page=$(find_page slab)
	corrected_until "$page" told ".pfn == $((page)) and .result == \"failed\" and .error.errno == \"EIO\""
	watch_stop
	refute page_is hwpoison "$page"
	assert_equal "$(listed)" "$before"
	jq -es 'last | .summary | .retired == 0 and .failed == 1' "$out"
	# The log still has the failure.
	run_json 0 memras watch --once --json
	assert_json '.summary.failed == 0'
	memras watch --once --json --since 2020-01-01 >"$out"
	told ".pfn == $((page)) and .result == \"failed\""
	artifact since.watch.json <"$out"
}

@test "a pool of hugepages that loses one to a retired page gets it back" {
	local page

	needs_collector
	pool_set 6
	watch_start
	page=$(($(find_page huge) + 3))
	corrected_until "$page" told_pool '.result == "lost" and .before == 6 and .after == 5'
	told ".pfn == $page and .result == \"retired\" and .cause == \"cec\""
	watch_stop
	assert_equal "$(pool nr)" 5
	watch_start --act restore-pool
	# While nothing happens, the lock of the pools is not taken, which would make its file.
	rm /run/memras/hugepages-2048kB
	sleep 2
	[ ! -e /run/memras/hugepages-2048kB ]
	# For a page in a free hugepage and in one in use, but not if another process resizes the pool.
	page=$(($(find_page huge) + 5))
	corrected_until "$page" page_is hwpoison "$page"
	wait_for 60 pool_is 5
	wait_for 30 told_pool '.result == "restored" and .before == 5 and .after == 5 and .error == null'
	workload_start hugetlb 512
	page=${pfns[77]}
	echo $((page * 4096)) >/sys/devices/system/memory/soft_offline_page
	wait_for 60 pool_is 5
	workload_check
	workload_stop
	echo 3 >/proc/sys/vm/nr_hugepages
	echo $(($(find_page buddy) * 4096)) >/sys/devices/system/memory/soft_offline_page
	sleep 4
	pool_is 3
	watch_stop
	artifact pools.watch.json <"$out"
	jq -es 'last.summary.pools_restored == 2' "$out"
	pool_set 0
}

@test "what was retired while nothing watched is caught up with, in a dry run without a trace" {
	local page before

	a_list
	before=$(</var/lib/memras/retired.json)
	page=$(find_page buddy)
	echo $((page * 4096)) >/sys/devices/system/memory/soft_offline_page
	memras watch --once --json --dry-run >"$out"
	told ".pfn == $((page))"
	jq -es 'all(.dry_run)' "$out"
	assert_equal "$(</var/lib/memras/retired.json)" "$before"
	cat >/run/hook <<-'END'
		#!/bin/bash
		echo "$PFN $ACTION_RESULT $MEMRAS_CAUSE $#" >>/run/hook.out
	END
	chmod +x /run/hook
	memras watch --once --exec /run/hook >"$out"
	grep -q " retired $page " "$out"
	assert_equal "$(</run/hook.out)" "$page Recovered unknown 0"
	assert_equal "$(listed | grep -cx $((page)))" 1
	memras watch --once >"$out"
	assert_equal "$(<"$out")" ""
}

@test "a watch that is ended waits for the list, and records what it found" {
	local lock=/var/lib/memras/retired.lock page holder

	a_list
	watch_start
	flock $lock sleep 1.5 3>&- 7>&- &
	holder=$!
	until ! flock -n $lock true; do sleep 0.1; done
	page=$(find_page buddy)
	echo $((page * 4096)) >/sys/devices/system/memory/soft_offline_page
	watch_stop
	wait $holder
	assert_equal "$(listed | grep -cx $((page)))" 1
}

@test "watch is killed and restarted over and over, and every page is on the list once" {
	local i writer

	workload_start anon 120
	for i in "${pfns[@]}"; do echo $((i)); done | sort >/run/pages
	(
		while read -r i; do
			echo $((i * 4096)) >/sys/devices/system/memory/soft_offline_page
			sleep 0.05
		done </run/pages
	) 3>&- 7>&- &
	writer=$!
	for _ in {1..8}; do
		memras watch --json >>/run/killed.lines 2>/dev/null 3>&- 7>&- &
		watch_pid=$!
		sleep 2.$((RANDOM % 10))
		kill -9 "$watch_pid"
		wait "$watch_pid" 2>/dev/null || true
	done
	wait "$writer"
	# The next watch removes the trace instances of killed ones, and its own when it ends.
	watch_start
	assert_equal "$(ls $instances)" "memras-watch.$watch_pid"
	watch_stop
	assert_equal "$(ls $instances)" ""
	memras watch --once --quiet
	assert_equal "$(listed | uniq -d)" ""
	assert_equal "$(comm -23 /run/pages <(listed | sort))" ""
	assert_equal "$(listed | wc -l)" "$(poisoned_pages)"
	# No page was reported twice.
	assert_equal "$(jq -r 'select(.page) | .page.pfn' /run/killed.lines | sort -n | uniq -d)" ""
	workload_check
	workload_stop
}

@test "two watchers beside memras offline: nothing twice, nothing missed" {
	local first second writer i

	workload_start anon 120
	memras watch --json >/run/first.lines 2>&1 3>&- 7>&- &
	first=$!
	memras watch --json >/run/second.lines 2>&1 3>&- 7>&- &
	second=$!
	for i in {0..59}; do
		echo $((pfns[i] * 4096)) >/sys/devices/system/memory/soft_offline_page
	done 3>&- 7>&- &
	writer=$!
	memras offline --soft --quiet "${pfns[@]:60}"
	wait "$writer"
	all() { [ "$(listed | wc -l)" = "$(poisoned_pages)" ]; }
	wait_for 180 all
	kill $first $second
	wait $first
	wait $second
	assert_equal "$(listed | uniq -d)" ""
	assert_equal "$(cat /run/first.lines /run/second.lines |
		jq -r 'select(.page) | .page.pfn' | sort -n | uniq -d)" ""
	assert_equal "$(jq '[.retired[] | select(.state == "pending")] | length' /var/lib/memras/retired.json)" 0
	workload_check
	workload_stop
}

@test "a full disk and a reader that stopped cost no page" {
	local state=/run/small reader i

	mkdir -p $state
	# Too small for the list of the pages that are poisoned now.
	mount -t tmpfs -o size=8k tmpfs $state
	mkfifo /run/stopped
	# Keeps the pipe open and reads nothing.
	bash -c 'exec sleep 1000' </run/stopped 3>&- 7>&- &
	reader=$!
	memras watch --json --verbose --state-dir $state >/run/stopped 2>/run/stopped.errors 3>&- 7>&- &
	watch_pid=$!
	wait_for 60 grep -q "No space left" /run/stopped.errors || { cat /run/stopped.errors; ls -l $state; false; } >&2
	mount -o remount,size=1m $state
	wait_for 20 test -e $state/retired.json
	# The lines exceed the 64 KiB that a pipe takes
	workload_start anon 320
	for i in "${pfns[@]}"; do
		echo $((i * 4096)) >/sys/devices/system/memory/soft_offline_page
	done
	here() { [ "$(jq '.retired | length' $state/retired.json)" = "$(poisoned_pages)" ]; }
	wait_for 60 here
	wait_for 60 grep -q "the reader of the output takes nothing" /run/stopped.errors
	kill "$watch_pid"
	wait "$watch_pid"
	watch_pid=
	kill $reader
	workload_check
	workload_stop
}

# Last, as on 7.3 a bank reported no corrected error after an uncorrected one.
@test "a memory failure after an uncorrected error, and what programs retire, are recorded" {
	local uncorrected bare

	workload_start anon 16
	uncorrected=$((pfns[3])) bare=$((pfns[9]))
	watch_start
	echo $((bare * 4096)) >/sys/devices/system/memory/soft_offline_page
	wait_for 60 told ".pfn == $bare and .cause == \"unknown\""
	monitor "mce -b 0 9 0xbd000000000000c0 0x5 $(printf 0x%x $((uncorrected * 4096))) 0x8c"
	wait_for 20 told ".pfn == $uncorrected and .result == \"retired\" and .cause == \"machine-check\""
	watch_stop
	workload_stop
	assert_equal "$(listed | grep -cx -e $bare -e $uncorrected)" 2
}
