#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# memras doctor on captured machines, and on this one, which it does not change.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

# A copy of a captured machine, to be made worse: sets $machine
copy_of() {
	machine=$BATS_TEST_TMPDIR/machine
	rm -rf "$machine"
	cp -a "$1" "$machine"
}

expect_verdict() {
	expect_json ".capabilities[] | select(.capability == \"$1\") | .state == \"$2\""
}

# CAPABILITY TEXT: is in the reason
expect_reason() {
	expect_json ".capabilities[] | select(.capability == \"$1\") | .error.reason | contains(\"$2\")"
}

doctor_of() {
	run_memras --sysroot "$1" --json doctor
	expect_valid
	[ -z "$err" ]
}

@test "a machine that has all it could have is well" {
	doctor_of "$X86"
	expect_status 0
	expect_json '.kernel == "6.12.95-test-amd64" and .module == null and
		.policy == {"signatures_enforced": false, "secure_boot": false, "lockdown": "none",
			"modules_disabled": false}'
	expect_json '[.capabilities[] | "\(.capability) \(.state)"] == ["soft-offline ok",
		"hard-offline ok", "unpoison ok", "hugepage-replacement n/a", "block-hotplug ok",
		"quarantine n/a", "module n/a", "signing ok", "lockdown ok", "edac ok", "tracing ok"]'
	expect_json '.capabilities[9].detail == "1 controller, 2 DIMMs" and
		.capabilities[10].detail == "ras:memory_failure_event, ras:mc_event, mce:mce_record"'
	run_memras --sysroot "$X86" --quiet doctor
	expect_status 0
	expect_no_out
}

@test "a person gets a table, and below it how to get what is missing" {
	copy_of "$X86"
	echo 0 >"$machine/proc/sys/vm/enable_soft_offline"
	run_memras --sysroot "$machine" doctor
	expect_status 3
	[ -z "$err" ]
	grep -qE '^CAPABILITY +STATE +DETAIL$' <<<"$out"
	grep -qE '^soft-offline +off +soft offline is turned off on this machine$' <<<"$out"
	grep -qE '^hard-offline +ok +by sysfs$' <<<"$out"
	grep -qE '^soft-offline +sysctl vm\.enable_soft_offline=1 turns it on$' <<<"$out"
	# In the table, among the hints, and no more.
	[ "$(grep -c '^soft-offline ' <<<"$out")" = 2 ]
}

@test "what doctor says is what the command says" {
	local capability command reason

	copy_of "$X86"
	echo 0 >"$machine/proc/sys/vm/enable_soft_offline"
	echo 16 >"$machine/proc/sys/kernel/tainted"
	echo 0 | tee "$machine"/sys/devices/system/memory/memory*/removable >/dev/null
	while read -r capability command; do
		doctor_of "$machine"
		expect_status 3
		reason=$(jq -r --arg c "$capability" '.capabilities[] | select(.capability == $c) |
			.error.reason' <<<"$out")
		# shellcheck disable=SC2086 # the command's words
		run_memras --sysroot "$machine" --dry-run $command
		expect_status 3
		expect_err "$reason"
	done <<-END
		soft-offline offline --soft 0x108000
		unpoison unpoison 0x108050
		block-hotplug block offline 34
	END
	for machine in "$S390" "$NO_BLOCKS"; do
		doctor_of "$machine"
		expect_status 3
		expect_verdict soft-offline missing
		expect_reason hard-offline "no memory failure handling (CONFIG_MEMORY_FAILURE)"
		expect_verdict unpoison missing
		run_memras --sysroot "$machine" --dry-run offline --hard 5
		expect_err "no memory failure handling (CONFIG_MEMORY_FAILURE)"
	done
	doctor_of "$NO_BLOCKS"
	expect_reason block-hotplug "no memory block interface (CONFIG_MEMORY_HOTPLUG)"
	doctor_of "$S390"
	expect_reason hugepage-replacement "no hugetlb pages (CONFIG_HUGETLBFS)"
}

@test "lockdown and signatures are told from what the kernel shows" {
	copy_of "$X86"
	echo "none [integrity] confidentiality" >"$machine/sys/kernel/security/lockdown"
	echo Y >"$machine/sys/module/module/parameters/sig_enforce"
	printf '\6\0\0\0\1' >"$machine"/sys/firmware/efi/efivars/SecureBoot-*
	doctor_of "$machine"
	expect_status 3
	expect_json '.policy == {"signatures_enforced": true, "secure_boot": true,
		"lockdown": "integrity", "modules_disabled": false}'
	expect_verdict unpoison denied
	expect_reason unpoison "lockdown keeps debugfs closed"
	expect_verdict tracing ok
	expect_json '.capabilities[7].detail == "modules must be signed; Secure Boot is on"'
	echo "none integrity [confidentiality]" >"$machine/sys/kernel/security/lockdown"
	doctor_of "$machine"
	expect_verdict tracing denied
	expect_reason tracing "lockdown (confidentiality)"
	rm -r "$machine/sys/kernel/security/lockdown" "$machine/sys/firmware" "$machine/sys/module"
	mkdir "$machine/sys/firmware"
	doctor_of "$machine"
	expect_json '.policy == {"signatures_enforced": null, "secure_boot": false, "lockdown": null,
		"modules_disabled": false}'
	expect_verdict lockdown ok
	# The kernel has it, and nobody mounted what tells it.
	sed -i '/securityfs/d' "$machine/proc/self/mountinfo"
	doctor_of "$machine"
	expect_status 4
	expect_verdict lockdown unknown
}

