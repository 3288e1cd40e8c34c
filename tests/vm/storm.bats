#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The race that soft offline's rework fixed: pages are retired under running processes,
# during compaction and reclaim, and no process notices.
#
# guest: kernels=5.10,7.3 cpus=2 memory=1G timeout=900 silence=400

load lib

PROCESSES=8

disturb() {
	while :; do
		echo 1 >/proc/sys/vm/compact_memory
		echo 3 >/proc/sys/vm/drop_caches
		head -c 128M /dev/zero | tail -c 1 >/dev/null
		sleep 0.5
	done
}

@test "8 processes, their pages and free ones retired throughout: no byte differs, none is killed" {
	local until i rounds=0 retired disturber start

	for ((i = 0; i < PROCESSES; i++)); do
		crowd_add anon 512
	done
	disturb &
	disturber=$!
	until=$((SECONDS + ${MEMRAS_LONG:+270} + 30))
	# On a slow machine longer, until it was a storm.
	while [ $SECONDS -lt $until ] || [ "$(grep -cE '"result": ?"offlined"' /run/storm.lines)" -le 200 ]; do
		for ((i = 0; i < PROCESSES; i++)); do
			# A different stretch of each process each time, and some free pages.
			start=$(awk -v n=$(((rounds * 37) % 480 + 1)) 'NR == n { print $2 }' "${crowd_lists[i]}")
			echo "pid:${crowd[i]}@$start+64K"
		done >/run/storm.targets
		kpf find buddy hwpoison >>/run/storm.targets
		memras offline --soft --json-lines --from /run/storm.targets >>/run/storm.lines 2>/run/storm.err || true
		rounds=$((rounds + 1))
	done
	kill $disturber
	wait $disturber 2>/dev/null || true

	retired=$(jq -s '[.[] | select(.page.result == "offlined")] | length' /run/storm.lines)
	echo "# $rounds rounds, $retired pages retired" >&3
	jq -s '[.[] | select(.page) | .page.result] | group_by(.) | map({(.[0]): length}) | add' /run/storm.lines | artifact outcomes
	[ "$retired" -gt 200 ]
	crowd_check

	# What was retired stays so, and is nobody's: never free, mapped or handed out.
	jq -r 'select(.page.result == "offlined") | .page.pfn' /run/storm.lines | sort -un >/run/storm.pfns
	assert_equal "$(wc -l </run/storm.pfns)" "$retired" "pages retired once"
	run_json 0 memras inspect --json --from /run/storm.pfns
	assert_json '.pages | all((.flags | index("hwpoison") != null) and .mapcount <= 0
		and (.flags | (index("buddy") == null) and (index("lru") == null) and (index("mmap") == null)))'
	run_json 0 memras status --pages --json
	assert_json ".poisoned | length == $(poisoned_pages)"
	[ "$(poisoned_pages)" -ge "$retired" ]
	crowd_end
}
