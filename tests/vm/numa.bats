#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Two nodes: replacements come from the same node, or are refused. Nodes of arm64 guests have
# but memory of the boot, which never goes offline.
#
# guest: default=6.1,7.3 arch=amd64 cpus=2 memory=1536M nodes=2 timeout=400

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

# remote: how many of the workload's pages are not on node 1
remote() {
	local first last

	read -r first last < <(memras block list --json node:1 | jq -r '
		[.blocks[] | .start, .start + .size] | "\(min / '"$page_size"') \(max / '"$page_size"' - 1)"')
	echo $((8192 - $(workload_ask "within $first $last")))
}

# inside N: how many of the workload's pages are in the block
inside() {
	workload_ask "within $(($1 * pages)) $((($1 + 1) * pages - 1))"
}

# evacuated WHICH N...: takes these blocks offline, and wants that said of each that has
# pages of the workload; adds those up in $moved
evacuated() {
	local which=$1 n there
	shift

	for n in "$@"; do
		there=$(inside "$n")
		run_json 0 memras block offline --json --timeout 60s ${option:+--target-node "$option"} "$n"
		assert_json ".results[0] | .result == \"offlined\" and ($there == 0 or .target_node == \"$which\")"
		moved=$((moved + there))
	done
}

# workload_in N: starts one with all of its pages in the block
workload_in() {
	workload_start anon 8192 --node 1 --in $(($1 * pages))-$((($1 + 1) * pages - 1))
	assert_equal "$(inside "$1")" 8192
}

@test "what is evacuated stays on its node while that has room; with --target-node any it need not" {
	local pages=$(($(block_size) / page_size)) n can=() half moved=0 option=''

	# What runs here has its memory on node 0.
	taskset -pc 0 $$ >/dev/null
	for n in $(memras block list --json node:1 | jq -r '.blocks[].block'); do
		! memras block offline --quiet --timeout 20s "$n" 2>/dev/null || can+=("$n")
	done
	memras block online --quiet --zone kernel "${can[@]}"
	half=$((${#can[@]} / 2))
	[ $half -ge 1 ]

	workload_in "${can[0]}"
	evacuated near "${can[@]::half}"
	assert_equal "$(remote)" 0 "pages that went to the other node"
	workload_check
	memras block online --quiet --zone kernel "${can[@]::half}"
	option=near evacuated near "${can[@]:half}"
	assert_equal "$(remote)" 0 "pages that went to the other node"
	workload_check
	echo "# $moved pages moved, all within their node" >&3
	[ $moved -ge 8192 ]
	workload_stop
	memras block online --quiet --zone kernel "${can[@]:half}"

	workload_in "${can[0]}"
	run_json 3 memras block offline --json --no-module --target-node near "${can[0]}"
	assert_json '.results[0] | .result == "failed" and .error.errno == "EOPNOTSUPP"'
	option=any evacuated any "${can[0]}"
	echo "# $(remote) of 8192 pages are on the other node as the kernel has it" >&3
	[ "$(remote)" -gt 0 ]
	workload_check
	workload_stop
	memras block online --quiet --zone kernel "${can[0]}"
}

# Node 1 gets all the hugepages that it can give: asked for more until it has none.
fill() {
	local before=-1

	while [ "$(pool nr 2048 1)" -gt "$before" ]; do
		before=$(pool nr 2048 1)
		echo 2000 >/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages
	done
	nr=$before
	poisoned=$(poisoned_pages)
	pfn=$(free_on 1)
}

# What the kernel frees after the node was filled, as it may at any time, makes
# room for a replacement: such a page was retired within its node.
had_room() {
	assert_json '.results[0] | .result == "offlined" and .pool == "grown" and .node == 1'
	page_is hwpoison "$pfn"
	assert_equal "$(poisoned_pages)" $((poisoned + 1))
	assert_equal "$(pool nr 2048 1)" "$nr"
	assert_equal "$(pool nr 2048 0)" 0
}

@test "with its node full it is refused and nothing changes; --any-node goes elsewhere" {
	local pfn nr poisoned refused='' elsewhere=''

	# What runs here has its memory on node 0, and leaves node 1 as it is.
	taskset -pc 0 $$ >/dev/null
	for _ in {1..20}; do
		fill
		if run_json 1 memras offline --soft --no-module --timeout 2s --json "$pfn"; then
			refused=yes
			break
		fi
		had_room
	done
	assert_equal "$refused" yes "refused for want of memory"
	assert_json '.results[0].error | .errno == "ENOMEM" and (.reason | test("node 1 has no memory"))'
	refute page_is hwpoison "$pfn"
	assert_equal "$(pool nr 2048 1)" "$nr"
	assert_equal "$(pool free 2048 1)" "$nr"
	assert_equal "$(pool nr 2048 0)" 0
	assert_equal "$(poisoned_pages)" "$poisoned"

	for _ in {1..20}; do
		fill
		run_json 0 memras offline --soft --no-module --any-node --json "$pfn"
		if [ "$(pool nr 2048 0)" -ne 0 ]; then
			elsewhere=yes
			break
		fi
		had_room
	done
	assert_equal "$elsewhere" yes "went to another node"
	assert_json '.results[0] | .result == "offlined" and .pool == "grown"'
	page_is hwpoison "$pfn"
	assert_equal "$(pool nr)" "$nr"
	assert_equal "$(pool nr 2048 0)" 1
}

@test "a block whose hugepages have no room on its node stays, and so do they" {
	local n nr option before

	taskset -pc 0 $$ >/dev/null
	# One that the kernel has nothing in
	for n in $(memras block list --json node:1 | jq -r '.blocks[].block'); do
		! memras block offline --quiet "$n" 2>/dev/null || break
	done
	memras block online --quiet --zone movable "$n"
	fill
	before="$(pool nr 2048 0) $(pool nr 2048 1) $(pool free 2048 1) $(pool surplus 2048 1)"
	for option in "" --no-module; do
		run_json 1 memras block offline --json --timeout 3s $option "$n"
		assert_json '.results[0] | .result == "failed" and .error.errno == "ENOMEM" and .pool == null'
		assert_json '.results[0].error.reason | test("run out of memory") | not'
		assert_equal "$(block_state "$n")" online
		assert_equal "$(pool nr 2048 0) $(pool nr 2048 1) $(pool free 2048 1) $(pool surplus 2048 1)" "$before"
	done
}
