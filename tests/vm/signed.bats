#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel that loads only signed modules: the refusal is reported as such, by doctor
# before anything is tried.
#
# guest: default=5.10,7.3 cpus=1 memory=768M append=module.sig_enforce=1 programs=openssl timeout=240

load lib
load doctor

setup() {
	mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
}

# sign FILE NAME >FILE: by a new key of this name, as scripts/sign-file does
# (include/linux/module_signature.h: what follows the module ends with 12 bytes,
# the last 4 the length of the signature, and a line).
sign() {
	local dir=$BATS_TEST_TMPDIR/key size

	mkdir -p "$dir"
	printf '[req]\ndistinguished_name=name\nprompt=no\n[name]\nCN=%s\n' "$2" >"$dir/config"
	openssl req -x509 -newkey rsa:2048 -nodes -config "$dir/config" -keyout "$dir/key" -out "$dir/cert" 2>/dev/null
	openssl cms -sign -binary -noattr -nosmimecap -nocerts -md sha256 -outform DER -in "$1" \
		-signer "$dir/cert" -inkey "$dir/key" -out "$dir/signature"
	size=$(stat -c %s "$dir/signature")
	cat "$1" "$dir/signature"
	# shellcheck disable=SC2059 # made of bytes
	printf "\\0\\0\\2\\0\\0\\0\\0\\0\\x$(printf '%08x' "$size" | sed 's/../&\\x/g; s/\\x$//')~Module signature appended~\n"
}

@test "an unsigned module is refused, and the reason is its signature" {
	examine 3
	expect_verdict denied module signing quarantine
	expect_reason "refuses the module's signature" module signing quarantine
	assert_json '.policy.signatures_enforced and .module.present and .module.loadable == false'
	expect_log 'Loading of unsigned module is rejected'
	run_json 3 memras module load --json
	assert_json '.error.reason | test("signature|signed")'
	[ ! -e /dev/memras ]
	prove module quarantine
}

@test "without it pages are retired all the same, and taken back by the kernel's own module" {
	poisoned=$(good_page)
	run_json 0 memras offline --soft --json "$poisoned"
	assert_json '.results[0].result == "offlined"'
	page_is hwpoison "$poisoned"
	# Signed by the same key as what is loaded, so the kernel will trust it.
	examine 3
	expect_verdict ok soft-offline hard-offline unpoison
	refute grep -q hwpoison_inject /proc/modules
	prove unpoison
}

@test "of a module with a signature doctor says by whom, and that only loading it tells" {
	cp "$(installed)" "$BATS_TEST_TMPDIR/memras.ko"
	sign "$BATS_TEST_TMPDIR/memras.ko" "Nobody in particular" >"$(installed)"
	examine 4
	expect_verdict unknown module quarantine
	expect_reason 'signed by Nobody in particular' module quarantine
	assert_json '.module.signer == "Nobody in particular" and .module.loadable == null'
	expect_verdict ok signing
	# The hint is the way to find out.
	read -ra words <<<"${hint[module]}"
	run_json 3 "${words[@]}" --json
	assert_json '.error.reason | test("refuses the module.s signature")'
	[ ! -e /dev/memras ]
}
