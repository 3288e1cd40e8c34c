# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What all command-line tests use. setup_suite.bash has made $SUITE: the binary,
# the sandbox and the captured machines.

TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
MACHINES=$SUITE/machines
X86=$MACHINES/x86-two-nodes
ARM64=$MACHINES/arm64-64k
S390=$MACHINES/s390-plain
NO_BLOCKS=$MACHINES/no-blocks
export X86 ARM64 S390 NO_BLOCKS

# Runs memras in the sandbox, which it never leaves. Sets $status, $out, $err.
run_memras() {
	status=0
	"$SUITE/sandbox" "$SUITE/memras" "$@" >"$BATS_TEST_TMPDIR/out" \
		2>"$BATS_TEST_TMPDIR/err" || status=$?
	read_results "memras $*"
}

# The same as an ordinary user, whoever runs the tests.
run_memras_as_nobody() {
	local user=()

	if [ "$(id -u)" = 0 ]; then
		user=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all)
	fi
	status=0
	"${user[@]}" "$SUITE/sandbox" "$SUITE/memras" "$@" >"$BATS_TEST_TMPDIR/out" \
		2>"$BATS_TEST_TMPDIR/err" || status=$?
	read_results "nobody: memras $*"
}

read_results() {
	out=$(<"$BATS_TEST_TMPDIR/out")
	err=$(<"$BATS_TEST_TMPDIR/err")
	# Shown by bats when the test fails.
	printf '$ %s\nexit code %s\n%s\n%s\n' "$1" "$status" "$out" "$err"
	if [ "$status" = 125 ] || [[ $err == *Sanitizer* || $err == *"runtime error"* ]]; then
		return 1
	fi
}

expect_status() {
	[ "$status" = "$1" ] || {
		echo "exit code $status, not $1"
		return 1
	}
}

# Its messages are one line, or with hints as many more, and have these texts.
expect_err() {
	local text

	for text; do
		[[ $err == *"$text"* ]] || {
			echo "stderr does not say: $text"
			return 1
		}
	done
}

expect_one_message() {
	[ "$(grep -vc '^memras: hint: ' <<<"$err")" = 1 ] &&
		[ "$(grep -c '^memras: hint: ' <<<"$err")" -le 1 ]
}

expect_no_out() {
	[ -z "$out" ] || {
		echo "something on stdout"
		return 1
	}
}

# A jq expression that must be true of stdout.
expect_json() {
	# jq says nothing against no document at all.
	if [[ -z $out ]] || ! jq -e "$1" >/dev/null <<<"$out"; then
		echo "not so: $1"
		return 1
	fi
}

expect_valid() {
	"$TOP/tests/validate" "$TOP/src/schema" - <<<"$out"
}

# Standard output and standard error are UTF-8 without a control but the newline.
expect_harmless() {
	/usr/bin/python3 - "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err" <<-'EOF'
		import pathlib, sys, unicodedata
		for name in sys.argv[1:]:
		    text = pathlib.Path(name).read_bytes().decode()
		    bad = [c for c in text if c != '\n' and unicodedata.category(c) in ('Cc', 'Cf', 'Zl', 'Zp')]
		    if bad:
		        sys.exit(f'{name}: has {bad}')
	EOF
}

# Wrong words: exit code 2, the word is named in one line, nothing on stdout.
expect_usage() {
	expect_status 2 && expect_one_message && expect_no_out && expect_err "$@"
}

# ram FIRST-LAST...: the firmware's memory map of the machine in $machine
# shellcheck disable=SC2154 # the suite sets it
ram() {
	local n=0 range

	rm -rf "$machine/sys/firmware/memmap"
	for range; do
		mkdir -p "$machine/sys/firmware/memmap/$n"
		echo "${range%-*}" >"$machine/sys/firmware/memmap/$n/start"
		echo "${range#*-}" >"$machine/sys/firmware/memmap/$n/end"
		echo "System RAM" >"$machine/sys/firmware/memmap/$n/type"
		n=$((n + 1))
	done
}
