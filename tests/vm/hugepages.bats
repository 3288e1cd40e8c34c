#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Hugepages: replaced in their pool, and kept when one of their pages is retired.
#
# guest: core=arm64,arm64-16k cpus=2 memory=1G dimm=512M timeout=500

load lib

# Hugepages are in plain memory, unless that keeps them where they are: a pageblock, which is
# as large as a huge page of THP, has many of them then, and memory of the kernel.
setup_file() {
	[ "$hugepage_pages" -lt "$thp_pages" ] || plain_memory_only
}

plain_memory_only() {
	# shellcheck disable=SC2046 # one word each
	memras block offline --quiet $(memras block list --json |
		jq -r '.blocks[] | select(.zones == ["Movable"]) | .block')
}

setup() {
	workload_pid=
	pool_set 0
	memras module load --quiet
}

teardown() {
	[ -z "$workload_pid" ] || kill "$workload_pid" 2>/dev/null || true
}

# The first page of the free hugepage highest up
free_hugepage() {
	memras hugepage list --json | jq -er '[.hugepages[] | select(.state == "free")] | last | .pfn'
}

@test "free and used hugepages are listed with their pools" {
	pool_set 6
	workload_start hugetlb $((2 * hugepage_pages))
	run_json 0 memras hugepage list --json
	assert_json '.hugepages | length == 6'
	assert_json '[.hugepages[] | select(.state == "in-use")] | length == 2'
	assert_json '[.pools[] | select(.size == 2097152)] | .[0].total == 6 and .[0].free == 4'
	assert_json "[.hugepages[] | select(.state == \"in-use\") | .pfn] | index($((pfns[0]))) != null"
	run_json 0 memras hugepage list --json "pid:$workload_pid@${vaddrs[hugepage_pages + hugepage_pages / 8]}"
	assert_json ".hugepages | length == 1 and .[0].pfn == $((pfns[hugepage_pages])) and .[0].size == 2097152
		and .[0].last_pfn == $((pfns[hugepage_pages] + hugepage_pages - 1))"
	workload_stop
}

@test "a free hugepage is replaced: the pool is as before and the range is ordinary memory" {
	local pfn

	pool_set 8
	pfn=$(free_hugepage)
	if ! replaces; then
		run_json 3 memras hugepage replace --json "$pfn"
		assert_json '.error.reason | test("5.13")'
		page_is huge "$pfn"
		return
	fi
	run_json 0 memras hugepage replace --json "$pfn"
	assert_json '.results[0] | .result == "replaced" and .kind == "hugetlb-free" and .pool == "replaced"'
	assert_equal "$(pool nr)" 8
	assert_equal "$(pool free)" 8
	assert_equal "$(pool surplus)" 0
	refute page_is huge "$pfn"
	refute page_is offline "$pfn"
}

@test "a hugepage in use is replaced under its user" {
	local pfn

	replaces || skip "hugepages are replaced from kernel 5.13 on"
	pool_set 8
	workload_start hugetlb $((2 * hugepage_pages))
	pfn=${pfns[0]}
	run_json 0 memras hugepage replace --json "$((pfn + hugepage_pages / 5))"
	assert_json ".results[0] | .result == \"replaced\" and .pfn == $((pfn)) and .kind == \"hugetlb\""
	assert_equal "$(pool nr)" 8
	assert_equal "$(pool free)" 6
	refute page_is huge "$pfn"
	workload_pfns
	[ "${pfns[0]}" != "$pfn" ]
	workload_check
	workload_stop
}

@test "all hugepages of a node are replaced, each once" {
	replaces || skip "hugepages are replaced from kernel 5.13 on"
	pool_set 4
	run_json 0 memras hugepage replace --json node:0
	assert_json '.summary.replaced == 4 and .summary.requested == 4'
	assert_equal "$(pool nr)" 4
	assert_equal "$(pool free)" 4
}

@test "a hugepage that stays busy is told with what is in the way" {
	local share busy

	replaces || skip "hugepages are replaced from kernel 5.13 on"
	pool_set 4
	workload_start hugetlb-pinned "$hugepage_pages"
	run_json 1 memras hugepage replace --json --timeout 1s "${pfns[0]}"
	assert_json '.results[0] | .result == "failed" and (.error.reason | test("in the way, first 0x[0-9a-f]+: pinned"))'
	assert_equal "$(pool nr)" 4
	workload_check
	workload_stop
	[ "$hugepage_pages" -lt "$thp_pages" ] || return 0
	pool_set 0
	plain_memory_only
	# The larger the pool, the surer some of it is beside memory of the kernel.
	for share in 24 28 30; do
		echo $(($(meminfo MemFree) * share / 65536)) >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
		json=$(memras hugepage replace --json --timeout 1s node:0 2>/dev/null) || true
		busy=$(get_json '[.results[].error | select(. and .errno == "EBUSY") | .reason]')
		[ "$busy" = '[]' ] || break
		pool_set 0
	done
	jq -e 'length > 0 and all(test("elsewhere in its pageblock.* in the way, first 0x"))' <<<"$busy"
	pool_set 0
	blocks_back
}

