#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Memory blocks: listed, taken offline and brought back, or refused with the reason.
#
# guest: core=arm64-16k cpus=2 memory=768M dimm=512M timeout=400 programs=script

load lib

setup() {
	workload_pid=
	memory=$(($(block_size) >> 20)) block_pages=$(($(block_size) / page_size))
}

teardown() {
	[ -z "$workload_pid" ] || kill "$workload_pid" 2>/dev/null || true
	memras block online --quiet --zone movable all
	memras module load --quiet
}

# The highest block that is movable and online
movable_block() {
	memras block list --json |
		jq -er '[.blocks[] | select(.state == "online" and .zones == ["Movable"])] | last | .block'
}

# Without a block 0 lsmem knows no zones.
@test "block list and lsmem agree on every block" {
	local columns=RANGE,SIZE,STATE,REMOVABLE,BLOCK,NODE

	[ ! -e /sys/devices/system/memory/memory0 ] || columns+=,ZONES
	memras block list --raw --noheadings -o $columns >"$BATS_TEST_TMPDIR/memras"
	lsmem --all --raw --noheadings -o $columns >"$BATS_TEST_TMPDIR/lsmem"
	diff "$BATS_TEST_TMPDIR/lsmem" "$BATS_TEST_TMPDIR/memras"
}

@test "a movable block goes offline and comes back, with the module and without" {
	local n option total

	total=$(meminfo MemTotal)
	for option in "" --no-module; do
		n=$(movable_block)
		# shellcheck disable=SC2086 # none is no word
		run_json 0 memras block offline --json $option "$n"
		assert_json ".results[0] | .block == $n and .result == \"offlined\" and .error == null"
		assert_equal "$(block_state "$n")" offline
		assert_equal "$(meminfo MemTotal)" $((total - memory * 1024))
		run_json 0 memras block offline --json "$n"
		assert_json '.results[0].result == "already"'
		run_json 0 memras block list --json "$n"
		assert_json '.blocks[0].state == "offline"'

		run_json 0 memras block online --zone movable --json "$n"
		assert_json '.results[0].result == "onlined"'
		assert_equal "$(block_state "$n")" online
		assert_equal "$(meminfo MemTotal)" "$total"
		run_json 0 memras block show --json "$n"
		assert_json '.blocks[0] | .zones == ["Movable"] and .blockers == []'
	done
}

# Of plain memory quarantine.bats has the same.
@test "a Movable block comes back as one, wherever the kernel would put it" {
	local n last

	# The lowest of Movable: the kernel by itself may put it into Normal.
	n=$(memras block list --json | jq -er '[.blocks[] | select(.zones == ["Movable"])][0].block')
	last=$(movable_block)
	memras block offline --quiet "$n" "$last"
	assert_equal "$(stat -c '%a %U' /run/memras /run/memras/zones | tr '\n' ' ')" "755 root 600 root "
	memras block online --quiet "$n" "$last"
	assert_equal "$(zone_of "$n") $(zone_of "$last")" "Movable Movable"

	# Others took it offline: where it was, memras saw when it was here last.
	echo offline >"/sys/devices/system/memory/memory$n/state"
	memras block online --quiet "$n"
	assert_equal "$(zone_of "$n")" Movable
}

@test "a free block goes at once" {
	local n

	n=$(movable_block)
	memras block offline --quiet "$n"
	memras block online --quiet --zone movable "$n"
	run_json 0 memras block offline --dry-run --json "$n"
	assert_json '.results[0] | .result == "planned" and .via == "sysfs"'
	run_json 0 memras block offline --json "$n"
	assert_json '.results[0] | .result == "offlined" and .via == "sysfs" and .evacuated_pages == 0 and .attempts == 1'
}

# Takes every movable block but $1 offline, so that what is allocated lies in it.
only_movable() {
	local other

	for other in $(memras block list --json | jq -r '.blocks[] | select(.zones == ["Movable"]) | .block'); do
		[ "$other" = "$1" ] || memras block offline --quiet "$other"
	done
}

# How many of the workload's pages lie in block $1
pages_in_block() {
	printf '%d\n' "${pfns[@]}" | awk -v n="$1" -v per="$block_pages" 'int($1 / per) == n { c++ } END { print c + 0 }'
}

