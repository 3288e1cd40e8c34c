# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # what suites use is not used here
# Helpers for the suites that run in a guest; suites begin with "load lib".
#
# The suites poison pages and take memory offline, which would damage a real
# machine: outside a guest of tests/vm/guest, loading this file ends the suite.

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

# One writer at a time, so that lines do not mix.
tell_host() {
	(
		flock 9
		cat >&"$MEMRAS_CONTROL"
	) 9>/run/memras-control.lock
}

# artifact NAME <FILE: stores a file on the host, in the results of this suite.
# NAME.COMMAND.json is validated against src/schema/COMMAND.schema.json.
artifact() {
	{
		echo "artifact $1"
		base64 -w 3000 | sed 's/^/data /'
		echo end
	} | tell_host
}

# expect_log REGEX: such lines of the kernel log do not fail this suite.
# A Python regular expression, as specific as possible.
expect_log() {
	echo "expect $(printf %s "$1" | base64 -w 0)" | tell_host
}

# monitor COMMAND: runs it in QEMU's monitor, and prints the answer.
monitor() {
	ask_host "monitor $(printf %s "$*" | base64 -w 0)"
}

# firmware_reports KIND PFN: an error of this kind, which tests/vm/ghes.py knows
firmware_reports() {
	local said

	said=$(ask_host "ghes $1 $(printf 0x%x $(($2 * page_size)))")
	[ -z "$said" ] || {
		echo "QEMU said: $said" >&2
		return 1
	}
}

ask_host() {
	local answer

	(
		flock 9
		echo "$1" >&"$MEMRAS_CONTROL"
		IFS= read -r -t $((60 * ${MEMRAS_SLOWER:-1})) answer <&"$MEMRAS_CONTROL" || return 1
		base64 -d <<<"$answer"
	) 9>/run/memras-control.lock
}

# ---- running memras

# run_json STATUS COMMAND...: runs it and expects this exit status and one JSON
# object on stdout, which is set in $json and sent to the host to be validated.
# $errors is set to its stderr. Starts no other program, as programs start slowly
# under emulation and every suite calls this often.
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
	# The host checks that it is one complete object.
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

# get_json FILTER: prints the result of jq's FILTER on $json, raw.
get_json() {
	jq -er "$1" <<<"$json"
}

# refute COMMAND...: the command must fail
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

# ---- the sizes of the machine

# Bytes of a page, as /proc/self/smaps has it in kB; pages of a MiB, and of a hugepage of
# 2 MiB, which workloads and pools are made of; pages of a transparent huge page.
read_sizes() {
	local field value

	while read -r field value _; do
		[ "$field" != KernelPageSize: ] || break
	done </proc/self/smaps
	page_size=$((value * 1024)) mib=$((1024 / value)) hugepage_pages=$((2048 / value))
	thp_pages=$(($(</sys/kernel/mm/transparent_hugepage/hpage_pmd_size) / page_size))
}
read_sizes

# ---- reading the state of the machine without memras

# meminfo FIELD: its value in /proc/meminfo (kB, or pages)
meminfo() {
	awk -v f="$1:" '$1 == f { print $2; found = 1 } END { exit !found }' /proc/meminfo
}

poisoned_pages() {
	echo $(($(meminfo HardwareCorrupted) * 1024 / page_size))
}

block_size() {
	echo $((0x$(</sys/devices/system/memory/block_size_bytes)))
}

# hex64 FILE INDEX: the 64-bit word at this index of a file
hex64() {
	local word

	word=$(dd if="$1" bs=8 skip=$(($2)) count=1 status=none | od -An -tx8 | tr -d ' ')
	[ -n "$word" ] && echo "0x$word"
}

# kpageflags PFN, kpagecount PFN: its value in /proc
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

# find_page FLAG [NOT-FLAG...] [below=PFN]: a page with FLAG and none of the others
find_page() {
	kpf find "$@"
}

# count_pages FLAG [NOT-FLAG...]: the number of pages with FLAG and none of the others
count_pages() {
	kpf count "$@"
}

# Values that must be restored to the last page: MemTotal, managed pages by zone,
# PageOffline pages
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

# pool_set NUMBER [PAGES-KB [NODE]]: sets the size, which must succeed. Pages that were
# just freed may have to merge first.
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

# until_grown N PID: waits until the pool has more than N hugepages; fails if PID ends
# before, or after a minute. Polls without pause, as the pool may shrink again at once.
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

