#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Device memory (ZONE_DEVICE): a DAX device in sections of its own, a persistent memory
# disk that shares one with ordinary memory, and a DAX device with its memmap on the
# device (altmap).
#
# guest: arch=amd64 cpus=1 memory=1280M append="memmap=128M!768M memmap=32M!904M memmap=128M!1024M" timeout=240

load lib

DAX=/dev/dax0.0

# make_dax REGION MODE UUID: makes the namespace of a region a DAX device, as "ndctl
# create-namespace --mode=devdax --map=MODE" does (mem is "ram" in sysfs, dev is "pmem")
make_dax() {
	local seed

	echo "namespace$1.0" >/sys/bus/nd/drivers/nd_pmem/unbind
	seed=/sys/bus/nd/devices/$(cat "/sys/bus/nd/devices/region$1/dax_seed")
	echo "$3" >"$seed/uuid"
	echo 4096 >"$seed/align"
	echo "$2" >"$seed/mode"
	echo "namespace$1.0" >"$seed/namespace"
	echo "${seed##*/}" >/sys/bus/nd/drivers/dax_pmem/bind
}

setup_file() {
	modprobe -a nd_e820 nd_pmem dax_pmem device_dax
	wait_for 30 test -b /dev/pmem1
	wait_for 30 test -b /dev/pmem2
	make_dax 0 ram 6b8b4567-327b-43c6-a43c-98693c6e6457
	wait_for 30 test -c $DAX
	# What is on the pages that have no struct page of their own must not be taken for one.
	tr '\0' '\377' </dev/zero | dd of=/dev/pmem2 bs=1M count=8 iflag=fullblock oflag=direct status=none
	make_dax 2 pmem 74b0dc51-19b9-4d5f-a1c3-8ad2c7d1a3f0
	wait_for 30 test -c /dev/dax2.0
}

setup() {
	workload_pid=
	dax_pfn=$(($(cat /sys/bus/dax/devices/dax0.0/resource) / 4096 + 77))
	pmem_pfn=$(($(cat /sys/bus/nd/devices/namespace1.0/resource) / 4096 + 77))
}

teardown() {
	[ -z "$workload_pid" ] || kill "$workload_pid" 2>/dev/null || true
}

@test "pages of a DAX device and of a persistent memory disk are told as device memory" {
	local module zone

	for module in --no-module ""; do
		[ -n "$module" ] || memras module load --quiet
		zone='"Device"'
		[ -z "$module" ] || zone=null
		# shellcheck disable=SC2086 # none is no word
		run_json 0 memras inspect --json $module $dax_pfn $pmem_pfn
		assert_json ".pages | length == 2 and all(.kind == \"device\" and .zone == $zone
			and .mapcount == null and .soft_path == \"none\" and .soft_error.errno == \"EOPNOTSUPP\")"
		assert_json '.pages[0].soft_error.reason | test("device memory \\(dax0.0\\)")'
		assert_json '.pages[1].soft_error.reason | test("device memory \\(namespace1.0\\)")'
	done
}

@test "the pages that hold the memory map of their device are device memory, and no more is told" {
	local first data

	first=$(($(cat /sys/bus/nd/devices/namespace2.0/resource) / 4096))
	data=$(($(cat /sys/bus/dax/devices/dax2.0/resource) / 4096))
	[ "$data" -gt $((first + 256)) ]
	memras module load --quiet
	run_json 0 memras inspect --json "$first" $((first + 100)) $((data - 1)) "$data"
	assert_json '.pages | length == 4 and all(.kind == "device" and .zone == "Device" and .node == 0
		and (.flags | index("hwpoison") == null))'
	assert_json '[.pages[].refcount == 0] | .[0:3] == [true, true, true]'
}

@test "a range over ordinary and device memory is all memory, and past it there is none" {
	local pfn

	# 4 pages before the disk are the system's, the disk begins behind them.
	pfn=$((pmem_pfn - 77))
	run_json 0 memras inspect --json $((pfn - 4))-$((pfn + 3))
	assert_json '[.pages[].kind == "device"] == [false, false, false, false, true, true, true, true]'
	run_json 0 memras inspect --json $((dax_pfn - 1))+3
	assert_json '.pages | length == 3 and all(.kind == "device")'
	run_json 1 memras inspect --json "$pmem_pfn-0x80000"
	assert_json '.error.errno == "ENXIO" and (.error.reason | test("no memory is at page frame"))'
}

@test "device memory is never retired, nor poison taken from it, and nothing changes" {
	local poisoned sum module way targets

	head -c 1M /dev/urandom | dd of=/dev/pmem1 bs=1M oflag=direct status=none
	sum=$(dd if=/dev/pmem1 bs=1M count=1 iflag=direct status=none | sha256sum)
	workload_start dax 512 $DAX
	poisoned=$(poisoned_pages)
	targets=("pid:$workload_pid@${vaddrs[9]}" "${pfns[10]}" "$pmem_pfn")
	for module in --no-module ""; do
		[ -n "$module" ] || memras module load --quiet
		for way in --soft --hard "--hard --force"; do
			# shellcheck disable=SC2086 # none is no word
			run_json 3 memras offline $way --json $module "${targets[@]}"
			assert_json '.results | length == 3 and all(.result == "refused" and .kind == "device"
				and .path == "none" and (.error.reason | test("device memory .*cannot retire")))'
		done
		# shellcheck disable=SC2086 # none is no word
		run_json 3 memras unpoison --json $module "$pmem_pfn"
		assert_json '.results[0] | .result == "refused" and (.error.reason | test("its driver"))'
	done
	run_json 0 memras inspect --owners --json "${pfns[9]}"
	assert_json ".pages[0].owners | length == 1 and .[0].pid == $workload_pid and .[0].mapping == \"$DAX\""
	assert_equal "$(poisoned_pages)" "$poisoned"
	workload_check
	workload_stop
	assert_equal "$(dd if=/dev/pmem1 bs=1M count=1 iflag=direct status=none | sha256sum)" "$sum"
}

@test "the kernel's own hard offline, past memras, leaves it with its user: it is no retirement" {
	local pfn

	workload_start dax 512 $DAX
	pfn=${pfns[9]}
	expect_log 'Memory failure: .* dax page'
	echo $((pfn * 4096)) >/sys/devices/system/memory/hard_offline_page
	workload_check
	workload_pfns
	assert_equal "${pfns[9]}" "$pfn"
	workload_stop
}
