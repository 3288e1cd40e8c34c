#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Hugepages too large for the buddy allocator: refused, or dissolved on request.
#
# guest: default=5.10,7.3 cpus=1 memory=3G append="hugepagesz=1G hugepages=1" timeout=300

load lib

setup() {
	[ "$page_size" != 65536 ] || skip \
		"with pages of 64 KiB a gigantic hugepage has 16 GiB"
}

gigantic() {
	memras hugepage list --json | jq -er '.hugepages[] | select(.size == 1073741824) | .pfn'
}

@test "a page of a gigantic hugepage is refused with the reason and the way" {
	local pfn

	assert_equal "$(pool nr 1048576)" 1
	pfn=$(($(gigantic) + 1000))
	for option in "" --no-module; do
		[ -n "$option" ] || memras module load --quiet
		# shellcheck disable=SC2086 # none is no word
		run_json 1 memras offline --soft --json $option $pfn
		assert_json '.results[0] | .result == "refused" and .kind == "gigantic" and (.error.hint | test("--dissolve"))'
		refute page_is hwpoison $pfn
		assert_equal "$(pool nr 1048576)" 1
	done
}

@test "it cannot be replaced either" {
	local pfn

	pfn=$(gigantic)
	memras module load --quiet
	replaces || skip "hugepages are replaced from kernel 5.13 on"
	run_json 1 memras hugepage replace --json "$pfn"
	assert_json '.results[0].result == "refused"'
	assert_equal "$(pool nr 1048576)" 1
}

@test "with --dissolve all of it is given up and one page retired" {
	local pfn

	pfn=$(($(gigantic) + 1000))
	run_json 0 memras offline --soft --dissolve --json $pfn
	assert_json '.results[0] | .result == "offlined" and .pool == "shrunk"'
	page_is hwpoison $pfn
	assert_equal "$(pool nr 1048576)" 0
}
