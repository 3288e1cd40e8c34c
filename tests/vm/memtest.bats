#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Test patterns over pages in quarantine. The memory of a guest does not fail:
# tests/vm/faulty fakes it, a process that keeps a bit of the tested page set.
#
# guest: default=5.10,7.3 cpus=2 memory=768M dimm=512M timeout=400

load lib

setup() {
	pages=$(($(block_size) / page_size))
	faulty_pid=
	memras module load --quiet
	# A block with a poisoned page may not come back; each such test has its own.
	n=$(memras block list --json |
		jq -er '[.blocks[] | select(.state == "online" and .zones == ["Movable"] and .poisoned == 0)] | last | .block')
	pfn=$((n * pages + 1024))
	before=$(accounts)
}

teardown() {
	[ -z "$faulty_pid" ] || kill "$faulty_pid" 2>/dev/null || true
	memras quarantine release --quiet all
	memras block online --quiet --zone movable all
}

@test "good memory passes every pattern, and is released whole" {
	run_json 0 memras quarantine add --test --seed 7 --json "$pfn"+300
	assert_json '.results[0] | .result == "held" and .test.pages == 300 and .test.seed == 7
		and .test.complete and .test.bad == []'
	# 68 patterns, both polarities, written and read
	assert_json '.results[0].test.bytes == 300 * '"$page_size"' * 68 * 2 * 2'
	[[ $errors == *"300 pages tested at "*" MiB/s, 0 bad (seed 7)"* ]]
	# Held already: tested again.
	run_json 0 memras quarantine add --test --json "$pfn"+20
	assert_json '.results[0] | .result == "already" and .test.pages == 20 and .test.complete'
	run_json 0 memras quarantine release --json all
	assert_equal "$(accounts)" "$before"
	run_json 2 memras quarantine add --poison-bad --json "$pfn"
}

@test "a page that does not keep a bit is named (by a fake of one), and retired when asked for" {
	local poisoned

	poisoned=$(poisoned_pages)
	memras quarantine add --quiet "$pfn"+64
	coproc FAULTY { exec faulty $((pfn + 40)) 24 5; }
	# shellcheck disable=SC2153 # set by coproc
	faulty_pid=$FAULTY_PID
	IFS= read -r -t 20 -u "${FAULTY[0]}" answer
	assert_equal "$answer" ready
	run_json 64 memras quarantine add --test --json "$pfn"+64
	assert_json ".results[0].test.bad | length == 1 and (.[0] | .pfn == $((pfn + 40)) and .offset == 24
		and .words > 0 and (.retired | not))"
	[[ $errors == *"1 page did not keep what was written"* ]]
	page_is offline $((pfn + 40))

	expect_log 'Memory failure: '
	run_json 0 memras quarantine add --test --poison-bad --json "$pfn"+64
	assert_json ".results[0].test.bad | length == 1 and (.[0] | .pfn == $((pfn + 40)) and .retired)"
	# What it mapped was taken from it when the page was released.
	wait "$faulty_pid" || [ $? = $((128 + 7)) ]
	faulty_pid=
	page_is hwpoison $((pfn + 40))
	assert_equal "$(poisoned_pages)" $((poisoned + 1))
	# It has left the quarantine, and is on the list.
	run_json 0 memras quarantine list --json
	assert_json "[.quarantine[] | select(.pfn <= $((pfn + 40)) and .pfn + .pages > $((pfn + 40)))] == []"
	run_json 0 memras retired list --json
	assert_json ".retired | any(.pfn == $((pfn + 40)) and .cause == \"memory test\" and .state == \"retired\")"
	run_json 0 memras quarantine release --json all
	page_is hwpoison $((pfn + 40))
	assert_equal "$(accounts)" "$before"
}

@test "a machine check in the midst of it (by a fake of one) ends no test, and loses nothing" {
	local pid rc=0 poisoned

	poisoned=$(poisoned_pages)
	memras quarantine add --quiet "$pfn"+4096
	coproc FAULTY { exec faulty $((pfn + 40)) 24 5; }
	faulty_pid=$FAULTY_PID
	IFS= read -r -t 20 -u "${FAULTY[0]}" answer
	assert_equal "$answer" ready
	memras quarantine add --test --poison-bad --json "$pfn"+4096 >"$BATS_TEST_TMPDIR/out" 2>/dev/null 3>&- &
	pid=$!
	wait_for 60 is_testing $pid
	# What a machine check does to a page that memras holds: the flag, and a SIGBUS.
	expect_log 'Memory failure: '
	echo $(((pfn + 2000) * page_size)) >/sys/devices/system/memory/hard_offline_page || true
	page_is hwpoison $((pfn + 2000))
	kill -BUS $pid
	wait $pid || rc=$?
	assert_equal "$rc" 0
	json=$(<"$BATS_TEST_TMPDIR/out")
	assert_json ".results[0].test | .complete and .pages == 4096 and
		[.bad[] | [.pfn, .words > 0, .retired]] == [[$((pfn + 40)), true, true], [$((pfn + 2000)), false, true]]"
	assert_json '.results[0].test.bad[1].pattern == "machine-check"'
	page_is hwpoison $((pfn + 40))
	wait "$faulty_pid" || [ $? = $((128 + 7)) ]
	faulty_pid=
	assert_equal "$(poisoned_pages)" $((poisoned + 2))
	run_json 0 memras retired list --json
	assert_json "[.retired[] | select(.pfn == $((pfn + 40)) or .pfn == $((pfn + 2000))) | .state] == [\"retired\", \"retired\"]"
	run_json 0 memras quarantine release --json all
	assert_equal "$(accounts)" "$before"
}

@test "a block that goes offline under a mapping takes it away, and gives it back" {
	memras quarantine add --quiet "$pfn"+64
	faulty $((pfn + 3)) 0 1 >/dev/null 3>&- &
	faulty_pid=$!
	sleep 1
	kill -0 $faulty_pid
	run_json 0 memras block offline --json "$n"
	# Its next touch is SIGBUS.
	wait $faulty_pid || [ $? = $((128 + 7)) ]
	faulty_pid=
	refute faulty $((pfn + 3)) 0 1
	run_json 0 memras block online --json --zone movable "$n"
	run_json 0 memras quarantine add --test --json "$pfn"+64
	assert_json '.results[0] | .result == "already" and .test.complete and .test.bad == []'
	run_json 0 memras quarantine release --json all
	assert_equal "$(accounts)" "$before"
}

@test "what nobody holds cannot be touched" {
	refute faulty $((pfn + 5)) 0 1
	memras quarantine add --quiet "$pfn"
	refute faulty $((pfn + 1)) 0 1
}

@test "interrupted, the test says so and its pages stay held" {
	local pid rc=0

	env --default-signal=INT memras quarantine add --test --json "$pfn"+16384 >"$BATS_TEST_TMPDIR/out" 2>/dev/null 3>&- &
	pid=$!
	wait_for 20 is_testing $pid
	sleep 0.5
	kill -INT $pid
	wait $pid || rc=$?
	assert_equal $rc 64
	json=$(<"$BATS_TEST_TMPDIR/out")
	assert_json '.results[0] | .result == "held" and (.test.complete | not) and .test.bytes > 0'
	run_json 0 memras quarantine release --json all
	assert_equal "$(accounts)" "$before"
}

# is_testing PID: it has mapped the pages that it writes
is_testing() {
	grep -q /dev/memras "/proc/$1/maps"
}