@test "a block in use is evacuated and no byte is lost" {
	local n

	n=$(movable_block)
	only_movable "$n"
	workload_start anon $((32 * mib))
	[ "$(pages_in_block "$n")" -gt $((16 * mib)) ]
	run_json 0 memras block offline --json "$n"
	assert_json '.results[0] | .result == "offlined" and .via == "module" and .evacuated_pages > '$((block_pages * 9 / 10))
	workload_check
	workload_pfns
	assert_equal "$(pages_in_block "$n")" 0
	workload_stop
}

# On arm64 what the machine has at boot never goes offline: that is said before anything is
# done, by all commands.
boot_memory_stays() {
	local dry

	for dry in "" --dry-run; do
		# shellcheck disable=SC2086 # none is no word
		run_json 64 memras block offline --json $dry "$1" "$(movable_block)"
		assert_json ".results[] | select(.block == $1) | .result == \"failed\" and .attempts == 0 and
			.error.errno == \"EOPNOTSUPP\" and (.error.reason | test(\"boot memory\"))"
		assert_equal "$(block_state "$1")" online
	done
	run_json 0 memras block list --json
	assert_json ".blocks | all(.state == \"offline\" or .permanent == (.zones != [\"Movable\"]))"
	run memras block show "$1"
	[[ $output == *"boot memory"* ]]
	run memras doctor
	[[ $output == *"boot memory"* ]]
}

@test "a block with kernel memory is refused, its pages named, and stays whole" {
	local n total

	total=$(meminfo MemTotal)
	n=$(($(find_page slab) / block_pages))
	if [ "$HOSTTYPE" = aarch64 ]; then
		boot_memory_stays "$n"
		return
	fi
	run_json 1 memras block offline --json --timeout 20s "$n"
	assert_json '.results[0] | .result == "failed" and (.blockers | length > 0) and .error.errno == "EBUSY"'
	assert_json '.results[0].blockers | all(.pfn >= 0 and .pages > 0 and (.kind | length > 0) and (.reason | length > 0))'
	assert_equal "$(block_state "$n")" online
	assert_equal "$(meminfo MemTotal)" "$total"
	run_json 0 memras block show --json "$n"
	assert_json '.blocks[0].blockers | length > 0'
}

@test "a block with a pinned page ends at the timeout with the page named, then goes" {
	local n pfn before total

	n=$(movable_block)
	only_movable "$n"
	workload_start pinned 64
	pfn=${pfns[40]}
	assert_equal $((pfn / block_pages)) "$n" "the block of a pinned page"
	total=$(meminfo MemTotal)
	before=$SECONDS
	run_json 1 memras block offline --json --timeout 3s "$n"
	[ $((SECONDS - before)) -le 20 ]
	assert_json ".results[0].blockers | any(.pfn <= $((pfn)) and .pfn + .pages > $((pfn)) and (.reason | test(\"pinned\")))"
	assert_json '.results[0].error.errno == "ETIMEDOUT"'
	assert_json ".results[0].error.reason | test(\"mapped by workload \\\\(pid $workload_pid\\\\)\")"
	assert_json ".results[0].blockers | any(.owners | any(.pid == $workload_pid and .comm == \"workload\"))"
	assert_equal "$(block_state "$n")" online
	assert_equal "$(meminfo MemTotal)" "$total"
	workload_check

	run_json 1 memras block offline --json --timeout 60s --retries 2 "$n"
	assert_json '.results[0] | .attempts == 3 and .error.errno == "EBUSY"'

	# On a terminal
	run script -qec "memras block offline --timeout 3s $n" /dev/null
	assert_equal "$status" 1
	[[ $output =~ memory$n\ pages:\ [0-9]+\ of\ $block_pages,\ [0-9]+\ MiB/s,\ waiting\ for\ [0-9]+\ pageblocks?,\ 0x[0-9a-f]+:\ pinned ]]

	# Without the module a child spins in the kernel until it is signalled.
	before=$SECONDS
	run_json 1 memras block offline --json --no-module --timeout 3s "$n"
	[ $((SECONDS - before)) -le 30 ]
	assert_equal "$(block_state "$n")" online
	workload_check

	workload_stop
	run_json 0 memras block offline --json "$n"
	assert_json '.results[0].result == "offlined"'
}

# What the module cannot replace (before 5.13), and all without it, is grown first.
pool_way() {
	if [ "$1" != --no-module ] && replaces; then echo replaced; else echo grown; fi
}

