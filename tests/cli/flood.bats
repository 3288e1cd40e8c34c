#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Random bytes through each input: memras ends by itself, with an exit code of its own,
# and what it prints is harmless. 100,000 bytes each; by tests/run --long it is 10,000,000,
# for which it may use no more than a second of the CPU for each MiB.
# shellcheck disable=SC2154 # what run_memras sets

load lib

bytes=${MEMRAS_LONG:+10000000}
bytes=${bytes:-100000}
export BATS_TEST_TIMEOUT=$((MEMRAS_LONG ? 7200 : 900))

# Bytes of all values, and those of which words of the inputs are made
KINDS=("" '0123456789abcdefx,+-:@$!=#"{}[] \n\t' $'0123456789 \n' $'\xc3\xa4\xff\x1b[0m"\\\n')

setup() {
	state=$BATS_TEST_TMPDIR/state
	noise=$BATS_TEST_TMPDIR/noise
	machine=$BATS_TEST_TMPDIR/machine
}

# make_noise SEED ALPHABET [HEAD]: $noise is of bytes of the alphabet, behind a head
make_noise() {
	/usr/bin/python3 - "$noise" "$bytes" "$@" <<-'EOF'
		import os, random, sys
		path, size, seed, alphabet, *head = map(os.fsencode, sys.argv[1:])
		alphabet = alphabet.replace(b'\\n', b'\n').replace(b'\\t', b'\t') or bytes(range(256))
		table = bytes(alphabet[i % len(alphabet)] for i in range(256))
		with open(path, 'wb') as file:
		    file.write(b''.join(head) + random.Random(seed).randbytes(int(size)).translate(table))
	EOF
}

# in_time COMMAND...: of a build without sanitizers
in_time() {
	local TIMEFORMAT='%U %S' used

	used=$({ time "$SUITE/sandbox" "$PLAIN" "$@" <"$noise" >/dev/null 2>&1 || true; } 2>&1)
	echo "# $used s: $*"
	awk -v most=$((bytes >> 20)) '{ exit !($1 + $2 <= most) }' <<<"$used"
}

# flood COMMAND...: it stands the noise, which it also has on standard input
flood() {
	run_memras "$@" <"$noise"
	[ "$status" -le 4 ] || [ "$status" = 64 ]
	expect_harmless
	[ -z "${MEMRAS_LONG-}" ] || in_time "$@"
}

# The same, with a document that is one
flood_json() {
	flood -J "$@"
	jq empty "$BATS_TEST_TMPDIR/out"
	[ -s "$BATS_TEST_TMPDIR/out" ]
}

@test "lists of targets" {
	local i

	for i in "${!KINDS[@]}"; do
		make_noise "$i" "${KINDS[i]}"
		flood --sysroot "$X86" inspect --from "$noise"
		flood_json --sysroot "$X86" inspect -
		flood_json offline --soft --dry-run --no-record --from -
		flood_json --sysroot "$X86" --state-dir "$state" retired forget --from "$noise"
	done
}

@test "lists of other tools, in each format" {
	local i format

	for i in "${!KINDS[@]}"; do
		make_noise "$i" "${KINDS[i]}"
		for format in auto plain badram memmap log bcdedit json rasdaemon; do
			flood_json --sysroot "$X86" --state-dir "$state" retired import --dry-run --force \
				--format $format "$noise"
		done
	done
}

@test "lists of other tools, of which a line or the head is right" {
	local head

	for head in $'SQLite format 3\0' '{"version":1,"page_size":4096,"retired":[' 'badram=' 'memmap=' \
		$'Memory failure: 0x1a2b3: Recovered\n' 'badmemorylist 0x'; do
		make_noise "$head" '0123456789abcdefx,+-:@$!=#"{}[] \n\t' "$head"
		flood_json --sysroot "$X86" --state-dir "$state" retired import --dry-run --force "$noise"
		make_noise "$head" "" "$head"
		flood_json --sysroot "$X86" --state-dir "$state" retired import --dry-run --force "$noise"
	done
}

@test "the retired list itself" {
	local i

	mkdir "$state"
	for i in "${!KINDS[@]}"; do
		make_noise "$i" "${KINDS[i]}" '{"version":1,"page_size":4096,"retired":['
		cp "$noise" "$state/retired.json"
		flood --sysroot "$X86" --state-dir "$state" retired list
		flood_json --sysroot "$X86" --state-dir "$state" retired export
		flood_json --sysroot "$X86" --state-dir "$state" retired restore --dry-run
		flood_json --sysroot "$X86" --state-dir "$state" status
		cmp "$noise" "$state/retired.json"
	done
}

# FILE COMMAND: what reads it, besides status
FILES="proc/self/mountinfo hugepage list
proc/iomem map
proc/meminfo status --prometheus
proc/kpageflags inspect 0x108000+4
proc/kpagecount inspect 0x108000+4
proc/modules doctor
sys/devices/system/memory/block_size_bytes block list
sys/devices/system/memory/memory33/state block list
sys/devices/system/memory/memory33/valid_zones map
sys/devices/system/edac/mc/mc0/dimm0/dimm_label status --prometheus
sys/devices/system/edac/mc/mc0/dimm0/dimm_ce_count doctor
sys/firmware/dmi/tables/DMI retired list
sys/firmware/memmap/0/start retired list
sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages hugepage list"

@test "each file of a machine" {
	local file command i seen=0

	cp -a "$X86" "$machine"
	while read -r file command; do
		mkdir -p "$(dirname "$machine/$file")"
		mv "$machine/$file" "$BATS_TEST_TMPDIR/kept" || rm -f "$BATS_TEST_TMPDIR/kept"
		for i in 0 1; do
			make_noise "$file $i" "${KINDS[i]}"
			cp "$noise" "$machine/$file"
			flood_json --sysroot "$machine" status --pages
			# shellcheck disable=SC2086 # words of a command
			flood --sysroot "$machine" $command
			seen=$((seen + 1))
		done
		rm "$machine/$file"
		[ ! -e "$BATS_TEST_TMPDIR/kept" ] || mv "$BATS_TEST_TMPDIR/kept" "$machine/$file"
	done <<<"$FILES"
	[ $seen = 28 ]
}
