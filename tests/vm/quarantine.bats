#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Quarantined ranges: held after the process ends, no obstacle to the offline of their
# block, claimed again when it comes back, and released to the last page.
#
# guest: core=arm64,arm64-16k cpus=1 memory=2G dimm=512M timeout=900 zones=movable,plain

load lib

setup() {
	workload_pid='' writer=''
	block=
	memory=$(($(block_size) >> 20))
	pages=$(($(block_size) / page_size))
	memras module load --quiet
}

teardown() {
	[ -z "$writer" ] || kill "$writer" 2>/dev/null || true
	[ -z "$workload_pid" ] || kill "$workload_pid" 2>/dev/null || true
	memras quarantine release --quiet all
	blocks_back
}

offline_pages() {
	count_pages offline
}

@test "a range is held beyond memras, listed, told by status, and released to the last page" {
	local n pfn before total

	n=$(zone_block true)
	pfn=$((n * pages + 512))
	before=$(accounts)
	total=$(meminfo MemTotal)
	run_json 0 memras quarantine add --json "$pfn"+1024
	assert_json ".results[0] | .result == \"held\" and .pfn == $pfn and .pages == 1024 and .held == 1024
		and .block == $n and .error == null"
	assert_equal "$(offline_pages)" 1024
	page_is offline "$pfn"
	page_is offline $((pfn + 1023))
	refute page_is offline $((pfn + 1024))
	assert_equal "$(meminfo MemTotal)" $((total - 1024 * (page_size / 1024)))

	run_json 0 memras quarantine list --json
	assert_json ".quarantine | length == 1 and (.[0] | .pfn == $pfn and .pages == 1024 and .held == 1024
		and .state == \"held\" and .node == 0)"
	# No clock runs backwards by more than the guest is old.
	[ $(($(date +%s) - $(date -d "$(get_json '.quarantine[0].since')" +%s))) -lt 60 ]
	run_json 0 memras status --json
	assert_json ".quarantine | length == 1 and .[0].pfn == $pfn"
	memras status | grep -A 2 'In quarantine' | grep held

	# Asked again: so already. A part more: only that is new.
	run_json 0 memras quarantine add --json "$pfn"+1024
	assert_json '.results[0].result == "already" and .summary.already == 1'
	run_json 0 memras quarantine add --json "$pfn"+1536
	assert_json '.results[0].result == "held" and .results[0].held == 512'
	run_json 1 memras offline --soft --json "$pfn"
	assert_json '.results[0].result == "refused" and (.results[0].error.reason | test("memras itself"))'

	run_json 1 memras module unload --json
	assert_json '.error.errno == "EBUSY" and (.error.hint | test("1536 pages are in quarantine"))'

	# A part is released by itself.
	run_json 0 memras quarantine release --json $((pfn + 100))+10
	assert_json '.results[0].result == "released" and .results[0].released == 10'
	run_json 0 memras quarantine list --json
	assert_json '[.quarantine[].pages] | add == 1526'
	run_json 0 memras quarantine release --json --dry-run all
	assert_json '.results | all(.result == "planned")'
	run_json 0 memras quarantine release --json all
	assert_json '[.results[].released] | add == 1526'
	run_json 0 memras quarantine release --json "$pfn"+1024
	assert_json '.results[0].result == "already"'
	assert_equal "$(accounts)" "$before"
	run_json 0 memras module unload --json
	run_json 0 memras quarantine list --json
	assert_json '.quarantine == []'
	# Loaded again when it is needed.
	run_json 0 memras quarantine add --json "$pfn"+1
	assert_json '.results[0].held == 1'
	run_json 0 memras quarantine release --json all
	assert_equal "$(accounts)" "$before"
}

