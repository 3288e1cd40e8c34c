#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A DIMM with retired pages is removed and added again. Kernels before 6.2 subtract its
# pages from the count of poisoned pages; the count must be right all the same.
#
# guest: kernels=5.10,6.1 cpus=1 memory=768M dimm=128M timeout=240

load lib

setup() {
	memras module load --quiet
	block=$(memras block list --json |
		jq -er '[.blocks[] | select(.state == "online" and .zones == ["Movable"])] | last | .block')
	dir=/sys/devices/system/memory/memory$block
	poisoned=$(poisoned_pages)
}

@test "pages of a DIMM that was removed and put back are retired again, and counted once" {
	local a b

	a=$((block * ($(block_size) / page_size) + 700)) b=$((a + 9000))
	expect_log 'Memory failure: '
	memras offline --soft --quiet "$a" "$b"
	memras block offline --quiet "$block"
	monitor device_del dimm0
	wait_for 60 test ! -e "$dir"
	monitor "object_add memory-backend-ram,id=again,size=128M"
	monitor "device_add pc-dimm,id=dimm9,memdev=again"
	wait_for 60 test -e "$dir"
	[ "$(block_state "$block")" = online ] || memras block online --quiet --zone movable "$block"
	page_is hwpoison "$a"
	page_is hwpoison "$b"
	assert_equal "$(poisoned_pages)" $((poisoned + 2)) "poisoned pages that are counted"
	memras unpoison --quiet "$a" "$b"
	assert_equal "$(poisoned_pages)" "$poisoned" "poisoned pages that are counted"
}
