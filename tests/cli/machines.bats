#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Known answers on captured machines; tests/fixtures/make describes them.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

# MACHINE then "PFN KIND PATH RESULT [POOL]" lines: what soft offline would do.
expect_soft_plans() {
	local machine=$1 pfn rest words=()

	while read -r pfn rest; do
		words+=("$pfn")
	done <"$BATS_TEST_TMPDIR/wanted"
	run_memras --json --dry-run --sysroot "$machine" offline --soft "${words[@]}"
	expect_valid
	diff "$BATS_TEST_TMPDIR/wanted" <(jq -r '.results[] |
		"\(.target) \(.kind) \(.path) \(.result) \(.pool)"' <<<"$out")
}

@test "soft offline plans each kind of page its own way" {
	cat >"$BATS_TEST_TMPDIR/wanted" <<-END
		0x108000 free taken-off-buddy planned null
		0x108010 anon migrated planned null
		0x108020 file migrated planned null
		0x108021 file invalidated planned null
		0x108022 file migrated planned null
		0x108030 shmem migrated planned null
		0x108040 slab none refused null
		0x108041 reserved none refused null
		0x108042 pgtable none refused null
		0x108050 unknown none already null
		0x108060 offline none refused null
		0x108080 unknown migrated planned null
		0x108200 thp split-migrated planned null
		0x1083ff thp split-migrated planned null
		0x108400 hugetlb hugepage-migrated planned grown
		0x1085ff hugetlb hugepage-migrated planned grown
		0x108600 hugetlb-free hugepage-replaced planned grown
		0x1087ff hugetlb-free hugepage-replaced planned grown
		0x138000 offline none refused null
		0x140000 gigantic none refused null
		0x1401ff gigantic none refused null
		0x140200 gigantic none refused null
		0x17ffff gigantic none refused null
	END
	expect_soft_plans "$X86"
	expect_status 64
	expect_json '.mode == "soft" and .dry_run and .summary ==
		{requested: 23, planned: 13, offlined: 0, already: 1, refused: 9, failed: 0}'
	expect_json '.results[0] | .phys == .pfn * 4096 and .node == 0 and .block == 33 and
		.via == "sysfs" and .attempts == 0 and .error == null'
	expect_err "0x108040: page is a slab page, which cannot be moved" \
		"0x138000: its memory block is offline" "hint: memras block online 39 brings it back" \
		"0x108060: page is logically offline (PageOffline)" "0x140000: page is in a gigantic hugepage"
}

@test "memory of a device is told by the map of physical memory, in a block or in none" {
	local pfn

	cat >"$BATS_TEST_TMPDIR/wanted" <<-END
		0x108044 reserved none refused null
		0x110005 device none refused null
		0x130010 free taken-off-buddy planned null
		0x190000 device none refused null
		0x19ffff device none refused null
	END
	expect_soft_plans "$X86"
	expect_err "0x110005: page is device memory (namespace0.0), which the kernel cannot retire"
	run_memras --json --sysroot "$X86" inspect 0x1901ff+2
	expect_status 0
	expect_valid
	expect_json '.pages | length == 2 and all(.kind == "device" and .block == null and .zone == null)'
	expect_json '[.pages[].soft_error.reason | contains("namespace2.0")] == [true, false]'
	for pfn in 0x1a0000 0x18ffff 0x190000-0x1a0000; do
		run_memras --json --sysroot "$X86" inspect $pfn
		expect_status 1
		expect_json '.error.errno == "ENXIO"'
	done
}

@test "soft offline knows 64 KiB pages and their three sizes of hugepages" {
	cat >"$BATS_TEST_TMPDIR/wanted" <<-END
		0x4000 reserved none refused null
		0x4010 free taken-off-buddy planned null
		0x6001 anon migrated planned null
		0x6002 unknown none already null
		0x6040 hugetlb hugepage-migrated planned grown
		0x605f hugetlb hugepage-migrated planned grown
		0x6060 free taken-off-buddy planned null
		0x6080 hugetlb-free hugepage-replaced planned grown
		0x10000 hugetlb-free none already null
		0x10005 hugetlb-free none already null
		0x11fff hugetlb-free none already null
		0x12000 offline none refused null
	END
	expect_soft_plans "$ARM64"
	expect_json '.results[0] | .phys == .pfn * 65536 and .block == 2'
	expect_json '.results[-1].block == 9'
}

@test "a hugepage is given up, and a gigantic one too, with --dissolve only" {
	run_memras --json --dry-run --sysroot "$X86" offline --soft --dissolve 0x108600 0x140005
	expect_status 0
	expect_json '[.results[] | .result, .pool] == ["planned", "shrunk", "planned", "shrunk"]'
}

@test "hard offline spares what is in use, unless forced" {
	run_memras --json --dry-run --sysroot "$X86" offline --hard 0x108000 0x108021 0x108600 \
		0x108010 0x108020 0x108022 0x108030 0x108200 0x108400 0x108050
	expect_status 64
	expect_valid
	expect_json '[.results[].result] ==
		(["planned", "planned", "planned"] + [range(6) | "refused"] + ["already"])'
	expect_err "0x108010: page is in use (an anonymous page, mapped 1 times)"
	run_memras --json --dry-run --sysroot "$X86" offline --hard --force 0x108010 0x108020
	expect_status 0
	expect_json '[.results[] | .result, .path] == ["planned", "killed", "planned", "invalidated"]'
}

@test "soft offline that is turned off is told from one that cannot be" {
	cp -a "$X86" "$BATS_TEST_TMPDIR/off"
	echo 0 >"$BATS_TEST_TMPDIR/off/proc/sys/vm/enable_soft_offline"
	run_memras --dry-run --sysroot "$BATS_TEST_TMPDIR/off" offline --soft 0x108000
	expect_status 3
	expect_one_message
	expect_err "0x108000: soft offline is turned off" "hint: sysctl vm.enable_soft_offline=1"
	run_memras --dry-run --sysroot "$X86" offline --soft --via module 0x108000
	expect_status 3
	expect_err "a module cannot soft-offline"
	run_memras --dry-run --sysroot "$X86" offline --hard --via module 0x108000
	expect_status 3
	expect_err "memras.ko is not loaded"
}

@test "ranges, addresses and lists name the same pages" {
	local pages='[.results[].pfn] == [range(1081344; 1081348)]' words

	printf '0x108000, 0x108001 # two\n1081346\t1081347\n' >"$BATS_TEST_TMPDIR/list"
	for words in 0x108000-0x108003 1081344+4 phys:0x108000000+16K phys:0x108000fff+12289 \
		"0x108000-0x108001 phys:4429193216+8192" "--from $BATS_TEST_TMPDIR/list"; do
		# shellcheck disable=SC2086
		run_memras --json --dry-run --sysroot "$X86" offline --soft $words
		expect_status 0
		expect_json "$pages"
	done
	run_memras --json --dry-run --sysroot "$X86" offline --soft - <"$BATS_TEST_TMPDIR/list"
	expect_json "$pages"
}

@test "lines of JSON are a document for each page, and the sums" {
	run_memras --dry-run --sysroot "$X86" offline --soft --json-lines 0x108000 0x108040 0x108050
	expect_status 64
	expect_valid
	[ "$(wc -l <<<"$out")" = 4 ]
	jq -s -e '[.[].page.result] == ["planned", "refused", "already", null] and
		.[3].summary.requested == 3' <<<"$out"
}

@test "madvise is refused for pages that are not named by a file" {
	run_memras --json --dry-run --sysroot "$X86" offline --soft --via madvise 0x108010
	expect_status 3
	expect_valid
	expect_err "madvise reaches only what memras itself can map" "hint:"
}

@test "inspect tells each page and what soft offline would do with it" {
	run_memras --json --sysroot "$X86" inspect 0x108000 0x108010 0x108020 0x108040 0x108050 \
		0x108080 0x1083ff 0x138000
	expect_status 0
	expect_valid
	expect_json '[.pages[] | [.pfn, .kind, .mapcount, .soft_path, .soft_error.errno]] == [
		[1081344, "free", 0, "taken-off-buddy", null], [1081360, "anon", 1, "migrated", null],
		[1081376, "file", 2, "migrated", null], [1081408, "slab", 0, "none", "EBUSY"],
		[1081424, "unknown", 0, "none", null], [1081472, "unknown", 0, "migrated", null],
		[1082367, "thp", 1, "split-migrated", null], [1277952, "offline", 0, "none", "ENXIO"]]'
	expect_json '.pages | all(.refcount == null and .owners == null and .held == false)'
	expect_json '.pages[1] | .flags == ["uptodate", "lru", "mmap", "anonymous", "swapbacked"] and
		.zone == "Normal" and .node == 0 and .phys == .pfn * 4096'
	run_memras --json --sysroot "$X86" inspect --owners 0x108010
	expect_status 0
	expect_json '.pages[0].owners == []'
}

