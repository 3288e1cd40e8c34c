# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# memras watch in the background, and what it has told; suites use "load watch" after
# "load lib".

out=/run/watch.out

mount_tracing() {
	mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
}

# watch_start [OPTION...]: starts memras watch, and waits until it has caught up
watch_start() {
	memras watch --json --verbose "$@" >$out 2>$out.errors 3>&- 7>&- &
	watch_pid=$!
	wait_for 180 grep -q watching $out.errors
}

watch_stop() {
	kill "$watch_pid"
	wait "$watch_pid"
	watch_pid=
}

# watch_teardown: shows the end of what a test that failed was told, and ends watch
watch_teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || tail -n 40 $out $out.errors >&2
	[ -z "${watch_pid:-}" ] || kill "$watch_pid" 2>/dev/null || true
}

# told FILTER: true if jq's FILTER is true for a reported page
told() {
	jq -es "[.[] | select(.page) | .page | select($1)] | length > 0" $out >/dev/null
}

# told_pool FILTER: the same for a reported pool
told_pool() {
	jq -es "[.[] | select(.pool) | .pool | select($1)] | length > 0" $out >/dev/null
}

# listed: prints the pages of the list, with repetitions
listed() {
	jq -r '.retired[].pfn' /var/lib/memras/retired.json 2>/dev/null | sort -n
}

# cause_of PAGE: prints the cause that the list has for it
cause_of() {
	jq -r ".retired[] | select(.pfn == $(($1))) | .cause" /var/lib/memras/retired.json
}
