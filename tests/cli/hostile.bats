#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Hostile bytes in input are escaped on the terminal and in documents.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

# A command that is held up is a failure, not a wait.
export BATS_TEST_TIMEOUT=600

# Moves the cursor, begins a line, is no UTF-8, is cut short, reorders what follows.
EVIL=$'a\033[2J\nmemras: evil\377\302\233\342\200\256"\\c\342\202'

setup() {
	MACHINE=$BATS_TEST_TMPDIR/machine
}

# A captured machine on which each text is hostile.
make_hostile() {
	local mc=$MACHINE/sys/devices/system/edac/mc/mc0

	cp -a "$X86" "$MACHINE"
	printf '%s' "$EVIL" >"$mc/dimm0/dimm_label"
	printf '%s' "$EVIL" >"$mc/dimm0/dimm_location"
	printf '%s' "$EVIL" >"$MACHINE/proc/sys/kernel/osrelease"
	mkdir -p "$MACHINE/sys/module/memras"
	printf '%s' "$EVIL" >"$MACHINE/sys/module/memras/version"
	mkdir -p "$MACHINE/var/lib/memras"
	printf '{"version":1,"page_size":4096,"layout":{"boot":null,"ranges":[],"dimms":[]},
		"retired":[{"pfn":1081344,"phys":4429185024,"node":0,"cause":"a\377\\u001b\\nb",
		"time":"2026-11-21T04:41:46Z","label":"\302\233","state":"retired","reason":null}]}' \
		>"$MACHINE/var/lib/memras/retired.json"
}

# What is printed is harmless, and no line begins as the newline would have it.
expect_tamed() {
	expect_harmless
	[[ $'\n'$out$'\n'$err != *$'\n'"memras: evil"* ]]
}

@test "hostile words are harmless in messages and JSON" {
	local word

	for word in "$EVIL" "file:/$EVIL" "5$EVIL"; do
		run_memras offline --soft "$word"
		expect_tamed
		[ "$status" != 0 ]
		run_memras --json offline --soft "$word"
		expect_tamed
		expect_valid
	done
	run_memras "$EVIL"
	expect_tamed
	expect_err 'a\x1b[2J\x0amemras: evil\xff\xc2\x9b\xe2\x80\xae"\c\xe2\x82: no such command'
	run_memras --json "--$EVIL"
	expect_tamed
	expect_valid
	run_memras --sysroot "/$EVIL" status -J
	expect_tamed
	expect_valid
	run_memras --sysroot "$X86" --color "$EVIL" status -J
	expect_tamed
	expect_valid
	run_memras --sysroot "$X86" block list -o "$EVIL"
	expect_tamed
}

@test "a word that is cut for a message is cut between two characters" {
	local long

	# An odd and an even number of bytes before characters of two and of three
	for long in "$(printf 'ä%.0s' {1..200})" "x$(printf 'ä%.0s' {1..200})" \
		"$(printf '€%.0s' {1..200})" "x$(printf '€%.0s' {1..200})"; do
		run_memras -J offline --soft "$long"
		expect_usage_json
		jq -e '.object | test("^x?(ä+|€+)$")' <<<"$out"
	done
}

expect_usage_json() {
	expect_status 2
	expect_tamed
	expect_valid
}

@test "hostile texts of the machine are harmless in tables, JSON and Prometheus" {
	local command

	make_hostile
	for command in status "status --pages" "retired list" "retired export" doctor "block list" \
		"retired export --format badram" "inspect 0x108000"; do
		# shellcheck disable=SC2086
		run_memras --sysroot "$MACHINE" $command
		expect_tamed
		[[ $command == *badram ]] || {
			# shellcheck disable=SC2086
			run_memras --sysroot "$MACHINE" -J $command
			expect_tamed
			expect_valid
		}
	done
	run_memras --sysroot "$MACHINE" status
	expect_err ""
	[[ $out == *'a\x1b[2J\x0amemras: evil\xff\xc2\x9b'* ]]
	run_memras --sysroot "$MACHINE" status --prometheus
	expect_tamed
	[[ $out == *'label="a\\x1b[2J\\x0amemras: evil\\xff\\xc2\\x9b\\xe2\\x80\\xae\"\\c\\xe2\\x82"'* ]]
	"$PROMTOOL" check metrics <<<"$out"
	run_memras --sysroot "$MACHINE" -J status
	jq -e '.edac[0].label | contains("\u001b[2J\nmemras: evil\ufffd\u009b\u202e\"\\c")' <<<"$out"
}

@test "text of other languages is shown as it is, where the terminal can" {
	cp -a "$X86" "$MACHINE"
	printf 'Käse' >"$MACHINE/sys/devices/system/edac/mc/mc0/dimm0/dimm_label"
	LC_ALL=C.UTF-8 run_memras --sysroot "$MACHINE" status
	[[ $out == *"Käse"* ]]
	LC_ALL=C run_memras --sysroot "$MACHINE" status
	[[ $out == *'K\xc3\xa4se'* ]]
	run_memras --sysroot "$MACHINE" status --prometheus
	[[ $out == *'label="Käse"'* ]]
}

@test "a captured machine with impossible sizes is refused, not divided by" {
	local size

	cp -a "$X86" "$MACHINE"
	for size in 0 1 fff ffffffffffffffff -1 " 8000000" 8000001; do
		echo "$size" >"$MACHINE/sys/devices/system/memory/block_size_bytes"
		run_memras --sysroot "$MACHINE" block list
		expect_status 3
		expect_err "no memory block interface"
		run_memras --sysroot "$MACHINE" inspect 0x108000
		expect_status 0
		run_memras --sysroot "$MACHINE" -J status
		expect_status 0
		expect_valid
	done
	# A page of 3 bytes, and of 2^63
	for size in '\3\0\0\0\0\0\0\0' '\0\0\0\0\0\0\0\200'; do
		# shellcheck disable=SC2059 # bytes
		printf "\6\0\0\0\0\0\0\0$size" >"$MACHINE/proc/self/auxv"
		run_memras --sysroot "$MACHINE" -J inspect 0x108000
		expect_json '.pages[0].phys == 4429185024'
	done
	echo "HardwareCorrupted: 99999999999999999999 kB" >"$MACHINE/proc/meminfo"
	run_memras --sysroot "$MACHINE" -J status
	expect_status 0
	expect_json '.hardware_corrupted == null and .memory.total == null'
}

@test "a FIFO or device in a captured machine does not hold a command up" {
	local file

	cp -a "$X86" "$MACHINE"
	for file in proc/kpageflags proc/meminfo proc/self/mountinfo \
		sys/devices/system/memory/block_size_bytes var/lib/memras/retired.json \
		sys/devices/system/edac/mc/mc0/dimm0/dimm_label; do
		rm -f "$MACHINE/$file"
		mkdir -p "$(dirname "$MACHINE/$file")"
		mkfifo "$MACHINE/$file"
	done
	run_memras --sysroot "$MACHINE" status
	[[ $status = 0 || $status = 1 ]]
	run_memras --sysroot "$MACHINE" retired list
	expect_status 1
}