# True if the kernel's alloc_contig_range() replaces hugepages, since 5.13: by the
# kernel's version, not by the report of memras.
replaces() {
	[ "$MEMRAS_KERNEL" != 5.10 ]
}

# ---- memory of the zone under test: see "zones" in tests/vm/guest

# zone_word: the zone as an argument of memras block online --zone
zone_word() {
	[ "${MEMRAS_ZONE:-movable}" = plain ] && echo kernel || echo movable
}

# zone_block CONDITION: the highest online block of the zone for which jq's CONDITION
# is true. For plain memory one without unmovable pages.
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

# block_can_go N: true if it has no unmovable page
block_can_go() {
	memras block show --json "$1" | jq -e '.blocks[0].blockers == []' >/dev/null
}

# workload_in_block KIND PAGES [OPTION...]: starts a workload with all of its pages in one
# block, and sets $block. All other Movable blocks are offline. KIND must be anonymous.
workload_in_block() {
	local n pages=$(($(block_size) / page_size))

	block=$(zone_block true)
	for n in $(memras block list --json | jq -r '.blocks[] | select(.zones == ["Movable"]) | .block'); do
		[ "$n" = "$block" ] || memras block offline --quiet "$n"
	done
	workload_start "$@" --in $((block * pages))-$(((block + 1) * pages - 1))
}

# blocks_back: brings all blocks online in their zones: blocks above the boot memory are
# Movable (tests/vm/machine.py has the DIMMs there). On arm64 boot memory never goes.
blocks_back() {
	local n boot=0

	[ "$HOSTTYPE" != x86_64 ] || boot=$(((1 << 32) / $(block_size)))
	for n in $(memras block list --json | jq -r '.blocks[] | select(.state == "offline").block'); do
		[ "$n" -lt "$boot" ] || memras block online --quiet --zone movable "$n"
	done
	memras block online --quiet --zone kernel all
}

# block_state N
block_state() {
	cat "/sys/devices/system/memory/memory$1/state"
}

# zone_of N: the zone of the block, from the kernel
zone_of() {
	cat "/sys/devices/system/memory/memory$1/valid_zones"
}

# wait_for SECONDS COMMAND...: runs it ten times a second until it succeeds. A debug
# kernel gets a multiple of the time: see tests/vm/guest.
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

# ---- a lock that another process holds

# lock_hold FILE: until lock_free
lock_hold() {
	flock "$1" sleep 400 3>&- &
	lock_holder=$!
	until ! flock -n "$1" true; do sleep 0.1; done
}

lock_free() {
	pkill -P "$lock_holder"
	wait "$lock_holder" || true
}

# has_open PID FILE: true if the process has the file open
has_open() {
	[ -n "$(find "/proc/$1/fd" -lname "$2" 2>/dev/null)" ]
}

# interrupted_at_lock FILE COMMAND...: the command waits for the lock, and SIGINT ends it soon
interrupted_at_lock() {
	local file=$1 pid start rc=0
	shift

	env --default-signal=INT "$@" 2>/dev/null 3>&- &
	pid=$!
	wait_for 60 has_open $pid "$file"
	start=$SECONDS
	kill -INT $pid
	wait $pid || rc=$?
	assert_equal "$rc" 1
	[ $((SECONDS - start)) -lt $((20 * ${MEMRAS_SLOWER:-1})) ]
}

# ---- memory of a given kind: tests/vm/workload.c, controlled by a pipe

# declare -g, as bats loads this file in a function.
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

# Read the list from a file: bash reads a pipe byte by byte.
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

# workload_pfns: reads the PFNs of its pages again
workload_pfns() {
	echo pfn >&"$workload_in"
	_workload_pages
}

# Sends COMMAND to the workload; prints its answer, one line
workload_ask() {
	local answer

	echo "$1" >&"$workload_in"
	IFS= read -r -t $((240 * ${MEMRAS_SLOWER:-1})) -u "$workload_out" answer
	echo "$answer"
}

# All data must be as written
workload_check() {
	assert_equal "$(workload_ask check)" ok "the workload's memory"
}

workload_stop() {
	echo quit >&"$workload_in"
	wait "$workload_pid"
	exec {workload_in}>&- {workload_out}<&-
}

# ---- several workloads, by number: $crowd has their pids, $crowd_lists their pages

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

# crowd_ask NUMBER COMMAND: sends COMMAND and prints the answer, one line
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

# crowd_check: all of them are alive, and their data is as written
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