@test "inspect finds who maps a page of this machine" {
	local address

	[ "$(id -u)" = 0 ] || skip "reading page frame numbers requires CAP_SYS_ADMIN"
	[ -r /proc/kpageflags ] || skip "this kernel does not export page flags"
	address=$(awk '/\[heap\]/ { sub("-.*", ""); print "0x" $1 }' "/proc/$$/maps")
	run_memras --json --quiet inspect --owners "pid:$$@$address"
	expect_status 0
	expect_valid
	expect_json '.pages[0].owners | any(.pid == '$$' and .mapping == "[heap]" and
		.vaddr == '$((address))')'
}

@test "unpoison takes poisoned pages only" {
	run_memras --json --dry-run --sysroot "$X86" unpoison 0x108050 0x130003 0x108000 0x138000
	expect_status 64
	expect_valid
	expect_json '[.results[].result] == ["planned", "planned", "already", "refused"]'
	expect_json '[.results[].via] == ["debugfs", "debugfs", null, null]'
}

@test "hugepages are listed once each, with their size" {
	run_memras --json --sysroot "$X86" hugepage list
	expect_status 0
	expect_valid
	expect_json '[.hugepages[] | [.pfn, .size, .node, .state, .poisoned]] == [
		[1082368, 2097152, 0, "in-use", false], [1082880, 2097152, 0, "free", false],
		[1310720, 1073741824, 1, "free", false]]'
	expect_json '[.pools[] | [.size, .node, .total, .free, .reserved]] == [
		[2097152, 0, 2, 1, null], [2097152, 1, 0, 0, null],
		[1073741824, 0, 0, 0, null], [1073741824, 1, 1, 1, null]]'
	run_memras --json --sysroot "$ARM64" hugepage list
	expect_valid
	expect_json '[.hugepages[] | [.pfn, .size, .state, .poisoned]] == [
		[24640, 2097152, "in-use", false], [24704, 2097152, "free", false],
		[65536, 536870912, "free", true]]'
	run_memras --json --sysroot "$NO_BLOCKS" hugepage list
	expect_valid
	expect_json '[.hugepages[] | [.pfn, .size, .node]] == [[1024, 2097152, null]]'
	expect_json '.pools == [{size: 2097152, node: null, total: 1, free: 1, surplus: 0, reserved: 0}]'
}

