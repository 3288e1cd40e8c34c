#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Unsupported and forbidden requests are refused completely, each with its exit code.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

memory=/sys/devices/system/memory

has_memory_failure() {
	[ -e $memory/soft_offline_page ]
}

# Everything of the live machine that memras could have changed.
machine_state() {
	cat $memory/memory*/state /sys/kernel/mm/hugepages/*/nr_hugepages \
		/sys/devices/system/node/node*/hugepages/*/nr_hugepages 2>/dev/null | sort | uniq -c
	grep HardwareCorrupted /proc/meminfo || true
	grep '^memras ' /proc/modules || true
}

files_of() {
	(cd "$1" && find . -type f -exec sha256sum {} + && find . -type l -printf '%p %l\n' &&
		find . -printf '%p %m %T@\n') | sort
}

@test "the sandbox lets nothing be written" {
	# shellcheck disable=SC2016 # for that shell
	run "$SUITE/sandbox" sh -c 'for f in /sys/devices/system/memory/memory*/state \
		/sys/kernel/mm/hugepages/*/nr_hugepages /proc/sys/vm/nr_hugepages; do
			if [ -w "$f" ]; then echo "$f"; fi; done'
	[ "$status" = 0 ]
	[ -z "$output" ]
	[ "$(id -u)" = 0 ] || return 0
	run "$SUITE/sandbox" sh -c 'echo 0 >/proc/sys/vm/nr_hugepages'
	[ "$status" != 0 ]
	[[ $output == *"Read-only file system"* ]]
	run "$SUITE/sandbox" sh -c '[ ! -e /dev/memras ] && [ ! -e /dev/mem ]'
	[ "$status" = 0 ]
}

@test "a captured machine is never acted on" {
	local before command

	before=$(files_of "$X86")
	for command in "offline --soft 0x108000" "offline --hard --force 0x108010" \
		"unpoison 0x108050" "block offline 34" "block online 39" "hugepage replace 0x108600"; do
		# shellcheck disable=SC2086 # the command's words
		run_memras --sysroot "$X86" --json $command
		expect_status 3
		expect_one_message
		expect_err "$X86: a captured machine cannot be acted on"
		expect_valid
		expect_json '.error.errno == "EROFS" and (has("results") | not)'
		# shellcheck disable=SC2086
		run_memras $command --sysroot "$X86" --dry-run
		[ "$status" = 0 ]
	done
	[ "$(files_of "$X86")" = "$before" ]
}

@test "a machine without memory failure handling is refused in one line" {
	local command

	for command in "offline --soft 5" "offline --hard 5" "unpoison 5"; do
		# shellcheck disable=SC2086 # the command's words
		run_memras --dry-run --sysroot "$NO_BLOCKS" $command
		expect_status 3
		expect_one_message
		expect_no_out
		expect_err "this kernel has no memory failure handling (CONFIG_MEMORY_FAILURE)" "hint:"
		# shellcheck disable=SC2086
		run_memras --json --dry-run --sysroot "$S390" $command
		expect_status 3
		expect_valid
		expect_json '.error.errno == "EOPNOTSUPP" and .object == null'
	done
}

@test "a machine without memory blocks is refused in one line" {
	local command

	for command in "block list" "block show all" "--dry-run block offline all" \
		"--dry-run block online 1"; do
		# shellcheck disable=SC2086 # the command's words
		run_memras --sysroot "$NO_BLOCKS" $command
		expect_status 3
		expect_one_message
		expect_no_out
		expect_err "this kernel has no memory block interface (CONFIG_MEMORY_HOTPLUG)"
	done
}

@test "a machine without hugetlb or page flags is refused in one line" {
	run_memras --sysroot "$S390" hugepage list
	expect_status 3
	expect_one_message
	expect_err "this kernel has no hugetlb pages (CONFIG_HUGETLBFS)"
	run_memras --sysroot "$S390" status --pages
	expect_status 3
	expect_one_message
	expect_err "/proc/kpageflags: this kernel does not export page flags"
}

@test "this machine: pages are not retired in the sandbox, and that is told" {
	local before address

	[ "$(id -u)" = 0 ] || skip "the next tests are about ordinary users"
	before=$(machine_state)
	if has_memory_failure; then
		# The write is refused, so the page must not be called offlined.
		address=$(awk '/\[heap\]/ { sub("-.*", ""); print "0x" $0 }' "/proc/$$/maps")
		run_memras --json --no-module offline --soft "pid:$$@$address"
		[[ $status = 1 || $status = 3 ]]
		expect_valid
		expect_json '.summary.offlined == 0 and .summary.requested == 1 and
			.results[0].error != null'
	else
		run_memras offline --soft 0x1000
		expect_status 3
		expect_one_message
		expect_no_out
		expect_err "this kernel has no memory failure handling"
		run_memras unpoison 0x1000
		expect_status 3
	fi
	[ "$(machine_state)" = "$before" ]
}

@test "this machine: a block that stays online is not called offline" {
	local before block

	[ "$(id -u)" = 0 ] || skip "the next tests are about ordinary users"
	[ -e $memory/block_size_bytes ] || skip "this kernel has no memory blocks"
	before=$(machine_state)
	block=$(grep -l '^online$' $memory/memory*/state | sort -V | tail -1 | tr -dc '0-9\n')
	run_memras --json --no-module block offline --timeout 2s "$block"
	expect_status 3
	expect_one_message
	expect_err "/sys is mounted read-only here"
	expect_valid
	expect_json '.results[0].result == "failed" and .results[0].error.errno == "EROFS" and
		.results[0].block == '"$block"' and .summary.offlined == 0'
	# Its own child tells it so, also where the caller ignores the ends of children.
	status=0
	# A shell between would set it back.
	"$SUITE/sandbox" /usr/bin/python3 -c 'import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])' "$SUITE/memras" --json --no-module \
		block offline --timeout 2s "$block" >"$BATS_TEST_TMPDIR/out" \
		2>"$BATS_TEST_TMPDIR/err" || status=$?
	read_results "with SIGCHLD ignored"
	expect_status 3
	expect_json '.results[0].error.errno == "EROFS"'
	run_memras --json block online "$block"
	expect_status 0
	expect_json '.results[0].result == "already" and .summary.already == 1'
	[ "$(machine_state)" = "$before" ]
}