@test "tracing is looked for where tracefs is mounted, and nowhere else" {
	copy_of "$X86"
	mkdir "$machine/tracing"
	mv "$machine"/sys/kernel/tracing/events "$machine/tracing/"
	doctor_of "$machine"
	expect_status 3
	expect_verdict tracing missing
	expect_reason tracing "ras:memory_failure_event"
	sed -i 's|/sys/kernel/tracing|/tracing|' "$machine/proc/self/mountinfo"
	doctor_of "$machine"
	expect_status 0
	sed -i '/tracefs/d' "$machine/proc/self/mountinfo"
	doctor_of "$machine"
	expect_verdict tracing off
	expect_reason tracing "tracefs is not mounted"
	# The old place, below debugfs.
	echo "35 22 0:6 / /debug rw - debugfs debugfs rw" >>"$machine/proc/self/mountinfo"
	mkdir "$machine/debug"
	mv "$machine/tracing" "$machine/debug/tracing"
	doctor_of "$machine"
	expect_status 0
	sed -i '/tracefs/d' "$machine/proc/filesystems"
	rm -r "$machine/debug/tracing"
	doctor_of "$machine"
	expect_verdict tracing missing
	expect_reason tracing "CONFIG_TRACING"
}

# ecc N: the DMI tables of a machine whose memory array has this error correction
ecc() {
	mkdir -p "$machine/sys/firmware/dmi/tables"
	# SMBIOS 7.17: type, length, handle; location, use, error correction; and the end.
	printf '\x10\x0f\0\x10\3\3%b\0\0\x40\0\xfe\xff\1\0\0\0\x7f\4\1\x10\0\0' "\\x0$1" \
		>"$machine/sys/firmware/dmi/tables/DMI"
}

@test "EDAC without controllers is missing where memory has ECC only" {
	copy_of "$X86"
	mv "$machine/sys/devices/system/edac/mc" "$BATS_TEST_TMPDIR/mc"
	doctor_of "$machine"
	expect_status 0
	expect_verdict edac n/a
	expect_reason edac "no memory controller reports errors"
	ecc 3
	doctor_of "$machine"
	expect_verdict edac n/a
	expect_reason edac "no error correction"
	ecc 6
	doctor_of "$machine"
	expect_status 3
	expect_verdict edac missing
	expect_reason edac "no driver reports its errors"
	rmdir "$machine/sys/devices/system/edac"
	doctor_of "$machine"
	expect_reason edac "CONFIG_EDAC"
	echo "flags		: fpu hypervisor lahf_lm" >"$machine/proc/cpuinfo"
	doctor_of "$machine"
	expect_status 0
	expect_verdict edac n/a
	expect_reason edac "a virtual machine"
}

@test "an ordinary user is told that DMI is for root" {
	copy_of "$X86"
	rm -r "$machine/sys/devices/system/edac"
	ecc 6
	chmod 0 "$machine/sys/firmware/dmi/tables/DMI"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")"
	run_memras_as_nobody --sysroot "$machine" --json doctor
	expect_status 4
	expect_valid
	expect_verdict edac unknown
	expect_reason edac "only root can read"
}

@test "a captured machine does not tell what could be loaded" {
	copy_of "$X86"
	echo "other 16384 0 - Live 0x0" >"$machine/proc/modules"
	doctor_of "$machine"
	expect_status 4
	expect_verdict unpoison unknown
	expect_json '.capabilities[2].object == "hwpoison-inject"'
}

# Everything that looking could have changed.
machine_state() {
	cat /proc/self/mountinfo /proc/modules /sys/devices/system/memory/memory*/state 2>/dev/null |
		sort | sha256sum
	grep HardwareCorrupted /proc/meminfo || true
}

