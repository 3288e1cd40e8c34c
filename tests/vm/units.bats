#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The systemd units under systemd: their restrictions exclude nothing that they need.
# systemd is PID 1 of a namespace of its own, with the units as installed.
#
# guest: kernels=6.1 cpus=1 memory=1G timeout=300 files=build/contrib/systemd
# guest: programs=/lib/systemd/systemd,/lib/systemd/systemd-journald,systemctl,journalctl

load lib

list=/var/lib/memras/retired.json
metrics=/var/lib/prometheus/node-exporter

# A free page and one of a free hugepage, which memras keeps in its pool by the module:
# it must be able to load that.
setup_file() {
	local unit units=/run/systemd/system

	mkdir -p $units/sysinit.target.wants /usr/local/sbin $metrics
	ln -s ../bin/memras /usr/local/sbin/memras
	# As it is where node_exporter is installed.
	chown nobody $metrics
	echo 0123456789abcdef0123456789abcdef >/etc/machine-id
	cp /memras/build/contrib/systemd/*.service $units
	for unit in local-fs sysinit basic shutdown; do
		echo '[Unit]' >$units/$unit.target
	done
	printf '%s\n' Requires=sysinit.target After=sysinit.target >>$units/basic.target
	ln -s ../memras-restore.service $units/sysinit.target.wants
	pool_set 10
	printf '%s\n' "$(find_page buddy)" "$(find_page huge)" >/tmp/pages
	# And four that a device has for now, on which "offline" would wait for 40 s.
	mkfifo /run/pinner.in
	sleep 1000 >/run/pinner.in 2>&1 3>&- 7>&- &
	export sleep_pid=$!
	workload pinned 4 --list /run/pinned </run/pinner.in >/run/pinner.out 2>&1 3>&- 7>&- &
	echo $! >/run/pinner.pid
	wait_for 60 grep -q ready /run/pinner.out
	cut -d ' ' -f 3 /run/pinned >>/tmp/pages
	memras retired import /tmp/pages
	/lib/systemd/systemd-journald </dev/null >/tmp/journald.log 2>&1 3>&- 7>&- &
	export journald_pid=$!
	wait_for 20 test -S /run/systemd/journal/stdout
	container=guest unshare --pid --fork --mount-proc /lib/systemd/systemd --system \
		--unit=basic.target </dev/null >/tmp/systemd.log 2>&1 3>&- 7>&- &
	export unshare_pid=$!
}

teardown_file() {
	kill "$sleep_pid" "$journald_pid"
	pkill -KILL -P "$unshare_pid"
}

# The systemctl of that systemd, which answers to those in its namespace only.
systemctl_there() {
	nsenter --target "$(pgrep -P "$unshare_pid")" --pid --mount systemctl "$@"
}


# When a unit's program did something, in microseconds: Start, Exit
at() {
	systemctl_there show memras-restore.service -P "ExecMain$1TimestampMonotonic"
}

@test "memras-restore.service retires before sysinit.target, and waits for no busy page" {
	local page

	is_up() { systemctl_there is-active --quiet basic.target; }
	wait_for 60 is_up
	systemctl_there status --no-pager memras-restore.service || cat /tmp/systemd.log
	assert_equal "$(systemctl_there show memras-restore.service -P ActiveState)" active
	assert_equal "$(systemctl_there show memras-restore.service -P ExecMainStatus)" 64
	for page in $(jq '.retired[] | select(.state == "retired") | .pfn' $list); do
		page_is hwpoison "$page"
	done
	assert_equal "$(poisoned_pages)" 2
	[ "$(systemctl_there show memras-restore.service -P ActiveEnterTimestampMonotonic)" -le \
		"$(systemctl_there show sysinit.target -P ActiveEnterTimestampMonotonic)" ]
	echo "# $((($(at Exit) - $(at Start)) / 1000)) ms for 2 pages and 4 busy ones" >&3
	[ $(($(at Exit) - $(at Start))) -lt 20000000 ]
	# The module was loaded for it, and the hugepage replaced.
	[ -d /sys/module/memras ]
	assert_equal "$(pool nr)" 10
}

@test "memras-retry.service retires what was busy then" {
	assert_equal "$(memras --json status | jq -c '.retired | [.recorded, .pending]')" '[6,4]'
	kill "$(</run/pinner.pid)"
	systemctl_there start memras-retry.service
	assert_equal "$(systemctl_there show memras-retry.service -P ExecMainStatus)" 0
	assert_equal "$(poisoned_pages)" 6
	assert_equal "$(memras --json status | jq -c '.retired | [.recorded, .pending]')" '[6,0]'
}

@test "memras-metrics.service writes a whole file into a folder of another user's" {
	systemctl_there start memras-metrics.service
	assert_equal "$(ls -A $metrics)" memras.prom
	assert_equal "$(stat -c %a $metrics/memras.prom)" 644
	grep -x "memras_hardware_corrupted_bytes 24576" $metrics/memras.prom
	grep -x "memras_retired_pages 6" $metrics/memras.prom
	grep -x "memras_retired_pending_pages 0" $metrics/memras.prom
	grep -x "memras_module_loaded 1" $metrics/memras.prom
}

@test "memras-watch.service records what others retire, and writes it to the journal" {
	local page message=28e61010ef0d4e9fb02f95cc489181c5 settings

	settings=$(sed -n s/^EnvironmentFile=-//p /run/systemd/system/memras-watch.service)
	mkdir -p "${settings%/*}"
	echo 'MEMRAS_WATCH_OPTIONS="--act restore-pool --budget 64M"' >"$settings"
	expect_log '[Ss]oft.offlin'
	systemctl_there start memras-watch.service || { cat /tmp/systemd.log; false; }
	assert_equal "$(systemctl_there show memras-watch.service -P ActiveState)" active
	is_watching() { [ "$(systemctl_there show memras-watch.service -P StatusText)" = watching ]; }
	wait_for 120 is_watching
	page=$(find_page buddy)
	echo $((page * 4096)) >/sys/devices/system/memory/soft_offline_page
	listed() { jq -e ".retired[] | select(.pfn == $((page))) | .cause == \"unknown\"" $list >/dev/null; }
	wait_for 20 listed
	told() { journalctl --sync && journalctl -o json MESSAGE_ID=$message >/tmp/told && [ -s /tmp/told ]; }
	wait_for 20 told || journalctl -n 30
	jq -es "length == 1 and (.[0] | .MEMRAS_PFN == \"$page\" and .MEMRAS_RESULT == \"retired\" and
		.MEMRAS_CAUSE == \"unknown\" and .PRIORITY == \"4\")" /tmp/told
	# What --act and --budget need, it may do.
	assert_equal "$(memras --json status | jq .budget)" 67108864
	echo $(($(find_page huge) * 4096)) >/sys/devices/system/memory/soft_offline_page
	restored() { [ "$(pool nr)" = 10 ] && journalctl --sync && [ -n "$(journalctl -q MESSAGE_ID=e5910c8fa66e48a08f22bbe373b2aacf)" ]; }
	wait_for 60 restored || journalctl -n 30
	systemctl_there stop memras-watch.service
	assert_equal "$(systemctl_there show memras-watch.service -P Result)" success
}