@test "an ordinary user may act on nothing, and nothing is done" {
	local before command wanted

	before=$(machine_state)
	for command in "offline --soft 5" "offline --hard --force 5" "unpoison 5" "block offline 1" \
		"block online 1" "hugepage replace 5" "module load" "module unload"; do
		wanted=4
		[[ $command != offline* && $command != unpoison* ]] || has_memory_failure || wanted=3
		[[ $command != block* || -e $memory/block_size_bytes ]] || wanted=3
		# shellcheck disable=SC2086 # the command's words
		run_memras_as_nobody --json $command
		expect_status $wanted
		expect_one_message
		expect_valid
		expect_json 'has("results") | not'
		[ $wanted = 3 ] || {
			expect_err "this needs root (CAP_SYS_ADMIN)" "hint: run it with sudo"
			expect_json '.error.errno == "EPERM"'
		}
	done
	[ "$(machine_state)" = "$before" ]
}

@test "an ordinary user is told wrong words before missing rights" {
	run_memras_as_nobody offline --soft 0x108000 5-3
	expect_usage "5-3: "
	run_memras_as_nobody block offline 7x
	expect_usage "7x: "
}

@test "an ordinary user may look, but not at pages" {
	run_memras_as_nobody status
	expect_status 0
	run_memras_as_nobody --json status
	expect_status 0
	expect_valid
	expect_json '.poisoned == null'
	run_memras_as_nobody status --pages
	expect_status 4
	expect_one_message
	expect_no_out
	expect_err "/proc/kpageflags: page flags cannot be read" "hint: run it with sudo"
	run_memras_as_nobody hugepage list pid:1@0x1000
	expect_status 4
	expect_err "pid:1@0x1000: reading page frame numbers requires CAP_SYS_ADMIN"
	[ -e $memory/block_size_bytes ] || return 0
	run_memras_as_nobody --json block list
	expect_status 0
	expect_valid
	# Where the kernel counts none, nobody needs the flags of pages to say so.
	if [ "$(awk '$1 == "HardwareCorrupted:" { print $2 }' /proc/meminfo)" -gt 0 ] 2>/dev/null; then
		expect_json '.blocks | length > 0 and all(.poisoned == null)'
	else
		expect_json '.blocks | length > 0 and all(.poisoned == 0)'
	fi
}
