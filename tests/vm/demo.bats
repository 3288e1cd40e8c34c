#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The demonstration of contrib/sandbox works.
#
# guest: default=6.1,7.3 cpus=2 memory=1G dimm=512M timeout=180

load lib

@test "the demonstration does what it says" {
	run /memras/contrib/demo
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"All of it held."* ]]
	[[ $output == *"- offline "* ]] && [[ $output == *"! poisoned"* ]]
	[[ $output == *"and it is back"* ]]
	[ "$MEMRAS_KERNEL" = 5.10 ] || [[ $output == *"is in none of them any more"* ]]
	refute grep -q "NOT SO" <<<"$output"
}