@test "memory in use is moved away, also where only a page of it is wanted" {
	local n pfn before

	workload_in_block anon 4096
	n=$block
	before=$(accounts)
	for pfn in "${pfns[@]:2000}"; do
		[ $((pfn / pages)) -ne "$n" ] || break
	done
	assert_equal $((pfn / pages)) "$n" "the block of a page in use"
	run_json 0 memras quarantine add --json "$pfn"
	assert_json ".results[0] | .result == \"held\" and .held == 1 and .pages == 1"
	assert_equal "$(offline_pages)" 1
	page_is offline "$pfn"
	workload_check
	# What a process maps, in many pieces
	run_json 0 memras quarantine add --json "pid:$workload_pid@${vaddrs[3000]}+$((64 * page_size))"
	assert_json '.results[0] | .result == "held" and .held == 64'
	assert_equal "$(offline_pages)" 65
	workload_check
	# And all of the block
	run_json 0 memras quarantine add --json $((n * pages))+"$pages" --timeout 60s
	assert_json ".results[0] | .result == \"held\" and .held == $((pages - 65))"
	workload_check
	workload_stop
	run_json 0 memras quarantine release --json all
	assert_equal "$(accounts)" "$before"
}

@test "what cannot be had is refused as a whole, with the page and its kind" {
	local n pfn before

	before=$(accounts)
	pfn=$(find_page slab)
	pfn=$((pfn / 512 * 512))
	run_json 1 memras quarantine add --json --timeout 5s "$pfn"+512
	assert_json '.results[0] | .result == "failed" and .held == 0 and (.blockers | length > 0) and .error.errno == "EBUSY"'
	assert_json '.results[0].blockers | any(.kind == "slab")'
	assert_equal "$(accounts)" "$before"

	# A good target beside it is had: part done.
	n=$(zone_block true)
	run_json 64 memras quarantine add --json --timeout 5s "$pfn"+512 $((n * pages))+512
	assert_json '.summary | .held == 1 and .failed == 1'
	assert_equal "$(offline_pages)" 512
	run_json 0 memras quarantine release --json all
	assert_equal "$(accounts)" "$before"

	run_json 0 memras quarantine add --json --dry-run "$pfn"+512 $((n * pages))+512
	assert_json '.results[0].result == "planned" and (.results[0].blockers | length > 0)'
	assert_json '.results[1].result == "planned"'
	assert_equal "$(accounts)" "$before"

	memras block offline --quiet "$n"
	run_json 1 memras quarantine add --json $((n * pages))+512
	assert_json '.results[0].result == "refused" and (.results[0].error.reason | test("offline"))'
	run_json 2 memras quarantine add --json 20-10
	run_json 2 memras quarantine add --no-module --json 0x1000
}

@test "a page that is pinned ends it at the timeout, and nothing is held" {
	local n before

	workload_in_block pinned 64
	n=$block
	before=$(accounts)
	run_json 1 memras quarantine add --json --timeout 3s $((n * pages))+"$pages"
	assert_json '.results[0] | .result == "failed" and .error.errno == "ETIMEDOUT" and .held == 0'
	assert_json ".results[0].blockers | any(.pfn <= $((pfns[40])) and .pfn + .pages > $((pfns[40])) and (.reason | test(\"pinned\")))"
	assert_equal "$(accounts)" "$before"
	workload_check
	workload_stop
}

# leaving_starts COMMAND...: runs COMMAND, then writes "offline" to the block of a pinned page,
# which does not end. It does in plain memory where the block got an unmovable page
# meanwhile: then takes another block.
leaving_starts() {
	for _ in 1 2 3 4 5; do
		workload_in_block pinned 64
		"$@"
		(exec 3>&- && exec sh -c "echo offline >/sys/devices/system/memory/memory$block/state" 2>/dev/null) &
		writer=$!
		sleep 2
		! kill -0 $writer || return 0
		wait "$writer" || true
		workload_stop
	done
	return 1
}

@test "a page whose block is on its way offline is neither poisoned nor unpoisoned" {
	local before

	before() {
		before=$(accounts)
	}
	leaving_starts before
	# memory_failure() would wait for the write, and that for the page.
	abi leaving "$((pfns[40]))"
	kill "$writer"
	wait "$writer" || true
	writer=
	assert_equal "$(block_state "$block")" online
	refute page_is hwpoison "$((pfns[40]))"
	assert_equal "$(accounts)" "$before"
	workload_check
	workload_stop
}

