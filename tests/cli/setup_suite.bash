# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

setup_suite() {
	local tool capture

	# A tool that is missing is a failure, not a test less.
	for tool in ansible-lint ansible-playbook ansible-test fish grub-mkrescue jq lsmem nsenter \
		objcopy qemu-system-x86_64 readelf setpriv sha256sum sqlite3 strace timeout \
		unshare valgrind xorriso yamllint zsh; do
		command -v "$tool" >/dev/null || {
			echo "these tests need $tool" >&2
			return 1
		}
	done
	/usr/bin/python3 -c 'import jsonschema' || return 1
	PROMTOOL=$("$BATS_TEST_DIRNAME/../fetch-program" prometheus usr/bin/promtool) || return 1
	export PROMTOOL

	# Where an ordinary user can read it too.
	SUITE=$(mktemp -d)
	chmod 755 "$SUITE"
	cp "${MEMRAS:-$BATS_TEST_DIRNAME/../../build/src/memras}" "$SUITE/memras"
	# One without sanitizers, whose costs are those of users.
	cp "${PLAIN:-$SUITE/memras}" "$SUITE/plain"
	export PLAIN=$SUITE/plain
	cp "$BATS_TEST_DIRNAME/sandbox" "$SUITE/sandbox"
	chmod 755 "$SUITE"/*
	"$BATS_TEST_DIRNAME/../fixtures/make" "$SUITE/machines"
	mkdir "$SUITE/captured"
	for capture in "$BATS_TEST_DIRNAME"/../fixtures/captured/*.tar.xz; do
		tar -C "$SUITE/captured" -xf "$capture"
	done
	echo 0x108011 >"$SUITE/pages"
	export SUITE

	# One mount namespace for all: making one for each run takes long.
	if [ "$(id -u)" = 0 ]; then
		"$SUITE/sandbox" sleep infinity </dev/null >/dev/null 2>"$SUITE/holder" 3>&- &
		SANDBOX=$!
		until [ "$(cat "/proc/$SANDBOX/comm")" = sleep ]; do
			kill -0 "$SANDBOX" || {
				cat "$SUITE/holder" >&2
				return 1
			}
			command sleep 0.1
		done
		export SANDBOX
	fi
}

teardown_suite() {
	[ -z "${SANDBOX-}" ] || kill "$SANDBOX"
	rm -rf "$SUITE"
}
