#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# memras watch that is killed many times, at any system call, and one that runs for long.
#
# guest: kernels=6.12,7.3 cpus=1 memory=1G timeout=2400 silence=900 long=yes fakes=fakemc

load lib
load watch

error=/sys/module/fakemc/parameters/error

setup_file() {
	mount_tracing
	insmod "$BATS_TEST_DIRNAME/fakemc.ko"
}

setup() {
	expect_log 'EDAC (MC|fakemc)|[Ss]oft.offlin'
}

teardown() {
	watch_teardown
}

# retire PAGE...: retires the pages by sysfs, as other programs do
retire() {
	local page

	for page; do
		echo $((page * 4096)) >/sys/devices/system/memory/soft_offline_page
	done
}

@test "1000 pages are retired while watch is killed 50 times, and each is on the list once" {
	local calls i

	workload_start anon 1000
	# The system calls of a catch-up: kill each watch in it, at its end, or after it.
	calls=$(killat 0 memras watch --once --quiet)
	for i in {0..49}; do
		retire "${pfns[@]:i * 20:20}" 3>&- 7>&- &
		killat $((calls / 4 + i * calls / 25)) memras watch --json >>/run/lines 2>/dev/null ||
			[ $? = 137 ]
		wait $!
	done
	memras watch --once --quiet
	for i in "${pfns[@]}"; do echo $((i)); done | sort -n >/run/pages
	diff /run/pages <(listed)
	assert_equal "$(poisoned_pages)" 1000
	# The last line of each watch may be cut off.
	assert_equal "$(grep -o '"pfn":[0-9]*' /run/lines | sort | uniq -d)" ""
	workload_check
	workload_stop
}

# Prints the anonymous memory of the watch, kB
memory_of_watch() {
	awk '/^RssAnon:/ { print $2 }' "/proc/$watch_pid/status"
}

@test "the memory of a watch does not grow with what it sees" {
	local seconds=600 first="" now i page

	watch_start --act retire=100/24h
	workload_start anon 64
	page=$((pfns[0]))
	for ((i = 0; i < seconds; i++)); do
		# Errors, all pages have had some after the first quarter, and now and then a page
		# that is retired by sysfs.
		echo "ce $(printf %x $((page + i % 128))) $((i % 2)) 2 5" >$error
		[ $((i % 10)) != 0 ] || retire "${pfns[i / 10]}"
		[ $i != $((seconds / 4)) ] || first=$(memory_of_watch)
		sleep 1
	done
	now=$(memory_of_watch)
	echo "# memory of its own after $((seconds / 4)) s: $first kB, after $seconds s: $now kB" >&3
	# 45 more pages are on the list.
	[ $((now - first)) -lt 256 ]
	watch_stop
	assert_equal "$(jq -c 'select(.page.result == "retired")' "$out" | wc -l)" 60
	workload_check
	workload_stop
}
