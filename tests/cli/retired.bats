#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The retired list: imports, exports, and that it never loses an entry.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

# A machine with 256 TiB of memory, so that it has any page.
setup_file() {
	machine=$BATS_FILE_TMPDIR/machine
	mkdir -p "$machine/sys/firmware/memmap/0" "$machine/proc/self"
	echo 0x0 >"$machine/sys/firmware/memmap/0/start"
	echo 0xffffffffffff >"$machine/sys/firmware/memmap/0/end"
	echo "System RAM" >"$machine/sys/firmware/memmap/0/type"
	# AT_PAGESZ is 4096.
	printf '\6\0\0\0\0\0\0\0\0\x10\0\0\0\0\0\0%016d' 0 | tr 0 '\0' >"$machine/proc/self/auxv"
	chmod -R a+rX "$BATS_FILE_TMPDIR"
	export machine
}

setup() {
	state=$BATS_TEST_TMPDIR/state
	input=$BATS_TEST_TMPDIR/input
}

import() {
	run_memras --sysroot "$machine" --state-dir "$state" retired import "$@" "$input"
}

# The page frame numbers on the list are exactly these.
expect_pages() {
	diff <([ $# = 0 ] || printf '%s\n' "$@") <("$SUITE/memras" --state-dir "$state" retired export)
}

@test "a plain list is read in decimal and hex, with doubles, in any order" {
	printf '0x20 17,17\n# 99\n\n 5 # 6\n0x5-7, 0x10+2\r\n' >"$input"
	import
	expect_status 0
	expect_pages 0x5 0x6 0x7 0x10 0x11 0x20
	run_memras --json --state-dir "$state" retired list
	expect_valid
	expect_json '.retired | length == 6 and all(.state == "pending" and .cause == "import")'
	import --json
	expect_valid
	expect_json '.read == 6 and .added == 0 and .recorded == 6'
}

@test "addresses are rounded to the pages that they touch" {
	printf '0x5fff 0x7000+8K 40960-45056\n' >"$input"
	import --phys
	expect_pages 0x5 0x7 0x8 0xa 0xb
}

@test "memtest86+ lines are read, masks of 32 bits too" {
	cat >"$input" <<-'END'
		badram=0x1000,0xfffffffffffff000,0x8000,0xffffffffffffe000
		badram=0x40000000,0xfffffffc
		GRUB_BADRAM="0x100000000,0xffffffffffffd000"
		memmap=8K$0x20000
		memmap=4K\$0x30123
	END
	import
	expect_status 0
	expect_pages 0x1 0x8 0x9 0x20 0x21 0x30 0x31 0x40000 0x100000 0x100002
}

@test "every malformed line is named by its number, and none is applied" {
	local n

	printf '5\nzap\n6 7x\n9-3\n8\nbadram=0x1000\nmemmap=4K@0x1000\n5+0\n0x10000000000000000\n' \
		>"$input"
	printf 'badram=0x100000000,0\n1-0xffffffff\n0xffffffffffffffff\n' >>"$input"
	import
	expect_status 2
	for n in 2 3 4 6 7 8 9 10 11 12; do
		expect_err "$input:$n: "
	done
	[ "$(grep -c "^memras: retired import: $input:[0-9]*: " <<<"$err")" = 10 ]
	expect_err "10 malformed lines; nothing is imported"
	[ ! -e "$state" ]
}

@test "a format that is asked for is the only one taken" {
	echo 5 >"$input"
	import --format badram
	expect_status 2
	import --format memmap
	expect_status 2
	echo 'badram=0x1000,0xfffffffffffff000' >"$input"
	import --format plain
	expect_status 2
	import --format json
	expect_status 1
	expect_err "corrupt"
	[ ! -e "$state" ]
}

@test "a dry run of import and forget changes nothing" {
	echo 5 >"$input"
	import --dry-run
	expect_status 0
	[ ! -e "$state" ]
	import
	run_memras --state-dir "$state" --dry-run --json retired forget all
	expect_json '.forgotten == 1'
	expect_pages 0x5
}

@test "what is exported and imported again is the same list, in every format" {
	local format page_list

	# Runs, pairs, cubes and single pages.
	/usr/bin/python3 -c '
import random
random.seed(7)
pages = {random.randrange(1 << 36) for _ in range(100)} | set(range(0x1000, 0x1234))
pages |= {0x200000 + 2 * i for i in range(64)}
print(*pages)' >"$input"
	import
	expect_status 0
	page_list=$("$SUITE/memras" --state-dir "$state" retired export)
	[ "$(wc -l <<<"$page_list")" -ge 700 ]
	for format in plain badram memmap json; do
		"$SUITE/memras" --state-dir "$state" retired export --format $format >"$input"
		run_memras --sysroot "$machine" --state-dir "$state.$format" retired import --format $format "$input"
		expect_status 0
		diff <(echo "$page_list") <("$SUITE/memras" --state-dir "$state.$format" retired export)
		run_memras --sysroot "$machine" --state-dir "$state.auto" retired import "$input"
		diff <(echo "$page_list") <("$SUITE/memras" --state-dir "$state.auto" retired export)
		rm -rf "$state.auto"
	done
	# json carries causes and times as well.
	diff <("$SUITE/memras" --state-dir "$state" --json retired list) \
		<("$SUITE/memras" --state-dir "$state.json" --json retired list)
	# Masks are merged: 64 pages two apart are one of them.
	[ "$("$SUITE/memras" --state-dir "$state" retired export --format badram | tr , '\n' | wc -l)" -le 260 ]
}

@test "no BadRAM mask has bit 63, which GRUB 2.06 hangs on, and they mean the same pages" {
	local line masks

	printf '0x15c1e3 0x200000 0x200001 0x5000000 5\n' >"$input"
	import
	line=$("$SUITE/memras" --state-dir "$state" retired export --format badram)
	[ "$line" = 'GRUB_BADRAM="0x5000,0x7ffffffffffff000,0x15c1e3000,0x7ffffffffffff000,0x200000000,0x7fffffffffffe000,0x5000000000,0x7ffffffffffff000"' ]
	# A page that no machine has and a mask cannot name is left out.
	echo 0x8000000000001 >"$input"
	import --force
	[ "$("$SUITE/memras" --state-dir "$state" retired export --format badram)" = "$line" ]
	echo "$line" >"$input"
	rm -r "$state"
	import
	expect_pages 0x5 0x15c1e3 0x200000 0x200001 0x5000000
}

@test "a BadRAM line that GRUB would not boot with is refused" {
	# 300 pages: more than 8191 bytes, which end GRUB's lexer.
	seq 1 2 600 | awk '{ print $1 * 1000 }' >"$input"
	import
	run_memras --state-dir "$state" retired export --format badram
	expect_status 1
	expect_no_out
	expect_err "GRUB does not boot with so many ranges of pages; nothing is printed" \
		'hint: "memras retired restore" retires them after each boot'
	run_memras --state-dir "$state" retired export --format memmap
	expect_status 0
	# A single mask, of 1024 pages two apart: GRUB makes a region of each.
	seq 0 2 2047 >"$input"
	rm -r "$state"
	import
	run_memras --state-dir "$state" retired export --format badram
	expect_status 1
	# 10,000 pages that follow each other are few.
	echo 0x112345+10000 >"$input"
	rm -r "$state"
	import
	run_memras --state-dir "$state" retired export --format badram
	expect_status 0
}

@test "masks as wide as their tool thinks addresses are name no page above them" {
	# 63 bits, the width of 16 GiB, 32 bits; the last has open bits below its highest.
	printf '%s\n' 'GRUB_BADRAM="0xae070000,0x7fffffffffff0000"' 'badram 0x18944000,0x3fffff000' \
		'badram=0x7DDF0000,0xffffc000' 'badram=0x1000,0x7fffffffffff5000' >"$input"
	import
	expect_status 0
	expect_pages 0x1 0x3 0x9 0xb 0x18944 0x7ddf0 0x7ddf1 0x7ddf2 0x7ddf3 \
		0xae070 0xae071 0xae072 0xae073 0xae074 0xae075 0xae076 0xae077 \
		0xae078 0xae079 0xae07a 0xae07b 0xae07c 0xae07d 0xae07e 0xae07f
	# An address above its mask: how far that reaches is not said.
	echo 'badram=0x100000000,0xfffff000' >"$input"
	import
	expect_status 2
	expect_err "the mask covers more pages than a list may name"
}

@test "export --json beside another --format is refused, and beside its own is not" {
	local format

	echo 5 >"$input"
	import
	for format in plain badram memmap; do
		run_memras --state-dir "$state" retired export --json --format $format
		expect_status 2
		expect_err "only one of --json or --format $format can be given"
		expect_valid
		run_memras --state-dir "$state" retired export --format=$format --json
		expect_status 2
		expect_err "only one of --json or --format $format can be given"
		expect_valid
	done
	run_memras --state-dir "$state" retired export --json --format json
	expect_status 0
	expect_valid
	expect_json '.retired[0].pfn == 5'
}

make_database() {
	sqlite3 "$1" <<-'END'
		CREATE TABLE mc_event (id INTEGER PRIMARY KEY, timestamp TEXT, err_count INTEGER,
			err_type TEXT, err_msg TEXT, label TEXT, mc INTEGER, top_layer INTEGER,
			middle_layer INTEGER, lower_layer INTEGER, address INTEGER, grain INTEGER,
			syndrome INTEGER, driver_detail TEXT);
		INSERT INTO mc_event (timestamp, err_count, err_type, label, address) VALUES
			('2026-01-05 10:00:00 +0000', 3, 'Corrected', 'DIMM_A1', 0x5000),
			('2026-03-05 10:00:00 +0100', 4, 'Corrected', 'DIMM_A1', 0x5040),
			('2026-03-06 10:00:00 +0000', 1, 'Corrected', 'DIMM_B1', 0x240000000),
			('2026-03-07 00:30:00 +0100', 1, 'Uncorrected', 'DIMM_B1', 0x7000),
			('2026-03-08 10:00:00 +0000', 9, 'Corrected', 'unknown', 0);
	END
}

@test "rasdaemon's database gives pages with their DIMM and their last error" {
	make_database "$input"
	import
	expect_status 0
	expect_pages 0x5 0x7 0x240000
	run_memras --state-dir "$state" --json retired list
	expect_valid
	expect_json '.retired[0] | .label == "DIMM_A1" and .time == "2026-03-05T09:00:00Z" and
		.cause == "memory errors"'
}

@test "a page that is retired keeps its cause, whenever an import says that it had errors" {
	echo 5 >"$input"
	import
	sed -i 's/"pending"/"retired"/; s/"cause":[^,]*/"cause":"cec"/; s/"time":"[^"]*"/"time":"2026-03-05T09:00:01Z"/' \
		"$state/retired.json"
	rm "$input"
	make_database "$input"
	import
	expect_status 0
	run_memras --state-dir "$state" --json retired list
	expect_json '.retired[0] | .pfn == 5 and .cause == "cec" and .label == "DIMM_A1"'
}

@test "rasdaemon's errors count by --min-errors and --since" {
	make_database "$input"
	import --min-errors 5
	expect_pages 0x5
	rm -r "$state"
	import --min-errors 5 --since 2026-02-01
	expect_pages
	import --since 2026-03-06
	expect_pages 0x7 0x240000
	rm -r "$state"
	import --since "2026-03-07 00:00"
	expect_pages
	import --since yesterday
	expect_usage "yesterday: not a date"
}

@test "pages that the kernel gave up are read from rasdaemon's newer table" {
	make_database "$input"
	sqlite3 "$input" "CREATE TABLE memory_failure_event (id INTEGER PRIMARY KEY, timestamp TEXT,
		pfn TEXT, page_type TEXT, action_result TEXT);
		INSERT INTO memory_failure_event VALUES
		(1, '2026-03-05 10:00:00 +0000', '0x1234', 'dirty LRU page', 'Recovered')"
	import --min-errors 100
	expect_pages 0x1234
}

@test "a time that no list can hold makes no list that cannot be read" {
	make_database "$input"
	sqlite3 "$input" "INSERT INTO mc_event (timestamp, err_count, address)
		VALUES ('9999-12-31 23:59:59 -2300', 1, 0xa000)"
	import
	expect_status 0
	expect_pages 0x5 0x7 0xa 0x240000
	import --since "9999-12-31 23:59:59 -2300"
	expect_usage "not a date"
}

@test "machine checks and the extended error log give pages where there is no EDAC" {
	# Two rows as rasdaemon 0.6.8 recorded them, then what names no page: a bus error, no
	# address, a virtual address, a whole megabyte, AMD.
	sqlite3 "$input" <<-'END'
		CREATE TABLE mce_record (id INTEGER PRIMARY KEY, timestamp TEXT, mcgcap INTEGER,
			mcgstatus INTEGER, status INTEGER, addr INTEGER, misc INTEGER, ip INTEGER,
			tsc INTEGER, walltime INTEGER, cpu INTEGER, cpuid INTEGER, apicid INTEGER,
			socketid INTEGER, cs INTEGER, bank INTEGER, cpuvendor INTEGER, bank_name TEXT,
			error_msg TEXT, mcgstatus_msg TEXT, mcistatus_msg TEXT, mcastatus_msg TEXT,
			user_action TEXT, mc_location TEXT);
		INSERT INTO mce_record (timestamp, status, addr, misc, cpuvendor) VALUES
			('2026-11-21 14:13:19 +0000', -4827858800541171520, 310378496, 140, 0),
			('2026-11-21 14:13:21 +0000', -8358680633521667937, 314572800, 140, 0),
			('2026-11-21 14:14:00 +0000', -8358680633521667937, 314572864, 140, 0),
			('2026-11-21 14:15:00 +0000', 0xbd00000000000810, 0x5000, 140, 0),
			('2026-11-21 14:15:00 +0000', 0xb90000000000009f, 0x5000, 140, 0),
			('2026-11-21 14:15:00 +0000', 0xbd0000000000009f, 0x5000, 0x4c, 0),
			('2026-11-21 14:15:00 +0000', 0xbd0000000000009f, 0x5000, 0x94, 0),
			('2026-11-21 14:15:00 +0000', 0xbd0000000000009f, 0x5000, 140, 2);
		CREATE TABLE extlog_event (id INTEGER PRIMARY KEY, timestamp TEXT, etype INTEGER,
			error_count INTEGER, severity INTEGER, address INTEGER, fru_id BLOB,
			fru_text TEXT, cper_data BLOB);
		INSERT INTO extlog_event (timestamp, error_count, address, fru_text) VALUES
			('2026-11-21 15:00:00 +0000', 77, 0x7000, 'CPU0_DIMM_A1'),
			('2026-11-21 15:00:00 +0000', 78, -1, 'CPU0_DIMM_A1');
	END
	import
	expect_status 0
	expect_pages 0x7 0x12800 0x12c00
	run_memras --state-dir "$state" --json retired list
	expect_json '.retired[0] | .label == "CPU0_DIMM_A1" and .cause == "memory errors"'
	expect_json '.retired[2] | .time == "2026-11-21T14:14:00Z" and .cause == "machine checks"'
	rm -r "$state"
	import --min-errors 2
	expect_pages 0x12c00
	rm -r "$state"
	import --since "2026-11-21 14:14"
	expect_pages 0x7 0x12c00
}

@test "what is no database of rasdaemon's is refused" {
	sqlite3 "$input" 'CREATE TABLE other (id INTEGER)'
	import
	expect_status 1
	expect_err "rasdaemon's database cannot be read: it has none of the tables"
	echo 5 >"$input"
	import --format rasdaemon
	expect_status 1
	[ ! -e "$state" ]
}

@test "a million lines are imported in bounded memory" {
	seq 3 7 7000000 | shuf --random-source=<(yes) >"$input"
	status=0
	(
		# A sanitized binary reserves terabytes, and must do without the limit.
		grep -qa __asan_init "$SUITE/memras" || ulimit -v 1000000
		exec "$SUITE/memras" --sysroot "$machine" --state-dir "$state" retired import "$input"
	) 2>"$BATS_TEST_TMPDIR/err" >"$BATS_TEST_TMPDIR/out" || status=$?
	read_results import
	expect_status 0
	expect_err "1000000 pages read, 1000000 of them new"
}

@test "forget takes pages, addresses, ranges and all" {
	echo 1-20 >"$input"
	import
	run_memras --state-dir "$state" retired forget 3 5-7 phys:0x9000 phys:0xa800+4K 15+2
	expect_status 0
	expect_pages 0x1 0x2 0x4 0x8 0xc 0xd 0xe 0x11 0x12 0x13 0x14
	run_memras --state-dir "$state" retired forget 3
	expect_status 0
	run_memras --state-dir "$state" retired forget pid:1@0
	expect_usage "pid:1@0: "
	run_memras --state-dir "$state" retired forget all
	expect_pages
}

# A list that is not understood: nothing changes it, and every command says so.
never_replaced() {
	local before

	before=$(sha256sum "$state/retired.json")
	echo 9 >"$input"
	import
	expect_status "${3:-1}"
	expect_err "$1" "hint: nothing is changed"
	run_memras --state-dir "$state" retired forget all
	expect_status "${3:-1}"
	run_memras --state-dir "$state" retired list
	expect_status "${3:-1}"
	[ "$(sha256sum "$state/retired.json")" = "$before" ]
	[ ! -e "$state/retired.json.new" ]
}

@test "a corrupt list is never replaced" {
	local whole n

	echo 5-9 >"$input"
	import
	whole=$(<"$state/retired.json")
	for n in 1 2 20 100 200 $((${#whole} / 2)) $((${#whole} - 2)) $((${#whole} - 1)); do
		printf %s "${whole:0:n}" >"$state/retired.json"
		never_replaced "corrupt"
	done
	: >"$state/retired.json"
	never_replaced "the list is empty"
	echo "$whole x" >"$state/retired.json"
	never_replaced "something follows its end"
	echo "${whole/\"pending\"/\"sleeping\"}" >"$state/retired.json"
	never_replaced "entry 1: \"state\" is neither retired nor pending"
	echo "${whole/\"phys\":20480/\"phys\":-1}" >"$state/retired.json"
	never_replaced '"phys" is not an address'
	echo '{"retired":[]}' >"$state/retired.json"
	never_replaced 'no "version" before'
}

@test "a list of a later version is never replaced" {
	mkdir "$state"
	echo '{"version":2,"pages":{}}' >"$state/retired.json"
	never_replaced "the list has version 2, but this memras supports version 1"
}

@test "a captured machine's list is shown with the state of its pages, and not changed" {
	run_memras --sysroot "$X86" --json retired list
	expect_status 0
	expect_valid
	expect_json '.retired | length == 2 and .[0].state == "pending" and .[0].pfn == 1081360 and
		.[1].state == "retired" and .[1].label == "DIMM_A1"'
	run_memras --sysroot "$X86" retired list --pending
	[[ $out == *0x108010* && $out != *0x108050* ]]
	run_memras --sysroot "$X86" retired forget all
	expect_status 3
	expect_err "a captured machine's list is not changed"
	run_memras --sysroot "$ARM64" --json retired list
	expect_json '.retired == []'
}
