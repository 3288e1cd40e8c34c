#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# One list, on a disk that lasts, on the ways from boot to boot that change the memory
# map of the firmware: kexec, GRUB with the exported badram line, and OVMF after SeaBIOS.
#
# guest: kernels=6.12 cpus=1 memory=6G cpu=intel disk=128M timeout=600
# guest: boot=2 loader=kexec
# guest: boot=3 loader=grub
# guest: boot=4 loader=grub-efi

load lib
load watch

list=/var/lib/memras/retired.json
# The page that watch records
collected=0x112345
# These are not retired here: what counts is that they are many.
many=0x140123+10000

setup_file() {
	mkdir -p /mnt/disk/memras /var/lib/memras
	mount --bind /mnt/disk/memras /var/lib/memras
}

# last: makes the disk as whole as the next one to read it needs, be it GRUB
last() {
	fsfreeze -f /mnt/disk
	fsfreeze -u /mnt/disk
}

# ram FIRST LAST: whether the kernel has any page of them as memory
ram() {
	local from to range what

	while IFS=' :-' read -r from to what; do
		[[ $what == *"System RAM" ]] || continue
		((0x$from >> 12 > $2 || 0x$to >> 12 < $1)) || return 0
	done </proc/iomem
	return 1
}

# restored: the list is of this machine, and all of it is retired now
restored() {
	local page nr

	nr=$(listed | wc -l)
	run_json 0 memras --json retired restore --timeout 60s
	assert_json ".summary.offlined == $nr"
	assert_equal "$errors" ""
	for page in $(listed); do
		page_is hwpoison "$page"
	done
	page_is hwpoison $collected
	assert_equal "$(cause_of $collected)" cec
	assert_equal "$(poisoned_pages)" "$nr"
}

@test "boot 1: by QEMU and SeaBIOS: pages are retired and recorded" {
	run_json 0 memras --json offline --soft --timeout 60s 0x18123 0x20040+8 0x1b0000-0x1b0003
	assert_json '.summary.offlined == 13'
	assert_equal "$(listed | wc -l)" 13
}

@test "boot 1: a page that the kernel's collector of corrected errors retires is recorded by watch" {
	expect_log '[Ss]oft.offlin|mce:|Machine check|MCE|Hardware Error'
	echo 1 >/sys/devices/system/machinecheck/machinecheck0/check_interval
	watch_start
	for _ in {1..5}; do
		monitor "mce 0 9 0x8c0000400001009f 0x0 $(printf 0x%x $((collected * 4096 + 64))) 0x8c"
		! wait_for 5 told ".pfn == $((collected)) and .cause == \"cec\"" 2>/dev/null || break
	done
	watch_stop
	cat "$out"
	page_is hwpoison $collected
	assert_equal "$(cause_of $collected)" cec
	assert_equal "$(listed | wc -l)" 14
}

@test "boot 2: by kexec: the list is of this machine, and is restored" {
	[[ $(</proc/cmdline) == *" memras.boot=2" ]]
	assert_equal "$(poisoned_pages)" 0
	restored
}

@test "boot 2: the line for GRUB of these pages and 10,000 more is written" {
	echo $many >/run/many
	run_json 0 memras --json retired import /run/many
	assert_equal "$(listed | wc -l)" 10014
	# shellcheck disable=SC1090 # as /etc/default/grub is read
	. <(memras retired export --format badram)
	echo "badram $GRUB_BADRAM" >/mnt/disk/grub.cfg
	last
}

@test "boot 3: by GRUB with that line: none of the pages is memory, and all are kept on the list" {
	local page

	# GRUB came to the kernel, and the kernel has what GRUB left.
	[[ $(</proc/cmdline) == "BOOT_IMAGE=/vmlinuz "* ]]
	for page in 0x18123 $collected; do
		refute ram "$page" "$page"
		ram $((page - 1)) $((page - 1))
		ram $((page + 1)) $((page + 1))
	done
	refute ram 0x20040 0x20047
	refute ram 0x1b0000 0x1b0003
	refute ram $((0x140123)) $((0x140123 + 9999))
	ram 0x20048 0x20048
	ram $((0x140123 + 10000)) $((0x140123 + 10000))

	run_json 0 memras --json retired restore
	assert_json '.summary.offlined == 0 and .summary.failed == 0'
	[[ $errors == *"10014 pages are no memory of this boot, and stay on the list"* ]]
	assert_equal "$(poisoned_pages)" 0
	assert_equal "$(listed | wc -l)" 10014
	run_json 0 memras --json retired forget $many
	rm /mnt/disk/grub.cfg
	last
}

@test "boot 4: by OVMF and GRUB: the list is of this machine, and is restored" {
	[ -d /sys/firmware/efi ]
	[[ $(</proc/cmdline) == "BOOT_IMAGE=/vmlinuz "* ]]
	assert_equal "$(listed | wc -l)" 14
	restored
}
