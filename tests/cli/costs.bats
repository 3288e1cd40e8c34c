#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a command costs: instructions, libraries. These counts do not depend on how busy
# the machine is. They are of the build that is installed, not of one with sanitizers.
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
		{feature: "sqlite3", priority: "suggested", soname: ["libsqlite3.so.0"]}]' \
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
	sqlite3 "$list" 'CREATE TABLE mc_event (id INTEGER PRIMARY KEY, timestamp TEXT,
		err_count INTEGER, label TEXT, address INTEGER)'
	run opens "$PLAIN" --sysroot "$X86" retired import --dry-run "$list"
	[[ $status = 0 && $output == *libsqlite3* && $output != *libkmod* ]]
	run opens "$PLAIN" module status
	[[ $status = 0 && $output == *libkmod* && $output != *libsqlite3* ]]
}

@test "a library that is not there is named" {
	local list="$BATS_TEST_TMPDIR/list.db" path

	path=$(ldconfig -p | awk '$1 == "libsqlite3.so.0" { print $NF; exit }')
	sqlite3 "$list" 'CREATE TABLE mc_event (address INTEGER)'
	status=0
	unshare -rm sh -c 'mount --bind /dev/null "$1" || exit 125; shift; exec "$@"' - "$path" \
		"$SUITE/memras" --sysroot "$X86" retired import --dry-run "$list" \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" != 125 ] || skip "nothing can be mounted here"
	read_results "memras without libsqlite3"
	expect_status 3
	expect_one_message
	expect_err "libsqlite3.so.0: the library cannot be loaded" "install the package that has it"
}
