#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The guest harness, seen from the host: any failure in a guest is reported as a failure,
# within its time.

setup() {
	tree=$(realpath "$BATS_TEST_DIRNAME/../..")
	results=$BATS_TEST_TMPDIR/results
	# As fast as it gets: one of the matrix that needs no memras.
	guest=("$tree/tests/vm/guest" --kernel 6.1 --results "$results")
}

@test "a command's output and exit status come out of the guest" {
	"${guest[@]}" --timeout 90 -- sh -c 'echo told; echo complained >&2; exit 7' \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" && status=0 || status=$?
	[ "$status" -eq 7 ]
	[ "$(<"$BATS_TEST_TMPDIR/out")" = told ]
	grep -qx complained "$BATS_TEST_TMPDIR/err"
}

@test "a guest that panics is a failure that shows the panic" {
	run "${guest[@]}" --timeout 90 -- sh -c 'echo c >/proc/sysrq-trigger; sleep 60'
	[ "$status" -eq 125 ]
	[[ $output == *"sysrq triggered crash"* ]]
	grep -q . "$results/failure"
}

@test "a guest that hangs is a failure within its silence" {
	local start=$SECONDS

	run "${guest[@]}" --timeout 90 --silence 12 -- sleep 600
	[ "$status" -eq 125 ]
	[[ $output == *"silent for 12 s"* ]]
	[ $((SECONDS - start)) -lt 60 ]
}

@test "a guest that goes on talking is a failure at its time limit" {
	run "${guest[@]}" --timeout 20 -- sh -c 'while sleep 1; do echo here; done'
	[ "$status" -eq 125 ]
	[[ $output == *"ran past its 20 s"* ]]
}

@test "a kernel warning is a failure though the command succeeded" {
	# No module of ours warns on purpose: what is searched for is written to the log.
	run "${guest[@]}" --timeout 90 -- sh -c 'echo "<4>WARNING: CPU: 0 PID: 1 at mm/self_test.c:1" >/dev/kmsg'
	[ "$status" -eq 125 ]
	[[ $output == *"the kernel said:"*mm/self_test.c* ]]
}

@test "a kernel warning that was expected is none, and excuses no other" {
	local warn='. tests/vm/lib.bash; expect_log "at mm/self_test.c:1$"
		echo "<4>WARNING: CPU: 0 PID: 1 at mm/self_test.c:1" >/dev/kmsg'

	run "${guest[@]}" --timeout 90 -- bash -c "$warn"
	[ "$status" -eq 0 ]
	run "${guest[@]}" --timeout 90 -- bash -c "$warn; echo '<4>WARNING: other' >/dev/kmsg"
	[ "$status" -eq 125 ]
	[[ $output == *"the kernel said:"*"WARNING: other"* ]]
}

@test "a command's own 125 is told from the harness's" {
	run "${guest[@]}" --timeout 90 -- sh -c 'exit 125'
	[ "$status" -eq 125 ]
	[ ! -e "$results/failure" ]
}

@test "suites for guests refuse to run here" {
	run bats "$tree/tests/vm/harness.bats"
	[ "$status" -ne 0 ]
	[[ $output == *"runs only in a guest"* ]]
}

@test "an unknown kernel is refused, with those that there are" {
	run "$tree/tests/vm/fetch-kernel" 4.4
	[ "$status" -eq 1 ]
	[[ $output == *"5.10 6.1 6.12 7.2 7.3 cloud 6.1-debug 7.3-debug"* ]]
	run "$tree/tests/vm/guest" --kernel 4.4 -- true
	[ "$status" -eq 2 ]
}

@test "an unknown word in a suite's head is refused" {
	printf '# guest: cpu=2 colour=blue\n' >"$BATS_TEST_TMPDIR/odd.bats"
	run "$tree/tests/vm/guest" "$BATS_TEST_TMPDIR/odd.bats"
	[ "$status" -eq 2 ]
	[[ $output == *"colour=blue"* ]]
}

@test "a boot that is none, or changes what is no machine, is refused" {
	local line

	for line in boot=3 boot=one 'boot=2 timeout=5' 'boot=2 disk=1G'; do
		printf '# guest: memory=1G\n# guest: %s\n' "$line" >"$BATS_TEST_TMPDIR/odd.bats"
		run "$tree/tests/vm/guest" "$BATS_TEST_TMPDIR/odd.bats"
		[ "$status" -eq 2 ]
		[[ $output == *"is not one for boot 2"* ]]
	done
}

@test "suites that cannot share a boot are refused" {
	local line

	for line in 'cpus=1' 'shares=yes cpus=2' 'shares=yes cpus=1 append=x'; do
		printf '# guest: shares=yes cpus=1\n' >"$BATS_TEST_TMPDIR/one.bats"
		printf '# guest: %s\n' "$line" >"$BATS_TEST_TMPDIR/other.bats"
		run "$tree/tests/vm/guest" "$BATS_TEST_TMPDIR/one.bats" "$BATS_TEST_TMPDIR/other.bats"
		[ "$status" -eq 2 ]
		[[ $output == *"cannot share a boot"* ]]
	done
}

@test "the runner counts a suite that stops early, and one without tests" {
	run /usr/bin/python3 -B - "$tree/tests/runner" <<-'EOF'
	import sys
	sys.path.insert(0, sys.argv[1])
	from tally import Tally

	def count(text):
	    tally = Tally()
	    tally.tap('t', text)
	    return [len(tally.passed), len(tally.failed), len(tally.skipped)]

	assert count('1..2\nok 1 a in 3ms\nok 2 b # skip why\n') == [1, 0, 1]
	assert count('1..2\nok 1 a\nnot ok 2 b\n# why\n') == [1, 1, 0]
	assert count('1..3\nok 1 a\n') == [1, 1, 0]
	assert count('') == [0, 1, 0]
	assert count('1..0\n') == [0, 1, 0]
	assert count('1..1\nok 1 a\n1..2\nok 1 b\nok 2 c\n') == [3, 0, 0]
	assert count('1..1\nok 1 a\n1..2\nok 1 b\n') == [2, 1, 0]
	assert count('1..1\nok 1 a\n1..0\n') == [1, 1, 0]
	assert Tally().report() == 1
	tally = Tally()
	tally.guard('t', lambda: 1 / 0)
	assert len(tally.failed) == 1
	print('held')
	EOF
	[ "$status" -eq 0 ]
	[[ $output == *held ]]
}

@test "a document that is not as its schema says is found out" {
	run /usr/bin/python3 -B - "$tree/tests/runner" <<-'EOF'
	import sys
	sys.path.insert(0, sys.argv[1])
	import json, pathlib
	from guests import load_program

	validate = load_program(pathlib.Path(sys.argv[1]).parent / 'validate')
	schemas = validate.load_schemas()
	assert len(schemas) > 5
	for name in schemas:
	    if name.startswith(('common', 'error')):
	        continue
	    wrong = json.dumps({'schema': 'one', 'command': 'no such'})
	    assert validate.complaints(wrong, name.removesuffix('.schema.json')), name
	failed = {'schema': 1, 'command': 'status', 'object': None, 'error': 7}
	assert validate.complaints(json.dumps(failed), 'status')
	assert validate.complaints('{', 'status') and validate.complaints('', 'status')
	print('held')
	EOF
	[ "$status" -eq 0 ]
	[[ $output == *held ]]
}
