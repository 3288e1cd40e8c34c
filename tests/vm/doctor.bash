# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # what lib.bash and suites set
# Compares the report of memras doctor with what memras then does; suites use "load
# doctor" after "load lib".

declare -gA state=() reason=() hint=()

# examine STATUS [OPTION...]: runs memras doctor, as $as_user if set, and expects this exit
# status. Sets ${state[...]}, ${reason[...]} and ${hint[...]}, by capability.
examine() {
	local capability one why how

	# shellcheck disable=SC2086 # words, or none
	run_json "$1" ${as_user-} memras doctor --json "${@:2}"
	# A single run of jq, which is slow in a guest.
	while IFS='|' read -r capability one why how; do
		state[$capability]=$one reason[$capability]=$why hint[$capability]=$how
	done < <(jq -r '.capabilities[] |
		"\(.capability)|\(.state)|\(.error.reason // "")|\(.error.hint // "")"' <<<"$json")
	assert_equal "${#state[@]}" 11
}

# expect_verdict STATE CAPABILITY...
expect_verdict() {
	local capability

	for capability in "${@:2}"; do
		assert_equal "${state[$capability]}" "$1" "$capability"
	done
}

# expect_reason REGEX CAPABILITY...: the reason matches, and there is a hint
expect_reason() {
	local capability

	for capability in "${@:2}"; do
		[[ ${reason[$capability]} =~ $1 && ${hint[$capability]} ]] || {
			echo "$capability: the reason is not $1, with a hint, but: ${reason[$capability]}" >&2
			return 1
		}
	done
}

# as_said CAPABILITY COMMAND...: memras COMMAND succeeds if the capability is ok, and is
# refused for the same reason if not.
as_said() {
	local capability=$1 got=0 out

	out=$(${as_user-} memras "${@:2}" --json 2>"$BATS_TEST_TMPDIR/refusal") || got=$?
	if is_ok "$capability"; then
		[ $got = 0 ] || {
			echo "$capability is ok, and it is not: $(<"$BATS_TEST_TMPDIR/refusal")" >&2
			return 1
		}
		return 0
	fi
	[ $got != 0 ] || {
		echo "$capability is ${state[$capability]}, and it works" >&2
		return 1
	}
	assert_equal "$(jq -er '.error.reason // .results[0].error.reason' <<<"$out")" \
		"${reason[$capability]}" "$capability"
}

# A page to retire, not in a DIMM: some kernels leave a block with such a page offline.
good_page() {
	find_page buddy hwpoison below=0x100000
}

is_ok() {
	[ "${state[$1]}" = ok ]
}

prove_soft_offline() {
	local pfn

	pfn=$(good_page)
	as_said soft-offline offline --soft --no-record "$pfn"
	! is_ok soft-offline || page_is hwpoison "$pfn"
}

prove_hard_offline() {
	local pfn

	pfn=$(good_page)
	as_said hard-offline offline --hard --no-record "$pfn"
	! is_ok hard-offline || page_is hwpoison "$pfn"
}

# Unpoisons $poisoned, a page that was soft-offlined before
prove_unpoison() {
	as_said unpoison unpoison "$@" "$poisoned"
	! is_ok unpoison || refute page_is hwpoison "$poisoned"
}

prove_hugepage_replacement() {
	local pfn

	pool_set 2
	pfn=$(memras hugepage list --no-module --json | jq -er '.hugepages[0].pfn')
	as_said hugepage-replacement hugepage replace "$@" "$pfn"
	assert_equal "$(pool nr)" 2
	! is_ok hugepage-replacement || refute page_is huge "$pfn"
	pool_set 0
}

# Prints the highest block that is movable and online
movable_block() {
	memras block list --no-module --json |
		jq -er '[.blocks[] | select(.state == "online" and .zones == ["Movable"])] | last | .block'
}

prove_block_hotplug() {
	local n

	n=$(movable_block)
	as_said block-hotplug block offline "$@" "$n"
	! is_ok block-hotplug || assert_equal "$(block_state "$n")" offline
	memras block online --quiet --zone movable "$n"
	assert_equal "$(block_state "$n")" online
}

prove_quarantine() {
	local pfn

	pfn=$(($(movable_block) * $(block_size) / page_size + 512))
	as_said quarantine quarantine add "$@" "$pfn"+512
	! is_ok quarantine || {
		page_is offline "$pfn"
		memras quarantine release --quiet all
	}
}

prove_module() {
	as_said module module load
	! is_ok module || [ -c /dev/memras ]
}

# A hard offline leads to an event, unless the kernel has none.
prove_tracing() {
	local events=/sys/kernel/tracing/events/ras

	if is_ok tracing; then
		echo 1 >$events/memory_failure_event/enable
		memras offline --hard --quiet --no-record "$(good_page)"
		grep -q 'memory_failure_event: ' /sys/kernel/tracing/trace
		echo 0 >$events/memory_failure_event/enable
	else
		refute test -e $events/memory_failure_event
	fi
}

# prove CAPABILITY...: calls the functions above
prove() {
	local capability

	for capability; do
		echo "# $capability" >&2
		"prove_${capability//-/_}"
	done
}

installed() {
	echo "/lib/modules/$(uname -r)/extra/memras.ko"
}

# State that an examination must not change
state_of_machine() {
	grep -E '^(MemTotal|HardwareCorrupted|HugePages_)' /proc/meminfo
	cat /sys/devices/system/memory/memory*/state /proc/self/mountinfo
	cut -d ' ' -f 1 /proc/modules
}

doctor_setup() {
	mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
	poisoned=$(good_page)
	memras offline --soft --no-record --no-module --quiet "$poisoned"
}

doctor_teardown() {
	[ ! -e /run/memras.ko ] || mv /run/memras.ko "$(installed)"
	depmod
	memras module unload --quiet
	rmmod hwpoison_inject 2>/dev/null || true
}

# The best exit status here: kernels before 5.13 cannot replace hugepages.
best() {
	replaces && echo 0 || echo 3
}
