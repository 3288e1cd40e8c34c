#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Pages retired and unpoisoned: results, refusals and reports.
#
# guest: shares=yes core=arm64,arm64-16k cpus=1 memory=1G disk=256M timeout=300

load lib

setup() {
	workload_pid=
}

teardown() {
	[ -z "$workload_pid" ] || kill "$workload_pid" 2>/dev/null || true
}

@test "an anonymous page of a live process is retired by number, and the process keeps its data" {
	local pfn poisoned

	poisoned=$(poisoned_pages)
	workload_start anon 64
	pfn=${pfns[20]}
	run_json 0 memras offline --soft --json "$pfn"
	assert_json '.results[0] | .result == "offlined" and .kind == "anon" and .path == "migrated"
		and .via == "sysfs" and .error == null'
	assert_json '.summary | .requested == 1 and .offlined == 1 and .failed == 0'
	assert_json ".results[0].pfn == $((pfn)) and .results[0].phys == $((pfn * page_size))"
	page_is hwpoison "$pfn"
	assert_equal "$(poisoned_pages)" $((poisoned + 1))
	workload_pfns
	[ "${pfns[20]}" != "$pfn" ]
	workload_check

	# Asked again: so already, and nothing more is counted.
	run_json 0 memras offline --soft --json "$pfn"
	assert_json '.results[0].result == "already" and .summary.already == 1'
	assert_equal "$(poisoned_pages)" $((poisoned + 1))
	workload_stop
}

@test "a page is found by process and address, by physical address, and by list" {
	local pfn

	workload_start anon 64
	pfn=${pfns[3]}
	run_json 0 memras offline --soft --json "pid:$workload_pid@${vaddrs[3]}"
	assert_json ".results[0].pfn == $((pfn)) and .results[0].result == \"offlined\""
	page_is hwpoison "$pfn"

	pfn=${pfns[4]}
	run_json 0 memras offline --soft --json "phys:$((pfn * page_size + 17))"
	assert_json ".results[0].pfn == $((pfn)) and .results[0].result == \"offlined\""

	printf '# bad ones\n%s, 0x%x\n' "${pfns[5]}" "${pfns[6]}" >"$BATS_TEST_TMPDIR/list"
	run_json 0 memras offline --soft --json --from "$BATS_TEST_TMPDIR/list"
	assert_json '.summary.offlined == 2'
	run_json 0 sh -c "echo ${pfns[7]} | memras offline --soft --json -"
	assert_json '.summary.offlined == 1'

	# The range as the process maps it: five of its pages are elsewhere by now.
	run_json 0 memras offline --soft --json "pid:$workload_pid@${vaddrs[0]}+$((16 * page_size))"
	assert_json '.summary.offlined == 16'
	workload_check
	workload_stop
}

# kind, what memras calls it, how it goes
@test "pages of each kind are retired, and every byte stays" {
	local what kind path pfn file count

	while read -r what kind path; do
		file=() count=512
		case $what in
		file-*) file=("/mnt/disk/$what") ;;
		tmpfs) what=file-dirty file=(/dev/shm/file) ;;
		thp) count=$thp_pages ;;
		esac
		workload_start "$what" "$count" "${file[@]}"
		pfn=${pfns[9]}
		run_json 0 memras offline --soft --json "$pfn"
		assert_json ".results[0] | .result == \"offlined\" and .kind == \"$kind\" and .path == \"$path\""
		page_is hwpoison "$pfn"
		workload_pfns
		[ "${pfns[9]}" != "$pfn" ]
		workload_check
		workload_stop
	done <<-EOF
	anon anon migrated
	mlocked anon migrated
	shmem shmem migrated
	memfd shmem migrated
	tmpfs shmem migrated
	thp thp split-migrated
	file-clean file migrated
	file-dirty file migrated
	EOF
}

# Its second half waits on the kernel's list of huge pages to split, for days if
# nothing reclaims memory: soft offline splits it at once, with no caches dropped.
@test "a given-up page of a transparent huge page whose rest is used is retired" {
	local pfn

	workload_start thp "$thp_pages"
	pfn=${pfns[thp_pages * 3 / 4]}
	assert_equal "$(workload_ask halve)" ok
	run_json 0 memras offline --soft --json "$pfn"
	assert_json '.results[0] | .result == "offlined" and (.kind | IN("thp", "unknown", "free"))'
	page_is hwpoison "$pfn"
	workload_check
	workload_stop
}

