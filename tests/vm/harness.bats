#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The guest is as its head declares it. Needs no memras.
#
# guest: default=6.12 arch=amd64 cpus=2 memory=1G nodes=2 dimm=512M virtio-mem=512M:128M disk=256M timeout=240

load lib

setup() {
	# A workload that a failed test left behind would disturb the next.
	workload_pid=
}

teardown() {
	[ -z "$workload_pid" ] || kill "$workload_pid" 2>/dev/null || true
}

@test "the guest is a guest" {
	in_guest
	[ "$(stat -f -c %T /)" = tmpfs ] || [ "$(stat -f -c %T /)" = ramfs ]
	grep -q QEMU /sys/class/dmi/id/sys_vendor
}

@test "the guard refuses where the marker is missing" {
	run env -u MEMRAS_CONTROL bash -c '. ./lib.bash; echo went on'
	[ "$status" -eq 1 ]
	[[ $output == refused:* && $output != *"went on"* ]]
}

@test "the kernel is the one that was asked for" {
	case $MEMRAS_KERNEL in
	cloud) [[ $(uname -r) == 6.1.*-cloud-* ]] ;;
	*) [[ $(uname -r) == "$MEMRAS_KERNEL".* ]] ;;
	esac
}

@test "the machine is the declared one" {
	assert_equal "$(nproc)" 2
	assert_equal "$(cat /sys/devices/system/node/online)" 0-1
	# 1 GiB at boot, a DIMM of 512 MiB; virtio-mem comes and goes by blocks.
	[ "$(lsmem -b --summary=only | awk '/online/ { print $4 }')" -ge $((1536 << 20)) ]
	[ "$(findmnt -n -o FSTYPE /mnt/disk)" = ext4 ]
}

@test "the DIMM is movable memory" {
	lsmem -n -r -o RANGE,ZONES --split=ZONES | grep Movable
}

@test "virtio-mem has plugged what was requested" {
	vmem() { [ "$(monitor info memory-devices | awk '/size:/ { size = $2 } /virtio-mem/ { on = 1 } on && $1 == "size:" { print $2; exit }')" = $((128 << 20)) ]; }
	wait_for 30 vmem
}

@test "hwpoison injection is there" {
	modprobe hwpoison-inject
	[ -w /sys/kernel/debug/hwpoison/unpoison-pfn ]
}

@test "the monitor refuses what could reach the host" {
	[[ $(monitor info version) == 7.* || $(monitor info version) =~ ^[0-9] ]]
	assert_equal "$(monitor migrate 'exec:true')" "refused: migrate exec:true"
}

@test "an artifact arrives as it was sent" {
	head -c 100000 /dev/urandom >"$BATS_TEST_TMPDIR/blob"
	artifact blob <"$BATS_TEST_TMPDIR/blob"
	sha256sum <"$BATS_TEST_TMPDIR/blob" | artifact blob.sha256
}

@test "run_json keeps the object and wants the exit status" {
	run_json 3 sh -c 'echo "{\"command\":\"harness\",\"n\":1}"; exit 3'
	assert_json '.n == 1'
	refute assert_json '.n == 2'
	refute run_json 0 sh -c 'echo "{\"command\":\"harness\"}"; exit 1'
	refute run_json 0 echo '{} {}'
}

@test "kpageflags tells pages apart" {
	local flag

	# What was found may be in use, or free, a moment later: look again.
	for flag in buddy slab anon; do
		found_is() { page_is "$1" "$(find_page "$1")"; }
		wait_for 5 found_is $flag
		refute find_page $flag $flag
	done
}

@test "pools of hugepages can be set by node" {
	pool_set 3 2048 1
	assert_equal "$(pool nr 2048 1)" 3
	assert_equal "$(pool free)" 3
	pool_set 0 2048 1
}

@test "each kind of workload is the kind that it says" {
	local kind flag

	while read -r kind flag; do
		workload_start "$kind" "$thp_pages"
		assert_equal "${#pfns[@]}" "$thp_pages" "pages of $kind"
		page_is "$flag" "${pfns[7]}"
		workload_check
		workload_stop
	done <<-EOF
	anon anon
	mlocked unevictable
	shmem swapbacked
	memfd swapbacked
	thp thp
	ksm ksm
	EOF
	for kind in file-clean file-dirty; do
		workload_start $kind 64 /mnt/disk/$kind
		refute page_is anon "${pfns[7]}"
		refute page_is swapbacked "${pfns[7]}"
		workload_check
		workload_stop
	done
}

@test "workloads use hugepages where they say so" {
	local kind

	pool_set 4
	for kind in hugetlb hugetlb-shared hugetlb-file; do
		workload_start $kind $((2 * hugepage_pages))
		page_is huge "${pfns[hugepage_pages + 9]}"
		assert_equal "$(pool free)" 2
		workload_check
		workload_stop
	done
	assert_equal "$(pool free)" 4
	pool_set 0
}

@test "soft offline moves a workload's page and its bytes stay" {
	local before

	workload_start anon 16
	before=${pfns[5]}
	echo $((before * page_size)) >/sys/devices/system/memory/soft_offline_page
	workload_pfns
	[ "${pfns[5]}" != "$before" ]
	workload_check
	workload_stop
	page_is hwpoison "$before"
}

@test "a workload sees the page that was killed under it" {
	workload_start anon 16
	expect_log 'Memory failure: .*: Killing workload'
	echo $((pfns[5] * page_size)) >/sys/devices/system/memory/hard_offline_page
	assert_equal "$(workload_ask check)" "sigbus ${vaddrs[5]} 4"
	workload_stop
}

@test "a workload that spoils a byte is found out" {
	workload_start anon 16
	workload_ask spoil
	refute workload_check
	workload_stop
}

@test "a pinned page stays where it is" {
	workload_start pinned 16
	refute sh -c "echo $((pfns[5] * page_size)) >/sys/devices/system/memory/soft_offline_page"
	refute page_is hwpoison "${pfns[5]}"
	workload_check
	workload_stop
}
