#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The status of a machine with two nodes, hugepages of two sizes, poisoned pages, a
# quarantine and an offline block: each number equals that of the kernel.
#
# shellcheck disable=SC2016 # the $ are of jq
#
# guest: kernels=6.1,7.3 cpus=2 nodes=2 memory=6G dimm=256M append="hugepagesz=1G hugepages=2" timeout=400

load lib

# The pools as the nodes' own files have them, as a JSON array.
kernel_pools() {
	local dir node size all=''

	for dir in /sys/devices/system/node/node*/hugepages/hugepages-*; do
		node=${dir#*/node/node} size=${dir##*-}
		all+=",{\"size\": $((${size%kB} * 1024)), \"node\": ${node%%/*}, \"total\": $(<"$dir/nr_hugepages"),
			\"free\": $(<"$dir/free_hugepages"), \"surplus\": $(<"$dir/surplus_hugepages")}"
	done
	echo "[${all#,}]"
}

# The counters of memory failures by node, null on a kernel that has none.
kernel_failures() {
	local dir name all='' one

	for dir in /sys/devices/system/node/node[0-9]*; do
		one=''
		for name in "$dir"/memory_failure/*; do
			[ ! -e "$name" ] || one+=",\"${name##*/}\": $(<"$name")"
		done
		one="{${one#,}}"
		all+=",${one/#'{}'/null}"
	done
	echo "[${all#,}]"
}

# interrupts NAME: such a line of /proc/interrupts, over all CPUs
interrupts() {
	awk -v n="$1:" '$1 == n { print $2 + $3 }' /proc/interrupts
}

# agrees [OPTION...]: everything that status counts is what the kernel's files say
agrees() {
	local states online size pfn block

	run_json 0 memras --json status --pages "$@"
	size=$(block_size)
	states=$(cat /sys/devices/system/memory/memory*/state)
	online=$(grep -cx online <<<"$states")
	assert_json '.memory == {total: $total, block_size: $size, online: ($on * $size),
		offline: ($off * $size), blocks_online: $on, blocks_offline: $off}' \
		--argjson total $(($(meminfo MemTotal) * 1024)) --argjson size "$size" \
		--argjson on "$online" --argjson off "$(grep -cvx online <<<"$states")"
	assert_json '[.hugepages[] | {size, node, total, free, surplus}] | sort_by(.size, .node) ==
		($want | sort_by(.size, .node))' \
		--argjson want "$(kernel_pools)"
	assert_json '[.nodes[].node] == [0, 1] and [.nodes[].memory_failure] == $want' \
		--argjson want "$(kernel_failures)"
	assert_json '.machine_checks | .exceptions == $mce and .polls == $mcp' \
		--argjson mce "$(interrupts MCE)" --argjson mcp "$(interrupts MCP)"
	assert_json '.hardware_corrupted == $kb * 1024' --argjson kb "$(meminfo HardwareCorrupted)"
	assert_json '(.poisoned | length) == $n' --argjson n "$(count_pages hwpoison)"
	while read -r pfn block; do
		page_is hwpoison "$pfn"
		assert_equal "$block" $((pfn * page_size / size))
	done < <(get_json '.poisoned[] | "\(.pfn) \(.block)"')
	assert_json '.poisoned | all([.block, .node] as $at | $nodes | any(. == $at))' \
		--argjson nodes "$(printf '%s\n' /sys/devices/system/memory/memory*/node* |
			sed -E 's|.*memory([0-9]+)/node(.*)|[\1, \2]|' | jq -s .)"
	# Where the module is not to be asked, who asks may not know.
	assert_json '.quarantine == null or (([.quarantine[].held] | add // 0) == $n)' \
		--argjson n "$(count_pages offline)"
	assert_json '.module.loaded == $there' \
		--argjson there "$([ -d /sys/module/memras ] && echo true || echo false)"
}

@test "of a machine as it came up, without the module" {
	refute test -e /sys/module/memras
	agrees
	assert_json '[.hugepages[] | select(.size == 1073741824).total] == [1, 1]'
	assert_json '.quarantine == [] and .memory.blocks_offline == 0 and .poisoned == []'
}

@test "with hugepages on both nodes, poisoned pages, a quarantine and an offline block" {
	local block pages=$(($(block_size) / page_size)) pfn

	pool_set 4 2048 0
	pool_set 7 2048 1
	pfn=$(find_page buddy)
	memras offline --soft --quiet "$pfn" $((pfn + 9))
	# In a hugepage of the other node, which stays in its pool.
	workload_start hugetlb 512
	memras offline --soft --quiet "${pfns[100]}"
	workload_stop
	# The DIMM's blocks are the last, and movable.
	block=$(memras block list --json | jq '[.blocks[].block | tonumber] | max')
	memras block offline --quiet "$block"
	memras quarantine add --quiet $(((block - 1) * pages))+512
	agrees
	assert_json '.hardware_corrupted == 3 * '"$page_size"' and .memory.blocks_offline == 1 and
		(.quarantine | length) == 1 and .module.loaded and .retired == {recorded: 3, pending: 0}'
	assert_json '[.hugepages[] | select(.size == 2097152).total] == [4, 7]'
	agrees --no-module
}

@test "the tables and the metrics have the same numbers" {
	local text

	text=$(memras status)
	[[ $text == "Not healthy: 12K of memory is poisoned"*$'\n'*"Retired:   3 on the list, 0 of them pending"* ]]
	[[ $text == *" offline in 1, blocks of 128M"*"Module:    loaded, version "* ]]
	text=$(memras status --prometheus)
	grep -x "memras_hardware_corrupted_bytes 12288" <<<"$text"
	grep -x 'memras_memory_blocks{state="offline"} 1' <<<"$text"
	grep -x 'memras_hugepages{size="2097152",node="1"} 7' <<<"$text"
}