@test "pages of a file are found in the page cache, invalidated, and read again" {
	local sum pfn

	head -c $((16 * page_size)) /dev/urandom >/mnt/disk/plain
	sync
	sum=$(sha256sum </mnt/disk/plain)
	run_json 0 memras offline --soft --json "file:/mnt/disk/plain@$((2 * page_size))+$page_size"
	assert_json '.results | length == 1'
	assert_json '.results[0] | .result == "offlined" and .kind == "file" and .path == "invalidated"'
	pfn=$(get_json '.results[0].pfn')
	page_is hwpoison "$pfn"
	assert_equal "$(sha256sum </mnt/disk/plain)" "$sum"
	# What was invalidated was read in again elsewhere.
	run_json 0 memras offline --soft --dry-run --json "file:/mnt/disk/plain@$((2 * page_size))"
	assert_json ".results[0].pfn != $pfn"
}

@test "a free page is taken off the buddy lists" {
	local pfn

	pfn=$(find_page buddy)
	run_json 0 memras offline --soft --json "$pfn"
	assert_json '.results[0] | .result == "offlined" and .kind == "free" and .path == "taken-off-buddy"'
	page_is hwpoison "$pfn"
	refute page_is buddy "$pfn"
}

@test "what cannot be moved is refused with the reason, and not flagged" {
	local flag kind pfn poisoned

	poisoned=$(poisoned_pages)
	while read -r flag kind; do
		pfn=$(find_page "$flag")
		run_json 1 memras offline --soft --json "$pfn"
		assert_json ".results[0] | .result == \"refused\" and .kind == \"$kind\" and .path == \"none\"
			and .error.errno == \"EBUSY\" and (.error.reason | length > 10)"
		refute page_is hwpoison "$pfn"
	done <<-EOF
	slab slab
	pgtable pgtable
	reserved reserved
	EOF
	assert_equal "$(poisoned_pages)" "$poisoned"
}

@test "a pinned page is tried until the timeout, and told" {
	local pfn before

	memras module load --quiet
	workload_start pinned 16
	pfn=${pfns[5]}
	before=$(date +%s%N)
	run_json 1 memras offline --soft --json --timeout 3s "$pfn"
	# The last pause, of 200 ms at most, is not begun if it would end too late.
	[ $((($(date +%s%N) - before) / 1000000)) -ge 2800 ]
	assert_json '.results[0] | .result == "failed" and .attempts > 2 and (.error.reason | test("pinned"))'
	refute page_is hwpoison "$pfn"
	workload_check
	run_json 1 memras offline --soft --json --retries 2 "$pfn"
	assert_json '.results[0].attempts == 3'
	workload_stop
}

@test "a dry run says what would be done, and does nothing" {
	local poisoned

	poisoned=$(poisoned_pages)
	workload_start anon 16
	run_json 0 memras offline --soft --dry-run --json "${pfns[2]}"
	assert_json '.dry_run and .results[0].result == "planned" and .results[0].path == "migrated"'
	run_json 0 memras offline --hard --force --dry-run --json "${pfns[2]}"
	assert_json '.results[0].path == "killed"'
	refute page_is hwpoison "${pfns[2]}"
	assert_equal "$(poisoned_pages)" "$poisoned"
	workload_stop
}

@test "hard offline of a page in use is refused, and with --force hits just its user" {
	local pfn

	workload_start anon 16
	pfn=${pfns[5]}
	run_json 1 memras offline --hard --json "$pfn"
	assert_json '.results[0] | .result == "refused" and (.error.hint | test("--force"))'
	refute page_is hwpoison "$pfn"
	workload_check

	expect_log 'Memory failure: .*: Killing workload'
	run_json 0 memras offline --hard --force --json "$pfn"
	assert_json '.mode == "hard" and (.results[0] | .result == "offlined" and .path == "killed")'
	page_is hwpoison "$pfn"
	assert_equal "$(workload_ask check)" "sigbus ${vaddrs[5]} 4"
	workload_stop
}

