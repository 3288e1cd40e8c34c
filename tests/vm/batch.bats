#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Many targets in one call: results as they come, and a true report if interrupted.
#
# guest: shares=yes kernels=6.12 cpus=1 memory=1G timeout=500 silence=300

load lib

@test "a list of 100,000 targets is read, and each is told, without acting" {
	# Pages of one stretch, named one by one.
	seq 65536 165535 >/run/many
	memras offline --soft --dry-run --json-lines --from /run/many >/run/lines 2>/dev/null || true
	assert_equal "$(grep -c '"page"' /run/lines)" 100000
	json=$(tail -n 1 /run/lines)
	assert_json '.summary.requested == 100000 and .dry_run'
	head -n 1 /run/lines | artifact line.offline.json
	tail -n 1 /run/lines | artifact summary.offline.json
}

@test "Ctrl-C between pages leaves a true report" {
	local pid rc=0 told

	workload_start anon 4096
	printf '%s\n' "${pfns[@]}" >/run/targets
	env --default-signal=INT memras offline --soft --json-lines --from /run/targets >/run/lines 2>/dev/null 3>&- &
	pid=$!
	wait_for 60 test -s /run/lines
	kill -INT $pid
	wait $pid || rc=$?
	assert_equal "$rc" 64
	told=$(jq -r 'select(.page.result == "offlined") | .page.pfn' /run/lines | wc -l)
	[ "$told" -gt 0 ] && [ "$told" -lt 4096 ]
	json=$(tail -n 1 /run/lines)
	assert_json ".summary.offlined == $told"
	assert_equal "$(poisoned_pages)" "$told"
	for pfn in $(jq -r 'select(.page.result == "offlined") | .page.pfn' /run/lines | head -n 20); do
		page_is hwpoison "$pfn"
	done
	workload_check
	workload_stop
}
