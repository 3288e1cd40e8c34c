#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The machine that a retired list belongs to, and the files next to the list.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

setup() {
	state=$BATS_TEST_TMPDIR/state
	input=$BATS_TEST_TMPDIR/input
	machine=$BATS_TEST_TMPDIR/machine
	cp -r "$X86" "$machine"
	rm "$machine/var/lib/memras/retired.json"
	echo 5 >"$input"
}

import() {
	run_memras --sysroot "$machine" --state-dir "$state" retired import "$@" "$input"
}

# dimms LOCATOR:SERIAL:MIB...: the firmware's DMI tables, with memory devices
dimms() {
	mkdir -p "$machine/sys/firmware/dmi/tables"
	/usr/bin/python3 -c '
import sys
out = bytes([16, 4, 0, 0, 0, 0])
for word in sys.argv[1:]:
    locator, serial, mib = word.split(":")
    body = bytearray(0x28)
    body[0:2] = 17, 0x28
    size = int(mib)
    body[0x0c:0x0e] = (size if size < 0x7fff else 0x7fff).to_bytes(2, "little")
    body[0x1c:0x20] = (size if size >= 0x7fff else 0).to_bytes(4, "little")
    body[0x10], body[0x17], body[0x18] = 1, 2, 3 if serial else 0
    out += body + b"\0".join(s.encode() for s in [locator, "Maker", serial] if s) + b"\0\0"
sys.stdout.buffer.write(out + bytes([127, 4, 2, 0, 0, 0]))' "$@" \
		>"$machine/sys/firmware/dmi/tables/DMI"
}

