#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Pages that the exported memmap= hides from the kernel at the next boot: they are not
# memory then, which is as good as retired, and the machine is the same one.
#
# guest: kernels=6.12 cpus=1 memory=1G disk=128M timeout=200
# guest: boot=2 append="memmap=4K$0x15123000 memmap=12K$0x2a001000"
# guest: boot=3 append=""

load lib

list=/var/lib/memras/retired.json
pages=(0x15123 0x2a001 0x2a002 0x2a003)

setup_file() {
	mkdir -p /mnt/disk/memras /var/lib/memras
	mount --bind /mnt/disk/memras /var/lib/memras
}

# Whether /proc/iomem has a page as System RAM.
is_ram() {
	awk -v at="$(printf %016x $(($1 * 4096)))" '/^[0-9a-f]+-.*: System RAM/ {
		split($1, r, "-")
		if (sprintf("%16s", r[1]) <= sprintf("%16s", substr(at, 9)) &&
			sprintf("%16s", substr(at, 9)) <= sprintf("%16s", r[2])) found = 1
	} END { exit !found }' /proc/iomem
}

@test "boot 1: the pages are memory, and exported as the next boot has them" {
	local page

	printf '%s\n' "${pages[@]}" >/tmp/pages
	run_json 0 memras --json retired import /tmp/pages
	for page in "${pages[@]}"; do
		is_ram "$page"
	done
	# This is what the head of this file gives the kernel then.
	assert_equal "$(memras retired export --format memmap | tr '\n' ' ')" \
		"memmap=4K\$0x15123000 memmap=12K\$0x2a001000 "
}

@test "boot 2: the pages are no memory, and restore says so and is content" {
	local page

	[[ $(</proc/cmdline) == *"memmap=4K\$0x15123000 memmap=12K\$0x2a001000"* ]]
	for page in "${pages[@]}"; do
		refute is_ram "$page"
	done
	run_json 0 memras --json retired restore
	assert_json '.summary.requested == 4 and .summary.already == 4 and
		(.results | all(.kind == "reserved" and .error == null))'
	[[ $errors == *"4 pages are no memory of this boot, and stay on the list"* ]]
	assert_equal "$(poisoned_pages)" 0
	run_json 0 memras --json retired list
	assert_json '.retired | length == 4 and all(.state == "pending" and (.reason | test("no memory of this boot")))'
	# The command line is a list of them, too.
	memras retired export >/tmp/before
	run_json 0 memras --json retired import /proc/cmdline
	assert_json '.read == 4 and .added == 0'
	# More is retired and recorded: it is the same machine.
	run_json 0 memras --json offline --soft "$(find_page buddy)"
	assert_json '.summary.offlined == 1'
	assert_equal "$(jq '.retired | length' $list)" 5
}

@test "boot 3: without memmap= they are memory again, and are retired" {
	local page

	for page in "${pages[@]}"; do
		is_ram "$page"
	done
	# Some page may be the kernel's own in this boot, and stays pending.
	memras --json retired restore --timeout 5s >/tmp/restored 2>/tmp/errors || [ $? = 64 ]
	refute grep "no memory of this boot" /tmp/errors
	jq -e '.summary.requested == 5 and .summary.already == 0 and .summary.offlined >= 3' /tmp/restored
	assert_equal "$(poisoned_pages)" "$(jq .summary.offlined /tmp/restored)"
}
