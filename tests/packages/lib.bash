# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # what suites use is not used here
# For the suites that have a machine with Debian installed: see make-image and machine.
# $MEMRAS_RELEASE is the release of Debian.

HERE=$BATS_TEST_DIRNAME
TOP=$(cd "$HERE/../.." && pwd)
GUEST=$BATS_FILE_TMPDIR/guest
BUILT=$BATS_FILE_TMPDIR/deb
VERSION=$(<"$TOP/src/kmod/VERSION")

# machine_boot OPTION... IMAGE: the machine runs until machine_off, or the end of the file
machine_boot() {
	machine_start "$@"
	machine_wait
}

# Likewise, without waiting for it to be up
machine_start() {
	local threads=multi

	# Kernels of trixie-backports want one thread under emulation: see tests/vm/kernels.
	[ "$MEMRAS_RELEASE" != trixie ] || threads=single
	mkdir -p "$GUEST"
	"$HERE/machine" boot --threads $threads "${@:1:$#-1}" "$GUEST" "${@: -1}" \
		>"$GUEST/qemu.log" 2>&1 3>&- &
	echo $! >"$GUEST/qemu.pid"
}

machine_wait() {
	"$HERE/machine" wait "$GUEST" || {
		machine_log
		return 1
	}
}

machine_off() {
	local pid

	pid=$(<"$GUEST/qemu.pid")
	kill "$pid" || :
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
	done
}

# The console's end, and what QEMU said, for a failure
machine_log() {
	cat "$GUEST/qemu.log"
	tail -c 4000 "$GUEST/console.log" | tr -d '\r'
}

in_guest() {
	"$HERE/machine" run "$GUEST" "$@"
}

# guest SCRIPT: of bash
guest() {
	in_guest bash -c "$1"
}

reboot_guest() {
	"$HERE/machine" reboot "$GUEST" || {
		machine_log
		return 1
	}
}

# guest_json STATUS COMMAND...: sets $json; the exit status must be STATUS
guest_json() {
	local status=0

	json=$(in_guest bash -c '"$@" 2>/dev/null' sh "${@:2}") || status=$?
	echo "\$ ${*:2}"
	echo "exit status $status: $json"
	[ "$status" = "$1" ]
}

assert_json() {
	jq -e "$1" <<<"$json" >/dev/null || {
		echo "not so: $1"
		return 1
	}
}

# in_use N: targets of N pages that a process in the guest uses
in_use() {
	guest "
		rm -f /run/ready
		systemd-run -q --unit=user bash -c \\
			'x=({1..20000}); : >/run/ready; while :; do sleep 1000; done'
		until [ -e /run/ready ]; do sleep 0.5; done
		pid=\$(systemctl show -P MainPID user)
		# Without randomization, the end of bash's own data has the name, too.
		heap=\$(sed -n '/\[heap\]/ s/-.*//p' /proc/\$pid/maps | tail -n 1)
		for ((i = 4; i < 4 + $1; i++)); do
			printf 'pid:%d@0x%x ' \$pid \$((0x\$heap + i * 4096))
		done
		echo
	"
}

# Failed units, and what the kernel said of errors
assert_healthy() {
	local failed

	failed=$(guest 'systemctl --failed --no-legend --plain')
	[ -z "$failed" ] || {
		echo "failed: $failed"
		guest "journalctl -b --no-pager -n 40 -u ${failed%% *}"
		return 1
	}
	[ "$(guest 'systemctl is-system-running')" = running ]
	"$HERE/machine" check "$GUEST"
}
