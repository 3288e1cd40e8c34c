#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Imports of real lists of bad pages, as other tools write them, on a machine of 16 GiB.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets
# shellcheck disable=SC2016,SC1003 # dollars and backslashes of the formats

load lib

setup() {
	state=$BATS_TEST_TMPDIR/state
	input=$BATS_TEST_TMPDIR/input
	machine=$BATS_TEST_TMPDIR/machine
	mkdir -p "$machine/proc/self"
	cp "$X86/proc/self/auxv" "$machine/proc/self/auxv"
	ram 0x0-0x9efff 0x100000-0x7b0a8fff 0x100000000-0x47e358fff
}

import() {
	rm -rf "$state"
	run_memras --sysroot "$machine" --state-dir "$state" retired import "$@" "$input"
}

expect_pages() {
	diff <([ $# = 0 ] || printf '%s\n' "$@") <("$SUITE/memras" --state-dir "$state" retired export)
}

# read_as "PAGE..." LINE...: the lines name exactly these pages
read_as() {
	local pages=$1
	shift

	printf '%s\n' "$@" >"$input"
	import
	expect_status 0
	# shellcheck disable=SC2086 # one word each
	expect_pages $pages
}

# refused_as TEXT LINE...: the lines are refused for that reason
refused_as() {
	local text=$1
	shift

	printf '%s\n' "$@" >"$input"
	import
	expect_status 2
	expect_err "$text" "nothing is imported"
	[ ! -e "$state" ]
}

@test "BadRAM: quotes of both kinds, a comma behind all, masks as wide as the memory" {
	read_as "0x7ddf0 0x7ddf1 0x7ddf2 0x7ddf3" 'GRUB_BADRAM="0x7DDF0000,0xffffc000,"'
	read_as "0x7ddf0 0x7ddf1 0x7ddf2 0x7ddf3" "GRUB_BADRAM='0x7DDF0000,0xffffc000'"
	read_as 0x18944 'badram 0x18944000,0x3fffff000'
	read_as 0x18944 'badram=0x18944000,0xfffffffffffff000,'
	refused_as "the quote is not closed" 'GRUB_BADRAM="0x7DDF0000,0xffffc000'
	refused_as "an address has no mask" 'badram=0x1000,0xfffff000,0x2000'
	refused_as "this machine has no memory at 0x700000000" 'badram=0x700000000,0xfffffffffffff000'
	# Of a mask, what is no memory is left out.
	read_as 0x18944 'badram=0x18944000,0xffffffbffffff000'
}

@test "BadRAM and memmap= that memtest86+ or a shell's file wrapped" {
	read_as "0x18944 0x62d60 0x62d61 0x62d62 0x62d63" \
		'badram=0x18944688,0xfffffffffffffff8,' '       0x62d60310,0xffffffffffffc310'
	read_as "0x18944 0x62d60" 'badram=0x18944688,0xfffffffffffffff8,' '0x62d60310,0xfffffffffffff000'
	read_as "0x5 0x18944 0x62d60" 'GRUB_BADRAM="0x18944688,0xfffffffffffffff8,\' \
		'0x62d60310,0xfffffffffffff000"' 5
	read_as "0x20 0x21 0x30" 'memmap=8K$0x20000,' '4K$0x30000'
	read_as "0x20 0x21 0x30" 'memmap=8K$0x20000 \' 'memmap=4K$0x30000'
	# A line is named where it begins, and those behind it where they are.
	printf '%s\n' 'badram=0x18944688,0xfffffffffffffff8,' ' 0x62d60310' '7' zap >"$input"
	import
	expect_status 2
	expect_err "$input:1: " "an address has no mask" "$input:4: zap"
}

@test "a pair without badram= is not guessed" {
	refused_as "it may be an address with its mask, or two page frame numbers" \
		'0x7DDF0000,0xffffc000'
	expect_err "put badram= before it, or give --format badram"
	refused_as "it may be an address with its mask" \
		'badram=0x18944688,0xfffffffffffffff8' '0x62d60310,0xfffffffffffff000'
	echo '0x7DDF0000,0xffffc000' >"$input"
	import --format badram
	expect_pages 0x7ddf0 0x7ddf1 0x7ddf2 0x7ddf3
	# Asked for as page frame numbers, they are pages that are not there.
	import --format plain
	expect_status 2
	expect_err "this machine has no memory at 0x7ddf0000000"
}

@test "an address where a page frame number is wanted is a page that is not there" {
	refused_as "this machine has no memory at 0x84e190210000: its memory ends at 0x47e358fff" 0x84e190210
	expect_err "hint: is it an address (--phys), or the first of a pair (badram=)?"
	import --force
	expect_status 0
	expect_pages 0x84e190210
	ram 0x0-0x9efff 0x100000-0xfffffffff
	import --phys
	expect_status 0
	expect_pages 0x84e190
	# One page more than there is.
	refused_as "this machine has no memory at 0x1000000000" 0xfffffe-0x1000000
}

@test "ranges with dots, as memtest86+ v8 prints pages" {
	read_as "0x20 0x21 0x22 0x23 0x24 0x25 0x26 0x27 0x28 0x29 0x2a 0x30" 0x20..0x2a,0x30
	refused_as "something is left over" 0x20.0x2a
	refused_as "the range runs backwards" 0x2a..0x20
}

@test "a mark of UTF-8 is no part of the first line; UTF-16 is named" {
	read_as 0x1ff9a8 $'\xef\xbb\xbf0x1ff9a8'
	printf '\xff\xfe5\0\n\0' >"$input"
	import
	expect_status 2
	expect_err "the text is UTF-16, not UTF-8"
	printf '\xfe\xff\0005\0\n' >"$input"
	import
	expect_status 2
	expect_err "UTF-16"
}

@test "lines without end, NUL bytes, folders and devices are refused" {
	tr '\0' 7 </dev/zero | head -c 2000000 >"$input"
	import
	expect_status 2
	expect_err "line 1 is longer than 1 MiB"
	# Also one of many lines.
	yes '0x1000,\' | head -n 200000 | sed '1s/^/badram=/' >"$input"
	import
	expect_status 2
	expect_err "line 1 is longer than 1 MiB"
	printf '5\n1\0\n' >"$input"
	import
	expect_status 2
	expect_err "line 2 has a NUL byte"
	run_memras --state-dir "$state" retired import "$BATS_TEST_TMPDIR"
	expect_status 1
	expect_err "a directory, not a file"
	run_memras --state-dir "$state" retired import /dev/zero
	expect_status 1
	expect_err "a device, not a file"
	mkfifo "$input.fifo"
	run_memras --state-dir "$state" retired import "$input.fifo"
	expect_status 1
	expect_err "a FIFO, not a file"
	[ ! -e "$state" ]
	: >"$input"
	import
	expect_status 0
	expect_pages
}

@test "a pipe, and a list in a single line over 1 MiB, are read" {
	local n

	run_memras --state-dir "$state" retired import <(echo 5)
	expect_status 0
	seq 1 20000 >"$input"
	import
	expect_status 0
	"$SUITE/memras" --state-dir "$state" retired export --format json | tr -d '\n' >"$input"
	n=$(stat -c %s "$input")
	[ "$n" -gt 2000000 ]
	import
	expect_status 0
	[ "$("$SUITE/memras" --state-dir "$state" retired export | wc -l)" = 20000 ]
}

@test "memmap= in a kernel's command line and in a boot loader's file" {
	read_as "0x18690 0x18691 0x20000" \
		'BOOT_IMAGE=/boot/vmlinuz-6.1.0-18-amd64 root=UUID=0bcd ro quiet memmap=8K$0x18690000 memmap=4K$0x20000000'
	read_as "0x18690 0x20000" \
		"GRUB_CMDLINE_LINUX=\"quiet memmap=4K\\\\\\\$0x18690000,4K\\\\\\\$0x20000000\""
	read_as 0x18690 'GRUB_CMDLINE_LINUX_DEFAULT="memmap=4K\$0x18690000"'
	read_as 0x18944 'root=/dev/sda1 badram=0x18944000,0xfffffffffffff000 quiet'
	# What is used to keep memory away though it is meant for persistent memory.
	printf 'memmap=1M!2399M\n' >"$input"
	import
	expect_status 0
	[ "$("$SUITE/memras" --state-dir "$state" retired export | wc -l)" = 256 ]
	refused_as 'only memmap=SIZE$ADDR and memmap=SIZE!ADDR keep memory' 'memmap=4K@0x1000'
	refused_as 'only memmap=SIZE$ADDR and memmap=SIZE!ADDR keep memory' 'quiet memmap=exactmap'
	refused_as "a number beside memmap=" 'memmap=4K$0x1000 0x20000'
	printf 'quiet\n' >"$input"
	import --format memmap
	expect_status 2
	expect_err 'no memmap=SIZE$ADDR in it'
}

@test "a memmap= of gigabytes is read with a warning" {
	ram 0x0-0x9efff 0x100000-0x3fffffffff
	printf '%s\n' 'memmap=0x0000000fdbdaa7a8$0x0000000fdbdaa7af' >"$input"
	import --dry-run --json
	expect_status 0
	expect_valid
	expect_err 'line 1: memmap= names 63 GiB from 0xfdbdaa7af on: are size and address in their places?'
	expect_json '.read == 16629164 or .read > 16000000'
	expect_json '.notes | length == 1 and (.[0] | test("63 GiB"))'
	# Where no memory is, it is refused.
	ram 0x0-0x9efff 0x100000-0x7b0a8fff 0x100000000-0x47e358fff
	import
	expect_status 2
	expect_err "this machine has no memory at 0xfdbdaa7af"
}

@test "the kernel's log: memory failure, soft offline, its collector of errors" {
	read_as "0x1a2b3 0x1a2b4 0x1a2b5 0x1a2b6 0x1a2b7" \
		'[12345.678901] Memory failure: 0x1a2b3: recovery action for dirty LRU page: Recovered' \
		'Nov 21 04:41:46 host kernel: soft offline: 0x1a2b4: page migration failed 1, type 17ffffc0000000' \
		'[  99.1] RAS: Soft-offlining pfn: 0x1a2b5' \
		'Soft offlining pfn 0x1a2b6 at process virtual address 0x7f1234560000' \
		'Injecting memory failure for pfn 0x1a2b7 at process virtual address 0x7f1234561000'
	refused_as "this machine has no memory" 'Memory failure: 0x9999999: unhandlable page.'
	# A whole log has other lines, which only --format log passes over.
	printf '%s\n' '[0.0] Linux version 6.1.0-18-amd64' '[1.0] Memory failure: 0x1a2b3: page already poisoned' \
		'[2.0] usb 1-1: new device 17' >"$input"
	import
	expect_status 2
	expect_err "not a page frame number, and no format that is known"
	import --format log
	expect_status 0
	expect_err "2 lines of the log report no bad page"
	expect_pages 0x1a2b3
}

@test "EDAC's lines: page, DIMM, and a grain that is no page" {
	printf '%s\n' \
		'[Mon] EDAC MC1: 1 CE memory scrubbing error on CPU_SrcID#1_MC#1_Chan#1_DIMM#0 (channel:1 slot:0 page:0x1a2b3 offset:0x3c0 grain:32 syndrome:0x0 - OVERFLOW area:DRAM err_code:00c1:0090)' \
		'EDAC MC0: 2 UE memory read error on unknown memory (page:0x1a2b4 offset:0x0 grain:4096)' \
		'EDAC MC0: 1 CE on any memory (page:0x1a2b5 offset:0x0 grain:134217728 syndrome:0x0)' \
		'EDAC MC0: 1 CE on any memory (page:0x0 offset:0x0 grain:32 syndrome:0x0)' >"$input"
	import --json
	expect_status 0
	expect_valid
	expect_json '.read == 2 and (.notes | length == 1)'
	expect_err "2 memory errors are left out: no address is known, or one of more than a page"
	expect_pages 0x1a2b3 0x1a2b4
	run_memras --state-dir "$state" --json retired list
	expect_json '[.retired[].label] == ["CPU_SrcID#1_MC#1_Chan#1_DIMM#0", null]'
}

@test "mcelog, PassMark's MemTest86 and Windows" {
	read_as "0x1a2b3 0x1a2b4" 'mcelog: Offlining page 1a2b3000' \
		'Corrected memory errors on page 1a2b4000 exceed threshold 10 in 24h: 10 in 24h'
	read_as "0x252a01" 'Address: 252A019F8'
	read_as "0x252a01" \
		'2019-03-05 10:12:13 - [MEM ERROR - Data] Test: 9, CPU: 0, Address: 252A019F8, Expected: 00, Actual: 04'
	read_as "0x18944 0x62d60" 'badmemorylist           0x18944 0x62d60'
	read_as "0x18944 0x62d60 0x62d61" 'bcdedit /set {badmemory} badmemorylist 0x18944 0x62d60' \
		'                        0x62d61'
	refused_as "badmemorylist names no page" badmemorylist
	refused_as "not a page frame number, and no format that is known" 'Pages: 17'
	refused_as "something is left over at its end" '2026-11-21 something else happened'
}

@test "rasdaemon: a label that names no DIMM is none, another is kept" {
	sqlite3 "$input" <<-'END'
		CREATE TABLE mc_event (id INTEGER PRIMARY KEY, timestamp TEXT, err_count INTEGER, label TEXT,
			address INTEGER, grain INTEGER);
		INSERT INTO mc_event (timestamp,err_count,label,address,grain) VALUES
			('2026-03-01 00:00:00 +0000',1,'DIMM_A1',4886718336,5),
			('2026-03-01 00:00:01 +0000',1,'unknown memory',4886718336,5),
			('2026-03-01 00:00:01 +0000',1,'any memory',4886722432,5);
	END
	import
	expect_status 0
	run_memras --state-dir "$state" --json retired list
	expect_json '[.retired[].label] == ["DIMM_A1", null]'
}

# As rasdaemon before 0.6.4 made it; a second argument is its second address.
make_old_database() {
	rm -f "$input"
	sqlite3 "$input" <<-END
		CREATE TABLE mc_event (id INTEGER PRIMARY KEY, timestamp TEXT, err_count INTEGER, err_type TEXT, err_msg TEXT, label TEXT, mc INTEGER, top_layer INTEGER, middle_layer INTEGER, lower_layer INTEGER, address INTEGER, grain INTEGER, syndrome INTEGER, driver_detail TEXT);
		INSERT INTO mc_event (timestamp,err_count,err_type,label,address,grain) VALUES
		 ('2019-03-05 10:00:00 +0000',1,'Corrected','CPU_SrcID#1_MC#1_Chan#1_DIMM#0',1188200384,5),
		 ('2019-03-05 10:00:01 +0000',1,'Corrected','CPU_SrcID#1_MC#1_Chan#1_DIMM#0',$1,5);
	END
}

@test "rasdaemon: addresses that were cut to 32 bits are refused, or warned of" {
	make_old_database -1431655808
	import
	expect_status 1
	expect_err "1 addresses of mc_event are negative: rasdaemon before 0.6.4 cut all of them to 32 bits" \
		"hint: --since DATE takes what a newer rasdaemon recorded"
	[ ! -e "$state" ]
	sqlite3 "$input" "INSERT INTO mc_event (timestamp,err_count,address,grain) VALUES
		('2026-03-05 10:00:01 +0000',1,0x240000000,5)"
	import --since 2024-01-01
	expect_status 0
	expect_pages 0x240000
	make_old_database 1188204480
	import
	expect_status 0
	expect_err "every address is below 2 GiB"
	expect_pages 0x46d27 0x46d28
	# One above it, or memory that ends below 4 GiB, and nothing is to be said.
	make_old_database 0x240000000
	import
	[[ $err != *"below 2 GiB"* ]]
	make_old_database 1188204480
	ram 0x0-0x9efff 0x100000-0x7b0a8fff
	import
	[[ $err != *"below 2 GiB"* ]]
}

@test "rasdaemon: what names no page is left out, and it is said why" {
	sqlite3 "$input" <<-'END'
		CREATE TABLE mc_event (timestamp TEXT, err_count INTEGER, label TEXT, address INTEGER, grain INTEGER);
		INSERT INTO mc_event VALUES ('2026-03-01 00:00:00 +0000',1,'DIMM_A1',4886718336,12),
			('2026-03-01 00:00:00 +0000',1,'DIMM_A1',4886728336,27),
			('2026-03-01 00:00:00 +0000',1,'DIMM_A1',0,5),
			('2026-03-01 00:00:00 +0000',1,'DIMM_A1',0x4000000000,5);
		CREATE TABLE mce_record (timestamp TEXT, status INTEGER, addr INTEGER, misc INTEGER,
			cpuvendor INTEGER, bank_name TEXT);
		INSERT INTO mce_record VALUES
			('2026-03-01 00:00:00 +0000',0x9c2041000000011b,0x1c2a80,0xd01a000001000000,2,'Unified Memory Controller (bank=17)'),
			('2026-03-01 00:00:00 +0000',0x9c2041000000011b,0x1c2a90,0xd01a000001000000,2,'Unified Memory Controller (bank=17)');
	END
	import --json
	expect_status 0
	expect_valid
	expect_json '.read == 1 and (.notes | length == 4)'
	expect_err "1 record is left out of mc_event: their addresses are of more than a page (grain)" \
		"1 record is left out of mc_event: the driver reported no address" \
		"2 records are left out of AMD's memory controllers (mce_record): their addresses are of a channel" \
		"1 page is left out: this machine's memory ends at 0x47e358fff"
	expect_pages 0x123456
}

@test "rasdaemon: CXL devices that tell the host's address" {
	sqlite3 "$input" <<-'END'
		CREATE TABLE cxl_dram_event (id INTEGER PRIMARY KEY, timestamp TEXT, memdev TEXT, host TEXT,
			serial INTEGER, dpa INTEGER, hpa INTEGER, region TEXT);
		INSERT INTO cxl_dram_event (timestamp,memdev,dpa,hpa) VALUES
			('2026-03-01 00:00:00 +0000','mem0',0x1000,0x240000040),
			('2026-03-01 00:00:00 +0000','mem0',0x1000,-1);
		CREATE TABLE cxl_general_media_event (id INTEGER PRIMARY KEY, timestamp TEXT, memdev TEXT,
			dpa INTEGER, hpa INTEGER);
		INSERT INTO cxl_general_media_event (timestamp,memdev,dpa,hpa) VALUES
			('2026-03-01 00:00:00 +0000','mem1',0x2000,0x240001000);
		CREATE TABLE cxl_poison_event (id INTEGER PRIMARY KEY, timestamp TEXT, memdev TEXT, dpa INTEGER);
		INSERT INTO cxl_poison_event (timestamp,memdev,dpa) VALUES
			('2026-03-01 00:00:00 +0000','mem1',0x3000);
	END
	import
	expect_status 0
	expect_pages 0x240000 0x240001
	run_memras --state-dir "$state" --json retired list
	expect_json '[.retired[].label] == ["mem0", "mem1"]'
}

@test "nothing is made beside a database, also where it has a write-ahead log" {
	local before

	mkdir "$BATS_TEST_TMPDIR/db?#%20"
	input="$BATS_TEST_TMPDIR/db?#%20/ras.db"
	sqlite3 "$input" "PRAGMA journal_mode=wal; CREATE TABLE mc_event (timestamp TEXT, err_count INTEGER,
		label TEXT, address INTEGER, grain INTEGER);
		INSERT INTO mc_event VALUES ('2026-03-01 00:00:00 +0000',1,'DIMM_A1',0x240000000,5)"
	before=$(cd "${input%/*}" && sha256sum -- *)
	import --dry-run
	expect_status 0
	import
	expect_status 0
	expect_pages 0x240000
	[ "$(cd "${input%/*}" && sha256sum -- *)" = "$before" ]
	# A log that a writer left when it was killed.
	cp "$input" "$input.keep"
	sqlite3 "$input" "PRAGMA wal_autocheckpoint=0;
		INSERT INTO mc_event VALUES ('2026-03-01 00:00:00 +0000',1,'DIMM_A1',0x240001000,5)" \
		".shell cp '$input-wal' '$BATS_TEST_TMPDIR/wal'"
	mv "$input.keep" "$input"
	rm -f "$input"-*
	mv "$BATS_TEST_TMPDIR/wal" "$input-wal"
	before=$(cd "${input%/*}" && sha256sum -- *)
	import
	expect_status 0
	expect_pages 0x240000 0x240001
	[ "$(cd "${input%/*}" && sha256sum -- *)" = "$before" ]
	[ -z "$(find /tmp -maxdepth 1 -name 'memras.??????' -newer "$input-wal")" ]
}

@test "a view without end is no table, and a query without end is ended" {
	sqlite3 "$input" "CREATE VIEW mc_event AS WITH RECURSIVE r(n) AS
		(SELECT 1 UNION ALL SELECT n + 1 FROM r)
		SELECT n AS address, 1 AS err_count, '' AS label, '' AS timestamp, 5 AS grain FROM r"
	import
	expect_status 1
	expect_err "it has none of the tables"
	mkfifo "$input.fifo"
	run_memras --state-dir "$state" retired import --format rasdaemon "$input.fifo"
	expect_status 1
	expect_err "not a regular file"
}

# all_of RANGE...: each page of A and A-B, a line each
all_of() {
	local range

	for range; do
		for ((page = ${range%-*}; page <= ${range#*-}; page++)); do
			printf '0x%x\n' $page
		done
	done
}

@test "each sample of the manual page names the pages that it says" {
	local format example pages phys checked=0

	while IFS=$'\t' read -r format example pages; do
		# Of the others it says where they are.
		[[ $pages == 0x* ]] || continue
		phys=
		[[ $format != *--phys ]] || phys=--phys
		printf '%s\n' "$example" >"$input"
		for format in auto "${format%%,*}"; do
			# shellcheck disable=SC2086 # none is no word
			import --force --format "$format" $phys
			expect_status 0
			# shellcheck disable=SC2046,SC2086 # one word each
			expect_pages $(all_of $pages)
		done
		checked=$((checked + 1))
	done < <(sed -n '/^|\[/,/^$/p' "$TOP/man/memras-retired.8.scd" | grep '^[|:]  ' | cut -c 4- |
		paste -d '\t' - - - - | sed 's/\\\(.\)/\1/g' | cut -f 1,3,4)
	[ $checked = 14 ]
}
