#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The output of every command, and where it goes.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

# "block list", ...: every command that can be run, by its own declaration.
commands() {
	"$SUITE/memras" --introspect |
		jq -r '.commands[] | .name as $n | if .commands then .commands[] | "\($n) \(.name)" else $n end'
}

option_names() {
	"$SUITE/memras" --introspect | jq -r --arg c "$1" '
		($c | split(" ")) as [$a, $b] | .commands[] | select(.name == $a) |
		if $b then .commands[] | select(.name == $b) else . end | .options[].name'
}

# Of each command a run on a captured machine, as it succeeds.
example_of() {
	case $1 in
	status) echo "--sysroot $X86 status --pages" ;;
	offline) echo "--sysroot $X86 --dry-run offline --soft 0x108000+0x60" ;;
	inspect) echo "--sysroot $X86 inspect 0x108000+0x60" ;;
	unpoison) echo "--sysroot $X86 --dry-run unpoison 0x108050" ;;
	"block list") echo "--sysroot $X86 block list" ;;
	"block show") echo "--sysroot $X86 block show all" ;;
	"block offline") echo "--sysroot $X86 --dry-run block offline all" ;;
	"block online") echo "--sysroot $X86 --dry-run block online all" ;;
	"hugepage list") echo "--sysroot $X86 hugepage list" ;;
	"hugepage replace") echo "--sysroot $X86 --dry-run hugepage replace 0x108400 0x108650" ;;
	"quarantine add") echo "--sysroot $X86 --dry-run quarantine add 0x108400+8" ;;
	"quarantine list") echo "quarantine list" ;;
	"quarantine release") echo "--sysroot $X86 --dry-run quarantine release 0x108400+8" ;;
	"retired list") echo "--sysroot $X86 retired list" ;;
	"retired restore") echo "--sysroot $X86 --dry-run retired restore" ;;
	"retired forget") echo "--sysroot $X86 --dry-run retired forget 0x108050" ;;
	"retired import") echo "--sysroot $X86 --dry-run retired import $SUITE/pages" ;;
	"retired export") echo "--sysroot $X86 retired export --format json" ;;
	doctor) echo "--sysroot $X86 doctor" ;;
	map) echo "--sysroot $X86 map" ;;
	watch) echo "--sysroot $X86 --dry-run watch --once" ;;
	"module status") echo "module status" ;;
	"module load") echo "--dry-run module load" ;;
	"module unload") echo "--dry-run module unload" ;;
	*) return 1 ;;
	esac
}

@test "every command has help that names all its options" {
	local command option seen=0

	while read -r command; do
		# shellcheck disable=SC2086 # the command's words
		run_memras $command --help
		expect_status 0
		[ -z "$err" ]
		[[ $out == "Usage: memras $command [OPTION...]"* ]]
		for option in $(option_names "$command") json sysroot no-module quiet verbose color help; do
			[[ $out == *"--$option"* ]]
		done
		[ "$(wc -L <<<"$out")" -le 100 ]
		seen=$((seen + 1))
	done < <(commands)
	[ $seen -ge 13 ]
}

@test "help of a command that only groups others lists them" {
	run_memras block --help
	expect_status 0
	[[ $out == "Usage: memras block COMMAND"*"block list"*"block online"* ]]
	run_memras --help
	expect_status 0
	[[ $out == *"hugepage replace"*"module unload"* ]]
	[[ $out != *introspect* ]]
}

@test "--dry-run is in the help of commands that know it, and there only" {
	run_memras offline --help
	[[ $out == *--dry-run* ]]
	run_memras block list --help
	[[ $out != *--dry-run* ]]
}

