#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Wrong arguments are refused, and named, before anything is changed.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

# TARGET REASON: the same for every command that takes targets.
wrong_target() {
	local command

	for command in "offline --soft" "hugepage list"; do
		# shellcheck disable=SC2086 # the command's words
		run_memras $command --sysroot "$X86" 0x108000 "$1"
		expect_usage "$1: " "$2"
	done
}

@test "a page frame number that is none is refused" {
	wrong_target 0x "not a page frame number"
	wrong_target zap "not a page frame number"
	wrong_target nosuch:5 "not a page frame number"
	wrong_target 1a2b3 "'a2b3' is left over at the end"
	wrong_target 0x1g "'g' is left over at the end"
	wrong_target "5 6" "' 6' is left over at the end"
	wrong_target 5-6-7 "'-7' is left over at the end"
	wrong_target 5K "'K' is left over at the end"
}

@test "every command that takes targets refuses wrong ones" {
	local command

	for command in "offline --hard" unpoison inspect "hugepage replace"; do
		# shellcheck disable=SC2086 # the command's words
		run_memras $command 0x1 5-3
		expect_usage "5-3: the range runs backwards"
	done
}

@test "a number of 2^64 or more is refused" {
	wrong_target 18446744073709551616 "does not fit in 64 bits"
	wrong_target 0x10000000000000000 "does not fit in 64 bits"
	wrong_target 5-18446744073709551616 "does not fit in 64 bits"
	wrong_target 5+18446744073709551616 "does not fit in 64 bits"
	wrong_target phys:18446744073709551616 "does not fit in 64 bits"
	wrong_target phys:0+99999999999T "does not fit in 64 bits"
	wrong_target pid:1@18446744073709551616 "does not fit in 64 bits"
	wrong_target node:18446744073709551616 "does not fit in 64 bits"
}

@test "a range that is none is refused" {
	wrong_target 5-3 "the range runs backwards"
	wrong_target 5- "the end of the range is not a number"
	wrong_target 5+0 "a range of 0 pages"
	wrong_target 0xffffffffffffffff+2 "past 2^64"
	wrong_target 0-0xffffffffffffffff "past 2^64"
	wrong_target phys:0x1000+0 "the length is 0"
	wrong_target phys:0xfffffffffffff000+4097 "past 2^64"
}

@test "a physical address that is none is refused" {
	wrong_target phys: "the physical address is not a number"
	wrong_target phys:0x "the physical address is not a number"
	wrong_target phys:0x1000+ "the length is not a number"
	wrong_target phys:0x1000+4Q "'Q' is left over at the end"
	wrong_target phys:0x1000-0x2000 "'-0x2000' is left over at the end"
}

@test "a process that is none is refused" {
	wrong_target pid: "the process id is not a number"
	wrong_target pid:0@0 "no process has that id"
	wrong_target pid:2147483648@0 "no process has that id"
	wrong_target pid:1 "'@' and a virtual address are missing"
	wrong_target pid:1@ "the virtual address is not a number"
	wrong_target pid:1@0x1000junk "'junk' is left over at the end"
}

@test "a file that is none is refused" {
	wrong_target file: "the path is missing"
	wrong_target file:@0 "the path is missing"
	wrong_target file:/a@0+0 "the length is 0"
	wrong_target file:/a@0junk "'junk' is left over at the end"
}

@test "an empty word is refused" {
	run_memras offline --soft ""
	expect_usage "word 1 of TARGET... is empty"
	run_memras unpoison 0x108000 ""
	expect_usage "word 2 of TARGET... is empty"
	run_memras block list ""
	expect_usage "word 1 of [SELECTOR...] is empty"
}

@test "a whole node is no target for offline and unpoison" {
	run_memras offline --soft node:0
	expect_usage "node:0: this command takes pages, not a whole node"
	run_memras unpoison node:0
	expect_usage "node:0: this command takes pages, not a whole node"
}

