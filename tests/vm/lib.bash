# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # what suites use is not used here
# Helpers for the suites that run in a guest: "load lib" at their top.
#
# What they do (poison pages, take memory offline) would ruin a real machine, so
# loading this anywhere but in a guest of tests/vm/guest ends the suite.

in_guest() {
	local init

	[[ " $(</proc/cmdline) " == *" memras.guest=1 "* ]] &&
		init=$(tr '\0' ' ' </proc/1/cmdline) && [[ $init == "/bin/bash /init "* ]] &&
		[[ -e /memras/job && ${MEMRAS_CONTROL:-} == 7 ]]
}

if ! in_guest; then
	echo "refused: this suite retires memory and runs only in a guest: tests/vm/guest ${BATS_TEST_FILENAME:-SUITE.bats}" >&2
	exit 1
fi

# ---- to and from the host (tests/vm/machine.py has the protocol)

# Lines of several writers at once would mix: one at a time.
tell_host() {
	(
		flock 9
		cat >&"$MEMRAS_CONTROL"
	) 9>/run/memras-control.lock
}

# artifact NAME <FILE: keeps a file on the host, in the results of this suite.
# One named NAME.COMMAND.json must be what src/schema/COMMAND.schema.json says.
artifact() {
	{
		echo "artifact $1"
		base64 -w 3000 | sed 's/^/data /'
		echo end
	} | tell_host
}

# expect_log REGEX: such lines of the kernel log are no failure of this suite.
# Python's regular expressions; say exactly what is expected.
expect_log() {
	echo "expect $(printf %s "$1" | base64 -w 0)" | tell_host
}

# monitor COMMAND: has QEMU's monitor do it, and prints what it answers.
monitor() {
	local answer

	(
		flock 9
		echo "monitor $(printf %s "$*" | base64 -w 0)" >&"$MEMRAS_CONTROL"
		IFS= read -r -t $((60 * ${MEMRAS_SLOWER:-1})) answer <&"$MEMRAS_CONTROL" || return 1
		base64 -d <<<"$answer"
	) 9>/run/memras-control.lock
}

# ---- running memras

