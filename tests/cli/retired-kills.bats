#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever happens to a writer of the retired list, the old list or the new one is there.
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

# kill_some WORKER COUNT: on a list of its own; prints how many were killed, and
# how many old and new lists were left
kill_some() {
	local state=$BATS_TEST_TMPDIR/state-$1 pid i olds=0 news=0 killed=0 span=$((took * 2)) us

	mkdir "$state"
	RANDOM=$1
	for ((i = 0; i < $2; i++)); do
		cp "$BATS_TEST_TMPDIR/state.old/retired.json" "$state/retired.json"
		"$SUITE/memras" -q --state-dir "$state" retired import "$more" &
		pid=$!
		us=$(((RANDOM * 32768 + RANDOM) % span))
		sleep "$(printf '%d.%06d' $((us / 1000000)) $((us % 1000000)))"
		kill -KILL $pid 2>/dev/null || true
		wait $pid || killed=$((killed + 1))
		case $(pages) in
		# Too early: later next time, and the other way round. So it stays about the
		# moment that matters, however busy the machine is.
		"$old_sum") olds=$((olds + 1)) span=$((span * 11 / 10)) ;;
		"$new_sum") news=$((news + 1)) span=$((span * 10 / 11)) ;;
		*)
			echo "neither list after kill $i of $1"
			return 1
			;;
		esac
	done
	# And the next writer is not in the way of what a killed one left.
	"$SUITE/memras" -q --state-dir "$state" retired import "$more" && [ "$(pages)" = "$new_sum" ] &&
		echo $killed $olds $news
}

# 120 times, with --long 1000 times
@test "kills at random points leave the old list or the new one" {
	local old_sum new_sum start took i workers=4 pids=() sums kills=120

	[ -z "${MEMRAS_LONG:-}" ] || kills=1000
	# So often: a shorter list than for what is done once
	seq 2 2 6000 >"$more"
	old_sum=$(pages)
	start=$(date +%s%N)
	"$SUITE/memras" -q --state-dir "$state" retired import "$more"
	took=$((($(date +%s%N) - start) / 1000))
	new_sum=$(pages)
	[ "$old_sum" != "$new_sum" ]
	# Most of the time is spent waiting for the disk, so several at once.
	for ((i = 1; i <= workers; i++)); do
		kill_some $i $((kills / workers)) >"$BATS_TEST_TMPDIR/sums-$i" 2>&1 3>&- &
		pids+=($!)
	done
	for ((i = 1; i <= workers; i++)); do
		wait "${pids[i - 1]}" || {
			cat "$BATS_TEST_TMPDIR/sums-$i"
			return 1
		}
	done
	read -ra sums < <(tail -q -n 1 "$BATS_TEST_TMPDIR"/sums-* |
		awk '{ k += $1; o += $2; n += $3 } END { print k, o, n }')
	echo "# $kills runs, ${sums[0]} killed: ${sums[1]} old lists, ${sums[2]} new ones" >&3
	[ $((sums[1] + sums[2])) = $kills ]
	[ "${sums[0]}" -ge $((kills / 5)) ] && [ "${sums[1]}" -ge $((kills / 10)) ] &&
		[ "${sums[2]}" -ge $((kills / 50)) ]
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