@test "hugepages of a target are those that it touches" {
	run_memras --json --sysroot "$X86" hugepage list 0x108401 0x1085ff 0x108700
	expect_json '[.hugepages[].pfn] == [1082368, 1082880]'
	run_memras --json --sysroot "$X86" hugepage list node:1
	expect_json '[.hugepages[].pfn] == [1310720]'
	run_memras --json --sysroot "$X86" hugepage list 0x108000
	expect_status 0
	expect_json '.hugepages == []'
}

@test "hugepage replace plans each hugepage once, and refuses gigantic ones and others" {
	run_memras --json --dry-run --sysroot "$X86" hugepage replace 0x108400 0x108401 0x108600+512
	expect_status 0
	expect_valid
	expect_json '[.results[] | [.pfn, .path, .result]] == [
		[1082368, "hugepage-migrated", "planned"], [1082880, "hugepage-replaced", "planned"]]'
	run_memras --json --dry-run --sysroot "$X86" hugepage replace 0x108600 0x108400
	expect_status 0
	expect_json '[.results[].pfn] == [1082880, 1082368]'
	run_memras --json --dry-run --sysroot "$X86" hugepage replace 0x140000 0x108000
	expect_status 1
	expect_valid
	expect_json '[.results[].result] == ["refused", "refused"]'
	expect_err "gigantic" "page is not in a hugepage: it is a free page"
}