expect_pages() {
	diff <([ $# = 0 ] || printf '%s\n' "$@") <("$SUITE/memras" --state-dir "$state" retired export)
}

@test "a list of other memory is refused, and --force takes what fits" {
	local other=$BATS_TEST_TMPDIR/other

	run_memras --sysroot "$X86" --dry-run --json retired restore
	expect_status 0
	expect_valid
	expect_json '.summary.already == 1 and .summary.requested == 2'
	cp -r "$X86" "$other"
	echo 0x15fffffff >"$other/sys/firmware/memmap/1/end"
	run_memras --sysroot "$other" --dry-run retired restore
	expect_status 1
	expect_err "the list is of other memory: 512 MiB of memory are at other addresses than its" \
		"hint: --force takes what fits"
	run_memras --sysroot "$other" --state-dir "$state" retired import <(echo 5)
	cp "$other/var/lib/memras/retired.json" "$state"
	echo 5 >"$input"
	run_memras --sysroot "$other" --state-dir "$state" retired import "$input"
	expect_status 1
	expect_err "the list is of other memory"
	sed -i 's/"pfn": 1081360, "phys": 4429250560/"pfn": 9437184, "phys": 38654705664/' \
		"$other/var/lib/memras/retired.json"
	run_memras --sysroot "$other" --dry-run --json retired restore --force
	expect_status 0
	expect_valid
	expect_json '.summary.already == 2 and (.results[1] | .pfn == 9437184 and
		.kind == "reserved" and .error == null)'
	expect_err "1 page is no memory of this boot, and stays on the list"
}

@test "a map that the firmware moved between two boots is the same machine's" {
	# As seen on one with the same DIMMs: its last range ends 12 KiB later.
	ram 0x0-0x9efff 0x100000-0x7b0a8fff 0x100000000-0x47e358fff
	import
	expect_status 0
	echo 0x47e358 >"$input"
	import
	expect_status 0
	ram 0x0-0x9efff 0x100000-0x7b0abfff 0x100000000-0x47e35bfff
	run_memras --sysroot "$machine" --state-dir "$state" --dry-run retired restore
	[ "$status" != 1 ]
	echo 7 >"$input"
	import
	expect_status 0
	# And back again.
	ram 0x0-0x9efff 0x100000-0x7b0a8fff 0x100000000-0x47e358fff
	echo 9 >"$input"
	import
	expect_status 0
	expect_pages 0x5 0x7 0x9 0x47e358
	# Half of it is another machine, or a DIMM that is gone: nothing tells which.
	ram 0x0-0x9efff 0x100000-0x7b0a8fff 0x100000000-0x27e358fff
	import
	expect_status 1
	expect_err "the list is of other memory: 8192 MiB of memory are at other addresses"
}

@test "the DIMMs say which machine it is, whatever its map" {
	dimms DIMM_A1:4B1F20C3:8192 DIMM_B1:4B1F20D9:8192
	ram 0x0-0x9efff 0x100000-0x7b0a8fff 0x100000000-0x47e358fff
	import
	expect_status 0
	jq -e '.layout | .dimms == ["DIMM_A1 Maker 4B1F20C3", "DIMM_B1 Maker 4B1F20D9"] and
		.dimm_sizes == [8589934592, 8589934592]' "$state/retired.json"
	# The graphics take 2 GiB now, and a firmware update named the slots anew.
	ram 0x0-0x9efff 0x100000-0x7b0a8fff 0x100000000-0x3fe358fff
	dimms "DIMM 0:4B1F20C3:8192" "DIMM 1:4B1F20D9:8192"
	echo 6 >"$input"
	import
	expect_status 0
	# In each other's slots, one that is another, one more, one of another size.
	echo 7 >"$input"
	for others in "A:4B1F20D9:8192 B:4B1F20C3:8192" "A:4B1F20C3:8192 B:77777778:8192" \
		"A:4B1F20C3:8192 B:4B1F20D9:8192 C:4B1F20EE:8192" "A:4B1F20C3:8192 B:4B1F20D9:65536"; do
		# shellcheck disable=SC2086 # words
		dimms $others
		import
		expect_status 1
		expect_err "the list is of other memory" "DIMM"
		run_memras --sysroot "$machine" --state-dir "$state" --dry-run retired restore
		expect_status 1
		expect_err "hint: --force"
	done
	import --force
	expect_status 0
	expect_pages 0x5 0x6 0x7
	jq -e '.layout.dimm_sizes[1] == 68719476736' "$state/retired.json"
}

@test "DIMMs without a serial number say nothing but their size" {
	local none

	for none in "" "Not Specified" 00000000 FFFFFFFF "NO DIMM" Unknown "To be filled by O.E.M."; do
		rm -rf "$state"
		ram 0x0-0x9efff 0x100000-0x7b0a8fff 0x100000000-0x47e358fff
		dimms "A:$none:8192" "B:$none:8192"
		import
		expect_status 0
		ram 0x0-0x9efff 0x100000-0x7b0a8fff 0x100000000-0x47e35bfff
		import
		expect_status 0
		ram 0x0-0x9efff 0x100000-0x7b0a8fff 0x100000000-0x37e35bfff
		import
		expect_status 1
		ram 0x0-0x9efff 0x100000-0x7b0a8fff 0x100000000-0x47e35bfff
		dimms "A:$none:8192" "B:$none:4096"
		import
		expect_status 1
		expect_err "of 8192 MiB and is now"
	done
}

@test "a list without the sizes of the DIMMs is read, and gets them" {
	dimms DIMM_A1:4B1F20C3:8192
	import
	jq -c 'del(.layout.dimm_sizes)' "$state/retired.json" >"$input"
	cp "$input" "$state/retired.json"
	echo 6 >"$input"
	import
	expect_status 0
	jq -e '.layout.dimm_sizes == [8589934592]' "$state/retired.json"
	jq -c 'del(.layout.dimm_sizes)' "$state/retired.json" >"$input"
	cp "$input" "$state/retired.json"
	dimms DIMM_A1:4B1F20D9:8192
	import
	expect_status 1
	expect_err "a DIMM was 'DIMM_A1 Maker 4B1F20C3' of 0 MiB and is now 'DIMM_A1 Maker 4B1F20D9' of 8192 MiB"
}

@test "a list that is no file is said to be what it is, at once" {
	mkdir "$state"
	mkfifo "$state/retired.json"
	for what in "a FIFO" "a directory"; do
		for command in "list" "forget all" "export" "import $input"; do
			# shellcheck disable=SC2086 # words
			run_memras --state-dir "$state" retired $command
			expect_status 1
			expect_err "the list is $what, not a file" "hint: nothing is changed"
		done
		[ -d "$state/retired.json" ] || rm "$state/retired.json"
		mkdir -p "$state/retired.json"
	done
}

@test "a temporary file that has another name is not written through" {
	import
	echo precious >"$BATS_TEST_TMPDIR/precious"
	ln "$BATS_TEST_TMPDIR/precious" "$state/retired.json.new"
	echo 6 >"$input"
	import
	expect_status 0
	expect_pages 0x5 0x6
	[ "$(<"$BATS_TEST_TMPDIR/precious")" = precious ]
	ln -s "$BATS_TEST_TMPDIR/precious" "$state/retired.json.new"
	echo 7 >"$input"
	import
	expect_pages 0x5 0x6 0x7
	[ "$(<"$BATS_TEST_TMPDIR/precious")" = precious ]
	mkdir "$state/retired.json.new"
	echo 8 >"$input"
	import
	expect_status 1
	expect_err "the list cannot be written; the old one stays"
	expect_pages 0x5 0x6 0x7
}

@test "only the owner can open the lock, also one that was left open to all" {
	import
	[ "$(stat -c %a "$state/retired.lock")" = 600 ]
	chmod 644 "$state/retired.lock"
	echo 6 >"$input"
	import
	[ "$(stat -c %a "$state/retired.lock")" = 600 ]
	rm "$state/retired.lock"
	mkfifo "$state/retired.lock"
	import
	expect_status 1
	expect_err "its lock (retired.lock) is not a regular file"
	rm "$state/retired.lock"
	echo precious >"$BATS_TEST_TMPDIR/precious"
	ln -s "$BATS_TEST_TMPDIR/precious" "$state/retired.lock"
	import
	expect_status 1
	expect_err "its lock cannot be opened: Too many levels of symbolic links"
	# Another name of a file of others is neither held nor changed.
	chmod 644 "$BATS_TEST_TMPDIR/precious"
	ln -f "$BATS_TEST_TMPDIR/precious" "$state/retired.lock"
	import
	expect_status 4
	expect_err "its lock (retired.lock) belongs to another user, or has a second link"
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/precious")" = 644 ]
}

@test "who waits for the lock ends at a signal" {
	local pid

	import
	flock "$state/retired.lock" sleep 60 3>&- &
	holder=$!
	until flock -n "$state/retired.lock" true; [ $? = 1 ]; do sleep 0.1; done
	echo 6 >"$input"
	"$SUITE/memras" --state-dir "$state" retired import "$input" 3>&- &
	pid=$!
	sleep 1
	kill -0 $pid
	kill -INT $pid || true
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ "$status" = 143 ] || [ "$status" = 130 ]
	pkill -P $holder || true
	kill $holder 2>/dev/null || true
	expect_pages 0x5
}