@test "a page frame that no memory backs is refused, and nothing else is done" {
	local word

	for word in 0x20000 0x180000 0x108070 0x108060-0x108080 phys:0x20000000 \
		phys:0x107fff000+0x8000000 0xfffffffffffff 18446744073709551615 0x10000000108000; do
		run_memras offline --soft --dry-run --json --sysroot "$X86" 0x108000 "$word"
		expect_status 1
		expect_one_message
		expect_err "$word: no memory is at page frame 0x"
		expect_valid
		expect_json '.object == "'"$word"'" and .error.errno == "ENXIO"'
	done
}

@test "a process that is gone, and one that has nothing there, is said so" {
	local gone

	bash -c 'exit 0' &
	gone=$!
	wait "$gone"
	run_memras hugepage list "pid:$gone@0x1000"
	expect_status 1
	expect_one_message
	expect_err "pid:$gone@0x1000: no such process"

	[ "$(id -u)" = 0 ] || return 0 # others may not look into processes at all
	run_memras hugepage list "pid:$$@0x0"
	expect_status 1
	expect_err "pid:$$@0x0: none of it is in memory"
	run_memras hugepage list "pid:$$@0xfffffffffffff000"
	expect_status 1
	expect_err "pid:$$@0xfffffffffffff000: the process cannot have memory there"
}

@test "a path that is no file is refused" {
	local path

	for path in /nonexistent/file "$BATS_TEST_TMPDIR/none"; do
		run_memras hugepage list "file:$path"
		expect_status 1
		expect_err "file:$path: no such file"
	done
	for path in "$BATS_TEST_TMPDIR" /dev/null; do
		run_memras hugepage list "file:$path"
		expect_usage "file:$path: not a regular file"
	done
	printf x >"$BATS_TEST_TMPDIR/small"
	run_memras hugepage list "file:$BATS_TEST_TMPDIR/small@4K"
	expect_status 1
	expect_err "the file ends before that"
}

@test "processes and files are no targets on a captured machine" {
	run_memras offline --soft --dry-run --sysroot "$X86" "pid:$$@0x1000"
	expect_usage "pid:$$@0x1000: a captured machine has no processes and files"
	run_memras offline --soft --dry-run --sysroot "$X86" "file:$BATS_TEST_FILENAME"
	expect_usage "file:$BATS_TEST_FILENAME: a captured machine has no processes and files"
}

@test "a bad word of a list is named with its line" {
	local list=$BATS_TEST_TMPDIR/list

	printf '# comment\n0x10, 17\n\n18 0x1g # here\n' >"$list"
	run_memras offline --soft --from "$list"
	expect_usage "$list:4: 0x1g: 'g' is left over at the end"
	run_memras unpoison --from "$list"
	expect_usage "$list:4: 0x1g:"
	run_memras offline --soft - <"$list"
	expect_usage "standard input:4: 0x1g:"
	run_memras offline --soft --from - <"$list"
	expect_usage "standard input:4: 0x1g:"
}

@test "a list that cannot be read, and one that is empty, is said so" {
	run_memras offline --soft --from "$BATS_TEST_TMPDIR/none"
	expect_status 1
	expect_err "$BATS_TEST_TMPDIR/none: the file cannot be opened"
	run_memras offline --soft --from "$BATS_TEST_TMPDIR"
	expect_status 1
	expect_err "$BATS_TEST_TMPDIR: a directory, not a file"

	printf '# nothing\n,\n' >"$BATS_TEST_TMPDIR/empty"
	run_memras offline --soft --from "$BATS_TEST_TMPDIR/empty"
	expect_usage "no target is named"
	run_memras unpoison
	expect_usage "no target is named"
}