@test "status counts blocks, pools and failures, and finds poisoned pages when asked" {
	run_memras --json --sysroot "$X86" status
	expect_status 0
	expect_valid
	expect_json '.hardware_corrupted == 8192 and .poisoned == null'
	expect_json '.memory == {total: 2550136832, block_size: 134217728, online: 2550136832,
		offline: 134217728, blocks_online: 19, blocks_offline: 1}'
	expect_json '[.nodes[] | .node, .memory_failure.total] == [0, 3, 1, 2]'
	expect_json '.hugetlbfs == [{path: "/dev/hugepages", page_size: 2097152},
		{path: "/mnt/big pages", page_size: 1073741824}]'
	expect_json '.kernel.release == "6.12.95-test-amd64" and .module.loaded == false'
	expect_json '.kernel.features == ["soft-offline", "hard-offline", "memory-hotplug", "hugetlb",
		"page-flags", "soft-offline-switch", "failure-counts", "modules"]'

	run_memras --json --sysroot "$X86" status --pages
	expect_valid
	expect_json '.poisoned == [
		{pfn: 1081424, phys: 4429512704, node: 0, block: 33},
		{pfn: 1245187, phys: 5100285952, node: 1, block: 38}]'
	run_memras --json --sysroot "$ARM64" status --pages
	expect_valid
	# A hugepage counts once, at its head.
	expect_json '[.poisoned[].phys] == [1610743808, 4294967296]'
	expect_json '.memory.block_size == 536870912 and .nodes == [{node: 0, memory_failure: null}]'
	run_memras --json --sysroot "$NO_BLOCKS" status --pages
	expect_valid
	expect_json '.poisoned == [{pfn: 291, phys: 1191936, node: null, block: null}]'
	expect_json '.memory.block_size == null and .hardware_corrupted == null'
	run_memras --json --sysroot "$S390" status
	expect_valid
	expect_json '.nodes == [] and .hugepages == [] and .memory.blocks_offline == 4'
}

@test "block show names what is in the way, with neighbours together" {
	run_memras --json --sysroot "$X86" block show 33 38 39
	expect_status 0
	expect_valid
	expect_json '[.blocks[0].blockers[] | [.pfn, .pages, .kind]] == [
		[1081408, 1, "slab"], [1081409, 1, "reserved"], [1081410, 1, "pgtable"],
		[1081411, 2, "reserved"], [1081440, 1, "offline"]]'
	expect_json '[.blocks[] | .block, .poisoned, (.blockers | length)] ==
		["33", 1, 5, "38", 1, 0, "39", 0, 0]'
	run_memras --sysroot "$X86" block show 33
	[[ $out == *"In the way of memory33 going offline:"*"kernel objects (slab) cannot be moved"* ]]
}

@test "block offline plans movable blocks first, from the top down" {
	run_memras --json --dry-run --sysroot "$X86" block offline size:300M
	expect_status 0
	expect_valid
	expect_json '[.results[] | .block, .result] == [38, "planned", 47, "planned", 46, "planned"]'
	run_memras --json --dry-run --sysroot "$X86" block offline 33 39 memory33 phys:0x108000000+1
	expect_status 0
	expect_json '[.results[] | .block, .result] == [39, "already", 33, "planned"]'
	expect_json '.results[1].blockers | length == 5'
	run_memras --json --dry-run --sysroot "$X86" block online all
	expect_valid
	expect_json '[.results[] | select(.result == "planned") | .block] == [39]'
	expect_json '.summary == {requested: 20, planned: 1, onlined: 0, already: 19, failed: 0}'
}

@test "selectors choose blocks by number, address and node" {
	local words

	for words in "1 2 3" "1-3" "memory1 2-3" "phys:0x8000000+384M" "phys:0xfffffff+134217730" \
		"3 2-3 1-2"; do
		# shellcheck disable=SC2086
		run_memras --json --sysroot "$X86" block list $words
		expect_status 0
		expect_json '[.blocks[].block] == ["1", "2", "3"]'
	done
	run_memras --json --sysroot "$X86" block list node:0
	expect_json '[.blocks[].block | tonumber] == [0, 1, 2, 3, 32, 33, 34, 35]'
	run_memras --json --sysroot "$X86" block list all
	expect_json '.blocks | length == 20'
}

@test "names beside the blocks that only look like one are no blocks" {
	[ -e "$X86/sys/devices/system/memory/memory7x/state" ]
	[ -e "$X86/sys/devices/system/memory/memory_failure/total" ]
	run_memras --json --sysroot "$X86" block list
	expect_json '[.blocks[].block | tonumber] == [range(0; 4), range(32; 48)]'
}

