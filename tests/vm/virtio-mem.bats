#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Blocks of virtio-mem that are partly plugged: the driver owns the rest, and the kernel
# asks it when the block goes offline.
#
# guest: default=6.1,7.3 cpus=1 memory=1G virtio-mem=1G:300M timeout=300

load lib

setup() {
	# 64k.config has little more than what hotplug of DIMMs needs.
	[ "$page_size" != 65536 ] || skip "the kernel for pages of 64 KiB is built without virtio-mem"
	pages=$(($(block_size) / page_size))
	memras module load --quiet
	wait_for 30 plugged
}

# All of what was requested is there: some page of it is the driver's own.
plugged() {
	kpf find offline >/dev/null
}

# The block that is plugged in part
partial() {
	echo $(($(kpf find offline) / pages))
}

@test "a block that is plugged in part goes offline and comes back" {
	local n before zone unplugged

	n=$(partial)
	zone=$(memras block list --json "$n" | jq -r '.blocks[0].zones[0]')
	before=$(accounts)
	unplugged=$(kpf count offline)
	[ "$unplugged" -gt 0 ] && [ "$unplugged" -lt "$pages" ]
	run_json 0 memras block show --json "$n"
	run_json 0 memras block offline --json "$n"
	assert_json '.results[0].result == "offlined"'
	assert_equal "$(block_state "$n")" offline
	run_json 0 memras block online --json --zone "$([ "$zone" = Movable ] && echo movable || echo kernel)" "$n"
	assert_equal "$(block_state "$n")" online
	wait_for 20 accounts_are "$before"
}

@test "what the device has not plugged is refused, with the reason" {
	local pfn before

	pfn=$(kpf find offline)
	before=$(accounts)
	run_json 1 memras quarantine add --json --timeout 3s "$((pfn / 512 * 512))+512"
	assert_json '.results[0] | .result == "failed" and .held == 0'
	assert_json '.results[0].blockers | any(.kind == "offline" and (.reason | test("driver or balloon")))'
	run_json 1 memras offline --soft --json "$pfn"
	assert_json '.results[0].result == "refused" and (.results[0].error.reason | test("PageOffline"))'
	assert_equal "$(accounts)" "$before"
}

@test "what it has plugged can be put aside" {
	local n pfn before

	# The first pageblock of a partly plugged block is plugged.
	n=$(partial)
	pfn=$((n * pages))
	before=$(accounts)
	run_json 0 memras quarantine add --json $pfn+512
	run_json 0 memras block offline --json "$n"
	run_json 0 memras quarantine list --json
	assert_json '[.quarantine[].state] == ["away"]'
	memras block online --quiet --zone movable "$n" || memras block online --quiet "$n"
	run_json 0 memras quarantine list --json
	assert_json '[.quarantine[].held] == [512]'
	run_json 0 memras quarantine release --json all
	wait_for 20 accounts_are "$before"
}