@test "--version prints name and version, wherever it stands" {
	run_memras --version
	expect_status 0
	[[ $out =~ ^memras\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	run_memras block list -V
	expect_status 0
	[[ $out =~ ^memras\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "the JSON of every command validates" {
	local command example seen=0

	while read -r command; do
		example=$(example_of "$command")
		# As part of these pages cannot be retired, that run is part done.
		# shellcheck disable=SC2086
		[[ $command == module* && $(id -u) != 0 ]] || {
			run_memras --json $example
			[[ $status = 0 || $command = offline && $status = 64 ]]
			expect_valid
			expect_json ".command == \"$command\" and .schema == 1"
			seen=$((seen + 1))
		}
	done < <(commands)
	[ $seen -ge 10 ]
}

@test "the JSON of this machine validates" {
	local command

	run_memras --json status
	expect_status 0
	expect_valid
	for command in "block list" "block list --merge"; do
		# shellcheck disable=SC2086
		run_memras --json $command
		[[ $status = 0 || $status = 3 ]]
		expect_valid
	done
	[ "$(id -u)" = 0 ] || return 0
	run_memras --json hugepage list
	[[ $status = 0 || $status = 3 ]]
	expect_valid
	run_memras --json block show 0
	[[ $status = 0 || $status = 1 || $status = 3 ]]
	expect_valid
}

@test "a run that fails as a whole prints a JSON error too" {
	run_memras --json statsu
	expect_status 2
	expect_valid
	expect_json '. == {schema: 1, command: "", object: "statsu", error: {errno: "EINVAL",
		reason: "no such command", hint: "did you mean '\''status'\''?"}}'
	run_memras --json block
	expect_status 2
	expect_valid
	expect_json '.command == "block" and .object == null'
	run_memras status --json --bogus
	expect_status 2
	expect_valid
	expect_json '.command == "status" and .object == "--bogus"'
	run_memras --json offline --soft 5-3
	expect_status 2
	expect_valid
	expect_json '.command == "offline" and .object == "5-3" and .error.errno == "EINVAL"'
	run_memras --json --sysroot "$X86" block list 9
	expect_status 1
	expect_valid
	expect_json '.command == "block list" and .object == "9" and .error.errno == "ENOENT"'
	run_memras --json --sysroot "$NO_BLOCKS" block list
	expect_status 3
	expect_valid
	expect_json '.error.errno == "ENODEV"'
	run_memras --json --sysroot "$X86" block list -o BOGUS
	expect_valid
}

@test "JSON has numbers where tables have units, and no other text" {
	run_memras --json --sysroot "$X86" block list 33
	expect_json '.blocks[0].size == 134217728 and .blocks[0].start == 4429185024'
	run_memras --sysroot "$X86" block list 33 -o SIZE --noheadings
	[ "${out# }" = "128M" ]
	run_memras --sysroot "$X86" block list 33 -o SIZE --noheadings --bytes
	[ "$out" = "134217728" ]
}

@test "a full disk behind stdout is a failure" {
	local words

	for words in "status" "--json --sysroot $X86 status" "--sysroot $X86 block list" "--help" \
		"--version" "--introspect" "block --help" \
		"--sysroot $X86 --dry-run offline --soft 0x108000" \
		"--json --sysroot $X86 --dry-run offline --soft 0x108000"; do
		status=0
		# shellcheck disable=SC2086
		"$SUITE/sandbox" "$SUITE/memras" $words >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
		err=$(<"$BATS_TEST_TMPDIR/err")
		expect_status 1
		expect_err "the output could not be written"
	done
	# What was wrong before stays the first reason.
	status=0
	"$SUITE/sandbox" "$SUITE/memras" --json statsu >/dev/full 2>/dev/null || status=$?
	expect_status 2
}

@test "messages go to stderr, in color only where asked for" {
	local esc=$'\033'

	run_memras statsu
	expect_no_out
	[[ $err != *"$esc"* ]]
	run_memras --color=always statsu
	[[ $err == *"${esc}[1;31mno such command${esc}[0m"* ]]
	run_memras --color=never statsu
	[[ $err != *"$esc"* ]]
}

@test "--quiet leaves out hints and reports, --verbose says more" {
	run_memras --quiet statsu
	[[ $err != *hint* ]]
	expect_one_message
	run_memras --quiet --sysroot "$X86" --dry-run offline --soft 0x108000
	expect_status 0
	expect_no_out
	[ -z "$err" ]
	run_memras --sysroot "$X86" --dry-run offline --soft 0x108000
	[[ $out != *PHYS* ]]
	run_memras --verbose --sysroot "$X86" --dry-run offline --soft 0x108000
	[[ $out == *TARGET*PHYS*TRIES* ]]
}

@test "options may stand before and behind the command's words" {
	local first

	run_memras --sysroot "$X86" --json block list 33
	expect_valid
	first=$out
	run_memras block --json list 33 --sysroot="$X86"
	expect_status 0
	[ "$out" = "$first" ]
	run_memras block list --json --sysroot "$X86" -- 33
	[ "$out" = "$first" ]
}

# memras with stdout into a pipe whose reader is gone; sets $status and $err.
run_unread() {
	local fifo=$BATS_TEST_TMPDIR/unread

	rm -f "$fifo"
	mkfifo "$fifo"
	exec {reader}<>"$fifo"
	exec {writer}>"$fifo"
	exec {reader}<&-
	status=0
	"$SUITE/sandbox" "$SUITE/memras" "$@" 1>&"$writer" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	exec {writer}>&-
	err=$(<"$BATS_TEST_TMPDIR/err")
}

@test "a reader that is gone is an error of output, not the end" {
	run_unread status
	expect_status 1
	expect_err "the output could not be written: Broken pipe"
	run_unread --sysroot "$X86" --dry-run offline --soft --json-lines 0x108000+4
	expect_status 1
	expect_err "the output could not be written"
	# What was wrong before stays the first reason.
	run_unread --json statsu
	expect_status 2
}

@test "a stream that is closed is an error of output, and no file takes its place" {
	local state=$BATS_TEST_TMPDIR/state

	mkdir "$state"
	cp "$SUITE/pages" "$state/pages"
	status=0
	"$SUITE/memras" --sysroot "$X86" --state-dir "$state" retired import "$state/pages" --json \
		>&- 2>"$BATS_TEST_TMPDIR/err" || status=$?
	err=$(<"$BATS_TEST_TMPDIR/err")
	expect_status 1
	expect_err "the output could not be written"
	[ "$(<"$state/pages")" = "$(<"$SUITE/pages")" ]
	status=0
	"$SUITE/memras" --sysroot "$X86" block list 33 >"$BATS_TEST_TMPDIR/out" 2>&- <&- || status=$?
	expect_status 0
	grep -q RANGE "$BATS_TEST_TMPDIR/out"
	status=0
	"$SUITE/memras" --sysroot "$X86" offline --soft --dry-run - <&- 2>"$BATS_TEST_TMPDIR/err" || status=$?
	expect_status 1
	grep -q "standard input: the file cannot be read: Bad file descriptor" "$BATS_TEST_TMPDIR/err"
}