@test "a list that is no text is refused, never misread" {
	local list=$BATS_TEST_TMPDIR/list

	# Cut at the NUL, this would be page 0.
	printf '0\0x\0' >"$list"
	run_memras offline --soft --from "$list"
	expect_usage "$list: the text is UTF-16" "hint: convert it"
	run_memras offline --soft - <"$list"
	expect_usage "standard input: the text is UTF-16"
	printf '0x10\n0x11\0junk\n' >"$list"
	run_memras offline --soft --from "$list"
	expect_usage "$list: line 2 has a NUL byte"
	head -c 1100000 /dev/zero | tr '\0' 1 >"$list"
	run_memras offline --soft --from "$list"
	expect_usage "$list: line 1 is longer than 1 MiB"
	# A byte order mark of UTF-8 is what editors put there.
	printf '\357\273\2770x108000\r\n' >"$list"
	run_memras --sysroot "$X86" --dry-run -J offline --soft --from "$list"
	expect_status 0
	expect_json '.results[0].target == "0x108000"'
}

@test "what is no file does not hold a reader up" {
	local fifo=$BATS_TEST_TMPDIR/fifo

	mkfifo "$fifo"
	run_memras offline --soft --from "$fifo"
	expect_status 1
	expect_err "$fifo: a FIFO, not a file" "hint: '-' reads standard input"
	run_memras offline --soft --from /dev/null
	expect_status 1
	expect_err "/dev/null: a device, not a file"
	# What the caller opened is no such thing.
	run_memras --sysroot "$X86" --dry-run offline --soft --from <(echo 0x108000)
	expect_status 0
}

@test "a list that the caller may not read is a matter of permission" {
	local list

	list=$(mktemp -p "$SUITE")
	printf '0x108000\n' >"$list"
	chmod 000 "$list"
	run_memras_as_nobody offline --soft --from "$list"
	rm -f "$list"
	expect_status 4
	expect_err "$list: the file cannot be opened: Permission denied"
}

@test "an unknown command is refused with a hint, an abbreviated one too" {
	run_memras statsu
	expect_usage "statsu: no such command" "hint: did you mean 'status'?"
	run_memras stat
	expect_usage "stat: no such command" "hint:"
	run_memras block lis
	expect_usage "block: lis: no such command" "hint: did you mean 'list'?"
	run_memras xyzzy
	expect_usage "xyzzy: no such command" "hint: 'memras --help' lists the commands"
}

@test "without a command the commands are shown at a glance" {
	run_memras
	expect_status 2
	expect_no_out
	expect_err "memras: a command is missing" "Usage: memras COMMAND" "  offline     retire pages" \
		"  doctor " "For more, see 'memras --help' and memras(8)."
	[ "$(wc -l <<<"$err")" -le 24 ]
	run_memras hugepage
	expect_status 2
	expect_no_out
	expect_err "hugepage: the second word is missing" "Usage: memras hugepage COMMAND" \
		"  replace     replace hugepages" "For more, see 'memras hugepage --help' and memras-hugepage(8)."
	run_memras --quiet
	expect_usage "a command is missing"
}

@test "an unknown option is refused with a hint, an abbreviated one too" {
	run_memras --jso status
	expect_usage "--jso: no such option" "hint: did you mean --json?"
	run_memras status --pag
	expect_usage "--pag: no such option" "hint: did you mean --pages?"
	run_memras offline --sof 0x1
	expect_usage "--sof: no such option" "hint: did you mean --soft?"
	run_memras block offline --tim=5 1
	expect_usage "--tim=5: no such option" "hint: did you mean --timeout?"
	run_memras status -Z
	expect_usage "-Z: no such option"
	run_memras status --wibble
	expect_usage "--wibble: no such option"
	# The hidden one is hidden from hints as well.
	run_memras --introspec
	expect_usage "--introspec: no such option"
	[[ $err != *"did you mean --introspect"* ]]
}

