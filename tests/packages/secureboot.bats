#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Secure Boot, with Debian's shim, GRUB and kernel: what memras says of a module that the
# kernel refuses leads to one that it loads, by the owner's own key and with lockdown on.
#
# packages: long=yes releases=bookworm
# shellcheck disable=SC2016 # for the shell of the guest

load lib

setup_file() {
	"$TOP/contrib/packaging/build-deb" "$BUILT"
	# DKMS makes its key as it builds the module.
	"$HERE/make-image" "$MEMRAS_RELEASE" "$BATS_FILE_TMPDIR/image" \
		"$BUILT"/memras_*.deb "$BUILT"/memras-dkms_*.deb
	machine_boot --secure "$BATS_FILE_TMPDIR/image"
}

teardown_file() {
	machine_off
	rm -r "$BATS_FILE_TMPDIR/image"
}

key=/var/lib/dkms/mok.pub

# locked_down: Secure Boot is on, and the kernel acts on it; doctor says what of the module
locked_down() {
	json=$(guest 'memras doctor --json 2>/dev/null') || :
	jq -c '.policy, .module' <<<"$json"
	assert_json '.policy.secure_boot and .policy.lockdown == "integrity"'
}

# works: the module, and what it is for
works() {
	local targets

	locked_down
	guest_json 0 memras module load --json
	assert_json '.module.loaded and .module.abi != null'
	read -ra targets < <(in_use 2)
	guest_json 0 memras quarantine add --json "${targets[0]}"
	guest_json 0 memras quarantine release --json all
	guest_json 0 memras offline --soft --json "${targets[1]}"
	assert_json '.results[0].result == "offlined"'
	assert_healthy
}

@test "a module that DKMS signed is refused, and the hint is the command that enrolls its key" {
	locked_down
	guest_json 3 memras module load --json
	assert_json '.error.reason | test("refuses the module.s signature$|no key that the kernel trusts")'
	assert_json '.error.hint | test("mokutil --import /var/lib/dkms/mok.pub, then reboot")'
	guest '[ ! -e /dev/memras ]'
}

@test "an unsigned module is refused, and the hint is how it gets a signature" {
	guest '
		module=$(find /lib/modules/*/updates -name "memras.ko*")
		cp $module /root
		[ ! -e /root/memras.ko.xz ] || xz -d /root/memras.ko.xz
		strip --strip-debug /root/memras.ko
		modinfo /root/memras.ko'
	guest_json 3 memras module load --json /root/memras.ko
	assert_json '.error.reason | test("it has none$|this one is not$")'
	assert_json '.error.hint | test("^dkms signs .*: dkms install --force memras/.*mokutil --import")'
	guest '[ ! -e /dev/memras ]'
}

@test "without the module pages are retired all the same" {
	local targets

	read -ra targets < <(in_use 1)
	guest_json 0 memras offline --soft --json "${targets[0]}"
	assert_json '.results[0].result == "offlined" and .results[0].via == "sysfs"'
	guest 'systemctl stop user'
	assert_healthy
}

@test "the command of the hint and a reboot with MokManager later the module loads" {
	local hint command

	guest_json 3 memras module load --json
	hint=$(jq -r .error.hint <<<"$json")
	command=$(grep -o 'mokutil --import [^ ,]*' <<<"$hint")
	guest "printf 'memras\\nmemras\\n' | $command"
	"$HERE/machine" enroll "$GUEST" memras || {
		machine_log
		return 1
	}
	works
}

@test "the module loads with its key in the firmware's variables" {
	machine_off
	"$HERE/machine" vars "$BATS_FILE_TMPDIR/vars.fd" "$BATS_FILE_TMPDIR/image/root$key"
	machine_boot --vars "$BATS_FILE_TMPDIR/vars.fd" "$BATS_FILE_TMPDIR/image"
	works
}
