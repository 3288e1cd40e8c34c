#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# memras block list prints the same as lsmem(1), on every machine with blocks.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

# lsmem as memras writes: it tells REMOVABLE of online blocks only, joins zones
# with a slash, and looks for zones beside block 0 alone.
lsmem_blocks() {
	lsmem --sysroot "$1" --json --bytes --output RANGE,SIZE,STATE,REMOVABLE,BLOCK,NODE,ZONES \
		"${@:2}" | jq '[.memory[] | {range, size, state, block, node,
			removable: (if .state == "online" then .removable else null end),
			zones: (.zones // "" | split("/"))}]'
}

memras_blocks() {
	jq '[.blocks[] | {range, size, state, block, node, zones,
		removable: (if .state == "online" then .removable else null end)}]' <<<"$out"
}

compare() {
	local drop=.

	# No block 0, so no zones for lsmem.
	[ "$1" != "$ARM64" ] || drop='map(del(.zones))'
	diff <(lsmem_blocks "$@" | jq -S "$drop") <(memras_blocks | jq -S "$drop")
}

@test "block by block, two nodes" {
	run_memras --json --sysroot "$X86" block list
	expect_status 0
	compare "$X86" --all
}

@test "block by block, 64 KiB pages and no block 0" {
	run_memras --json --sysroot "$ARM64" block list
	expect_status 0
	compare "$ARM64" --all
	expect_json '.blocks[-1].zones == ["Normal", "Movable"]'
}

@test "block by block, without nodes, zones and removable" {
	run_memras --json --sysroot "$S390" block list
	expect_status 0
	compare "$S390" --all
}

@test "grouped as lsmem groups" {
	run_memras --json --sysroot "$X86" block list --merge
	expect_valid
	compare "$X86"
	run_memras --json --sysroot "$S390" block list --merge
	compare "$S390"
}

@test "block by block, this machine" {
	[ -e /sys/devices/system/memory/block_size_bytes ] || skip "this kernel has no memory blocks"
	run_memras --json block list
	expect_status 0
	compare / --all
}

@test "the columns of both as text" {
	local columns=RANGE,SIZE,STATE,BLOCK,NODE

	run_memras --sysroot "$X86" block list --output $columns --pairs
	diff <(lsmem --sysroot "$X86" --all --pairs --output $columns) - <<<"$out"
	run_memras --sysroot "$X86" block list --output $columns --raw --noheadings --bytes
	diff <(lsmem --sysroot "$X86" --all --raw --noheadings --bytes --output $columns) - <<<"$out"
	run_memras --sysroot "$X86" block list --merge --output $columns --raw
	diff <(lsmem --sysroot "$X86" --raw --output $columns --split STATE,REMOVABLE,NODE,ZONES) - \
		<<<"$out"
}

@test "columns are aligned as lsmem aligns them" {
	local columns machine

	for columns in RANGE,SIZE,STATE,BLOCK,NODE SIZE STATE,RANGE; do
		for machine in "$X86" "$ARM64" "$S390"; do
			run_memras --sysroot "$machine" block list --output $columns
			diff <(lsmem --sysroot "$machine" --all --summary=never --output $columns) - <<<"$out"
		done
	done
	# Zones as well, of which lsmem knows where there is a block 0.
	run_memras --sysroot "$X86" block list --output BLOCK,ZONES
	diff <(lsmem --sysroot "$X86" --all --summary=never --output BLOCK,ZONES) - <<<"$out"
}

@test "grouped by the columns of --split, and never by others" {
	local split columns=RANGE,SIZE,STATE,BLOCK,NODE machine

	for machine in "$X86" "$ARM64" "$S390"; do
		for split in none STATE NODE STATE,NODE state,size,block REMOVABLE; do
			run_memras --sysroot "$machine" block list -S $split -o $columns --raw
			expect_status 0
			diff <(lsmem --sysroot "$machine" -S $split -o $columns --raw) - <<<"$out"
		done
	done
	run_memras block list --split NODES
	expect_usage "NODES: no such column to split by"
	run_memras block list --split NODE --merge
	expect_usage "--merge"
}

@test "the sums are lsmem's, below the list and alone" {
	local machine

	for machine in "$X86" "$ARM64" "$S390"; do
		run_memras --sysroot "$machine" block list --summary only
		diff <(lsmem --sysroot "$machine" --summary=only) - <<<"$out"
		run_memras --sysroot "$machine" block list --summary only -b
		diff <(lsmem --sysroot "$machine" --summary=only -b) - <<<"$out"
		run_memras --sysroot "$machine" block list -a -n -r -o RANGE --summary always
		diff <(lsmem --sysroot "$machine" -a -n -r -o RANGE --summary=always) - <<<"$out"
		run_memras --json --sysroot "$machine" block list --summary always
		expect_valid
		expect_json '.summary.online == ([.blocks[] | select(.state == "online").size] | add // 0)'
	done
}
