#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The output of status on captured machines.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

@test "EDAC errors are told by DIMM, and those of no DIMM by controller" {
	run_memras --sysroot "$X86" --json status
	expect_status 0
	expect_valid
	expect_json '.edac | length == 3 and .[0] == {"controller": "mc0", "dimm": "dimm0",
		"label": "DIMM_A1", "location": "channel 0 slot 0", "size": 1073741824, "ce": 12,
		"ue": 0} and .[1].ue == 1 and .[2].dimm == null and .[2].ce == 3'
	# The controller's own sums agree.
	expect_json "([.edac[].ce] | add) == $(<"$X86/sys/devices/system/edac/mc/mc0/ce_count")"
	expect_json "([.edac[].ue] | add) == $(<"$X86/sys/devices/system/edac/mc/mc0/ue_count")"
}

@test "EDAC errors are told by chip-select row where there are no DIMMs" {
	local mc=$BATS_TEST_TMPDIR/machine/sys/devices/system/edac/mc/mc0 row

	cp -r "$X86" "$BATS_TEST_TMPDIR/machine"
	rm -r "$mc"/dimm*
	for row in 0 1; do
		mkdir "$mc/csrow$row"
		echo 1024 >"$mc/csrow$row/size_mb"
		echo 2 >"$mc/csrow$row/ce_count"
		echo $((row * 13)) >"$mc/csrow$row/ue_count"
		echo "CPU_SrcID#0_Ha#0_Chan#0_DIMM#$row" >"$mc/csrow$row/ch0_dimm_label"
	done
	run_memras --sysroot "$BATS_TEST_TMPDIR/machine" --json status
	expect_valid
	expect_json '.edac | length == 3 and .[1] == {"controller": "mc0", "dimm": "csrow1",
		"label": "CPU_SrcID#0_Ha#0_Chan#0_DIMM#1", "location": null, "size": 1073741824,
		"ce": 2, "ue": 13} and ([.[].ue] | add) == 13'
	run_memras --sysroot "$BATS_TEST_TMPDIR/machine" status
	[[ $out == *"7 corrected, 13 uncorrected"* ]]
}

@test "machine check interrupts are summed over CPUs" {
	run_memras --sysroot "$X86" --json status
	expect_json '.machine_checks == {"exceptions": 1, "polls": 575, "thresholds": 5,
		"deferred": 2}'
	run_memras --sysroot "$ARM64" --json status
	expect_valid
	expect_json '.machine_checks == null and .edac == []'
}

@test "memory failures are told by node, each count as the kernel has it" {
	local name node

	run_memras --sysroot "$X86" --json status
	for node in 0 1; do
		for name in total recovered ignored failed delayed; do
			expect_json ".nodes[$node].memory_failure.$name ==
				$(<"$X86/sys/devices/system/node/node$node/memory_failure/$name")"
		done
	done
}

@test "without a memory folder in sysfs, blocks are unknown and the rest is told" {
	[ ! -e "$NO_BLOCKS/sys/devices/system/memory" ]
	run_memras --sysroot "$NO_BLOCKS" --json status
	expect_status 0
	expect_valid
	expect_json '.memory == {total: 67108864, block_size: null, online: 0, offline: 0,
		blocks_online: 0, blocks_offline: 0} and .hugepages[0].total == 1'
	run_memras --sysroot "$NO_BLOCKS" status
	[[ $out == *"Memory:    64M"* && $out != *" offline in "* ]]
	run_memras --sysroot "$NO_BLOCKS" status --prometheus
	[[ $out == *"memras_memory_bytes 67108864"* && $out != *memras_memory_blocks* ]]
}

@test "without memory blocks, but with memory failure handling, the right option is named" {
	cp -r "$NO_BLOCKS" "$BATS_TEST_TMPDIR/machine"
	run_memras --sysroot "$NO_BLOCKS" offline --soft --dry-run 0x20
	expect_status 3
	expect_err "no memory failure handling (CONFIG_MEMORY_FAILURE)"
	echo "HardwareCorrupted:     4 kB" >>"$BATS_TEST_TMPDIR/machine/proc/meminfo"
	run_memras --sysroot "$BATS_TEST_TMPDIR/machine" offline --soft --dry-run 0x20
	expect_status 3
	expect_err "no memory block interface to ask for it (CONFIG_MEMORY_HOTPLUG)"
}

@test "a module that is not asked is loaded all the same, and what it holds is not known" {
	cp -r "$ARM64" "$BATS_TEST_TMPDIR/machine"
	mkdir -p "$BATS_TEST_TMPDIR/machine/sys/module/memras"
	echo 9.9 >"$BATS_TEST_TMPDIR/machine/sys/module/memras/version"
	run_memras --sysroot "$BATS_TEST_TMPDIR/machine" --json status
	expect_valid
	expect_json '.module == {loaded: true, version: "9.9", abi: null, features: []} and
		.quarantine == null'
}

