#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The costs of a command: instructions, libraries, system calls. These counts do not
# depend on the load of the machine. The installed build is measured, not one with
# sanitizers.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

# instructions COMMAND...: how many it executes in user space, libraries and loader included
instructions() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file="$BATS_TEST_TMPDIR/count" \
		"$@" >/dev/null
	awk '/refs:/ { gsub(",", "", $NF); print $NF }' "$BATS_TEST_TMPDIR/count"
}

# at_most COUNT LIMIT WHAT
at_most() {
	echo "$3: $1, at most $2"
	[ "$1" -gt 0 ] && [ "$1" -le "$2" ]
}

@test "it starts with no more instructions than lsmem" {
	at_most "$(instructions "$PLAIN" --version)" \
		$(($(instructions lsmem --version) * 11 / 10)) "instructions of --version"
}

@test "it is linked to three libraries, and names in its ELF notes those that it opens later" {
	diff - <(readelf -d "$PLAIN" | sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p' | sort) <<-END
	libc
	libjson-c
	libsmartcols
	END
	objcopy --dump-section .note.dlopen="$BATS_TEST_TMPDIR/notes" "$PLAIN" /dev/null
	# Name size, text size, type 0x407c0c0a, owner and text: as packagers' tools read it.
	/usr/bin/python3 - "$BATS_TEST_TMPDIR/notes" >"$BATS_TEST_TMPDIR/json" <<-'END'
	import json, struct, sys
	data, found = open(sys.argv[1], 'rb').read(), []
	while data:
	    name, text, kind = struct.unpack_from('<3I', data)
	    at = 12 + (name + 3) // 4 * 4
	    assert (kind, data[12:12 + name]) == (0x407c0c0a, b'FDO\0')
	    found += json.loads(data[at:at + text].rstrip(b'\0'))
	    data = data[at + (text + 3) // 4 * 4:]
	print(json.dumps(found))
	END
	jq -e 'sort_by(.feature) | map({feature, priority, soname}) == [
		{feature: "kmod", priority: "recommended", soname: ["libkmod.so.2"]},
		{feature: "mount", priority: "recommended", soname: ["libmount.so.1"]},
		{feature: "sqlite3", priority: "suggested", soname: ["libsqlite3.so.0"]},
		{feature: "systemd", priority: "recommended", soname: ["libsystemd.so.0"]},
		{feature: "traceevent", priority: "recommended", soname: ["libtraceevent.so.1"]},
		{feature: "tracefs", priority: "recommended", soname: ["libtracefs.so.1"]},
		{feature: "udev", priority: "suggested", soname: ["libudev.so.1"]}]' \
		"$BATS_TEST_TMPDIR/json"
}

@test "libraries for rare work are opened for that work only" {
	local opened="$BATS_TEST_TMPDIR/opened" list="$BATS_TEST_TMPDIR/list.db"

	opens() {
		LD_DEBUG=files LD_DEBUG_OUTPUT="$opened" "$@" >/dev/null
		cat "$opened".*
		rm "$opened".*
	}
	run opens "$PLAIN" --sysroot "$X86" status
	[[ $status = 0 && $output == *libjson-c* && $output != *libkmod* && $output != *libsqlite3* ]]
	run opens "$PLAIN" --sysroot "$X86" block list
	[[ $status = 0 && $output != *libmount* && $output != *libkmod* ]]
	sqlite3 "$list" 'CREATE TABLE mc_event (id INTEGER PRIMARY KEY, timestamp TEXT,
		err_count INTEGER, label TEXT, address INTEGER)'
	run opens "$PLAIN" --sysroot "$X86" retired import --dry-run "$list"
	[[ $status = 0 && $output == *libsqlite3* && $output != *libkmod* ]]
	run opens "$PLAIN" module status
	[[ $status = 0 && $output == *libkmod* && $output != *libsqlite3* ]]
}