@test "one page of a free hugepage is retired and the pool keeps its size" {
	local pfn poisoned way

	way=grown
	! replaces || way=replaced
	pool_set 8
	poisoned=$(poisoned_pages)
	pfn=$(($(free_hugepage) + hugepage_pages / 16))
	run_json 0 memras offline --soft --json "$pfn"
	assert_json ".results[0] | .result == \"offlined\" and .path == \"hugepage-replaced\" and .pool == \"$way\""
	page_is hwpoison "$pfn"
	assert_equal "$(poisoned_pages)" $((poisoned + 1))
	assert_equal "$(pool nr)" 8
	assert_equal "$(pool free)" 8
	assert_equal "$(pool surplus)" 0
}

@test "one page of a hugepage in use is retired, pool and data whole" {
	local pfn kind

	pool_set 8
	for kind in hugetlb hugetlb-shared hugetlb-file; do
		workload_start $kind $((2 * hugepage_pages))
		pfn=${pfns[hugepage_pages + hugepage_pages / 8]}
		run_json 0 memras offline --soft --json "$pfn"
		assert_json '.results[0] | .result == "offlined" and .path == "hugepage-migrated"'
		page_is hwpoison "$pfn"
		assert_equal "$(pool nr)" 8 "after $kind"
		assert_equal "$(pool free)" 6 "after $kind"
		workload_pfns
		[ "${pfns[hugepage_pages + hugepage_pages / 8]}" != "$pfn" ]
		workload_check
		workload_stop
	done
}

@test "without the module the pool grows by one first, and says so" {
	local pfn

	pool_set 8
	pfn=$(free_hugepage)
	run_json 0 memras offline --soft --no-module --json "$pfn"
	assert_json '.results[0] | .result == "offlined" and .pool == "grown" and .via == "sysfs"'
	page_is hwpoison "$pfn"
	assert_equal "$(pool nr)" 8
	assert_equal "$(pool free)" 8
}

@test "memras killed at any moment leaves the pool as large as it was" {
	local i pages target pid end rc killed=0 kills=${MEMRAS_LONG:+180}

	kills=$((kills + 20))
	pool_set 24
	workload_start hugetlb-pinned "$hugepage_pages"
	mapfile -t pages < <(memras hugepage list --json |
		jq -r '.hugepages[] | select(.state == "free") | .pfn + 9')
	assert_equal "${#pages[@]}" 23
	for ((i = 0; i < kills; i++)); do
		# A page that cannot be retired, for which the pool is grown and shrunk
		# again with each try, or now and then one that can be.
		target=${pfns[7]}
		((i % 4)) || target=${pages[i / 4 % 23]}
		exec {end}< <(exec memras offline --soft --no-module --timeout 60s --quiet "$target" 2>&1 3>&-)
		pid=$!
		if ((i % 4)); then
			until_grown 24 $pid
		else
			sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
		fi
		kill -KILL $pid 2>/dev/null || true
		rc=0
		wait $pid || rc=$?
		[ $rc -ne 137 ] || killed=$((killed + 1))
		# Who outlives it puts things right, and lets go of its output then.
		while read -r -u "$end"; do :; done
		exec {end}<&-
		assert_equal "$(pool nr) $(pool surplus)" "24 0" "after kill $i"
	done
	echo "# $killed of $kills killed" >&3
	[ $killed -ge $((kills * 3 / 4)) ]
	workload_check
	workload_stop
}

@test "its guardian killed, memras itself puts the pool right" {
	local pid guardian rc=0 guardians=0

	# 64k.config is without PROC_CHILDREN.
	[ "$page_size" != 65536 ] || skip "this kernel does not tell the children of a process"
	pool_set 8
	workload_start hugetlb-pinned "$hugepage_pages"
	env --default-signal=INT memras offline --soft --no-module --timeout 60s --quiet "${pfns[7]}" 2>/dev/null 3>&- &
	pid=$!
	# A guardian lives for a moment with each try, so that nothing is done but look.
	while [ $guardians = 0 ] && [ -e "/proc/$pid/task/$pid/children" ]; do
		guardian=
		read -r guardian 2>/dev/null <"/proc/$pid/task/$pid/children" || true
		[ -z "$guardian" ] || ! kill -KILL "$guardian" 2>/dev/null || guardians=1
	done
	kill -INT $pid 2>/dev/null || true
	wait $pid || rc=$?
	assert_equal "$rc" 1
	[ $guardians = 1 ]
	assert_equal "$(pool nr) $(pool free) $(pool surplus)" "8 7 0"
	workload_check
	workload_stop
}

