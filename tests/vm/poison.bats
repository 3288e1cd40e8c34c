#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Poison survives an offline: pages retired in a block are retired again when the block
# comes back online, or the block stays offline with a reason.
#
# guest: core=arm64,arm64-16k cpus=1 memory=2G dimm=512M timeout=600 zones=movable,plain

load lib

setup() {
	pages=$(($(block_size) / page_size))
	memras module load --quiet
	poisoned=$(poisoned_pages)
}

teardown() {
	memras quarantine release --quiet all
}

# Every block that is offline stays so where the kernel does not take it back,
# so each test has a block of its own.
poison_free_block() {
	zone_block '.poisoned == 0'
}

# Whether this kernel forgets poison, by what the module says
forgets() {
	memras status --json | jq -e '.module.features | index("restore-poison")' >/dev/null
}

# retire_three N: pages of block N, by the three ways that leave different traces
retire_three() {
	local first=$(($1 * pages))

	a=$((first + 700)) b=$((first + pages / 4))
	memras offline --soft --quiet "$a" "$b"
	# One that nobody uses: else it is refused
	for c in $(seq $((b + 1)) 97 $((first + pages * 9 / 10))); do
		memras offline --hard --quiet "$c" 2>/dev/null && break
	done
	page_is hwpoison "$a" && page_is hwpoison "$b" && page_is hwpoison "$c"
	assert_equal "$(poisoned_pages)" $((poisoned + 3))
}

still_retired() {
	page_is hwpoison "$a" && page_is hwpoison "$b" && page_is hwpoison "$c"
	refute page_is buddy $b
	assert_equal "$(poisoned_pages)" $((poisoned + 3)) "poisoned pages that are counted"
	memras status --pages --json | jq -e "[.poisoned[].pfn] | contains([$a, $b, $c])" >/dev/null
}

refused_with_pfns() {
	run_json 1 memras block online --json --zone "$(zone_word)" "$1"
	assert_json ".results[0] | .result == \"failed\" and .error.errno == \"EHWPOISON\" and
		(.error.reason | test(\"3 poisoned pages, first $(printf 0x%x $a)\"))"
	assert_json ".results[0].poison | [.[].pfn] == [$a, $b, $c] and all(.state == \"kept-offline\")"
	assert_equal "$(block_state "$1")" offline
}

@test "taken offline and brought back by two runs of memras" {
	local n total

	expect_log 'Memory failure: '
	n=$(poison_free_block)
	total=$(meminfo MemTotal)
	retire_three "$n"
	run_json 0 memras block offline --json "$n"
	assert_json ".results[0].poison | [.[].pfn] == [$a, $b, $c] and all(.state == \"remembered\")"
	assert_equal "$(block_state "$n")" offline
	forgets || { refused_with_pfns "$n"; return; }

	run_json 1 memras module unload --json
	run_json 0 memras block online --json --zone "$(zone_word)" "$n"
	assert_json ".results[0].poison | [.[].pfn] == [$a, $b, $c] and all(.state == \"retired\")"
	[[ $errors == *"3 poisoned pages are retired again"* ]]
	still_retired
	assert_equal "$(meminfo MemTotal)" "$total"

	# Once more, as what was put back must be found again.
	run_json 0 memras block offline --json "$n"
	run_json 0 memras block online --json --zone "$(zone_word)" "$n"
	still_retired

	# And they can be taken back like any other.
	run_json 0 memras unpoison --json $a $b
	assert_json '.summary.unpoisoned == 2'
	assert_equal "$(poisoned_pages)" $((poisoned + 1))
	run_json 0 memras block offline --json "$n"
	assert_json ".results[0].poison | [.[].pfn] == [$c]"
	run_json 0 memras block online --json --zone "$(zone_word)" "$n"
	page_is hwpoison "$c"
	refute page_is hwpoison $a
	assert_equal "$(meminfo MemTotal)" "$total"
	run_json 0 memras module unload --json
}

@test "taken offline and brought back by plain writes" {
	local n

	expect_log 'Memory failure: '
	n=$(poison_free_block)
	retire_three "$n"
	echo offline >/sys/devices/system/memory/memory"$n"/state
	forgets || {
		refute sh -c "echo online_$(zone_word) >/sys/devices/system/memory/memory$n/state"
		refused_with_pfns "$n"
		return
	}
	echo online_"$(zone_word)" >/sys/devices/system/memory/memory"$n"/state
	still_retired
}

@test "in a quarantine, too: they are left behind when it is released" {
	local n before

	expect_log 'Memory failure: '
	n=$(poison_free_block)
	retire_three "$n"
	before=$(accounts)
	run_json 0 memras quarantine add --json $((n * pages))+$((pages * 5 / 16))
	assert_json ".results[0].poisoned == 3 and .results[0].held == $((pages * 5 / 16 - 3))"
	run_json 0 memras block offline --json "$n"
	forgets || { refused_with_pfns "$n"; return; }
	run_json 0 memras block online --json --zone "$(zone_word)" "$n"
	still_retired
	run_json 0 memras quarantine release --json all
	still_retired
	assert_equal "$(accounts)" "$before"
}

@test "without the module it is told that they may be forgotten" {
	local n

	expect_log 'Memory failure: '
	n=$(poison_free_block)
	retire_three "$n"
	memras module unload --quiet 2>/dev/null || return 0
	run_json 0 memras block offline --no-module --json "$n"
	assert_json '.results[0].poison | length == 3 and all(.state == "not-remembered")'
	[[ $errors == *"kernels before 6.2 forget"* ]]
}