# fill_block N: it alone is movable, empty, and then as full of hugepages as it can be
fill_block() {
	only_movable "$1"
	memras block offline --quiet "$1"
	memras block online --quiet --zone movable "$1"
	pool_set 96
	in_block=$(memras hugepage list --json $(($1 * block_pages))+"$block_pages" | jq '.hugepages | length')
	[ "$in_block" -gt 40 ]
}

@test "a block full of hugepages goes offline and the pool keeps its size" {
	local n option way used=0 before

	n=$(movable_block)
	for option in "" --no-module; do
		way=$(pool_way $option)
		fill_block "$n"
		if [ "$way" = replaced ]; then
			workload_start hugetlb $((56 * hugepage_pages))
			used=$(($(pages_in_block "$n") / hugepage_pages))
			[ $used -gt 8 ]
		fi
		before="$(pool nr) $(pool free) $(pool surplus)"
		run_json 0 memras block offline --dry-run --json $option "$n"
		assert_json ".results[0] | .result == \"planned\" and .pool == \"$way\""
		run_json 0 memras block offline --json $option "$n"
		assert_json ".results[0] | .result == \"offlined\" and .pool == \"$way\""
		assert_equal "$(pool nr) $(pool free) $(pool surplus)" "$before"
		[ $used = 0 ] || workload_check
		[ $used = 0 ] || workload_stop
		pool_set 0
		memras block online --quiet --zone movable "$n"
		echo "# $in_block hugepages in the block, $used in use, a pool of ${before%% *}: $way" >&3
		used=0
	done
}

# Kernels that take the hugepage that was freed last, be it in the block, never end
# by themselves.
@test "hugepages in use that the kernel moves within the block end it at the timeout" {
	local n before

	n=$(movable_block)
	fill_block "$n"
	workload_start hugetlb $((56 * hugepage_pages))
	[ "$(pages_in_block "$n")" -gt $((8 * hugepage_pages)) ]
	before="$(pool nr) $(pool free) $(pool surplus)"
	if memras block offline --no-module --json --timeout 4s "$n" >"$BATS_TEST_TMPDIR/out" 2>/dev/null; then
		assert_equal "$(block_state "$n")" offline
	else
		json=$(<"$BATS_TEST_TMPDIR/out")
		assert_json '.results[0].error | .errno == "ETIMEDOUT" and (.reason | test("hugepages in use"))'
		assert_equal "$(block_state "$n")" online
	fi
	assert_equal "$(pool nr) $(pool free) $(pool surplus)" "$before"
	workload_check
	workload_stop
	pool_set 0
}

@test "where the memory that is left could not hold it, it is refused at once" {
	local n nr option

	n=$(movable_block)
	only_movable "$n"
	# Room for the rest of the machine, but not for a block
	nr=$((($(meminfo MemFree) - 65536 - 2 * $(</proc/sys/vm/min_free_kbytes)) / 2048))
	pool_set $nr
	for option in "" --no-module --dry-run; do
		run_json 1 memras block offline --json $option "$n"
		assert_json '.results[0] | .result == "failed" and .via == null and .error.errno == "ENOMEM" and .pool == null'
		assert_json '.results[0].error.reason | test("run out of memory: '$(($(block_size) >> 20))' MiB")'
		assert_equal "$(block_state "$n")" online
		assert_equal "$(pool nr) $(pool free) $(pool surplus)" "$nr $nr 0"
	done
	run_json 1 memras quarantine add --json $((n * block_pages))+"$block_pages"
	assert_json '.results[0] | .result == "refused" and .error.errno == "ENOMEM"'
	pool_set 0
}

@test "another memras that has the pool is waited for as long as the timeout says" {
	local lock=/run/memras/hugepages-2048kB n pid

	n=$(movable_block)
	fill_block "$n"
	# From now on the lock is there.
	memras block offline --no-module --quiet "$n"
	memras block online --quiet --zone movable "$n"
	pool_set 0
	fill_block "$n"
	lock_hold $lock
	run_json 1 memras block offline --no-module --timeout 1s --json "$n"
	assert_json '.results[0].error | .errno == "EBUSY" and (.reason | test("another memras"))'
	interrupted_at_lock $lock memras block offline --no-module --timeout 280s --quiet "$n"
	assert_equal "$(block_state "$n") $(pool nr) $(pool surplus)" "online 96 0"
	memras block offline --no-module --timeout 280s --quiet "$n" 3>&- &
	pid=$!
	wait_for 60 has_open $pid $lock
	sleep 12
	lock_free
	wait $pid
	assert_equal "$(block_state "$n") $(pool nr) $(pool surplus)" "offline 96 0"
	pool_set 0
}

