#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel that lets only signed modules in: the refusal is told as such.
#
# guest: cpus=1 memory=768M append=module.sig_enforce=1 timeout=200

load lib

@test "an unsigned module is refused, and the reason is its signature" {
	run_json 3 memras module load --json
	assert_json '.error.reason | test("signature|signed")'
	[ ! -e /dev/memras ]
}

@test "without it pages are retired all the same" {
	local pfn

	pfn=$(find_page buddy)
	run_json 0 memras offline --soft --json "$pfn"
	assert_json '.results[0].result == "offlined"'
	page_is hwpoison "$pfn"
}
