#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Blocks with their own memmap in their first pages (memmap_on_memory): it is reported as
# such, and does not prevent the block from going offline.
#
# guest: kernels=6.1,7.3 cpus=1 memory=768M dimm=128M append=memory_hotplug.memmap_on_memory=1 timeout=240

load lib

setup() {
	memras module load --quiet
	pages=$(($(block_size) / page_size))
	block=$(memras block list --json |
		jq -er '[.blocks[] | select(.state == "online" and .zones == ["Movable"])] | last | .block')
	first=$((block * pages))
	before=$(accounts)
}

teardown() {
	memras quarantine release --quiet all
	memras block online --quiet --zone movable all
}

@test "the memmap is told by inspect and by block show, and by its kind alone" {
	run_json 0 memras inspect --json "$first" $((first + 511)) $((first + 512))
	assert_json '[.pages[] | .kind == "memmap"] == [true, true, false]'
	run_json 0 memras block show --json "$block"
	assert_json ".blocks[0].blockers | any(.kind == \"memmap\" and .pfn == $first and .pages == 512)"
	assert_json '.blocks[0].blockers | all(.kind != "reserved" and .kind != "unknown")'
}

@test "the block goes offline and comes back" {
	for _ in 1 2; do
		run_json 0 memras block offline --json "$block"
		assert_json '.results[0].result == "offlined"'
		assert_equal "$(block_state "$block")" offline
		run_json 0 memras block online --json --zone movable "$block"
		assert_equal "$(accounts)" "$before"
	done
}

@test "a quarantine in it comes and goes with it, and is never of the memmap" {
	run_json 1 memras quarantine add --json --timeout 2s "$first"+512
	assert_json '.results[0] | .held == 0 and (.blockers | any(.kind == "memmap"))'
	run_json 1 memras offline --soft --json "$first"
	assert_json '.results[0].result == "refused" and .results[0].kind == "memmap"'
	run_json 0 memras quarantine add --json $((first + 512))+700
	run_json 0 memras block offline --json "$block"
	run_json 0 memras block online --json --zone movable "$block"
	run_json 0 memras quarantine list --json
	assert_json '[.quarantine[] | [.state, .held]] == [["held", 700]]'
	run_json 0 memras quarantine release --json all
	assert_equal "$(accounts)" "$before"
}
