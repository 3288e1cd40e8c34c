#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Pages to retire are on the list before they are touched, whatever happens next.
#
# guest: kernels=5.10,6.12 cpus=1 memory=1G timeout=1200 silence=600

load lib

list=/var/lib/memras/retired.json
PAGES=200

setup() {
	workload_pid=
}

teardown() {
	[ -z "$workload_pid" ] || kill "$workload_pid" 2>/dev/null || true
	mountpoint -q /var/lib/memras && umount /var/lib/memras
	rm -rf /var/lib/memras
}

# numbers NAME: the values of a member, of JSON on stdin, sorted
numbers() {
	grep -o "\"$1\": *[0-9]*" | grep -o '[0-9]*$' | sort -u
}

poisoned() {
	memras --json status --pages | sed -n '/"poisoned"/,/\]/p' | numbers pfn
}

listed() {
	[ ! -e $list ] || numbers pfn <$list
}

# refused ERRNO OPTION...: nothing is touched, and the list stays as it is
refused() {
	local errno=$1 before
	shift

	before=$(poisoned_pages)
	run_json 1 memras --json offline --soft "$@" "${pfns[1]}" "${pfns[2]}"
	assert_json ".error.errno == \"$errno\" and (.error.hint | test(\"no page was touched\"))"
	assert_equal "$(poisoned_pages)" "$before"
	refute page_is hwpoison "${pfns[1]}"
}

@test "a list that is damaged or of a later version: refused before a page is touched" {
	local text

	workload_start anon 16
	mkdir -p ${list%/*}
	for text in broken '' '{"version": 99, "page_size": 4096, "retired": []}'; do
		printf %s "$text" >$list
		case $text in
		*99*) refused EPROTONOSUPPORT ;;
		*) refused EBADMSG ;;
		esac
		assert_equal "$(<$list)" "$text"
	done
	# Without the list it goes, and says that nothing is recorded.
	run_json 0 memras --json offline --soft --no-record "${pfns[1]}"
	assert_json '.summary.offlined == 1 and .retired_list == null'
	page_is hwpoison "${pfns[1]}"
	# What takes pages off the list cannot do without it.
	run_json 1 memras --json unpoison "${pfns[1]}"
	page_is hwpoison "${pfns[1]}"
	rm $list
	run_json 0 memras --json unpoison "${pfns[1]}"
	refute page_is hwpoison "${pfns[1]}"
	workload_stop
}

@test "a full disk: refused before a page is touched" {
	mkdir -p /var/lib/memras
	mount -t tmpfs -o size=4096 tmpfs /var/lib/memras
	head -c 4096 /dev/zero >/var/lib/memras/full || true
	workload_start anon 16
	refused ENOSPC
	rm /var/lib/memras/full
	umount /var/lib/memras
	workload_stop
}

@test "another one that has the list is waited for as long as the timeout says, or until a signal" {
	local lock=${list%/*}/retired.lock start

	workload_start anon 16
	mkdir -p ${list%/*}
	lock_hold "$lock"
	start=$SECONDS
	refused EBUSY --timeout 2s
	[ $((SECONDS - start)) -lt $((20 * ${MEMRAS_SLOWER:-1})) ]
	interrupted_at_lock "$lock" memras --quiet offline --soft --timeout 280s "${pfns[1]}"
	refute page_is hwpoison "${pfns[1]}"
	lock_free
	workload_stop
}

@test "what was not retired is taken off the list again, unless it was there before" {
	workload_start pinned 16
	run_json 64 memras --json offline --soft --timeout 0s "${pfns[3]}" "$(find_page buddy)"
	assert_json '.summary | .offlined == 1 and .failed == 1'
	assert_json '.retired_list == {"recorded": 1, "error": null}'
	assert_equal "$(listed)" "$(poisoned)"
	printf '%s\n' "${pfns[3]}" >/run/pinned
	run_json 0 memras --json retired import /run/pinned
	run_json 1 memras --json offline --soft --timeout 0s "${pfns[3]}"
	[[ $(listed) == *$((pfns[3]))* ]]
	workload_stop
}

@test "a reader that goes away stops nothing, and all is recorded" {
	local before

	before=$(poisoned_pages)
	workload_start anon $PAGES
	memras offline --soft --json-lines "pid:$workload_pid@${vaddrs[0]}+$((PAGES * page_size))" 2>/dev/null |
		head -n 1 >/run/first
	assert_equal "$(poisoned_pages)" $((before + PAGES))
	assert_equal "$(listed | wc -l)" $PAGES
	run_json 0 memras --json retired list
	assert_json 'all(.retired[]; .state == "retired")'
	workload_check
	workload_stop
}

@test "killed at any moment, memras leaves no page poisoned that is not on the list" {
	local kills=${MEMRAS_LONG:+1000} range start took calls i pid killed=0 part=0 all

	kills=${kills:-50}
	memras module load --quiet
	# What the tests before this one retired is on no list any more.
	poisoned >/run/poisoned
	[ ! -s /run/poisoned ] || memras unpoison --quiet --from /run/poisoned
	workload_start anon $PAGES
	range="pid:$workload_pid@${vaddrs[0]}+$((PAGES * page_size))"
	start=$(date +%s%N)
	memras offline --soft --quiet "$range"
	took=$((($(date +%s%N) - start) / 1000))
	calls=$(killat 0 memras offline --soft --quiet "$range")
	RANDOM=20
	for ((i = 0; i < kills; i++)); do
		all=$(poisoned_pages)
		# By time, which also is within a system call, and by system calls: the last
		# two fifths have all of those that retire pages.
		if [ $((i % 2)) = 0 ]; then
			memras offline --soft --quiet "$range" 3>&- &
			pid=$!
			sleep "$(printf '0.%06d' $(((RANDOM * 32768 + RANDOM) % took)))"
			kill -KILL $pid 2>/dev/null || true
		else
			killat $((calls * 3 / 5 + (RANDOM * 32768 + RANDOM) % (calls * 2 / 5))) \
				memras offline --soft --quiet "$range" 3>&- >/run/calls &
			pid=$!
		fi
		wait $pid || killed=$((killed + 1))
		[ "$(poisoned_pages)" -eq "$all" ] || [ "$(poisoned_pages)" -eq $((all + PAGES)) ] ||
			part=$((part + 1))
		poisoned >/run/poisoned
		listed >/run/listed
		assert_equal "$(comm -23 /run/poisoned /run/listed | wc -l)" 0 "pages that no list has, after kill $i"
		# The memory that is gone by now is given back, and the host hears from us.
		if [ $((i % 25)) = 24 ]; then
			echo "# $((i + 1)) of $kills" >&3
			memras unpoison --quiet --from /run/poisoned
			rm -f $list
		fi
	done
	echo "# $calls calls; $killed of $kills killed, $part of them with some of the pages retired" >&3
	[ $killed -gt $((kills / 2)) ] && [ $part -gt $((kills / 5)) ]
	workload_check
	workload_stop
}