# run_json STATUS COMMAND...: runs it, wants this exit status and one JSON object
# on stdout, which is kept in $json and sent to the host to be held against its
# schema. What it wrote to stderr is in $errors. Programs are slow to start under
# emulation, and every suite does this often: so none but the command is.
run_json() {
	local want=$1 got=0 name lines
	shift

	errors=$BATS_TEST_TMPDIR/errors
	json=$("$@" 2>"$errors") || got=$?
	errors=$(<"$errors")
	if [ "$got" -ne "$want" ]; then
		printf '%s\n' "exit status $got, not $want, of: $*" "$json" "$errors" >&2
		return 1
	fi
	# Whether it is one whole object, the host finds.
	if [[ $json != '{'* || ! ${json#*'"command":'} =~ ^\ ?\"([a-z -]+)\" ]]; then
		printf '%s\n' "no JSON object with a command came from: $*" "$json" "$errors" >&2
		return 1
	fi
	mapfile -t lines <<<"$json"
	name=${MEMRAS_BOOT:+boot$MEMRAS_BOOT-}$BATS_TEST_NUMBER-$((++json_count)).${BASH_REMATCH[1]// /-}.json
	{
		flock 9
		echo "artifact $name" >&"$MEMRAS_CONTROL"
		printf 'line %s\n' "${lines[@]}" >&"$MEMRAS_CONTROL"
		echo end >&"$MEMRAS_CONTROL"
	} 9>/run/memras-control.lock
}

# assert_json FILTER [JQ-OPTION...]: jq's FILTER on $json must be true.
assert_json() {
	local filter=$1
	shift

	if ! jq -e "$@" "$filter" <<<"$json" >/dev/null; then
		printf '%s\n' "not so: $filter" "$(jq . <<<"$json")" >&2
		return 1
	fi
}

# get_json FILTER: prints what jq's FILTER makes of $json, raw.
get_json() {
	jq -er "$1" <<<"$json"
}

# refute COMMAND...: must fail
refute() {
	! "$@" 2>/dev/null || {
		echo "succeeded, and must not: $*" >&2
		return 1
	}
}

assert_equal() {
	[ "$1" = "$2" ] || {
		echo "have \"$1\", want \"$2\"${3:+: $3}" >&2
		return 1
	}
}

# ---- looking at the machine without memras

# meminfo FIELD: as /proc/meminfo has it (kB, or pages)
meminfo() {
	awk -v f="$1:" '$1 == f { print $2; found = 1 } END { exit !found }' /proc/meminfo
}

poisoned_pages() {
	echo $(($(meminfo HardwareCorrupted) / 4))
}

block_size() {
	echo $((0x$(</sys/devices/system/memory/block_size_bytes)))
}

# hex64 FILE INDEX: the 64-bit word at this index of a file of such words
hex64() {
	local word

	word=$(dd if="$1" bs=8 skip=$(($2)) count=1 status=none | od -An -tx8 | tr -d ' ')
	[ -n "$word" ] && echo "0x$word"
}

# kpageflags PFN, kpagecount PFN: what /proc says of it
kpageflags() {
	hex64 /proc/kpageflags "$1"
}

kpagecount() {
	echo $(($(hex64 /proc/kpagecount "$1")))
}

# page_is FLAG PFN: flags as tests/vm/kpf.c names them
page_is() {
	kpf is "$1" "$2"
}

# find_page FLAG [NOT-FLAG...] [below=PFN]: a page with the one and none of the others
find_page() {
	kpf find "$@"
}

# count_pages FLAG [NOT-FLAG...]: how many pages have the one and none of the others
count_pages() {
	kpf count "$@"
}

# What must come back to the last page: MemTotal, managed pages by zone, pages
# that are PageOffline
accounts() {
	echo "MemTotal $(meminfo MemTotal)"
	awk '/^Node/ { zone = $2 $4 } $1 == "managed" { print zone, $2 }' /proc/zoneinfo
	echo "offline $(count_pages offline)"
}

accounts_are() {
	[ "$(accounts)" = "$1" ]
}

# pool FIELD [PAGES-KB [NODE]]: nr, free, surplus (or resv, without a node) of a hugepage pool
pool() {
	local dir=/sys/kernel/mm/hugepages name

	[ $# -lt 3 ] || dir=/sys/devices/system/node/node$3/hugepages
	case $1 in
	nr) name=nr_hugepages ;;
	*) name=$1_hugepages ;;
	esac
	cat "$dir/hugepages-${2:-2048}kB/$name"
}

# pool_set NUMBER [PAGES-KB [NODE]]: and it must come out so. What was freed a moment
# ago may have to come together first.
pool_set() {
	local dir=/sys/kernel/mm/hugepages size=${2:-2048}

	[ $# -lt 3 ] || dir=/sys/devices/system/node/node$3/hugepages
	for _ in {1..5}; do
		echo "$1" >"$dir/hugepages-${size}kB/nr_hugepages"
		[ "$(cat "$dir/hugepages-${size}kB/nr_hugepages")" != "$1" ] || return 0
		echo 1 >/proc/sys/vm/compact_memory
	done
	assert_equal "$(cat "$dir/hugepages-${size}kB/nr_hugepages")" "$1" "hugepages of ${size}kB"
}

# until_grown N PID: until the pool has more than N hugepages; false when PID ended before,
# or a minute did. It may have them for a moment only, so that nothing is done but look.
until_grown() {
	local nr=0 until=$((SECONDS + 60 * ${MEMRAS_SLOWER:-1}))

	while [ -e "/proc/$2" ] && [ $SECONDS -lt $until ]; do
		for _ in {1..100}; do
			read -r nr </sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
			[ "$nr" -le "$1" ] || return 0
		done
	done
	return 1
}

# Whether the kernel's alloc_contig_range() replaces hugepages, as from 5.13 on: by
# the kernel's name and not by what memras says of it.
replaces() {
	[ "$MEMRAS_KERNEL" != 5.10 ]
}

# ---- memory of the zone that a suite is run for: see "zones" of tests/vm/guest

# zone_word: as --zone of memras block online has it
zone_word() {
	[ "${MEMRAS_ZONE:-movable}" = plain ] && echo kernel || echo movable
}

# zone_block CONDITION: the highest online block of the zone, of those for which jq's
# CONDITION is true. Of plain memory one that has no page that cannot be moved.
zone_block() {
	local n movable='.zones == ["Movable"]'

	if [ "$(zone_word)" = movable ]; then
		memras block list --json | jq -er "[.blocks[] | select(.state == \"online\" and
			$movable and ($1))] | last | .block"
		return
	fi
	for n in $(memras block list --json | jq -r "[.blocks[] | select(.state == \"online\" and
			($movable | not) and (.zones | length == 1) and ($1)).block] | reverse[]"); do
		block_can_go "$n" || continue
		echo "$n"
		return
	done
	echo "no block of plain memory has but pages that can be moved" >&2
	return 1
}

# block_can_go N: no page of it is one that cannot be moved
block_can_go() {
	memras block show --json "$1" | jq -e '.blocks[0].blockers == []' >/dev/null
}

# workload_in_block KIND PAGES [OPTION...]: starts it with all other Movable blocks offline,
# so that its pages are in one, and sets $block. Where a process gets pages of plain memory
# cannot be chosen: a test that needs it is one for Movable memory.
workload_in_block() {
	local n

	[ "$(zone_word)" = movable ] || skip "needs pages of a process in a block of its own"
	block=$(zone_block true)
	for n in $(memras block list --json | jq -r '.blocks[] | select(.zones == ["Movable"]) | .block'); do
		[ "$n" = "$block" ] || memras block offline --quiet "$n"
	done
	workload_start "$@"
}

# blocks_back: brings every block back into the zone that it had: what is above the
# memory of the boot is Movable (tests/vm/machine.py has the DIMMs there)
blocks_back() {
	local n

	for n in $(memras block list --json | jq -r '.blocks[] | select(.state == "offline").block'); do
		[ "$n" -lt $(((1 << 32) / $(block_size))) ] ||
			memras block online --quiet --zone movable "$n"
	done
	memras block online --quiet --zone kernel all
}

# block_state N
block_state() {
	cat "/sys/devices/system/memory/memory$1/state"
}

# zone_of N: its zone, as the kernel has it
zone_of() {
	cat "/sys/devices/system/memory/memory$1/valid_zones"
}

# wait_for SECONDS COMMAND...: until it succeeds, trying ten times a second. A debug
# kernel has so many times as long: see tests/vm/guest.
wait_for() {
	local until=$((SECONDS + $1 * ${MEMRAS_SLOWER:-1}))
	shift

	until "$@"; do
		if [ $SECONDS -ge $until ]; then
			echo "still not so: $*" >&2
			return 1
		fi
		sleep 0.1
	done
}

# ---- memory of a wanted kind: tests/vm/workload.c, driven over a pipe

# Global by word: bats loads this file from a function.
declare -ga vaddrs=() pfns=()

# workload_start KIND PAGES [OPTION...]: sets $workload_pid, and arrays $vaddrs and $pfns
workload_start() {
	workload_list=/run/workload-list
	coproc WORKLOAD { exec workload "$@" --list "$workload_list" 2>&1; }
	# shellcheck disable=SC2153 # set by coproc
	workload_pid=$WORKLOAD_PID
	exec {workload_out}<&"${WORKLOAD[0]}" {workload_in}>&"${WORKLOAD[1]}"
	_workload_pages
}

# The list is read as a whole: bash reads a pipe byte by byte.
_workload_pages() {
	local answer

	IFS= read -r -t $((240 * ${MEMRAS_SLOWER:-1})) -u "$workload_out" answer
	if [[ $answer != "ready "* ]]; then
		echo "workload: $answer" >&2
		return 1
	fi
	mapfile -t vaddrs < <(cut -d ' ' -f 2 "$workload_list")
	mapfile -t pfns < <(cut -d ' ' -f 3 "$workload_list")
}

# workload_pfns: looks again where its pages are
workload_pfns() {
	echo pfn >&"$workload_in"
	_workload_pages
}

# workload COMMAND as a question; its answer of one line is printed
workload_ask() {
	local answer

	echo "$1" >&"$workload_in"
	IFS= read -r -t $((240 * ${MEMRAS_SLOWER:-1})) -u "$workload_out" answer
	echo "$answer"
}

# every byte must be what was written
workload_check() {
	assert_equal "$(workload_ask check)" ok "the workload's memory"
}

workload_stop() {
	echo quit >&"$workload_in"
	wait "$workload_pid"
	exec {workload_in}>&- {workload_out}<&-
}

# ---- several of them at once, by number: $crowd has their pids, $crowd_lists their pages

declare -ga crowd=() crowd_ends=() crowd_lists=()

# crowd_add KIND PAGES [OPTION...]
crowd_add() {
	local i=${#crowd[@]}
	local file=/run/crowd-$i

	rm -f "$file".*
	mkfifo "$file.in"
	workload "$@" --list "$file.list" <"$file.in" >"$file.out" 2>&1 3>&- &
	crowd+=($!)
	crowd_lists+=("$file.list")
	# shellcheck disable=SC2093,SC1083 # a descriptor, no command
	exec {crowd_ends[i]}>"$file.in"
	wait_for 240 grep -q ready "$file.out"
}

# crowd_ask NUMBER COMMAND: its answer of one line is printed
crowd_ask() {
	local file=/run/crowd-$1 lines

	lines=$(wc -l <"$file.out")
	echo "$2" >&"${crowd_ends[$1]}"
	wait_for 240 _more_lines "$file.out" "$lines"
	tail -n 1 "$file.out"
}

_more_lines() {
	[ "$(wc -l <"$1")" -gt "$2" ]
}

# crowd_check: all of them live, and every byte is what was written
crowd_check() {
	local i

	for i in "${!crowd[@]}"; do
		kill -0 "${crowd[i]}"
		assert_equal "$(crowd_ask "$i" check)" ok "workload $i"
	done
}

crowd_end() {
	local i

	for i in "${!crowd[@]}"; do
		kill "${crowd[i]}" 2>/dev/null || true
	done
	crowd=() crowd_ends=() crowd_lists=()
}
