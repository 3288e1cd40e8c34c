#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Fault injection and random calls to the module, on debug kernels: each allocation and copy
# fails in turn, and a million calls are random. A report of the kernel fails the guest, and
# so does leaked memory at its end.
#
# guest: kernels=6.1-debug,7.3-debug cpus=2 memory=1G dimm=512M timeout=4000 silence=3000

load lib

setup() {
	pages=$(($(block_size) / page_size))
	memras module load --quiet
}

teardown() {
	[ -z "${switcher-}" ] || { kill "$switcher" && wait "$switcher"; } 2>/dev/null || true
	memras quarantine release --quiet all
	all_online || kept_offline
}

# Since 6.2 a block with poisoned pages stays offline, and they cannot be unpoisoned.
all_online() {
	run_json 0 memras block online --json --zone movable all 2>/dev/null
}

# kept_offline: it is for this alone that blocks did not come online
kept_offline() {
	assert_json '[.results[] | select(.error).error.errno] | . != [] and all(. == "EHWPOISON")'
}

movable_blocks() {
	memras block list --json |
		jq -r '.blocks[] | select(.state == "online" and .zones == ["Movable"]) | .block'
}

# Faults in allocations of all sizes, also in those that may sleep, without stack traces
let_all_fail() {
	local dir=/sys/kernel/debug

	echo N | tee $dir/failslab/ignore-gfp-wait $dir/fail_page_alloc/ignore-gfp-{wait,highmem} >/dev/null
	echo 0 | tee $dir/fail_page_alloc/min-order $dir/{failslab,fail_page_alloc,fail_usercopy}/verbose >/dev/null
}

@test "with each allocation and each copy failed in turn, every call leaves all as it was" {
	local n before

	let_all_fail
	n=$(movable_blocks | head -n 1)
	# To empty it
	memras block offline --quiet "$n"
	memras block online --quiet --zone movable "$n"
	before=$(accounts)
	failnth $((n * pages)) "$pages" | tee /run/failnth
	artifact failnth.txt </run/failnth
	echo "# $(tail -n 1 /run/failnth)" >&3
	[ "$(awk 'END { print $1 }' /run/failnth)" -gt 100 ]
	wait_for 20 accounts_are "$before"
}

# Records the calls of a memras command, which may fail
record() {
	ioctlfuzz record /run/calls memras --quiet "$@" || true
}

# Takes a block offline and online, by writes to its state, until killed
switch_block() {
	local state=/sys/devices/system/memory/memory$1/state

	while :; do
		echo offline >"$state" || sleep 0.1
		sleep 0.2
		echo online_movable >"$state" || sleep 0.1
	done 2>/dev/null
}

@test "calls at random, as root and as nobody, beside unloading and blocks that come and go: no report" {
	local blocks n first before seconds=90

	mapfile -t blocks < <(movable_blocks | tail -n 2)
	n=${blocks[1]}
	first=$((blocks[0] * pages))
	record inspect $first+600
	record quarantine add $((first + 300))+900
	record quarantine list
	record status --pages
	record block offline "$n"
	record block online --zone movable "$n"
	record hugepage list
	record offline --hard $((first + 2000))
	record unpoison $((first + 2000))
	record quarantine release all
	before="$(accounts) $(poisoned_pages)"
	switch_block "$n" 3>&- &
	switcher=$!
	# A million calls take hours on emulated CPUs.
	[ -z "${MEMRAS_LONG-}" ] || seconds=0
	ioctlfuzz run 1000000 $seconds $first $((2 * pages)) "/lib/modules/$(uname -r)/extra/memras.ko" /run/calls |
		tee /run/fuzz
	artifact fuzz.txt </run/fuzz
	echo "# $(tail -n 1 /run/fuzz)" >&3
	# The coverage was used.
	[ ! -e /sys/kernel/debug/kcov ] || [ "$(sed -nE 's/.* ([0-9]+) edges.*/\1/p' /run/fuzz)" -gt 500 ]
	{ kill $switcher && wait $switcher; } 2>/dev/null || true
	switcher=
	if ! all_online; then
		kept_offline
		return
	fi
	wait_for 20 both_are "$before"
}

both_are() {
	[ "$(accounts) $(poisoned_pages)" = "$1" ]
}