# shellcheck disable=SC2016 # for the inner shell
@test "a library that is not there is named" {
	local list="$BATS_TEST_TMPDIR/list.db" path

	path=$(ldconfig -p | awk '$1 == "libsqlite3.so.0" { print $NF; exit }')
	sqlite3 "$list" 'CREATE TABLE mc_event (address INTEGER)'
	status=0
	# shellcheck disable=SC2016 # for the shell inside
	unshare -rm sh -c 'mount --bind /dev/null "$1" || exit 125; shift; exec "$@"' - "$path" \
		"$SUITE/memras" --sysroot "$X86" retired import --dry-run "$list" \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" != 125 ] || skip "nothing can be mounted here"
	read_results "memras without libsqlite3"
	expect_status 3
	expect_one_message
	expect_err "libsqlite3.so.0: the library cannot be loaded" "install the package that has it"
}

# calls COMMAND...: how many system calls it makes
calls() {
	strace -f -c -o "$BATS_TEST_TMPDIR/calls" "$@" >/dev/null || return 1
	awk '$NF == "total" { print $4 }' "$BATS_TEST_TMPDIR/calls"
}

# The captured machine with so many blocks and nothing else, made when it is first needed.
blocks_machine() {
	local machine=$MACHINES/blocks-$1

	[ -d "$machine" ] || "$TOP/tests/fixtures/make" "$MACHINES" "$1" || return 1
	echo "$machine"
}

# per_block COMMAND...: system calls for each block more, times 100; the last word is the machine's
per_block() {
	local few many

	few=$(calls "$@" --sysroot "$(blocks_machine 64)") || return 1
	many=$(calls "$@" --sysroot "$(blocks_machine 192)") || return 1
	echo $(((many - few) * 100 / 128))
}

@test "a block costs three system calls for each file that is needed of it, and no more" {
	# The state, what is removable, the zones; which node tells a folder for all.
	at_most "$(per_block "$PLAIN" block list)" 910 "calls for 100 blocks"
	at_most "$(per_block "$PLAIN" --json block list)" 910 "calls for 100 blocks, JSON"
	at_most "$(per_block "$PLAIN" block list -o BLOCK,STATE)" 310 "calls for 100 blocks' states"
	at_most "$(per_block "$PLAIN" block list -o BLOCK,RANGE,SIZE)" 10 "calls for 100 blocks' names"
	at_most "$(per_block "$PLAIN" status)" 310 "status' calls for 100 blocks"
	at_most "$(per_block "$PLAIN" status --prometheus)" 310 "metrics' calls for 100 blocks"
	# A change needs the states, and an offline the zones, of all.
	at_most "$(per_block "$PLAIN" block online --dry-run 1)" 310 "calls of online for 100 blocks"
	at_most "$(per_block "$PLAIN" block offline --dry-run 1)" 610 "calls of offline for 100 blocks"
	# It is well below what lsmem needs, however few there are.
	at_most "$(calls "$PLAIN" block list --sysroot "$(blocks_machine 64)")" \
		$(($(calls lsmem -a --sysroot "$(blocks_machine 64)") * 6 / 10)) "calls for 64 blocks"
}

@test "only the columns that are printed, chosen by or merged by are read" {
	local machine

	machine=$(blocks_machine 64)
	reads() {
		strace -e trace=openat2 -o "$BATS_TEST_TMPDIR/trace" "$PLAIN" --sysroot "$machine" \
			block list "$@" >/dev/null
		sed -n 's|.*"memory[0-9]*/\([a-z_]*\)".*|\1|p; s|.*"sys/.*/\(node\)[0-9]*".*|\1|p' \
			"$BATS_TEST_TMPDIR/trace" | sort -u | tr '\n' ' '
	}
	[ "$(reads -o BLOCK,STATE)" = "state " ]
	[ "$(reads -o BLOCK)" = "" ]
	[ "$(reads -o BLOCK node:1)" = "node " ]
	[ "$(reads -o BLOCK,ZONES)" = "valid_zones " ]
	[ "$(reads -o BLOCK -S REMOVABLE)" = "removable " ]
	[ "$(reads -o BLOCK --summary always)" = "state " ]
	[ "$(reads)" = "node removable state valid_zones " ]
}