@test "health comes first: what is poisoned, errors, what is pending" {
	run_memras --sysroot "$X86" status
	expect_status 0
	[[ $(head -1 <<<"$out") == "Not healthy: 8K of memory is poisoned, 1 uncorrected error, 1 machine check exception, 1 page of the retired list not retired" ]]
	[[ $out == *"Errors:    15 corrected, 1 uncorrected"*"Retired:   2 on the list, 1 of them pending"*Memory:* ]]
}

@test "the verdict is healthy when nothing is wrong, and the rest leaves out what is empty" {
	local machine=$BATS_TEST_TMPDIR/machine

	cp -r "$X86" "$machine"
	rm -r "$machine/sys/devices/system/edac" "$machine/proc/interrupts"
	sed -i 's/^HardwareCorrupted.*/HardwareCorrupted:     0 kB/' "$machine/proc/meminfo"
	find "$machine" -path '*memory_failure/*' -exec sh -c 'echo 0 >"$1"' - {} \;
	run_memras --sysroot "$machine" --state-dir "$BATS_TEST_TMPDIR" status
	[[ $(head -1 <<<"$out") == "Healthy: no memory is poisoned" ]]
	[[ $out != *Errors:* && $out != *Retired:* && $out != *Failures:* && $out != *CONTROLLER* ]]
	run_memras --sysroot "$machine" --state-dir "$BATS_TEST_TMPDIR" --json status
	expect_valid
	expect_json '.healthy == true and .problems == []'
	run_memras --sysroot "$X86" --json status
	expect_json '.healthy == false and .problems == ["poisoned", "uncorrected-errors",
		"machine-checks", "pending-pages"]'
	sed -i '/^HardwareCorrupted/d' "$machine/proc/meminfo"
	run_memras --sysroot "$machine" --state-dir "$BATS_TEST_TMPDIR" status
	[[ $out == "Unknown: this kernel has no memory failure handling"* ]]
	run_memras --sysroot "$machine" --state-dir "$BATS_TEST_TMPDIR" --json status
	expect_json '.healthy == null'
}

@test "a retired list that cannot be read is told, and is not taken for an empty one" {
	mkdir "$BATS_TEST_TMPDIR/state"
	echo '{"version":2}' >"$BATS_TEST_TMPDIR/state/retired.json"
	run_memras --sysroot "$X86" --state-dir "$BATS_TEST_TMPDIR/state" --json status
	expect_status 0
	expect_valid
	expect_json '.retired == null'
	run_memras --sysroot "$X86" --state-dir "$BATS_TEST_TMPDIR/state" status
	[[ $out == *"Retired:   unknown: the list has version 2"* ]]
	run_memras --sysroot "$X86" --state-dir "$BATS_TEST_TMPDIR/state" status --prometheus
	[[ $out != *memras_retired_* ]]
}

# What promtool lets pass, and node_exporter does not: the same sample twice.
check_metrics() {
	"$PROMTOOL" check metrics <<<"$1" &&
		! grep -v -e '^# ' -e '^memras_' <<<"$1" &&
		! grep -v '^#' <<<"$1" | sed 's/ [^ ]*$//' | sort | uniq -d | grep .
}

@test "metrics are as promtool wants them, on every machine" {
	local machine

	for machine in "$X86" "$ARM64" "$S390" "$NO_BLOCKS" /; do
		run_memras --sysroot "$machine" status --prometheus
		expect_status 0
		[[ $out == *memras_module_loaded* ]]
		check_metrics "$out"
	done
	# It finds what is wrong.
	run_memras --sysroot "$X86" status --prometheus
	run check_metrics "${out/ counter/ gauge}"
	[ "$status" != 0 ]
	run check_metrics "${out/hardware_corrupted_bytes 8192/hardware_corrupted_bytes 8K}"
	[ "$status" != 0 ]
	run check_metrics "$out"$'\n'"$(tail -n 1 <<<"$out")"
	[ "$status" != 0 ]
}

@test "metrics as JSON are refused" {
	run_memras --sysroot "$X86" --json status --prometheus
	expect_status 2
	expect_valid
	expect_json '.error.reason | test("--json or --prometheus")'
	run_memras --sysroot "$X86" status --prometheus --json
	expect_status 2
	expect_err "only one of --json or --prometheus"
}

@test "metrics have the same numbers as JSON" {
	local metrics

	run_memras --sysroot "$X86" status --prometheus
	metrics=$out
	run_memras --sysroot "$X86" --json status
	grep -qx "memras_hardware_corrupted_bytes $(jq .hardware_corrupted <<<"$out")" <<<"$metrics"
	grep -qx "memras_retired_pending_pages $(jq .retired.pending <<<"$out")" <<<"$metrics"
	grep -qx "memras_edac_corrected_errors_total{controller=\"mc0\",dimm=\"dimm0\",label=\"DIMM_A1\"} $(
		jq '.edac[0].ce' <<<"$out")" <<<"$metrics"
	grep -qx "memras_hugepages{size=\"1073741824\",node=\"1\"} $(
		jq '.hugepages[] | select(.size == 1073741824 and .node == 1).total' <<<"$out")" \
		<<<"$metrics"
}