@test "hard offline of a free page disturbs nobody, and unpoison gives the page back" {
	local pfn poisoned via

	for via in sysfs module; do
		[ $via = sysfs ] || memras module load --quiet
		poisoned=$(poisoned_pages)
		pfn=$(find_page buddy)
		run_json 0 memras offline --hard --via $via --json "$pfn"
		assert_json ".results[0] | .result == \"offlined\" and .path == \"taken-off-buddy\" and .via == \"$via\""
		page_is hwpoison "$pfn"
		assert_equal "$(poisoned_pages)" $((poisoned + 1))

		run_json 0 memras unpoison --json "$pfn"
		assert_json '.results[0].result == "unpoisoned" and .results[0].via == "module"'
		refute page_is hwpoison "$pfn"
		assert_equal "$(poisoned_pages)" "$poisoned"
		run_json 0 memras unpoison --json "$pfn"
		assert_json '.results[0].result == "already"'
	done
}

@test "without the module unpoison goes by debugfs, mounted for memras alone" {
	local pfn

	pfn=$(find_page buddy)
	memras offline --soft --quiet "$pfn"
	page_is hwpoison "$pfn"
	umount /sys/kernel/debug
	run_json 0 memras unpoison --no-module --json "$pfn"
	refute mountpoint -q /sys/kernel/debug
	mount -t debugfs debugfs /sys/kernel/debug
	assert_json '.results[0].result == "unpoisoned" and .results[0].via == "debugfs"'
	refute page_is hwpoison "$pfn"
}

@test "status counts the poisoned pages and finds each of them" {
	local pfn module

	pfn=$(find_page buddy)
	memras offline --soft --quiet "$pfn"
	for module in "" --no-module; do
		# shellcheck disable=SC2086 # none is no word
		run_json 0 memras status --pages --json $module
		assert_json ".hardware_corrupted == $(($(poisoned_pages) * page_size))"
		assert_json ".poisoned | length == $(poisoned_pages)"
		assert_json "[.poisoned[].pfn] | index($((pfn))) != null"
		assert_json ".memory.total == $(($(meminfo MemTotal) * 1024))"
		assert_json ".kernel.release == \"$(uname -r)\""
	done
	run_json 0 memras status --json
	assert_json '.poisoned == null'
}

@test "a page that nobody has is refused before another is touched" {
	local pfn poisoned

	poisoned=$(poisoned_pages)
	pfn=$(find_page buddy)
	run_json 1 memras offline --soft --json "$pfn" 0xfffffffff
	assert_json '.object == "0xfffffffff" and (.error.reason | test("no memory")) and .error.errno == "ENXIO"'
	run_json 2 memras offline --soft --json "$pfn" 20-10
	assert_json '.object == "20-10"'
	run_json 1 memras offline --soft --json "$pfn" pid:999999@0x1000
	assert_json '.error.errno == "ESRCH"'
	refute page_is hwpoison "$pfn"
	assert_equal "$(poisoned_pages)" "$poisoned"
}

@test "an ordinary user is told so, and nothing is done" {
	local pfn poisoned

	poisoned=$(poisoned_pages)
	pfn=$(find_page buddy)
	run_json 4 setpriv --reuid 65534 --clear-groups --bounding-set -all memras offline --soft --json "$pfn"
	assert_json '.error.reason | test("CAP_SYS_ADMIN")'
	run_json 4 setpriv --reuid 65534 --clear-groups memras block offline --json all
	run_json 4 setpriv --reuid 65534 --clear-groups memras module load --json
	run_json 0 setpriv --reuid 65534 --clear-groups memras status --json
	run_json 4 setpriv --reuid 65534 --clear-groups memras status --pages --json
	assert_equal "$(poisoned_pages)" "$poisoned"
}

@test "soft offline that the administrator turned off is told, with the way to turn it on" {
	local switch=/proc/sys/vm/enable_soft_offline pfn

	pfn=$(find_page buddy)
	if [ ! -e $switch ]; then
		# Kernels before 6.11 have no switch: it is on, and status does not list it.
		run_json 0 memras status --json
		assert_json '.kernel.features | index("soft-offline-switch") == null'
		return
	fi
	echo 0 >$switch
	run_json 3 memras offline --soft --json "$pfn"
	assert_json '.results[0] | .result == "refused" and (.error.hint | test("vm.enable_soft_offline=1"))'
	assert_equal "$(cat $switch)" 0
	echo 1 >$switch
	refute page_is hwpoison "$pfn"
}
