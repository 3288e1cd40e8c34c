#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The completions of "memras" in each shell, asked of the shell itself.

TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

# LINE: the words that bash offers, one a line, as readline would get them.
bash_offers() {
	bash --norc -c '
		source "$1"
		COMP_LINE=$2 COMP_POINT=${#2}
		_memras
		[ ${#COMPREPLY[@]} = 0 ] || printf "%s\n" "${COMPREPLY[@]}"
	' bash "$TOP/completions/memras.bash" "$1"
}

fish_offers() {
	# shellcheck disable=SC2016 # for fish
	HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR fish -c \
		'source $argv[1]; complete -C $argv[2]' "$TOP/completions/memras.fish" "$1" | cut -f1
}

# SHELL LINE WORD...: exactly these words, in any order.
expect_offers() {
	local shell=$1 line=$2

	shift 2
	diff <(printf '%s\n' "$@" | sort) <("${shell}_offers" "$line" | sort) || {
		echo "that is $shell, after: $line"
		return 1
	}
}

expect_nothing() {
	local got

	got=$("${1}_offers" "$2")
	[ -z "$got" ] || {
		echo "$1 offers after '$2': $got"
		return 1
	}
}

setup() {
	mkdir "$BATS_TEST_TMPDIR/files" "$BATS_TEST_TMPDIR/files/sub"
	touch "$BATS_TEST_TMPDIR/files/list-1" "$BATS_TEST_TMPDIR/files/other"
	cd "$BATS_TEST_TMPDIR/files" || return
}

@test "bash and fish complete commands and their second words" {
	local shell

	for shell in bash fish; do
		expect_offers $shell "memras bl" block
		expect_offers $shell "memras block " list show offline online
		expect_offers $shell "memras hugepage re" replace
		expect_offers $shell "memras hugepage replace al" all-free
		expect_nothing $shell "memras hugepage list al"
		expect_offers $shell "memras --json block l" list
		expect_nothing $shell "memras status "
	done
}

@test "the value of an option is not taken for a command" {
	local shell

	for shell in bash fish; do
		expect_offers $shell "memras --sysroot block bl" block
		expect_offers $shell "memras --color never st" status
	done
}

@test "bash and fish complete the options of the command" {
	local shell

	for shell in bash fish; do
		expect_offers $shell "memras offline --so" --soft
		expect_offers $shell "memras block online --zo" --zone
		expect_offers $shell "memras offline --dry" --dry-run
		expect_nothing $shell "memras block list --dry"
		expect_nothing $shell "memras status --so"
		expect_nothing $shell "memras --intro"
	done
}

@test "bash and fish complete the values of options" {
	local shell

	for shell in bash fish; do
		expect_offers $shell "memras --color " auto always never
		expect_offers $shell "memras offline --via " auto sysfs madvise module
		expect_offers $shell "memras block online --zone m" movable
		expect_offers $shell "memras offline --from list" list-1
		expect_offers $shell "memras --sysroot s" sub/
		expect_nothing $shell "memras block offline --timeout "
	done
	expect_offers bash "memras block online -z k" kernel
	expect_offers bash "memras --color=n" never
	expect_offers bash "memras --sysroot=s" sub/
	# -r has a value here, and none there.
	expect_nothing bash "memras offline -r "
	expect_offers bash "memras block list -r si" size:
}

@test "bash and fish complete targets" {
	local shell

	for shell in bash fish; do
		expect_offers $shell "memras unpoison ph" phys:
		expect_offers $shell "memras offline --soft pi" pid:
	done
	# Readline counts from its last word break, the colon.
	bash_offers "memras offline --soft pid:$$" | grep -qx "$$@"
	fish_offers "memras offline --soft pid:$$" | grep -qx "pid:$$@"
	expect_offers bash "memras offline file:list" list-1
	expect_offers bash "memras offline file:s" sub/
	expect_offers fish "memras offline file:list" file:list-1
}

@test "bash and fish complete block selectors from this machine" {
	local shell block

	for shell in bash fish; do
		expect_offers $shell "memras block offline al" all
		expect_offers $shell "memras block list si" size:
	done
	for block in /sys/devices/system/memory/memory[0-9]*; do
		[ -e "$block" ] || continue
		bash_offers "memras block show memory" | grep -qx "${block##*/}"
		fish_offers "memras block show memory" | grep -qx "${block##*/}"
		break
	done
	run bash -c 'grep -v "^memory[0-9]*$"' <<<"$(bash_offers "memras block show memory0")"
	[ -z "$output" ]
}

@test "bash completes a file operand with a blank in its name" {
	touch "a b"
	expect_offers bash "memras module load a" 'a\ b'
}

# LINE PATTERN: what zsh shows after a tab, in a terminal of its own.
zsh_shows() {
	cat >"$BATS_TEST_TMPDIR/ask.zsh" <<-'END'
		zmodload zsh/zpty
		zpty -b memras zsh -f -i
		zpty -w memras "PS1=; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D"
		zpty -w memras "bindkey '^I' complete-word; print REA''DY"
		zpty -r memras shown '*READY*'
		zpty -w -n memras "$2"$'\t'
		zpty -r memras shown $3
		print -r -- $shown
	END
	timeout 60 zsh -f "$BATS_TEST_TMPDIR/ask.zsh" "$TOP/completions" "$1" "$2"
}

@test "zsh completes commands, options, values and targets" {
	zsh -n "$TOP/completions/_memras"
	zsh_shows "memras bl" "*memras block*"
	zsh_shows "memras block sh" "*memras block show*"
	zsh_shows "memras --color never hugepage re" "*memras --color never hugepage replace*"
	zsh_shows "memras offline --sof" "*memras offline --soft*"
	zsh_shows "memras offline --via sy" "*memras offline --via sysfs*"
	zsh_shows "memras unpoison ph" "*memras unpoison phys:*"
	zsh_shows "memras block online al" "*memras block online all*"
	zsh_shows "memras hugepage list no" "*memras hugepage list node:*"
}

@test "bash and fish have no mistake in their syntax" {
	bash -n "$TOP/completions/memras.bash"
	fish -n "$TOP/completions/memras.fish"
}
