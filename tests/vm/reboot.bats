#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Pages stay retired over real reboots: the list is on a persistent disk, and each boot
# ends like a reset, with nothing synced but what memras synced itself.
#
# guest: default=6.1,7.3 cpus=1 memory=1G disk=128M timeout=200
# guest: boot=2
# guest: boot=3 memory=768M

load lib

list=/var/lib/memras/retired.json
unit=/memras/contrib/systemd/memras-restore.service.in

# $low are page frames of every boot, $high is one behind 768M.
low=(0x14000 0x1c000) high=0x32000

setup_file() {
	mkdir -p /mnt/disk/memras /var/lib/memras
	mount --bind /mnt/disk/memras /var/lib/memras
}

# free_near PFN: the first page behind it that is amid 2 MiB of free ones, which is
# likeliest to be free at the next boot, too
free_near() {
	local pfn

	for ((pfn = $1; pfn < $1 + 0x4000; pfn += 512)); do
		# shellcheck disable=SC2046 # one word each
		if [ "$(kpf get $(seq $pfn $((pfn + 511))) | grep -cw buddy)" = 512 ]; then
			echo $((pfn + 256))
			return
		fi
	done
	return 1
}

# restore_unit STATUS [OPTION...]: what memras-restore.service starts, with more options
restore_unit() {
	local command status=$1
	shift

	command=$(sed -n 's|^ExecStart=@sbindir@/||p' $unit)
	[ "$command" = "memras retired restore --timeout 20ms" ]
	# shellcheck disable=SC2086 # words of a command
	run_json "$status" $command --json "$@"
}

listed() {
	jq -r '.retired[].pfn' $list
}

@test "boot 1: pages are retired and recorded" {
	local pfn pages=()

	for pfn in "${low[@]}" $high; do
		pages+=("$(free_near "$pfn")")
	done
	run_json 0 memras --json offline --soft --cause "a test" "${pages[@]}"
	assert_json '.summary.offlined == 3'
	assert_equal "$(poisoned_pages)" 3
	assert_equal "$(listed)" "$(printf '%s\n' "${pages[@]}")"
	cp /proc/sys/kernel/random/boot_id /mnt/disk/boot
	sync /mnt/disk/boot
}

@test "boot 2: the kernel has forgotten them, and the list has not" {
	[ "$(</mnt/disk/boot)" != "$(</proc/sys/kernel/random/boot_id)" ]
	assert_equal "$(poisoned_pages)" 0
	assert_equal "$(listed | wc -l)" 3
	run_json 0 memras --json status --pages
	assert_json '.hardware_corrupted == 0 and .poisoned == [] and
		.retired == {"recorded": 3, "pending": 3}'
	run_json 0 memras --json retired list
	assert_json '.retired | all(.state == "pending" and .cause == "a test")'
}

@test "boot 2: the unit's command retires them again, and status shows it" {
	local page

	# It waits for nothing, as memras-retry.service does.
	memras retired restore --timeout 20ms || [ $? = 64 ]
	run_json 0 memras --json retired restore --timeout 2s
	assert_json '.summary.offlined + .summary.already == 3'
	for page in $(listed); do
		page_is hwpoison "$page"
	done
	assert_equal "$(poisoned_pages)" 3
	run_json 0 memras --json status --pages
	assert_json ".hardware_corrupted == $((3 * page_size)) and .retired == {\"recorded\": 3, \"pending\": 0} and
		[.poisoned[].pfn] == \$list" --argjson list "$(listed | jq -s .)"
	run_json 0 memras --json retired list
	assert_json '.retired | all(.state == "retired")'
}

@test "boot 3: with less memory it refuses, says what differs, and changes nothing" {
	local before

	before=$(sha256sum $list)
	assert_equal "$(poisoned_pages)" 0
	restore_unit 1
	assert_json '.error.errno == "ESTALE" and (.error.reason | test("a DIMM was .* of 1024 MiB and is now .* of 768 MiB|256 MiB of memory are at other addresses"))'
	[[ $errors == *"the list is of other memory"*"hint: --force takes what fits"* ]]
	assert_equal "$(poisoned_pages)" 0
	assert_equal "$(sha256sum $list)" "$before"
	# Nothing is added to a list of other memory either, so no page is retired.
	run_json 1 memras --json offline --soft "$(free_near 0x20000)"
	assert_json '.error.errno == "ESTALE" and (.error.hint | test("no page was touched"))'
	[[ $errors == *"the list is of other memory"* ]]
	assert_equal "$(poisoned_pages)" 0
	assert_equal "$(sha256sum $list)" "$before"
}

@test "boot 3: --force takes what fits and names the rest" {
	local page

	run_json 0 memras --json retired restore --force
	assert_json '.summary.requested == 3 and .summary.offlined == 2 and .summary.already == 1'
	[[ $errors == *"1 page is no memory of this boot, and stays on the list"* ]]
	for page in $(listed | head -n 2); do
		page_is hwpoison "$page"
	done
	run_json 0 memras --json retired list --pending
	assert_json ".retired | length == 1 and .[0].pfn > $((high)) and
		(.[0].reason | test(\"no memory of this boot\"))"
	run_json 0 memras --json status
	assert_json '.retired == {"recorded": 3, "pending": 1}'
	# It is a list of this memory from now on.
	run_json 0 memras --json retired restore
	assert_json '.summary.already == 3'
}
