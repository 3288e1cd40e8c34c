#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# GRUB boots with the lines that are exported for it and must reach the line behind them.
# QEMU emulates the memory, of which GRUB writes next to nothing.

load lib

setup() {
	state=$BATS_TEST_TMPDIR/state
	folder=$BATS_TEST_TMPDIR/cd/boot/grub
	mkdir -p "$folder"
	printf '%s\n' 'serial --unit=0' 'terminal_output serial' echo >"$folder/grub.cfg"
}

# badram WORD...: what grub-mkconfig makes of the exported line, as the next of grub.cfg,
# and one behind it
badram() {
	rm -rf "$state"
	printf '%s\n' "$@" | "$SUITE/memras" -q --state-dir "$state" retired import --force -
	# shellcheck disable=SC1090 # as /etc/default/grub is read
	. <("$SUITE/memras" --state-dir "$state" retired export --format badram)
	printf 'badram %s\necho behind "%s"\n' "$GRUB_BADRAM" "$1" >>"$folder/grub.cfg"
}

# Boots GRUB of a CD with 6 GiB of memory; its console is in $console.
boot() {
	echo halt >>"$folder/grub.cfg"
	grub-mkrescue -d /usr/lib/grub/i386-pc -o "$BATS_TEST_TMPDIR/cd.iso" --locales= --fonts= \
		--themes= --install-modules="biosdisk iso9660 normal serial terminal echo mmap halt" \
		"$BATS_TEST_TMPDIR/cd" 2>"$BATS_TEST_TMPDIR/mkrescue"
	console=$(timeout 240 qemu-system-x86_64 -nodefaults -no-user-config -display none -m 6G \
		-accel tcg -nic none -no-reboot -cdrom "$BATS_TEST_TMPDIR/cd.iso" -serial stdio \
		</dev/null 2>&1 | tr -d '\r') || true
	echo "$console"
}

@test "GRUB goes on behind a page, a range, pages above 4 GiB, and 10,000 pages" {
	local word

	badram 0x15c1e3
	badram 0x200-0x3a7 0x40000
	badram 0x112345 0x130000+77
	badram 0x140123+10000
	boot
	for word in 0x15c1e3 0x200-0x3a7 0x112345 0x140123+10000; do
		grep -Fx "behind $word" <<<"$console"
	done
}

@test "GRUB goes on behind the longest line that is exported" {
	local pages

	mapfile -t pages < <(seq 0x20000 4001 0xb0000 | head -n 100)
	badram "${pages[@]}"
	[ ${#GRUB_BADRAM} -gt 2900 ]
	boot
	grep -x "behind ${pages[0]}" <<<"$console"
}
