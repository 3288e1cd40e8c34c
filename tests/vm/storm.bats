#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The fault that soft offline's rework was for: pages retired under processes
# that run, with compaction and reclaim going on, and nobody may notice.
#
# guest: cpus=2 memory=1G timeout=900 silence=400

load lib

PROCESSES=8

# Many workloads at once: each with a fifo to it and a file from it
spawn() {
	local i=$1 end

	mkfifo "/run/storm-$i.in"
	workload anon 512 --list "/run/storm-$i.list" <"/run/storm-$i.in" >"/run/storm-$i.out" 2>&1 &
	pids[i]=$!
	exec {end}>"/run/storm-$i.in"
	ends[i]=$end
	wait_for 30 grep -q ready "/run/storm-$i.out"
}

ask() {
	local lines

	lines=$(wc -l <"/run/storm-$1.out")
	echo "$2" >&"${ends[$1]}"
	wait_for 60 more_lines "/run/storm-$1.out" "$lines"
	tail -n 1 "/run/storm-$1.out"
}

more_lines() {
	[ "$(wc -l <"$1")" -gt "$2" ]
}

disturb() {
	while :; do
		echo 1 >/proc/sys/vm/compact_memory
		echo 3 >/proc/sys/vm/drop_caches
		head -c 128M /dev/zero | tail -c 1 >/dev/null
		sleep 0.5
	done
}

@test "8 processes, their pages and free ones retired throughout: no byte differs, none is killed" {
	local pids=() ends=() until i rounds=0 retired disturber

	for ((i = 0; i < PROCESSES; i++)); do
		spawn $i
	done
	disturb &
	disturber=$!
	until=$((SECONDS + ${MEMRAS_LONG:+270} + 30))
	while [ $SECONDS -lt $until ]; do
		for ((i = 0; i < PROCESSES; i++)); do
			# A different stretch of each process each time, and some free pages.
			start=$(awk -v n=$(((rounds * 37) % 480 + 1)) 'NR == n { print $2 }' "/run/storm-$i.list")
			echo "pid:${pids[i]}@$start+64K"
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
	for ((i = 0; i < PROCESSES; i++)); do
		kill -0 "${pids[i]}"
		assert_equal "$(ask $i check)" ok "process $i"
	done

	# What was retired stays so, and is nobody's: never free, mapped or handed out.
	jq -r 'select(.page.result == "offlined") | .page.pfn' /run/storm.lines | sort -un >/run/storm.pfns
	assert_equal "$(wc -l </run/storm.pfns)" "$retired" "pages retired once"
	run_json 0 memras inspect --json --from /run/storm.pfns
	assert_json '.pages | all((.flags | index("hwpoison") != null) and .mapcount <= 0
		and (.flags | (index("buddy") == null) and (index("lru") == null) and (index("mmap") == null)))'
	run_json 0 memras status --pages --json
	assert_json ".poisoned | length == $(poisoned_pages)"
	[ "$(poisoned_pages)" -ge "$retired" ]
	for ((i = 0; i < PROCESSES; i++)); do
		echo quit >&"${ends[i]}"
	done
}