@test "killed while its hugepages go, memras leaves the pool as large as it was" {
	local n i out killed=0 offlined=0 nr=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages

	n=$(movable_block)
	fill_block "$n"
	for i in 1 4 16 64 256; do
		# Who outlives it puts things right, and lets go of its output then.
		out=$(killat "$nr!96+$i" memras block offline --no-module --quiet "$n" 2>&1 3>&- ||
			echo "ended with $?")
		case $out in
		*"ended with 137") killed=$((killed + 1)) ;;
		*ended*) printf '%s\n' "$out" >&2; return 1 ;;
		esac
		assert_equal "$(pool nr) $(pool free) $(pool surplus)" "96 96 0" "killed $i calls after it was grown"
		[ "$(block_state "$n")" = offline ] || continue
		offlined=$((offlined + 1))
		memras block online --quiet --zone movable "$n"
		pool_set 0
		fill_block "$n"
	done
	echo "# $killed of 5 times it was killed, $offlined of 5 times the block was offline by then" >&3
	[ $killed -ge 2 ]
	pool_set 0
}

@test "several blocks go by size and come back; a wrong selector touches none" {
	local total

	total=$(meminfo MemTotal)
	run_json 2 memras block offline --json memoryx
	assert_json '.object == "memoryx"'
	run_json 1 memras block offline --json 99999
	assert_json '.error.errno == "ENOENT"'
	assert_equal "$(meminfo MemTotal)" "$total"

	run_json 0 memras block offline --json "size:$((memory * 2))M"
	assert_json '.summary.offlined == 2 and .results[0].block > .results[1].block'
	assert_equal "$(meminfo MemTotal)" $((total - memory * 2048))
	run_json 0 memras block online --json --zone movable "size:$((memory * 2))M"
	assert_json '.summary.onlined == 2 and .results[0].block < .results[1].block'
	assert_equal "$(meminfo MemTotal)" "$total"
}

@test "a dry run touches nothing and tells what is in the way" {
	local n

	workload_start pinned 64
	n=$((pfns[40] / block_pages))
	run_json 0 memras block offline --dry-run --json "$n"
	assert_json '.dry_run and .results[0].result == "planned" and (.results[0].blockers | length > 0)'
	assert_equal "$(block_state "$n")" online
	workload_stop
}

@test "killed in the middle of an evacuation, memras leaves nothing held" {
	local n total pid i offlined=0

	n=$(movable_block)
	only_movable "$n"
	workload_start anon $((32 * mib)) --storm 2
	total=$(meminfo MemTotal)
	for i in 05 1 2 3 4 5 6 7; do
		memras block offline --quiet "$n" &
		pid=$!
		sleep "0.$i"
		kill -KILL $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		if [ "$(block_state "$n")" = offline ]; then
			offlined=$((offlined + 1))
			memras block online --quiet --zone movable "$n"
		fi
		wait_for 10 total_is "$total"
		refute find_page offline
	done
	[ $offlined -lt 8 ]
	workload_check
	workload_stop
}

total_is() {
	[ "$(meminfo MemTotal)" = "$1" ]
}

@test "Ctrl-C in the middle of an evacuation is answered at once, with everything given back" {
	local n total pid rc=0 before ms

	n=$(movable_block)
	only_movable "$n"
	# It cannot end by itself.
	workload_start pinned 64
	total=$(meminfo MemTotal)
	env --default-signal=INT memras block offline --json --timeout 60s "$n" >"$BATS_TEST_TMPDIR/out" 2>/dev/null 3>&- &
	pid=$!
	sleep 3
	# A pageblock is taken as a whole, which a pinned page prevents.
	[ "$(meminfo MemTotal)" -lt "$total" ] || [ "$block_pages" = "$thp_pages" ]
	before=$(date +%s%N)
	kill -INT $pid
	wait $pid || rc=$?
	# On an idle machine well within a second; the bound only tells it from never.
	ms=$((($(date +%s%N) - before) / 1000000))
	echo "$ms" | artifact interrupt-ms
	[ $ms -lt 5000 ]
	assert_equal "$rc" 1
	json=$(<"$BATS_TEST_TMPDIR/out")
	assert_json '.results[0].error.errno == "EINTR"'
	assert_equal "$(block_state "$n")" online
	assert_equal "$(meminfo MemTotal)" "$total"
	refute find_page offline
	workload_check
	workload_stop
}
