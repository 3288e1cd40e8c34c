#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Real machines, captured by contrib/capture; tests/fixtures/make generates the others.

load lib

setup_file() {
	"$BATS_TEST_DIRNAME/../../contrib/capture" "$BATS_FILE_TMPDIR/here"
}

setup() {
	here=$BATS_FILE_TMPDIR/here
	captured=("$SUITE"/captured/*/)
	[ ${#captured[@]} -ge 1 ] && [ -d "${captured[0]}" ]
}

@test "status, blocks, hugepages and doctor of captured machines are as their schemas say" {
	local machine command

	for machine in "${captured[@]}"; do
		for command in status "block list" "block show 0" "hugepage list" doctor map; do
			[[ $command != "hugepage list" && $command != "block show"* ]] ||
				[ -e "$machine/proc/kpageflags" ] || continue
			# shellcheck disable=SC2086
			run_memras --json --sysroot "$machine" $command
			[[ $status = 0 || $command = doctor && ($status = 3 || $status = 4) ]]
			expect_valid
		done
	done
}

@test "blocks of captured machines are those that lsmem finds" {
	local machine columns=RANGE,SIZE,STATE,BLOCK

	for machine in "${captured[@]}"; do
		run_memras --sysroot "$machine" block list --bytes --raw --output "$columns"
		expect_status 0
		diff <(lsmem --sysroot "$machine" --all --bytes --raw --output "$columns" | grep 0x) \
			<(grep 0x <<<"$out")
	done
}

@test "what a capture of this machine has is what memras says of it" {
	[ ! -e /sys/devices/system/memory ] || {
		run_memras --json block list
		jq -S '[.blocks[] | {range, state, removable, node, zones}]' <<<"$out" >"$BATS_TEST_TMPDIR/live"
		run_memras --json block list --sysroot "$here"
		jq -S '[.blocks[] | {range, state, removable, node, zones}]' <<<"$out" |
			diff "$BATS_TEST_TMPDIR/live" -
	}
	run_memras --json status --sysroot "$here"
	expect_status 0
	expect_valid
	expect_json ".kernel.release == \"$(uname -r)\""
}

@test "a capture has no boot id, no DIMM label and no string of the firmware" {
	local file

	[ "$(<"$here/proc/sys/kernel/random/boot_id")" = 00000000-0000-4000-8000-000000000000 ]
	for file in "$here"/sys/devices/system/edac/mc/*/*/dimm_label; do
		[ ! -s "$file" ] || grep -qx 'DIMM_[0-9]*' "$file"
	done
	file=$here/sys/firmware/dmi/tables/DMI
	[ ! -e "$file" ] || [ "$(stat -c %s "$file")" = "$(stat -c %s /sys/firmware/dmi/tables/DMI)" ]
	for file in /sys/class/dmi/id/*_serial /sys/class/dmi/id/product_uuid; do
		[ ! -r "$file" ] || [ "$(wc -c <"$file")" -lt 6 ] ||
			! grep -raqF -- "$(<"$file")" "$here"
	done
	run "$TOP/contrib/capture" "$here"
	[ "$status" != 0 ]
}
