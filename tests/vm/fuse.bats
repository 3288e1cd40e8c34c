#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A claim that waits forever for the lock of a page, which a file system reads into and
# never answers (tests/vm/silentfs.c). Only this claim waits.
#
# guest: kernels=6.1,6.12 cpus=2 memory=768M dimm=512M timeout=400

load lib

setup() {
	claimer=
	echo 0 >/proc/sys/kernel/hung_task_timeout_secs
	memras module load --quiet
	modprobe fuse
	mkdir -p /run/silent
	silentfs /run/silent >/run/silent.log 3>&- &
	server=$!
	wait_for 30 grep -q ready /run/silent.log
	cat /run/silent/file >/dev/null 2>&1 3>&- &
	reader=$!
	wait_for 30 grep -q reading /run/silent.log
	page=$(kpf find locked)
	block=$((page / ($(block_size) / page_size)))
	other=$(memras block list --json | jq -er "[.blocks[] | select(.state == \"online\" and
		.zones == [\"Movable\"] and .block != $block)] | last | .block")
	before=$(accounts)
}

teardown() {
	kill -KILL "$server" "$reader" ${claimer:+"$claimer"} 2>/dev/null || true
	wait "$server" "$reader" ${claimer:+"$claimer"} || true
	umount -l /run/silent || true
	memras block online --quiet --zone movable all
}

claim_waits() {
	grep -q alloc_contig_range "/proc/$claimer/stack"
}

# start_claim: of the pageblock that the page is in
start_claim() {
	memras quarantine add --quiet --timeout 300s $((page / 512 * 512))+512 2>/run/claim.log 3>&- &
	claimer=$!
	wait_for 30 claim_waits
}

# bounded COMMAND...: must succeed, and soon
bounded() {
	timeout 60 "$@"
}

@test "while a claim waits, all else goes on" {
	local pfn

	start_claim
	# Another block, by a plain write and by memras
	bounded sh -c "echo offline >/sys/devices/system/memory/memory$other/state"
	bounded sh -c "echo online_movable >/sys/devices/system/memory/memory$other/state"
	bounded memras block offline --quiet "$other"
	bounded memras block online --quiet --zone movable "$other"
	# The block that the claim is in: refused at once
	refute bounded sh -c "echo offline >/sys/devices/system/memory/memory$block/state"
	assert_equal "$(block_state "$block")" online
	# A CPU goes and comes
	bounded sh -c 'echo 0 >/sys/devices/system/cpu/cpu1/online'
	bounded sh -c 'echo 1 >/sys/devices/system/cpu/cpu1/online'
	# Pages are retired, told, claimed and given back
	pfn=$(find_page buddy)
	bounded memras offline --soft --quiet "$pfn"
	page_is hwpoison "$pfn"
	bounded memras unpoison --quiet "$pfn"
	bounded memras inspect "$page" >/dev/null
	bounded memras quarantine add --quiet $((other * ($(block_size) / page_size)))+512
	bounded memras quarantine release --quiet all
	# A second claim there is busy, and does not wait as well.
	run_json 1 bounded memras quarantine add --json --timeout 1s $((page / 512 * 512))+512
	claim_waits
}

@test "killed, it is gone as soon as the kernel stops waiting, and nothing is held" {
	start_claim
	kill -KILL "$claimer"
	sleep 1
	# The kernel's lock_page() hears no signal: memras(4) says so.
	claim_waits
	kill -KILL "$server"
	wait_for 30 test ! -e "/proc/$claimer/stack" -o ! -s "/proc/$claimer/stack"
	wait "$claimer" || true
	claimer=
	wait_for 10 accounts_are "$before"
	bounded sh -c "echo offline >/sys/devices/system/memory/memory$block/state"
	bounded sh -c "echo online_movable >/sys/devices/system/memory/memory$block/state"
}
