#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Everything that moves memory, at the same time, on debug kernels: retire and unpoison,
# hugepages, compaction, swap, memory cgroups, blocks, quarantines, CPU hotplug and
# short-lived processes. No byte may change, and in the end no memory may be missing.
#
# guest: kernels=6.1-debug,7.3-debug cpus=2 memory=1G dimm=512M disk=512M programs=mkswap,swapon,swapoff timeout=1000 silence=400

load lib

setup() {
	racers=()
	pages=$(($(block_size) / page_size))
	memras module load --quiet
	rm -f /run/races.stop /run/races.done
}

teardown() {
	touch /run/races.stop
	wait "${racers[@]}" 2>/dev/null || true
	crowd_end
	rmdir /sys/fs/cgroup/races 2>/dev/null || true
	swapoff -a
	echo 1 >/sys/devices/system/cpu/cpu1/online
	pool_set 0
	memras quarantine release --quiet all
	memras block online --quiet --zone movable all
}

# race NAME COMMAND...: runs COMMAND in a loop in the background until /run/races.stop
# exists. COMMAND may fail, as the others interfere; the successes are counted.
race() {
	local name=$1
	shift

	{
		local done=0 tried=0

		while [ ! -e /run/races.stop ]; do
			tried=$((tried + 1))
			! "$@" >/dev/null 2>&1 || done=$((done + 1))
		done
		echo "$name: $done of $tried" >>/run/races.done
	} 3>&- &
	racers+=($!)
}

retire() {
	local pid=${crowd[RANDOM % ${#crowd[@]}]} at

	at=$(awk -v n=$((RANDOM % 400 + 1)) 'NR == n { print $2 }' "${crowd_lists[0]}")
	memras offline --soft --quiet --timeout 2s "pid:$pid@$at+32K" "$(kpf find buddy hwpoison)"
}

# Unpoisons up to 64 pages at a time, to limit how much memory is missing
bring_back() {
	memras status --pages --json | jq -r '.poisoned[].pfn' | shuf -n 64 |
		memras unpoison --quiet --from -
	sleep 1
}

resize() {
	echo $((RANDOM % 24)) >/proc/sys/vm/nr_hugepages
	memras hugepage replace --quiet --timeout 2s "$(memras hugepage list --json | jq -r '.hugepages[0].pfn')"
}

compact() {
	echo 1 >/proc/sys/vm/compact_memory
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.3
}

movable_block() {
	memras block list --json | jq -r '[.blocks[] | select(.zones == ["Movable"])][].block' | shuf -n 1
}

switch_block() {
	local n

	n=$(movable_block)
	memras block offline --quiet --timeout 5s "$n"
	memras block online --quiet --zone movable "$n"
}

write_block() {
	local state

	state=/sys/devices/system/memory/memory$(movable_block)/state
	timeout 5 sh -c "echo offline >$state"
	echo online_movable >"$state"
}

set_aside() {
	local pfn=$(($(movable_block) * pages + RANDOM % pages / 64 * 64))

	memras quarantine add --quiet --timeout 3s $pfn+$((RANDOM % 600 + 1))
	memras quarantine list
	[ $((RANDOM % 3)) -gt 0 ] || memras quarantine release --quiet all
}

unplug_cpu() {
	echo 0 >/sys/devices/system/cpu/cpu1/online
	sleep 0.2
	echo 1 >/sys/devices/system/cpu/cpu1/online
	sleep 1
}

# A process with huge pages in a small memory cgroup, which is swapped out and ends
come_and_go() {
	timeout 6 sh -c 'echo $$ >/sys/fs/cgroup/races/cgroup.procs
		(echo pageout; echo touch; sleep 1; echo quit) | exec workload thp 4096'
}

@test "all at once: no byte differs, no report, and in the end nothing is missing" {
	local seconds=${MEMRAS_LONG:+600} before

	fallocate -l 256M /mnt/disk/swap
	chmod 600 /mnt/disk/swap
	mkswap /mnt/disk/swap
	swapon /mnt/disk/swap
	before=$(accounts)
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir -p /sys/fs/cgroup/races
	echo 12M >/sys/fs/cgroup/races/memory.high
	crowd_add anon 1024
	crowd_add thp 2048 --storm 1
	crowd_add memfd 1024
	crowd_add file-dirty 1024 /mnt/disk/raced

	race retire retire
	race "bring back" bring_back
	race resize resize
	race compact compact
	race "switch by memras" switch_block
	race "switch by writes" write_block
	race "set aside" set_aside
	race "unplug a CPU" unplug_cpu
	race "come and go" come_and_go
	race "look" memras status --json
	sleep "${seconds:-60}"
	touch /run/races.stop
	wait "${racers[@]}"
	racers=()
	artifact races.txt </run/races.done
	sed 's/^/# /' /run/races.done >&3
	# Each of them succeeded at least once.
	refute grep ': 0 of' /run/races.done
	crowd_check
	crowd_end

	echo 1 >/sys/devices/system/cpu/cpu1/online
	memras quarantine release --quiet all
	memras block online --quiet --zone movable all
	pool_set 0
	memras unpoison --quiet --from <(memras status --pages --json | jq -r '.poisoned[].pfn') || true
	memras status --pages --json | jq -c '.poisoned' | artifact poisoned.json
	wait_for 60 accounts_are "$before"
}
