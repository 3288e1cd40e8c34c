#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Kinds of pages that need special setup: merged, swapped, pinned, zero, owned by drivers,
# without memory. pages.bats has the common ones.
#
# guest: default=5.10,7.3 cpus=2 memory=768M dimm=256M disk=128M timeout=400 programs=taskset

load lib

setup() {
	workload_pid=
	memras module load --quiet
}

teardown() {
	[ -z "$workload_pid" ] || kill "$workload_pid" 2>/dev/null || true
	swapoff -a
	memras block online --quiet --zone movable all
}

refused() {
	local pfn=$1 kind=$2 says=$3

	run_json 1 memras offline --soft --timeout 1s --json "$pfn"
	assert_json ".results[0] | .result != \"offlined\" and .kind == \"$kind\" and .path == \"none\""
	assert_json ".results[0].error.reason | test(\"$says\")"
	refute page_is hwpoison "$pfn"
}

@test "a merged page (KSM) is moved for all that share it" {
	local pfn

	workload_start ksm 512
	pfn=${pfns[7]}
	page_is ksm "$pfn"
	run_json 0 memras offline --soft --json "$pfn"
	assert_json '.results[0] | .result == "offlined" and .kind == "anon" and .path == "migrated"'
	page_is hwpoison "$pfn"
	workload_check
	workload_stop
}

@test "a page in the swap cache is retired, and read back right" {
	local pfn

	fallocate -l 96M /mnt/disk/swap
	chmod 600 /mnt/disk/swap
	mkswap /mnt/disk/swap
	swapon /mnt/disk/swap
	workload_start anon 4096
	assert_equal "$(workload_ask pageout)" ok
	# Read in again, while the copy in swap is still good.
	workload_check
	pfn=$(find_page swapcache hwpoison)
	run_json 0 memras offline --soft --json "$pfn"
	assert_json '.results[0].result == "offlined"'
	page_is hwpoison "$pfn"
	workload_check
	workload_stop
}

@test "the zero page is refused" {
	refused "$(find_page zero_page)" reserved "cannot be moved"
}

@test "a page pinned by a pipe is told as pinned" {
	workload_start pinned 16
	refused "${pfns[5]}" anon pinned
	workload_check
	workload_stop
}

@test "a page pinned for a device is told as pinned, and can be retired when that ends" {
	workload_start anon 16
	# io_uring's registered buffers: pinned with FOLL_LONGTERM until they are unregistered.
	assert_equal "$(workload_ask uring)" ok
	workload_pfns
	refused "${pfns[5]}" anon pinned
	assert_equal "$(workload_ask unuring)" ok
	run_json 0 memras offline --soft --json "${pfns[5]}"
	assert_json '.results[0].result == "offlined"'
	workload_check
	workload_stop
}

# Freed on one CPU while all else runs on another, so that nobody takes them again:
# soft offline on 5.10 does not find such pages by itself.
@test "a page that was just freed, and waits in a per-cpu list, is retired" {
	local pfn option

	for option in "" --no-module; do
		workload_start anon 64
		taskset -p -c 1 "$workload_pid" >/dev/null
		taskset -p -c 0 $BASHPID >/dev/null
		workload_stop
		# shellcheck disable=SC2086 # none is no word
		run_json 0 memras offline --soft --json $option "${pfns[5]}" "${pfns[25]}" "${pfns[45]}"
		assert_json '.summary.offlined == 3'
		for pfn in "${pfns[5]}" "${pfns[25]}" "${pfns[45]}"; do
			page_is hwpoison "$pfn"
		done
		taskset -p -c 0,1 $BASHPID >/dev/null
	done
}

@test "a page of an offline block is refused with the way to bring it back" {
	local n pfn

	n=$(memras block list --json | jq -er '[.blocks[] | select(.zones == ["Movable"])] | last | .block')
	memras block offline --quiet "$n"
	pfn=$((n * $(block_size) / page_size + 5))
	run_json 1 memras offline --soft --json $pfn
	assert_json '.results[0] | .result == "refused" and .kind == "offline" and (.error.reason | test("block is offline"))'
	assert_json '.results[0].error.hint | test("block online")'
	run_json 1 memras offline --hard --force --json $pfn
	assert_json '.results[0].result == "refused"'
}

@test "no memory, in a hole or past the end, is refused by its word" {
	run_json 1 memras offline --soft --json 0xa0-0xc0000
	assert_json '.error.errno == "ENXIO" and .object == "0xa0-0xc0000"'
	run_json 1 memras offline --soft --json phys:0x7fffffff0000
	assert_json '.error.errno == "ENXIO"'
}

@test "inspect tells flags, counts, zone, cgroup, owner and what soft offline would do" {
	workload_start anon 16
	run_json 0 memras inspect --owners --json "pid:$workload_pid@${vaddrs[5]}"
	assert_json ".pages[0] | .pfn == $((pfns[5])) and .kind == \"anon\" and .soft_path == \"migrated\""
	assert_json '.pages[0] | .refcount >= 1 and .mapcount == 1 and .extra_refs == 0 and .node == 0'
	assert_json '.pages[0].flags | (index("anonymous") != null) and (index("swapbacked") != null)'
	assert_json '.pages[0].zone | IN("Movable", "DMA32", "Normal")'
	assert_json ".pages[0].owners == [{\"pid\": $workload_pid, \"comm\": \"workload\", \"vaddr\": $((vaddrs[5])), \"mapping\": null}]"
	workload_stop

	run_json 0 memras inspect --json "$(find_page slab)"
	assert_json '.pages[0] | .kind == "slab" and .soft_path == "none" and .soft_error.errno == "EBUSY" and .owners == null'
	run_json 0 memras inspect --no-module --json "$(find_page buddy)"
	assert_json '.pages[0] | .kind == "free" and .refcount == null and .soft_path == "taken-off-buddy"'
}

@test "hard offline of a page in use names whom it would hit" {
	workload_start shmem 16
	run_json 1 memras offline --hard --json "${pfns[5]}"
	assert_json ".results[0].owners[0] | .pid == $workload_pid and .comm == \"workload\" and .vaddr == $((vaddrs[5]))"
	assert_json ".results[0].error.reason | test(\"workload \\\\(pid $workload_pid\\\\)\")"
	refute page_is hwpoison "${pfns[5]}"
	workload_check
	workload_stop
}

@test "madvise retires pages of files, and is refused for what memras cannot map" {
	local pfn

	head -c 65536 /dev/urandom >/mnt/disk/plain
	sync
	run_json 0 memras offline --soft --via madvise --json file:/mnt/disk/plain@4K+4K
	assert_json '.results[0] | .result == "offlined" and .via == "madvise"'
	page_is hwpoison "$(get_json '.results[0].pfn')"
	workload_start anon 16
	run_json 3 memras offline --soft --via madvise --json "pid:$workload_pid@${vaddrs[5]}"
	assert_json '.results[0] | .result == "refused" and (.error.reason | test("only what memras itself can map"))'
	run_json 3 memras offline --soft --via module --json "${pfns[5]}"
	assert_json '.results[0].error.reason | test("only to sysfs and madvise")'
	refute page_is hwpoison "${pfns[5]}"
	workload_stop
}
