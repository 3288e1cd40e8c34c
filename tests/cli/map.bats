#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The map of a captured machine; tests/fixtures/make describes it.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

@test "map draws zones, nodes, poison and what is offline, within 80 columns" {
	run_memras map --sysroot "$X86"
	expect_status 0
	diff - <(echo "$out") <<-'END'
		2.5G in 20 blocks of 128M, 8M a cell

		node 0
		0x000000000000 ++++++++++++++++DDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD
		               (3.5G without memory)
		0x000100000000 NNNNNNNNNNNNNNNN!NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN

		node 1
		0x000120000000 NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN!MMMMMMMMMMMMMMM----------------
		0x000140000000 NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN
		0x000160000000 NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN

		- offline  D DMA32  N Normal  M Movable  + other zones  ! poisoned
	END
}

@test "map fills 200 columns, and no more" {
	run_memras map --width 200 --sysroot "$X86"
	expect_status 0
	[[ $out == *$'\n0x000140000000 '"$(printf 'N%.0s' {1..128})"$'\n'* ]]
	[ "$(wc -L <<<"$out")" -le 200 ]
}

@test "map draws the chosen blocks, with cells of the size asked for" {
	run_memras map 38-39 --cell 64M --sysroot "$X86"
	expect_status 0
	[[ $out == *$'node 1\n'*'!M--'* ]]
	run_memras map --cell 3M --sysroot "$X86"
	expect_usage "3M: not a power of two"
	run_memras map --cell 1K --sysroot "$X86"
	expect_usage "1K: not a power of two of a page or more"
}

@test "map marks hugepages when it is asked to" {
	run_memras map --hugepages --sysroot "$X86"
	expect_status 0
	[[ $out == *"H hugepages"* ]]
}

@test "map --json has a cell for each part of the memory" {
	run_memras --json map --cell 128M --sysroot "$X86"
	expect_valid
	expect_json '.cell_size == 134217728 and (.cells | length) == 20 and
		([.cells[].present] | add) == 20 * 134217728 and
		([.cells[] | select(.online == 0)] | length) == 1 and
		([.cells[].poisoned] | add) > 1 and .cells[0].node == 0 and .cells[19].node == 1'
}

@test "map --svg is well-formed, tells each run of cells, and has colors for all of them" {
	run_memras map --svg --hugepages --sysroot "$X86"
	expect_status 0
	python3 -c 'import sys, xml.dom.minidom
svg = xml.dom.minidom.parse(sys.stdin)
titles = [t.firstChild.data for t in svg.getElementsByTagName("title")]
assert any(t.startswith("0x108000000-0x1087fffff poisoned: ") for t in titles), titles
assert any(t.endswith(" hugepages") for t in titles), titles
assert all(r.getAttribute("fill") for r in svg.getElementsByTagName("rect"))' <<<"$out"
}

@test "map has colors when it is told to, and one escape a run" {
	run_memras --color always map 38-39 --sysroot "$X86"
	expect_status 0
	[[ $out == *$'\033[32mMMMMMMMMMMMMMMM\033[0m'* ]]
	run_memras map 38-39 --sysroot "$X86"
	[[ $out != *$'\033'* ]]
}

@test "map needs memory blocks" {
	run_memras map --sysroot "$NO_BLOCKS"
	expect_status 3
	expect_err "memory block"
}