@test "a captured machine's absolute links stay inside it" {
	cp -a "$X86" "$BATS_TEST_TMPDIR/links"
	ln -snf /sys/devices/system/node/node1 \
		"$BATS_TEST_TMPDIR/links/sys/devices/system/memory/memory2/node0"
	rm "$BATS_TEST_TMPDIR/links/proc/meminfo"
	ln -s /../../../../../../../../../../proc/meminfo "$BATS_TEST_TMPDIR/links/proc/meminfo"
	run_memras --json --sysroot "$BATS_TEST_TMPDIR/links" status
	expect_status 0
	expect_json '.memory.total == null'
}

@test "watch in a dry run reports the poisoned pages that no list has, and writes none" {
	mkdir "$BATS_TEST_TMPDIR/state"
	run_memras --sysroot "$X86" --dry-run watch --once --json --state-dir "$BATS_TEST_TMPDIR/state"
	[ "$status" = 0 ]
	expect_valid
	jq -es '[.[].page | select(.) | [.pfn, .node, .cause, .result]] ==
		[[1081424, 0, "unknown", "retired"], [1245187, 1, "unknown", "retired"]] and
		(last | .dry_run and .summary.retired == 2)' <<<"$out"
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/state")" ]
	expect_err "/dev/kmsg: the kernel's log cannot be read"
	# One of them is on the list of this machine.
	run_memras --sysroot "$X86" --dry-run watch --once
	[[ $status = 0 && $out == *" retired 0x130003 (address 0x130003000, node 1), cause unknown" ]]
	[ "$(wc -l <<<"$out")" = 1 ]
}

@test "watch refuses captured machines, dates and policies that it does not understand" {
	run_memras --sysroot "$X86" watch --once
	[ "$status" = 3 ]
	run_memras watch --once --since yesterday
	[ "$status" = 2 ]
	expect_err "yesterday: --since wants a date"
	run_memras watch --once --act everything
	[ "$status" = 2 ]
	expect_err "everything: --act wants restore-pool"
	for program in true /nowhere/hook; do
		run_memras --sysroot "$X86" --dry-run watch --once --exec "$program"
		[ "$status" = 2 ]
		expect_err "$program: --exec "
	done
}

# boot_memory: a copy of arm64-64k with blocks 2, 3 and 6 from boot, and 8 of virtio-mem
boot_memory() {
	cp -r "$ARM64" "$BATS_TEST_TMPDIR/boot"
	machine=$BATS_TEST_TMPDIR/boot
	printf 'CPU implementer\t: 0x41\n' >"$machine/proc/cpuinfo"
	cat >"$machine/proc/iomem" <<-END
	40000000-7fffffff : System RAM
	c0000000-dfffffff : System RAM
	100000000-11fffffff : System RAM (virtio_mem)
	END
}

@test "boot memory of arm64 is refused before anything is planned, and told" {
	local machine

	run_memras --json --sysroot "$ARM64" block list
	expect_json '[.blocks[].permanent] == [false, false, false, false, false]'
	boot_memory
	run_memras --json --sysroot "$machine" block list
	expect_valid
	expect_json '[.blocks[] | select(.permanent) | .block] == ["2", "3", "6"]'
	run_memras --sysroot "$machine" block list --merge --noheadings --raw -o BLOCK,PERMANENT 2-3
	expect_status 0
	grep -x "2-3 yes" <<<"$out"
	run_memras --sysroot "$machine" block list --split PERMANENT --noheadings --raw -o BLOCK
	expect_status 0
	[ "$(xargs <<<"$out")" = "2-3 6 8-9" ]
	run_memras --sysroot "$machine" block show 3
	expect_status 0
	expect_err "memory3: boot memory, which never goes offline on arm64"
	run_memras --sysroot "$machine" --dry-run block offline 3
	expect_status 3
	expect_err "memory3: boot memory, which never goes offline on arm64"
	run_memras --json --sysroot "$machine" --dry-run block offline 8
	expect_json '.results[0].result == "planned"'
	run_memras --json --sysroot "$machine" doctor
	expect_json '.capabilities[] | select(.capability == "block-hotplug") | .detail ==
		"2 of 5 blocks; the others are boot memory, which never goes offline on arm64"'
	sed -i 's/ (virtio_mem)//; s/11fffffff/13fffffff/' "$machine/proc/iomem"
	run_memras --json --sysroot "$machine" doctor
	expect_json '.capabilities[] | select(.capability == "block-hotplug") | .error.reason ==
		"all of it is boot memory, which never goes offline on arm64"'
}
