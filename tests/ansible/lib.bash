# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For suites that run playbooks, with their output in $BATS_TEST_TMPDIR/out.

# recap HOST WORDS: its line of the recap
recap() {
	[ "$(sed -n "s/^$1 *: *//p" "$BATS_TEST_TMPDIR/out" |
		grep -oE '(ok|changed|unreachable|failed)=[0-9]+' | xargs)" = "$2" ]
}
