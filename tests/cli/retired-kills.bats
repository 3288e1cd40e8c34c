#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever happens to a writer of the retired list, there is the old list or
# the new one.
# shellcheck disable=SC2154 # what run_memras sets

load lib

setup() {
	state=$BATS_TEST_TMPDIR/state
	old=$BATS_TEST_TMPDIR/old
	more=$BATS_TEST_TMPDIR/more
	# Long enough to be written for some milliseconds.
	seq 1 2 4000 >"$old"
	seq 2 2 20000 >"$more"
	"$SUITE/memras" -q --state-dir "$state" retired import "$old"
	cp -r "$state" "$state.old"
}

pages() {
	"$SUITE/memras" --state-dir "$state" retired export | md5sum
}

@test "500 kills at random points leave the old list or the new one" {
	local old_sum new_sum sum start pid took i olds=0 news=0 killed=0

	old_sum=$(pages)
	start=$(date +%s%N)
	"$SUITE/memras" -q --state-dir "$state" retired import "$more"
	took=$((($(date +%s%N) - start) / 1000))
	new_sum=$(pages)
	[ "$old_sum" != "$new_sum" ]
	RANDOM=1
	for ((i = 0; i < 500; i++)); do
		cp "$state.old/retired.json" "$state/retired.json"
		"$SUITE/memras" -q --state-dir "$state" retired import "$more" 3>&- &
		pid=$!
		sleep "$(printf '0.%06d' $(((RANDOM * 32768 + RANDOM) % (took + took / 4))))"
		kill -KILL $pid 2>/dev/null || true
		wait $pid || killed=$((killed + 1))
		sum=$(pages)
		case $sum in
		"$old_sum") olds=$((olds + 1)) ;;
		"$new_sum") news=$((news + 1)) ;;
		*)
			echo "neither list after kill $i"
			return 1
			;;
		esac
	done
	echo "500 runs, $killed killed: $olds old lists, $news new ones"
	echo "# 500 runs, $killed killed: $olds old lists, $news new ones" >&3
	[ $killed -ge 100 ] && [ $olds -ge 50 ] && [ $news -ge 10 ]
	# And the next writer is not in the way of what a killed one left.
	"$SUITE/memras" -q --state-dir "$state" retired import "$more"
	[ "$(pages)" = "$new_sum" ]
}

@test "writers at once each find what the others wrote" {
	local i j pids=()

	for i in 1 2 3 4; do
		(for j in {1..25}; do
			echo $((100000 * i + j)) |
				"$SUITE/memras" -q --state-dir "$state" retired import - || exit 1
		done) 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ "$("$SUITE/memras" --state-dir "$state" retired export | wc -l)" = 2100 ]
}

@test "a full disk leaves the old list" {
	local old_sum

	old_sum=$(pages)
	status=0
	(
		ulimit -f $(($(stat -c %s "$state/retired.json") / 1024 + 8))
		exec "$SUITE/memras" --state-dir "$state" retired import "$more"
	) 2>"$BATS_TEST_TMPDIR/err" >"$BATS_TEST_TMPDIR/out" || status=$?
	read_results "file size limit"
	expect_status 1
	expect_err "the list cannot be written; the old one stays: File too large"
	[ "$(pages)" = "$old_sum" ]
	[ ! -e "$state/retired.json.new" ]

	# And a file system that is really full, as far as we may make one.
	status=0
	# shellcheck disable=SC2016 # for that shell
	unshare -rm sh -c '
		mkdir "$1/full" && mount -t tmpfs -o size=600k none "$1/full" || exit 125
		cp "$2"/retired.json "$1/full/" || exit 125
		"$3" --state-dir "$1/full" retired import "$4"
		echo "exit code $?"
		"$3" --state-dir "$1/full" retired export | md5sum
	' sh "$BATS_TEST_TMPDIR" "$state" "$SUITE/memras" "$more" \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	read_results "full file system"
	[ "$status" != 125 ] || skip "no file system can be mounted here"
	expect_err "the list cannot be written; the old one stays: No space left on device"
	[[ $out == *"exit code 1"*"$old_sum"* ]]
}

@test "a read-only file system leaves the old list" {
	local old_sum

	old_sum=$(pages)
	status=0
	# shellcheck disable=SC2016 # for that shell
	unshare -rm sh -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 125
		"$2" --state-dir "$1" retired import "$3"' sh "$state" "$SUITE/memras" "$more" \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	read_results "read-only file system"
	[ "$status" != 125 ] || skip "nothing can be mounted here"
	expect_status 1
	expect_err "Read-only file system"
	[ "$(pages)" = "$old_sum" ]
}