@test "an option's value is checked" {
	run_memras status --pages=yes
	expect_usage "--pages=yes: takes no value"
	run_memras offline --soft --timeout
	expect_usage "--timeout: needs a value"
	run_memras offline --soft --timeout 10x 0x1
	expect_usage "10x: --timeout needs a time such as"
	run_memras offline --soft --timeout -1 0x1
	expect_usage "-1: --timeout needs a time such as"
	run_memras offline --soft --timeout 99999999999999999999h 0x1
	expect_usage "99999999999999999999h: --timeout needs a time"
	run_memras offline --soft --timeout 18446744073709552ms 0x1
	expect_usage "18446744073709552ms: --timeout needs a time" "too long"
	run_memras block offline --timeout 2562047788016h 1
	expect_usage "2562047788016h: --timeout needs a time" "too long"
	run_memras offline --soft --retries 1.5 0x1
	expect_usage "1.5: --retries needs a number"
	run_memras offline --soft --retries 18446744073709551616 0x1
	expect_usage "18446744073709551616: --retries needs a number below 2^64"
	run_memras offline --soft --via sys 0x1
	expect_usage "sys: not one of --via's values: auto, sysfs, madvise, module"
	run_memras --color=maybe status
	expect_usage "maybe: not one of --color's values: auto, always, never"
	run_memras block online --zone dma 1
	expect_usage "dma: not one of --zone's values: back, auto, movable, kernel"
	run_memras --sysroot "" status
	expect_usage "--sysroot needs a value"
}

@test "options that exclude or need each other are checked" {
	run_memras offline 0x1
	expect_usage "--soft or --hard must be given"
	run_memras offline --soft --hard 0x1
	expect_usage "only one of --soft or --hard can be given"
	run_memras --no-module hugepage replace 0x1
	expect_usage "--no-module"
}

@test "--dry-run is refused where nothing could be tried" {
	local command

	for command in status "block list" "block show 1" "hugepage list" "module status" doctor; do
		# shellcheck disable=SC2086 # the command's words
		run_memras --dry-run $command
		expect_usage "--dry-run: this command changes nothing that could be tried"
	done
}

@test "words too many or too few are refused" {
	run_memras status now
	expect_usage "now: one word too many"
	run_memras module unload it
	expect_usage "it: one word too many"
	run_memras block offline
	expect_usage "SELECTOR... is missing" "hint: see 'memras block offline --help'"
	run_memras hugepage replace
	expect_usage "TARGET..." "is missing"
}

@test "a block selector that is none is refused" {
	local word

	for word in 7x memory memory7x 0x -3 7-5 7- phys:0x phys:0+0 node:x node:-1 size:1X size:0 \
		size: ALL 18446744073709551616 size:99999999999T; do
		run_memras block offline --sysroot "$X86" --dry-run -- 1 "$word"
		expect_usage "$word: "
		[ "$word" = -3 ] || [[ $word == size:* ]] || {
			run_memras block list --sysroot "$X86" 1 "$word"
			expect_usage "$word: "
		}
	done
	run_memras block list --sysroot "$X86" size:1G
	expect_usage "size:1G: a size chooses only to offline or online"
}

@test "a block that is not there is refused, also at the end of a range" {
	run_memras block show --sysroot "$X86" 9
	expect_status 1
	expect_err "9: no such memory block"
	run_memras block list --sysroot "$X86" 46-49
	expect_status 1
	expect_err "46-49: only 2 of these memory blocks exist"
	run_memras block offline --dry-run --sysroot "$X86" node:2
	expect_status 1
	expect_err "node:2: no such memory block"
	run_memras block offline --dry-run --sysroot "$X86" size:1T
	expect_status 1
	expect_err "size:1T: only 2.4G of it is online"
	run_memras block online --dry-run --sysroot "$X86" size:1G
	expect_status 1
	expect_err "size:1G: only 128M of it is offline"
}

@test "an unknown column is refused with the list of them" {
	run_memras block list --sysroot "$X86" -o RANGE,NONE
	expect_usage "NONE: no such column" "hint: the columns are RANGE, SIZE, STATE"
}

@test "a captured machine that is not there is said so" {
	run_memras --sysroot "$BATS_TEST_TMPDIR/none" status
	expect_status 1
	expect_one_message
	expect_err "$BATS_TEST_TMPDIR/none: the folder of the machine cannot be opened"
}

@test "module status is refused on a captured machine" {
	run_memras module status --sysroot "$X86"
	expect_usage "--sysroot: a captured machine has no modules"
}