# 0, 3 or 4, and with each refusal its reason, which the command gives too.
examine_this_machine() {
	local before wanted command as=$1

	before=$(machine_state)
	"$as" --json doctor
	[[ $status = 0 || $status = 3 || $status = 4 ]]
	expect_valid
	expect_json "$(printf '.kernel == "%s"' "$(uname -r)")"
	wanted=$status
	"$as" doctor
	expect_status "$wanted"
	[ "$(sed '/^RETIRES PAGES /,$d' <<<"$out" | grep -cE ' (ok|off|missing|denied|n/a|unknown) ')" = 11 ]
	"$as" --json doctor
	for command in "soft-offline offline --soft 0" "unpoison unpoison 0" \
		"quarantine quarantine add 0" "module module load"; do
		cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/doctor"
		jq -r --arg c "${command%% *}" '.capabilities[] | select(.capability == $c) |
			select(.state != "ok") | .error.reason' "$BATS_TEST_TMPDIR/doctor" \
			>"$BATS_TEST_TMPDIR/reason"
		[ -s "$BATS_TEST_TMPDIR/reason" ] || continue
		# Root's own refusals: an ordinary user's may be about rights first.
		[ "$as" = run_memras ] || grep -qE 'CAP_SYS|root' "$BATS_TEST_TMPDIR/reason" || continue
		# shellcheck disable=SC2086 # the command's words
		"$as" ${command#* }
		[ "$status" != 0 ]
		expect_err "$(<"$BATS_TEST_TMPDIR/reason")"
		cp "$BATS_TEST_TMPDIR/doctor" "$BATS_TEST_TMPDIR/out"
	done
	[ "$(machine_state)" = "$before" ]
}

@test "this machine is examined and left as it is" {
	[ "$(id -u)" = 0 ] || skip "the next test is about ordinary users"
	examine_this_machine run_memras
}

@test "this machine is examined by an ordinary user too" {
	examine_this_machine run_memras_as_nobody
}

@test "what this kernel lacks is what doctor says it lacks" {
	run_memras --json doctor
	[ -e /sys/devices/system/memory/soft_offline_page ] || {
		expect_status 3
		expect_verdict soft-offline missing
		expect_verdict hard-offline missing
		expect_verdict unpoison missing
	}
	[ -e /proc/modules ] || {
		expect_status 3
		expect_json '.module | (.present or .loadable or .loaded) | not'
		expect_verdict module missing
		expect_reason module "no loadable modules (CONFIG_MODULES)"
	}
	[ -e /sys/devices/system/memory/block_size_bytes ] || expect_verdict block-hotplug missing
}

# RETIRER: prints "STATE SHARES"
retirer() {
	jq -r --arg r "$1" '.retirers[] | select(.retirer == $r) | "\(.state) \(.shares | join(","))"' <<<"$out"
}

# PID NAME WORD...: a process of $machine
process() {
	mkdir -p "$machine/proc/$1"
	echo "$2" >"$machine/proc/$1/comm"
	printf '%s\0' "${@:3}" >"$machine/proc/$1/cmdline"
}

@test "it names who retires pages, what they do, and who of them act on the same errors" {
	copy_of "$X86"
	doctor_of "$machine"
	[ "$(retirer rasdaemon)" = "absent " ]
	mkdir -p "$machine"/sys/kernel/debug/ras/cec "$machine"/etc/{default,mcelog} \
		"$machine"/sys/firmware/acpi/tables "$machine"/sys/bus/platform/drivers/GHES
	grep -q ' - debugfs ' "$machine"/proc/self/mountinfo ||
		echo "99 1 0:9 / /sys/kernel/debug rw - debugfs debugfs rw" >>"$machine"/proc/self/mountinfo
	echo 2 >"$machine"/sys/kernel/debug/ras/cec/action_threshold
	touch "$machine"/sys/firmware/acpi/tables/HEST
	process 901 rasdaemon /usr/sbin/rasdaemon -f
	process 902 memras memras watch --act restore-pool,retire=3/12h
	process 903 memras memras watch
	echo 'PAGE_CE_THRESHOLD="7"' >"$machine"/etc/default/rasdaemon
	doctor_of "$machine"
	[ "$(retirer cec)" = "active rasdaemon,memras-watch" ]
	[ "$(retirer ghes)" = "active " ]
	[ "$(retirer rasdaemon)" = "active cec,memras-watch" ]
	[ "$(retirer memras-watch)" = "active cec,rasdaemon" ]
	[ "$(retirer mcelog)" = "absent " ]
	expect_json '.retirers[] | select(.retirer == "cec").does | contains("at 2 corrected errors")'
	expect_json '.retirers[] | select(.retirer == "rasdaemon").does |
		contains("(\"soft\") at 7 corrected errors within 24h")'
	expect_json '.retirers[] | select(.retirer == "memras-watch").does | contains("(retire=3/12h)")'
	run_memras --sysroot "$machine" doctor
	grep -qE '^cec +active +soft offlines .* rasdaemon, memras-watch' <<<"$out"
	grep -q '^mcelog ' <<<"$out" && false

	# Turned off, each by its own switch
	echo "quiet ras=cec_disable ghes.disable=1" >"$machine"/proc/cmdline
	echo 'PAGE_CE_ACTION="account"  # only count' >>"$machine"/etc/default/rasdaemon
	rmdir "$machine"/sys/bus/platform/drivers/GHES
	rm -r "$machine"/proc/902
	process 904 mcelog mcelog --daemon
	echo "memory-ce-action = off" >"$machine"/etc/mcelog/mcelog.conf
	doctor_of "$machine"
	local name
	for name in cec ghes rasdaemon mcelog memras-watch; do
		[ "$(retirer $name)" = "off " ]
	done
	expect_json '.retirers[] | select(.retirer == "rasdaemon").does | contains("\"account\"")'
}