@test "memras and its guardian killed together, the next one puts the pool right" {
	local set rc

	pool_set 8
	workload_start hugetlb-pinned "$hugepage_pages"
	for set in 8 12; do
		rc=0
		killat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages=9 memras offline --soft \
			--no-module --no-record --timeout 60s --quiet "${pfns[7]}" 2>/dev/null || rc=$?
		assert_equal "$rc" 137
		assert_equal "$(pool nr)" 9
		# What looks on changes nothing, and a dry run neither.
		memras hugepage list >/dev/null
		memras offline --soft --dry-run "${pfns[7]}" >/dev/null
		assert_equal "$(pool nr)" 9
		# What an administrator sets in the meantime stays.
		[ $set = 8 ] || pool_set $set
		run_json 0 memras offline --soft --no-record --json "$(find_page buddy)"
		assert_equal "$(pool nr) $(pool surplus)" "$set 0"
		assert_equal "$(cat /run/memras/hugepages-2048kB)" ""
		pool_set 8
	done
	workload_check
	workload_stop
}

@test "another one that has a pool is waited for as long as the timeout says, or until a signal" {
	local lock=/run/memras/hugepages-2048kB pfn start

	pool_set 4
	pfn=$(free_hugepage)
	[ "$(stat -c '%U %a' $lock)" = "root 600" ]
	lock_hold $lock
	start=$SECONDS
	run_json 1 memras offline --soft --no-module --no-record --timeout 2s --json "$pfn"
	assert_json '.results[0] | .result == "failed" and (.error.reason | test("another memras"))'
	[ $((SECONDS - start)) -lt $((20 * ${MEMRAS_SLOWER:-1})) ]
	interrupted_at_lock $lock memras offline --soft --no-module --no-record --timeout 280s --quiet "$pfn"
	refute page_is hwpoison "$pfn"
	assert_equal "$(pool nr) $(pool free)" "4 4"
	lock_free
	run_json 0 memras offline --soft --no-module --no-record --json "$pfn"
	assert_equal "$(pool nr) $(pool free)" "4 4"
}

@test "several at once grow and shrink one pool, each for itself" {
	local i pages pids=() pid

	pool_set 16
	mapfile -t pages < <(memras hugepage list --json | jq -r '.hugepages[].pfn + 5')
	for ((i = 0; i < 4; i++)); do
		memras offline --soft --no-module --quiet "${pages[@]:i * 4:4}" 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	assert_equal "$(pool nr) $(pool free) $(pool surplus)" "16 16 0"
	for ((i = 0; i < 16; i++)); do
		page_is hwpoison "${pages[i]}"
	done
}

@test "with --dissolve the pool shrinks by one, and says so" {
	local pfn

	pool_set 8
	pfn=$(free_hugepage)
	run_json 0 memras offline --soft --dissolve --json "$pfn"
	assert_json '.results[0] | .result == "offlined" and .pool == "shrunk"'
	assert_equal "$(pool nr)" 7
}

@test "a page that is in no hugepage is refused as a hugepage" {
	local pfn

	replaces || skip "hugepages are replaced from kernel 5.13 on"
	pfn=$(find_page buddy)
	run_json 1 memras hugepage replace --json "$pfn"
	assert_json '.results[0] | .result == "refused" and (.error.reason | test("not in a hugepage"))'
}

@test "hugepages that are promised but not yet had stay promised" {
	local pfn

	pool_set 8
	workload_start hugetlb-reserved $((4 * hugepage_pages))
	assert_equal "$(pool resv)" 4
	assert_equal "$(pool free)" 8
	pfn=$(($(free_hugepage) + hugepage_pages / 5))
	run_json 0 memras offline --soft --json "$pfn"
	assert_json '.results[0] | .result == "offlined" and .path == "hugepage-replaced"'
	assert_equal "$(pool nr)" 8
	assert_equal "$(pool free)" 8
	assert_equal "$(pool resv)" 4
	run_json 0 memras hugepage list --json
	assert_json '.totals | any(.size == 2097152 and .reserved == 4 and .total == 8)'
	assert_equal "$(workload_ask fill)" ok
	workload_check
	assert_equal "$(pool free)" 4
	assert_equal "$(pool resv)" 0
	workload_stop
}

