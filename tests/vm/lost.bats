#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The block of a quarantine comes back online, and another user has some of the pages:
# pages that are not claimed again are reported as lost, and claimed once that is
# possible. The other user is a fake of a faster driver: tests/vm/thief.
#
# guest: kernels=5.10,6.1,7.3 default=5.10,7.3 cpus=1 memory=2G dimm=128M fakes=thief timeout=480 zones=movable,plain

load lib

# Where the thief takes pages, the module gives up a pageblock, or on 5.10 a block of
# the allocator's highest order.
case $MEMRAS_KERNEL in
5.10) unit=1024 ;;
*) unit=512 ;;
esac

setup() {
	local pages

	memras module load --quiet
	pages=$(($(block_size) / page_size))
	block=$(zone_block true)
	pfn=$((block * pages + 2048))
	lost=$((pfn + 1024))
	stolen=$((lost + unit - 10))
	before=$(accounts)
}

teardown() {
	rmmod thief 2>/dev/null || true
	memras quarantine release --quiet all
	blocks_back
}

# 2048 pages are put aside, and their block goes offline.
put_aside() {
	run_json 0 memras quarantine add --json "$pfn"+2048
	run_json 0 memras block offline --json "$block"
	assert_json ".results[0].quarantine | length == 1 and (.[0] | .pfn == $pfn and .pages == 2048 and .state == \"away\")"
}

# 3 of them are not free any more when memras.ko is told that the block is back.
let_steal() {
	insmod "$BATS_TEST_DIRNAME/thief.ko" first_pfn="$stolen" nr_pages=3
	dmesg -C
}

online_by_write() {
	echo online_"$(zone_word)" >"/sys/devices/system/memory/memory$block/state"
}

kernel_told() {
	assert_equal "$(</sys/module/thief/parameters/taken)" Y
	dmesg | grep -q "memras: $unit quarantined pages of .* could not be taken again"
}

# The thief has its pages, nobody else has, and all but what is round them is held.
some_is_lost() {
	run_json 0 memras quarantine list --json
	assert_json "([.quarantine[] | select(.state == \"lost\") | [.pfn, .pages, .held]] == [[$lost, $unit, 0]])
		and ([.quarantine[] | select(.state == \"held\").held] | add == $((2048 - unit)))
		and ([.quarantine[].pages] | add == 2048)"
	assert_equal "$(count_pages offline)" $((2048 - unit))
	refute page_is offline "$stolen"
	refute page_is buddy "$stolen"
	refute page_is offline $((stolen + 2))
	assert_equal "$(meminfo MemTotal)" $(($(sed -n 's/^MemTotal //p' <<<"$before") - (2048 - unit) * 4))
}

all_is_held() {
	run_json 0 memras quarantine list --json
	assert_json ".quarantine | all(.state == \"held\" and .held == .pages) and ([.[].held] | add == 2048)"
	assert_equal "$(count_pages offline)" 2048
	page_is offline "$stolen"
}

@test "what is lost is told by whoever brings the block online, by list and by status" {
	put_aside
	let_steal
	run_json 1 memras block online --json --zone "$(zone_word)" "$block"
	assert_equal "$(block_state "$block")" online
	assert_json ".results[0] | .result == \"failed\" and .error.errno == \"EIO\"
		and (.error.reason | test(\"is online, but $unit pages in quarantine\"))
		and (.error.hint | test(\"quarantine add 0x$(printf %x "$lost")\\\\+$unit\"))
		and ([.quarantine[] | select(.state == \"lost\").pages] == [$unit])"
	kernel_told
	some_is_lost
	memras quarantine list | grep -E "^0x$(printf %x "$lost") +$unit +0 +0 lost "
	run_json 0 memras status --json
	assert_json "[.quarantine[] | select(.state == \"lost\") | [.pfn, .pages]] == [[$lost, $unit]]"

	# Released then, what is held is given back, and the rest left to who has it.
	run_json 0 memras quarantine release --json "$pfn"+2048
	assert_json ".results[0] | .result == \"released\" and .released == 2048 and .forgotten == $unit"
	assert_equal "$(accounts)" "$before"
	run_json 0 memras quarantine list --json
	assert_json '.quarantine == []'
	rmmod thief
	assert_equal "$(accounts)" "$before"
}

@test "adding it again names who has it, and has it all again once he is gone" {
	local had

	put_aside
	let_steal
	online_by_write
	kernel_told
	some_is_lost

	# In a Movable zone a part that nobody has is not in his way, whether it is asked for
	# alone or not. In others one page that cannot be moved makes its pageblock busy.
	if [ "$(zone_word)" = movable ]; then
		run_json 0 memras quarantine add --json $((lost + 256))+128
		assert_json '.results[0] | .result == "held" and .held == 128'
		had=384
	else
		run_json 1 memras quarantine add --json --timeout 100ms $((lost + 256))+128
		assert_json ".results[0].blockers | any(.pfn <= $stolen and .pfn + .pages >= $stolen + 3)"
		had=0
	fi
	run_json 1 memras quarantine add --json --timeout 100ms "$pfn"+2048
	assert_json ".results[0] | .result == \"failed\" and .held == $((had ? 256 : 0))
		and (.blockers | any(.pfn <= $stolen and .pfn + .pages >= $stolen + 3))
		and (.error.hint | test(\"$((2048 - unit + had)) of its pages are held and $((unit - had)) lost\"))"
	assert_equal "$(count_pages offline)" $((2048 - unit + had))

	rmmod thief
	run_json 0 memras quarantine add --json "$pfn"+2048
	assert_json ".results[0] | .result == \"held\" and .held == $((unit - had)) and .error == null"
	all_is_held
	run_json 0 memras quarantine add --json "$pfn"+2048
	assert_json '.results[0].result == "already"'
	run_json 0 memras quarantine release --json all
	assert_json '[.results[] | [.released, .forgotten]] == [[2048, 0]]'
	assert_equal "$(accounts)" "$before"
}

@test "its block goes offline and comes back, and with it what was lost" {
	put_aside
	let_steal
	online_by_write
	kernel_told
	run_json 1 memras block offline --json --timeout 100ms "$block"
	assert_json ".results[0] | .result == \"failed\" and (.blockers | any(.pfn <= $stolen and .pfn + .pages >= $stolen + 3))"
	some_is_lost
	rmmod thief
	run_json 0 memras block offline --json "$block"
	assert_json '[.results[0].quarantine[] | [.pages, .held, .state]] == [[2048, 0, "away"]]'
	run_json 0 memras block online --json --zone "$(zone_word)" "$block"
	assert_json '.results[0] | .result == "onlined" and .error == null
		and ([.quarantine[] | [.pages, .held, .state]] == [[2048, 2048, "held"]])'
	all_is_held
	run_json 0 memras quarantine release --json all
	assert_json '[.results[].released] | add == 2048'
	assert_equal "$(accounts)" "$before"
}
