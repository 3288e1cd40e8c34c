#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A database recorded by the packaged rasdaemon, of errors in a real kernel, is imported
# and its pages are retired. memras watch runs beside it.
#
# guest: kernels=6.1,7.3 cpus=1 memory=768M cpu=intel timeout=300
# guest: programs=rasdaemon/usr/sbin/rasdaemon,sqlite3

load lib
load watch

db=/var/lib/rasdaemon/ras-mc_event.db
instance=/sys/kernel/tracing/instances/rasdaemon

has_tables() {
	[ -e $db ] && [ "$(sqlite3 "file:$db?immutable=1" 'SELECT count(*) FROM sqlite_schema')" -ge 4 ]
}

setup_file() {
	mkdir -p ${db%/*} $instance
	# Else it is woken only when half of the kernel's buffer is full.
	echo 0 >$instance/buffer_percent
	rasdaemon --record --foreground >/tmp/rasdaemon.log 2>&1 3>&- 7>&- &
	export rasdaemon_pid=$!
	wait_for 20 has_tables
}

teardown_file() {
	kill "$rasdaemon_pid"
}

# Without a lock: rasdaemon does not wait for one, and loses what it has to write then.
recorded() {
	sqlite3 "file:$db?immutable=1" "SELECT count(*) FROM $1"
}

@test "machine checks that rasdaemon recorded are imported and retired" {
	local corrected uncorrected

	corrected=$(find_page buddy)
	uncorrected=$((corrected + 64))
	expect_log 'Memory failure|mce:|Machine check|MCE'
	# Corrected errors are polled for, each second.
	echo 1 >/sys/devices/system/machinecheck/machinecheck0/check_interval
	both() { [ "$(recorded mce_record)" = 2 ]; }
	one() { [ "$(recorded mce_record)" = 1 ]; }
	monitor "mce 0 9 0x8c0000400001009f 0x0 $(printf 0x%x $((corrected * 4096 + 64))) 0x8c"
	wait_for 20 one
	monitor "mce -b 0 9 0xbd000000000000c0 0x5 $(printf 0x%x $((uncorrected * 4096))) 0x8c"
	wait_for 20 both
	# The kernel gave the second up by itself.
	page_is hwpoison "$uncorrected"
	refute page_is hwpoison "$corrected"

	run_json 0 memras --json retired import $db
	assert_json '.read == 2 and .added == 2'
	run_json 0 memras --json retired list
	assert_json "[.retired[].pfn] == [$((corrected)), $uncorrected] and
		(.retired | all(.cause == \"machine checks\" and (now - (.time | fromdate) | fabs) < 600)) and
		.retired[0].state == \"pending\" and .retired[1].state == \"retired\""
	run_json 0 memras --json retired restore
	assert_json '.summary.offlined == 1 and .summary.already == 1'
	page_is hwpoison "$corrected"
	assert_equal "$(poisoned_pages)" 2
}

@test "every table that rasdaemon made is one that the import reads" {
	local page first

	# No memory controller of QEMU's has an EDAC driver, and no kernel of the matrix is
	# built with fake_inject (CONFIG_EDAC_DEBUG): these rows are ours, in rasdaemon's
	# tables, and rasdaemon has them open.
	page=$(find_page buddy)
	first=$((page * 4096))
	sqlite3 $db "INSERT INTO mc_event (timestamp, err_count, err_type, err_msg, label, mc,
			top_layer, middle_layer, lower_layer, address, grain, syndrome, driver_detail)
		VALUES ('2026-11-21 04:41:46 +0000', 3, 'Corrected', 'memory read error', 'DIMM_A1',
			0, 0, 0, -1, $first + 64, 8, 0, '');
		INSERT INTO extlog_event (timestamp, etype, error_count, severity, address, fru_id,
			fru_text, cper_data)
		VALUES ('2026-11-21 04:41:47 +0000', 2, 1, 2, $first + 4096, x'00', 'DIMM_A2', x'00')"
	run_json 0 memras --json retired import $db
	assert_json '.read == 4 and .added == 2'
	run_json 0 memras --json retired list --pending
	assert_json "[.retired[] | [.pfn, .label, .time]] == [
		[$((page)), \"DIMM_A1\", \"2026-11-21T04:41:46Z\"],
		[$((page + 1)), \"DIMM_A2\", \"2026-11-21T04:41:47Z\"]]"
	run_json 0 memras --json retired import --min-errors 3 $db
	assert_json '.read == 1'
	# No other table of it has an address.
	assert_equal "$(sqlite3 $db "SELECT DISTINCT s.name FROM sqlite_schema s, pragma_table_info(s.name) c
		WHERE c.name IN ('addr', 'address', 'pfn') AND s.name NOT IN
		('mc_event', 'mce_record', 'extlog_event', 'memory_failure_event')")" ""
}

@test "rasdaemon and memras watch both hear of an error, and a page is retired and listed once" {
	local list=/var/lib/memras/retired.json page before poisoned

	expect_log 'Memory failure|mce:|Machine check|MCE|Hardware Error'
	# Far from those that the test before put on the list
	page=$(($(find_page buddy) + 256))
	before=$(recorded mce_record)
	poisoned=$(poisoned_pages)
	watch_start
	# An instance each
	assert_equal "$(ls ${instance%/*})" "$(printf '%s\n' "memras-watch.$watch_pid" rasdaemon)"
	# Not of bank 9, which may report nothing after its uncorrected error.
	monitor "mce -b 0 7 0xbd000000000000c0 0x5 $(printf 0x%x $((page * 4096))) 0x8c"
	more() { [ "$(recorded mce_record)" -gt "$before" ]; }
	wait_for 60 told ".pfn == $page and .result == \"retired\""
	wait_for 60 more
	watch_stop
	page_is hwpoison $page
	assert_equal "$(poisoned_pages)" $((poisoned + 1))
	assert_equal "$(jq -s "[.[] | select(.page.pfn == $page) | .page.cause]" -c "$out")" '["machine-check"]'
	# The end of the watch leaves rasdaemon's instance, and rasdaemon goes on.
	assert_equal "$(ls ${instance%/*})" rasdaemon
	before=$(recorded mce_record)
	monitor "mce 0 8 0x8c0000400001009f 0x0 $(printf 0x%x $(((page + 4) * 4096))) 0x8c"
	wait_for 60 more
	# What rasdaemon recorded of the page is on the list already.
	run_json 0 memras --json retired import $db
	assert_equal "$(jq "[.retired[] | select(.pfn == $page) | .cause]" -c $list)" '["machine-check"]'
}