@test "64 retirements spread over a pool of 64 with 32 in use leave it whole" {
	local i targets=() poisoned

	pool_set 64
	poisoned=$(poisoned_pages)
	workload_start hugetlb $((32 * hugepage_pages))
	assert_equal "$(pool free)" 32
	# One page of each of the 32 in use, and of each of the 32 free ones.
	for ((i = 0; i < 32; i++)); do
		targets+=("${pfns[i * hugepage_pages + 3 * i % hugepage_pages]}")
	done
	mapfile -t -O 32 targets < <(memras hugepage list --json |
		jq -r '[.hugepages[] | select(.state == "free") | .pfn] | to_entries[] |
			.value + 7 * .key % '"$hugepage_pages")
	assert_equal "${#targets[@]}" 64
	run_json 0 memras offline --soft --json "${targets[@]}"
	assert_json '.summary.offlined == 64'
	assert_equal "$(pool nr)" 64
	assert_equal "$(pool free)" 32
	assert_equal "$(pool surplus)" 0
	assert_equal "$(poisoned_pages)" $((poisoned + 64))
	workload_check
	workload_stop
}

@test "a dry run says what is planned for each hugepage, and changes nothing" {
	local before

	replaces || skip "hugepages are replaced from kernel 5.13 on"
	pool_set 5
	workload_start hugetlb "$hugepage_pages"
	before=$(memras hugepage list --json | jq -c .hugepages)
	run_json 0 memras hugepage replace --dry-run --json node:0
	assert_json '.summary == {requested: 5, planned: 5, replaced: 0, already: 0, refused: 0, failed: 0}'
	assert_json "[.results[] | select(.path == \"hugepage-migrated\") | .pfn] == [$((pfns[0]))]"
	# The same one by two names is planned once, and what is no hugepage is refused.
	run_json 64 memras hugepage replace --dry-run --json "${pfns[3]}" "$(find_page buddy)" "${pfns[0]}"
	assert_json '[.results[] | [.result, .attempts]] == [["planned", 0], ["refused", 0]]'
	run_json 0 memras hugepage replace --dry-run --json all-free
	assert_json '.summary.planned == 4 and .summary.requested == 4'
	assert_equal "$(memras hugepage list --json | jq -c .hugepages)" "$before"
	workload_check
	workload_stop
}

@test "hugepages of a pool with surplus ones are replaced and retired, and it has its sizes" {
	local pfn i

	pool_set 3
	echo 4 >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages
	workload_start hugetlb $((5 * hugepage_pages))
	assert_equal "$(pool nr) $(pool free) $(pool surplus)" "5 0 2"
	if replaces; then
		run_json 0 memras hugepage replace --json "${pfns[0]}"
		assert_equal "$(pool nr) $(pool free) $(pool surplus)" "5 0 2"
	fi
	workload_pfns
	for i in $((hugepage_pages + hugepage_pages / 8)) $((2 * hugepage_pages + hugepage_pages / 8)); do
		pfn=${pfns[i]}
		run_json 0 memras offline --soft --no-module --json "$pfn"
		assert_json '.results[0] | .result == "offlined" and .pool == "grown"'
		page_is hwpoison "$pfn"
		assert_equal "$(pool nr) $(pool free) $(pool surplus)" "5 0 2"
	done
	workload_check
	workload_stop
	echo 0 >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages
	assert_equal "$(pool nr) $(pool surplus)" "3 0"
}

@test "hugepages in use are told with who maps them, and all free ones are replaced in one go" {
	pool_set 6
	workload_start hugetlb $((2 * hugepage_pages))
	run_json 0 memras hugepage list --owners --json
	assert_json "[.hugepages[] | select(.state == \"in-use\")] | length == 2 and all(.owners[0].pid == $workload_pid)"
	assert_json '[.hugepages[] | select(.state == "free")] | all(.owners == [])'
	if replaces; then
		run_json 0 memras hugepage replace --json all-free
		assert_json '.summary.replaced == 4'
	fi
	assert_equal "$(pool nr)" 6
	assert_equal "$(pool free)" 4
	workload_check
	workload_stop
}

# Its flag is that of the whole hugepage until that is free: which page is bad, the kernel
# has told before.
@test "an error in a hugepage in use is recorded as that of one page, by whoever saw it" {
	local page option

	expect_log 'Memory failure'
	memras watch --once --quiet
	pool_set 3
	workload_start hugetlb-shared "$hugepage_pages"
	page=${pfns[7]}
	echo $((page * page_size)) >/sys/devices/system/memory/hard_offline_page
	run_json 0 memras watch --once --json
	assert_json '.summary | .retired == 1 and .failed == 0'
	jq -e "[.retired[].pfn] | index($((page)))" /var/lib/memras/retired.json
	# Later ones see just the hugepage.
	dmesg --clear
	for option in "" --no-module; do
		# shellcheck disable=SC2086 # none is no word
		run_json 0 memras watch --once --json $option
		assert_json '.summary | .retired == 0 and .failed == 0'
	done
	workload_stop

	pool_set 4
	workload_start hugetlb-shared "$hugepage_pages"
	page=${pfns[9]}
	run_json 0 memras offline --hard --force --no-module --json "$page"
	assert_json ".results[0] | .result == \"offlined\" and .pfn == $((page))"
	workload_stop
}
