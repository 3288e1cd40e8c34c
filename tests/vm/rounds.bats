#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Blocks offline and online again and again: under a refault storm, concurrently with
# chmem(8), killed at any moment, aborted by another notifier.
#
# guest: cpus=2 memory=1280M dimm=512M disk=256M timeout=3000 silence=1500 programs=chmem long=yes

load lib

setup() {
	pages=$(($(block_size) / page_size))
	memras module load --quiet
}

teardown() {
	crowd_end
	memras quarantine release --quiet all
	blocks_back
}

movable_blocks() {
	memras block list --json |
		jq -r '.blocks[] | select(.state == "online" and .zones == ["Movable"]) | .block'
}

# keep_blocks N...: takes all other movable blocks offline
keep_blocks() {
	local n

	for n in $(movable_blocks); do
		[[ " $* " == *" $n "* ]] || memras block offline --quiet "$n"
	done
}

# How many pages of workload $1 are in block $2
pages_there() {
	crowd_ask "$1" "within $(($2 * pages)) $((($2 + 1) * pages - 1))"
}

ms() {
	echo $((${EPOCHREALTIME//[^0-9]/} / 1000))
}

@test "rounds under a storm end within the timeout, and no byte differs; chmem beside it" {
	local rounds=20 blocks n i tool start took rc there failed

	mapfile -t blocks < <(movable_blocks | tail -n 2)
	keep_blocks "${blocks[@]}"
	# What is driven out of one block goes to the other, so that each round has
	# all of it to move.
	memras block offline --quiet "${blocks[1]}"
	crowd_add anon 8192 --storm 2
	crowd_add memfd 4096 --storm 2
	crowd_add file-dirty 4096 /mnt/disk/round --storm 2
	memras block online --quiet --zone movable "${blocks[1]}"

	for tool in memras chmem; do
		failed=0
		for ((i = 0; i < rounds; i++)); do
			n=${blocks[i % 2]}
			there=$(($(pages_there 0 "$n") + $(pages_there 1 "$n") + $(pages_there 2 "$n")))
			start=$(ms) rc=0
			if [ $tool = memras ]; then
				memras block offline --quiet --timeout 60s "$n" 2>>/run/round.err || rc=$?
				took=$(($(ms) - start))
				[ $took -le 65000 ]
			else
				timeout -s KILL 120 chmem --disable -b "$n" >>/run/round.err 2>&1 || rc=$?
				took=$(($(ms) - start))
			fi
			[ $rc = 0 ] || failed=$((failed + 1))
			start=$(ms)
			memras block online --quiet --zone movable "$n"
			echo "$tool round $((i + 1)): block $n, $there pages of the storm, exit $rc, $took ms, online $(($(ms) - start)) ms"
		done | tee -a /run/round.times
		failed=$(grep -c "^$tool.* exit [^0]" /run/round.times || true)
		awk -v t=$tool -v f="$failed" '$1 == t { for (k = 1; k <= NF; k++) if ($k == "ms," && !(n[NR]++)) { s += $(k - 1); if ($(k - 1) > m) m = $(k - 1); c++ } }
			END { printf "# %s: %d rounds, %d failed, mean %d ms, longest %d ms\n", t, c, f, s / c, m }' /run/round.times >&3
	done
	artifact rounds.txt </run/round.times
	artifact said.txt </run/round.err
	# It failed for the block's sake, not for the words'.
	refute grep -q "chmem --help" /run/round.err
	assert_equal "$(grep -c '^memras.* exit 0,' /run/round.times)" "$rounds" "rounds of memras that ended well"
	crowd_check
}

# kill_offlines ZONE BLOCK BLOCK: what is in the first is moved to the other and back, and
# memras killed each time
kill_offlines() {
	local kills=200 i n blocks=("$2" "$3") before total start span pid offlined=0 midway=0

	# So that the first has room for all of it
	memras block offline --quiet "${blocks[@]}"
	memras block online --quiet --zone "$1" "${blocks[0]}"
	crowd_add anon 8192 --in $((blocks[0] * pages))-$(((blocks[0] + 1) * pages - 1))
	memras block online --quiet --zone "$1" "${blocks[1]}"
	start=$(ms)
	memras block offline --quiet --timeout 60s "${blocks[0]}"
	span=$(($(ms) - start))
	memras block online --quiet --zone "$1" "${blocks[0]}"
	before=$(accounts)
	total=$(meminfo MemTotal)
	for ((i = 0; i < kills; i++)); do
		n=${blocks[(i + 1) % 2]}
		memras block offline --quiet "$n" 2>/dev/null 3>&- &
		pid=$!
		sleep "$(awk -v r=$RANDOM -v s=$span 'BEGIN { print r / 32768 * s / 1000 }')"
		# What is held does not count as memory; quick to see.
		[ "$(meminfo MemTotal)" = "$total" ] || midway=$((midway + 1))
		kill -KILL $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		# The child that writes the state is killed with it, and looks up some time later.
		wait_for 20 settled "$n"
		if [ "$(block_state "$n")" = offline ]; then
			offlined=$((offlined + 1))
			memras block online --quiet --zone "$1" "$n"
		fi
		wait_for 20 accounts_are "$before"
	done
	midway=$((midway - offlined))
	echo "# $kills kills within $span ms: $midway with pages held, $offlined when it was offline" >&3
	[ $midway -ge $((kills / 4)) ]
	crowd_check
}

settled() {
	[ "$(block_state "$1")" != going-offline ] && ! pgrep -x memras >/dev/null
}

@test "killed at any moment, it leaves every page where it was" {
	local blocks

	# Between two blocks, so that there is something to move each time.
	mapfile -t blocks < <(movable_blocks | tail -n 2)
	keep_blocks "${blocks[@]}"
	kill_offlines movable "${blocks[@]}"
}

@test "killed at any moment in plain memory, it leaves every page where it was" {
	local n blocks
	local -x MEMRAS_ZONE=plain

	keep_blocks
	blocks[0]=$(zone_block true)
	blocks[1]=$(zone_block ".block != ${blocks[0]}")
	# As there, as far as that can be: no other has room.
	for n in $(memras block list --json | jq -r '.blocks[] | select(.state == "online").block'); do
		[[ " ${blocks[*]} " == *" $n "* ]] || ! block_can_go "$n" ||
			memras block offline --quiet "$n" || true
	done
	kill_offlines kernel "${blocks[@]}"
}

@test "called off by another notifier, the block is whole and what is held is held" {
	local n before action=/sys/kernel/debug/notifier-error-inject/memory/actions/MEM_GOING_OFFLINE/error

	modprobe memory-notifier-error-inject 2>/dev/null || skip "this kernel has no memory-notifier-error-inject"
	n=$(movable_blocks | tail -n 1)
	memras quarantine add --quiet $((n * pages + 512))+700
	before=$(accounts)
	echo -12 >$action
	run_json 1 memras block offline --json --timeout 20s "$n"
	assert_json '.results[0].result == "failed"'
	refute sh -c "echo offline >/sys/devices/system/memory/memory$n/state"
	echo 0 >$action
	assert_equal "$(block_state "$n")" online
	assert_equal "$(accounts)" "$before"
	run_json 0 memras quarantine list --json
	assert_json '[.quarantine[].held] == [700]'
	run_json 0 memras block offline --json "$n"
	memras block online --quiet --zone movable "$n"
	assert_equal "$(accounts)" "$before"
	modprobe -r memory-notifier-error-inject
}

@test "a signal is answered at once, with a plain write beside it" {
	local blocks tool pid start took total

	mapfile -t blocks < <(movable_blocks | tail -n 1)
	keep_blocks "${blocks[0]}"
	# It cannot end by itself.
	crowd_add pinned 64
	total=$(meminfo MemTotal)
	for tool in memras "a plain write"; do
		if [ "$tool" = memras ]; then
			memras block offline --quiet --timeout 60s "${blocks[0]}" 2>/dev/null 3>&- &
		else
			(exec 3>&- && exec sh -c "echo offline >/sys/devices/system/memory/memory${blocks[0]}/state" 2>/dev/null) &
		fi
		pid=$!
		sleep 4
		start=$(ms)
		kill -TERM $pid
		wait $pid || true
		took=$(($(ms) - start))
		echo "# $tool: ended $took ms after the signal" >&3
		[ "$tool" != memras ] || [ $took -le 1000 ]
		assert_equal "$(block_state "${blocks[0]}")" online
		assert_equal "$(meminfo MemTotal)" "$total"
	done
	crowd_check
}
