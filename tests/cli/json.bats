#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# With JSON, exactly one document is printed, whatever goes wrong.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

# Exactly one document, with an error in it, that validates.
expect_error_document() {
	jq -es 'length == 1 and .[0].error.reason != ""' >/dev/null <<<"$out" || {
		echo "not one document with an error"
		return 1
	}
	expect_valid
}

@test "wrong words beside --json or -J, in any place and bundle, give one error document" {
	local words

	for words in "offline --bogus -J 1" "offline -J --bogus 1" "-J offlin" "offline -sJ --bogus 1" \
		"offline -ZJ 1" "offline --soft=1 -J 1" "offline --json=yes --soft 1" "-qJ" "-J" \
		"--jso -J status" "block lisst -J" "block -J" "status now -J" "offline 1 -J" \
		"block offline -J" "status --pages=1 --json" "offline --soft --hard -qJ 1" \
		"offline --soft -J --timeout" "-- offline --bogus --json" "status -J --prometheus" \
		"retired export --json --format badram" "unpoison -J 5-3" "--dry-run status -J"; do
		# shellcheck disable=SC2086 # the words
		run_memras $words
		expect_status 2
		expect_error_document
	done
}

@test "what only looks like -J is none" {
	local words

	for words in "offline --bogus 1 -- -J" "offline --bogus -tJ 1" "block list --bogus -oJ"; do
		# shellcheck disable=SC2086
		run_memras $words
		expect_status 2
		expect_no_out
	done
}

@test "every command that fails gives one error document" {
	local command line wrong seen=0
	local -a places=("--sysroot $BATS_TEST_TMPDIR/none" "--bogus" "one two three four")

	while read -r command; do
		for wrong in "${places[@]}"; do
			line="$command $wrong"
			case "$line" in
			*" one two"*)
				[[ $command != retired\ list ]] || continue ;;
			*--sysroot*)
				case $command in
				*offline) line+=" 1 --force"; [[ $command = block* ]] || line+=" --hard" ;;
				retired\ import) line+=" $SUITE/pages" ;;
				unpoison | inspect | hugepage\ replace | quarantine\ add | quarantine\ release | \
					retired\ forget | block\ *) line+=" 1" ;;
				esac ;;
			esac
			# shellcheck disable=SC2086
			run_memras -J $line
			[ "$status" != 0 ]
			expect_error_document
			seen=$((seen + 1))
		done
	done < <("$SUITE/memras" --introspect |
		jq -r '.commands[] | .name as $n | if .commands then .commands[] | "\($n) \(.name)" else $n end')
	[ $seen -ge 50 ]
}

@test "--json-lines prints one line with the error when the run fails as a whole" {
	local words

	for words in "5-3" "--bogus 1" "--sysroot $BATS_TEST_TMPDIR/none 1" "--sysroot $X86 0x108000" \
		"--from $BATS_TEST_TMPDIR/none" "--json --bogus 1" "-J 5-3" "--json-lines=1 1"; do
		# shellcheck disable=SC2086
		run_memras offline --soft --json-lines $words
		[ "$status" != 0 ]
		[ "$(wc -l <<<"$out")" = 1 ]
		expect_error_document
	done
	# Of a command that does not know it, too.
	run_memras status --json-lines
	expect_status 2
	[ "$(wc -l <<<"$out")" = 1 ]
	expect_error_document
}

@test "help and version are a document where JSON is asked for" {
	run_memras --json --version
	expect_status 0
	jq -es 'length == 1 and (.[0].version | test("^[0-9]+\\.[0-9]+\\.[0-9]+$"))' <<<"$out"
	run_memras --help -J
	expect_status 0
	jq -es 'length == 1 and (.[0].commands | length > 5)' <<<"$out"
	run_memras block list -J --help
	expect_status 0
	jq -es 'length == 1 and (.[0].commands | map(.name) == ["list"])' <<<"$out"
}
