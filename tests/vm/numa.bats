#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Two nodes: what is replaced stays on its node, or is refused.
#
# guest: cpus=2 memory=1536M nodes=2 timeout=400

load lib

setup() {
	pool_set 0 2048 0
	pool_set 0 2048 1
	memras module load --quiet
}

free_on() {
	memras hugepage list --json | jq -er "[.hugepages[] | select(.state == \"free\" and .node == $1)] | last | .pfn"
}

@test "a hugepage's replacement comes from its own node" {
	local node pfn

	pool_set 6 2048 0
	pool_set 6 2048 1
	for node in 0 1; do
		pfn=$(free_on $node)
		run_json 0 memras offline --soft --json "$((pfn + 7))"
		assert_json ".results[0] | .result == \"offlined\" and .node == $node"
		for other in 0 1; do
			assert_equal "$(pool nr 2048 $other)" 6 "node $other"
			assert_equal "$(pool free 2048 $other)" 6 "node $other"
		done
	done
}

@test "status and block list tell the nodes apart" {
	pool_set 3 2048 1
	run_json 0 memras status --json
	assert_json '[.nodes[].node] == [0, 1]'
	assert_json '.hugepages | any(.size == 2097152 and .node == 1 and .total == 3)'
	assert_json '.hugepages | any(.size == 2097152 and .node == 0 and .total == 0)'
	run_json 0 memras block list --json node:1
	assert_json '.blocks | length > 0 and all(.node == 1)'
}

@test "with its node full it is refused and nothing changes; --any-node goes elsewhere" {
	local pfn nr poisoned

	poisoned=$(poisoned_pages)
	# As many as the node can give: what is asked for is more than it has.
	echo 2000 >/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages
	nr=$(pool nr 2048 1)
	pfn=$(free_on 1)
	run_json 1 memras offline --soft --no-module --timeout 2s --json "$pfn"
	assert_json '.results[0].error | .errno == "ENOMEM" and (.reason | test("node 1 has no memory"))'
	refute page_is hwpoison "$pfn"
	assert_equal "$(pool nr 2048 1)" "$nr"
	assert_equal "$(pool free 2048 1)" "$nr"
	assert_equal "$(pool nr 2048 0)" 0
	assert_equal "$(poisoned_pages)" "$poisoned"

	run_json 0 memras offline --soft --no-module --any-node --json "$pfn"
	assert_json '.results[0] | .result == "offlined" and .pool == "grown"'
	page_is hwpoison "$pfn"
	assert_equal "$(pool nr)" "$nr"
	assert_equal "$(pool nr 2048 0)" 1
}