@test "a hugepage costs four system calls, and a place where none begins costs one" {
	local bare=$BATS_TEST_TMPDIR/bare full=$BATS_TEST_TMPDIR/full few many

	# Blocks 34 and 35 of the machine are free; they have room for 128 hugepages.
	cp -r "$X86" "$bare"
	sed -i 's/^HardwareCorrupted.*/HardwareCorrupted:     0 kB/' "$bare/proc/meminfo"
	cp -r "$bare" "$full"
	/usr/bin/python3 - "$full/proc/kpageflags" <<-'END'
	import array, sys
	HEAD, TAIL, HUGE = 1 << 15, 1 << 16, 1 << 17
	with open(sys.argv[1], 'r+b') as f:
	    f.seek(34 * 32768 * 8)
	    f.write(array.array('Q', ([HUGE | HEAD] + [HUGE | TAIL] * 511) * 128).tobytes())
	END
	few=$(calls "$PLAIN" --sysroot "$bare" hugepage list)
	many=$(calls "$PLAIN" --sysroot "$full" hugepage list)
	[ "$("$PLAIN" --sysroot "$full" --json hugepage list | jq '.hugepages | length')" = 131 ]
	# Its flags and count, and where it ends; and what each of the two blocks is.
	at_most $((many - few)) $((128 * 4 + 60)) "calls for 128 hugepages"
	# 16 blocks are online, of 64 places each; the rest is start-up and the blocks.
	at_most "$few" $((16 * 64 + 1200)) "calls for 16 blocks"
}

# peak COMMAND...: the most memory that it had, bytes; or that Python had before it
peak() {
	/usr/bin/python3 - "$@" <<-'END'
	import resource, subprocess, sys
	subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
	print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10)
	END
}

@test "a page of a list costs its word and 32 bytes, or twice that while the list grows" {
	local list=$BATS_TEST_TMPDIR/list few many

	for _ in 1 2 3 4; do seq 10000 99999; done | shuf >"$list"
	head -n 180000 "$list" >"$list.few"
	few=$(peak "$PLAIN" --sysroot "$X86" --json inspect --from "$list.few")
	many=$(peak "$PLAIN" --sysroot "$X86" --json inspect --from "$list")
	at_most $(((many - few) / 180000)) 76 "bytes for a page"
}

@test "page flags are read only where the kernel says that pages are poisoned" {
	local machine=$BATS_TEST_TMPDIR/machine

	flags_read() {
		strace -y -e trace=pread64 -o "$BATS_TEST_TMPDIR/trace" "$PLAIN" --sysroot "$machine" \
			"$@" >"$BATS_TEST_TMPDIR/out"
		grep -c kpageflags "$BATS_TEST_TMPDIR/trace" || true
	}
	cp -r "$X86" "$machine"
	[ "$(flags_read --json block list)" -gt 0 ]
	jq -e '[.blocks[].poisoned] | add == 2' "$BATS_TEST_TMPDIR/out"
	[ "$(flags_read block list -o BLOCK,STATE,ZONES)" = 0 ]
	sed -i 's/^HardwareCorrupted.*/HardwareCorrupted:     0 kB/' "$machine/proc/meminfo"
	[ "$(flags_read --json block list)" = 0 ]
	jq -e '[.blocks[].poisoned] | add == 0' "$BATS_TEST_TMPDIR/out"
}

@test "a list of this machine's blocks takes no more instructions than lsmem's" {
	[ -e /sys/devices/system/memory/block_size_bytes ] || skip "this kernel has no memory blocks"
	grep -q '^HardwareCorrupted: *[1-9]' /proc/meminfo && skip "this machine has poisoned pages"
	at_most "$(instructions "$PLAIN" --no-module block list)" "$(instructions lsmem -a)" "text"
	at_most "$(instructions "$PLAIN" --no-module --json block list)" \
		$(($(instructions lsmem -J -a) / 2)) "JSON"
}