@test "an offline that began before the module was loaded goes on beside claims" {
	local i

	leaving_starts memras module unload --quiet
	# A claim that fails on them could make isolated pageblocks usable again.
	for i in 1 9 33; do
		run_json 1 memras quarantine add --json --timeout 1s $((block * pages + pages * i / 64))+$((pages / 64))
		assert_json '.results[0].error.errno == "EBUSY" or .results[0].error.errno == "ETIMEDOUT"'
	done
	kill -0 "$writer"
	workload_stop
	wait_for 20 offline_ended
	assert_equal "$(block_state "$block")" offline
}

offline_ended() {
	! kill -0 "$writer" 2>/dev/null || return 1
	wait "$writer" || true
	writer=
}

@test "killed or interrupted on its way, it leaves nothing held" {
	local n before pid i

	workload_in_block pinned 64
	n=$block
	before=$(accounts)
	for i in KILL INT; do
		env --default-signal=INT memras quarantine add --quiet --timeout 60s $((n * pages))+"$pages" 2>/dev/null 3>&- &
		pid=$!
		sleep 3
		# A pageblock is taken as a whole, which a pinned page prevents.
		[ "$(offline_pages)" -gt 0 ] || [ "$pages" = "$thp_pages" ]
		kill -$i $pid
		wait $pid || true
		wait_for 10 accounts_are "$before"
	done
	workload_check
	workload_stop
}

@test "it is mapped to be read and written, never run, and only by a descriptor for both" {
	local pfn

	pfn=$(($(zone_block true) * pages + 512))
	run_json 0 memras quarantine add --json "$pfn"+2
	abi map "$pfn"
	abi readonly "$pfn"
	abi ends
	run_json 0 memras quarantine list --json
	assert_json '[.quarantine[].held] == [2]'
}

@test "its block goes offline with it and comes back with it, by memras and by a plain write" {
	local n pfn before total way i

	n=$(zone_block true)
	pfn=$((n * pages + 1024))
	before=$(accounts)
	total=$(meminfo MemTotal)
	run_json 0 memras quarantine add --json "$pfn"+777
	for way in memras write; do
		if [ $way = memras ]; then
			run_json 0 memras block offline --json "$n"
		else
			echo offline >/sys/devices/system/memory/memory"$n"/state
		fi
		assert_equal "$(block_state "$n")" offline
		assert_equal "$(meminfo MemTotal)" $((total - memory * 1024))
		run_json 0 memras quarantine list --json
		assert_json ".quarantine | length == 1 and (.[0] | .state == \"away\" and .held == 0 and .pages == 777 and .pfn == $pfn)"
		if [ $way = memras ]; then
			run_json 0 memras block online --json --zone "$(zone_word)" "$n"
		else
			echo online_"$(zone_word)" >/sys/devices/system/memory/memory"$n"/state
		fi
		run_json 0 memras quarantine list --json
		assert_json '.quarantine | all(.state == "held") and ([.[].held] | add == 777)'
		assert_equal "$(offline_pages)" 777
		page_is offline $((pfn + 776))
		assert_equal "$(meminfo MemTotal)" $((total - 777 * page_size / 1024))
	done
	run_json 0 memras quarantine release --json all
	assert_json '[.results[].released] | add == 777'
	assert_equal "$(accounts)" "$before"

	# Released while its block is away: forgotten, and the block comes back whole.
	run_json 0 memras quarantine add --json "$pfn"+777
	run_json 0 memras block offline --json "$n"
	run_json 0 memras quarantine release --json all
	assert_json '.results[0].result == "released" and .results[0].released == 777'
	run_json 0 memras block online --json --zone "$(zone_word)" "$n"
	assert_equal "$(accounts)" "$before"
}

@test "a quarantine over blocks is held in those that are there" {
	local n pfn before

	n=$(zone_block true)
	pfn=$((n * pages - 300))
	before=$(accounts)
	run_json 0 memras quarantine add --json "$pfn"+600
	run_json 0 memras quarantine list --json
	assert_json '.quarantine | length == 1'
	run_json 0 memras block offline --json "$n"
	run_json 0 memras quarantine list --json
	assert_json '[.quarantine[] | [.pages, .held, .state]] == [[300, 300, "held"], [300, 0, "away"]]'
	run_json 0 memras block online --json --zone "$(zone_word)" "$n"
	run_json 0 memras quarantine list --json
	assert_json '[.quarantine[].held] | add == 600'
	run_json 0 memras quarantine release --json "$pfn"+600
	assert_equal "$(accounts)" "$before"
}

@test "pages of one pageblock are held one by one, beside a poisoned one, and their block comes and goes" {
	local n pfn before zone option

	n=$(zone_block true)
	pfn=$((n * pages + 4096))
	before=$(accounts)
	run_json 0 memras quarantine add --json "$pfn"
	run_json 0 memras quarantine add --json $((pfn + 8)) --timeout 20s
	assert_json '.results[0].held == 1'
	run_json 0 memras quarantine add --json $((pfn + 16))+100 --timeout 20s
	assert_json '.results[0].held == 100'
	assert_equal "$(offline_pages)" 102
	zone=$(zone_of "$n")
	for option in "--zone $(zone_word)" ""; do
		run_json 0 memras block offline --json "$n" --timeout 60s
		# shellcheck disable=SC2086 # two words or none
		run_json 0 memras block online --json $option "$n"
		# Without the option it goes back to where it was.
		assert_equal "$(zone_of "$n")" "$zone"
		run_json 0 memras quarantine list --json
		assert_json ".quarantine | all(.state == \"held\") and ([.[] | [.pfn, .held]] ==
			[[$pfn, 1], [$((pfn + 8)), 1], [$((pfn + 16)), 100]])"
		assert_equal "$(offline_pages)" 102
	done
	# The rest of the pageblock is had together with what it has of poison.
	memras offline --soft --quiet $((pfn + 200))
	run_json 0 memras quarantine add --json "$pfn"+512 --timeout 20s
	assert_json '.results[0] | .held == 409 and .poisoned == 1'
	run_json 0 memras quarantine release --json all
	page_is hwpoison $((pfn + 200))
	memras unpoison --quiet $((pfn + 200))
	assert_equal "$(accounts)" "$before"
}

@test "poisoned pages are gone round, and hugepages replaced" {
	local n pfn before

	n=$(zone_block true)
	pfn=$((n * pages + 2048))
	memras offline --soft --quiet $((pfn + 5))
	page_is hwpoison $((pfn + 5))
	before=$(accounts)
	run_json 0 memras quarantine add --json "$pfn"+512
	assert_json '.results[0] | .result == "held" and .held == 511 and .poisoned == 1'
	refute page_is offline $((pfn + 5))
	run_json 0 memras quarantine release --json "$pfn"+512
	assert_json '.results[0].released == 511'
	page_is hwpoison $((pfn + 5))
	memras unpoison --quiet $((pfn + 5))
	memras status --json | jq -e '.module.features | index("replace-hugepage")' >/dev/null || return 0
	pool_set 20
	pfn=$(memras hugepage list --json | jq -r '.hugepages[0].pfn')
	run_json 0 memras quarantine add --json $((pfn + 3))
	assert_json '.results[0] | .result == "held" and .held == 1'
	assert_equal "$(pool nr)" 20
	page_is offline $((pfn + 3))
	pool_set 0
	run_json 0 memras quarantine release --json all
}

@test "round after round of its block, none of it is lost" {
	local n

	n=$(zone_block true)
	run_json 0 memras quarantine add --json $((n * pages))+4096
	for _ in 1 2 3; do
		memras block offline --quiet "$n"
		memras block online --quiet --zone "$(zone_word)" "$n"
		run_json 0 memras quarantine list --json
		assert_json '([.quarantine[] | select(.state == "lost")] == []) and ([.quarantine[].held] | add == 4096)'
	done
}
