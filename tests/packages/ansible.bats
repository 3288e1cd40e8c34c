#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The Ansible collection and Debian's Ansible, on three machines at once, over ssh: one with
# kernel 6.1; one whose memory is pinned when a test wants it; one with kernel 6.12 and two
# nodes. What a playbook did is read from the kernels.
#
# packages: long=yes
# shellcheck disable=SC2016 # for the shells of the machines

load lib
load ../ansible/lib

MACHINES=(first pinned nodes)

setup_file() {
	local ports

	export ANSIBLE_CONFIG=$BATS_FILE_TMPDIR/ansible.cfg
	settings >"$ANSIBLE_CONFIG"
	"$TOP/contrib/packaging/build-deb" "$BUILT"
	ansible-galaxy collection install "$TOP/contrib/ansible"
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_FILE_TMPDIR/key"
	read -ra ports < <(free_ports 3)
	inventory "${ports[@]}" >"$BATS_FILE_TMPDIR/hosts.yml"
	start first bookworm "${ports[0]}" --dimm 512M
	start pinned bookworm "${ports[1]}" --dimm 512M
	start nodes trixie "${ports[2]}" --nodes 2 --dimm 512M:1
	for GUEST in "${MACHINES[@]/#/$BATS_FILE_TMPDIR/}"; do
		machine_wait
		guest 'tar -xf /dev/disk/by-id/virtio-files -C /root
			install -D -m 600 /root/key.pub /root/.ssh/authorized_keys'
	done
	ansible all -m wait_for_connection 3>&-
}

teardown_file() {
	for GUEST in "${MACHINES[@]/#/$BATS_FILE_TMPDIR/}"; do
		machine_off
	done
}

free_ports() {
	python3 -c 'import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in sockets))' "$1"
}

# Connections outlive a playbook, but not the machines.
settings() {
	cat <<-END
	[defaults]
	home = $BATS_FILE_TMPDIR/home
	inventory = $BATS_FILE_TMPDIR/hosts.yml
	nocolor = true
	[ssh_connection]
	pipelining = true
	ssh_args = -o ControlMaster=auto -o ControlPersist=10m -o StrictHostKeyChecking=accept-new
	    -o UserKnownHostsFile=$BATS_FILE_TMPDIR/known
	END
}

# The first has the module, too; the last a service with a setting.
inventory() {
	cat <<-END
	all:
	  vars:
	    ansible_host: 127.0.0.1
	    ansible_user: root
	    ansible_ssh_private_key_file: $BATS_FILE_TMPDIR/key
	    ansible_python_interpreter: /usr/bin/python3
	    memras_packages: [$(echo "$BUILT"/memras_*.deb)]
	  hosts:
	    first:
	      ansible_port: $1
	      memras_packages: [$(echo "$BUILT"/memras_*.deb), $(echo "$BUILT"/memras-dkms_*.deb)]
	      memras_module: true
	    pinned:
	      ansible_port: $2
	    nodes:
	      ansible_port: $3
	      memras_units: [memras-restore.service, memras-watch.service]
	      memras_policy: {retire: 2/24h, budget: 64M}
	END
}

# start NAME RELEASE PORT OPTION...
start() {
	GUEST=$BATS_FILE_TMPDIR/$1
	MEMRAS_RELEASE=$2
	machine_start --ssh "$3" "${@:4}" --files "$BATS_FILE_TMPDIR/key.pub" "$TOP/tests/ansible/pin" \
		-- "$("$HERE/make-image" "$2")"
}

# at NAME SCRIPT: of bash, by the agent of the machine
at() {
	local GUEST=$BATS_FILE_TMPDIR/$1

	guest "$2"
}

# each SCRIPT: what it prints on each machine, in one line
each() {
	local name

	for name in "${MACHINES[@]}"; do
		at "$name" "$1"
	done | xargs
}

# play OPTION... PLAYBOOK: sets $status, and shows the recap
play() {
	status=0
	ansible-playbook "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- || status=$?
	cat "$BATS_TEST_TMPDIR/out"
	sed -n '/^PLAY RECAP/,$ s/^/# /p' "$BATS_TEST_TMPDIR/out" >&3
}

# all_are CHANGED: how many changes each line of the recap has; none has a failure
all_are() {
	[ "$status" = 0 ]
	[ "$(grep -c " changed=$1 .* failed=0 " "$BATS_TEST_TMPDIR/out")" = ${#MACHINES[@]} ]
}

# pin, unpin: whether the blocks of the DIMM can go
pin() {
	at pinned 'systemd-run -q --unit=pin /root/pin 400 /run/pinned
		until [ -e /run/pinned ]; do sleep 1; done'
}

unpin() {
	at pinned 'systemctl stop pin; rm /run/pinned'
}

# page NAME: the number of a page that a process of the machine uses
page() {
	local GUEST=$BATS_FILE_TMPDIR/$1 target

	read -r target < <(in_use 1)
	guest_json 0 memras inspect --json "$target" >&2
	printf '0x%x\n' "$(jq '.pages[0].pfn' <<<"$json")"
}

states='cat /sys/devices/system/memory/memory*/state'
offline='cat /sys/devices/system/memory/memory*/state | grep -c offline || :'
corrupted='sed -n "s/^HardwareCorrupted: *//p" /proc/meminfo | cut -d" " -f1'

@test "install: the packages, the module and a service; a second run has changed=0" {
	play memras.memras.install
	[ "$status" = 0 ]
	[ "$(each 'dpkg-query -W -f "\${db:Status-Status}\n" memras')" = "installed installed installed" ]
	[ "$(each 'systemctl is-enabled memras-restore.service')" = "enabled enabled enabled" ]
	at first 'grep -q ^memras /proc/modules'
	at nodes 'systemctl is-active memras-watch && tr "\0" " " </proc/$(systemctl show -P MainPID \
		memras-watch)/cmdline' | grep -e '--act retire=2/24h --budget 64M'
	[ "$(at nodes 'ls -d /sys/devices/system/node/node[0-9]' | wc -l)" = 2 ]
	play memras.memras.install
	all_are 0
}

take=(memras.memras.take_memory -e memras_total=256M -e memras_budget=768M)

@test "take_memory in check mode changes no state of a block" {
	local before

	before=$(each "$states")
	[ "$(each "$offline")" = "0 0 0" ]
	play "${take[@]}" --check
	[ "$status" = 0 ]
	recap nodes "ok=4 changed=1 unreachable=0 failed=0"
	[ "$(each "$states")" = "$before" ]
}

@test "take_memory ends at the machine with pinned pages, and goes on there when they are not" {
	pin
	play "${take[@]}" -e memras_timeout=20s
	[ "$status" = 2 ]
	grep -q 'fatal: \[pinned\].*"reason": "' "$BATS_TEST_TMPDIR/out"
	recap first "ok=4 changed=1 unreachable=0 failed=0"
	recap pinned "ok=3 changed=0 unreachable=0 failed=1"
	recap nodes "ok=1 changed=0 unreachable=0 failed=0"
	[ "$(each "$offline")" = "2 0 0" ]
	unpin
	play "${take[@]}"
	[ "$status" = 0 ]
	recap first "ok=4 changed=0 unreachable=0 failed=0"
	recap pinned "ok=4 changed=1 unreachable=0 failed=0"
	recap nodes "ok=4 changed=1 unreachable=0 failed=0"
	[ "$(each "$offline")" = "2 2 2" ]
	play "${take[@]}"
	all_are 0
}

@test "memras_page retires a page in use on each machine; a second run has changed=0" {
	local name page pages='{}'

	for name in "${MACHINES[@]}"; do
		page=$(page "$name")
		pages=$(jq -c ".pages.$name = \"$page\"" <<<"$pages")
	done
	cat >"$BATS_TEST_TMPDIR/page.yml" <<-'END'
	- hosts: all
	  gather_facts: false
	  tasks:
	    - memras.memras.memras_page:
	        targets: ["{{ pages[inventory_hostname] }}"]
	END
	play "$BATS_TEST_TMPDIR/page.yml" -e "$pages"
	all_are 1
	[ "$(each "$corrupted")" = "4 4 4" ]
	[ "$(each 'systemctl is-active user')" = "active active active" ]
	play "$BATS_TEST_TMPDIR/page.yml" -e "$pages"
	all_are 0
	[ "$(each "$corrupted")" = "4 4 4" ]
	each 'systemctl stop user'
}

@test "retire_rasdaemon retires what its database has on a machine" {
	local database=$BATS_TEST_TMPDIR/ras-mc_event.db page

	page=$(page nodes)
	sqlite3 "$database" "CREATE TABLE mc_event (id INTEGER PRIMARY KEY, timestamp TEXT,
		err_count INTEGER, err_type TEXT, err_msg TEXT, label TEXT, mc INTEGER, top_layer INTEGER,
		middle_layer INTEGER, lower_layer INTEGER, address INTEGER, grain INTEGER,
		syndrome INTEGER, driver_detail TEXT);
		INSERT INTO mc_event VALUES (1, '2026-11-20 10:00:00 +0000', 12, 'Corrected', 'e', 'DIMM_A1',
		0, 0, 0, -1, $((page << 12)), 8, 0, '')"
	at nodes 'mkdir /var/lib/rasdaemon'
	ansible nodes -m copy -a "src=$database dest=/var/lib/rasdaemon/" 3>&-
	play memras.memras.retire_rasdaemon
	[ "$status" = 0 ]
	recap nodes "ok=3 changed=2 unreachable=0 failed=0"
	[ "$(each "$corrupted")" = "4 4 8" ]
	play memras.memras.retire_rasdaemon
	all_are 0
}

@test "a machine that dies in the middle ends the run; the others keep what they have" {
	local run

	pin
	play "${take[@]}" -e memras_total=384M -e memras_budget=2G -e memras_timeout=15m &
	run=$!
	# memras waits for the pages then.
	at pinned 'until grep -qx memras /proc/[0-9]*/comm; do sleep 2; done 2>/dev/null
		cat /proc/[0-9]*/comm' | grep -qx memras
	GUEST=$BATS_FILE_TMPDIR/pinned machine_off
	wait $run
	recap first "ok=4 changed=1 unreachable=0 failed=0"
	recap pinned "ok=3 changed=0 unreachable=1 failed=0"
	recap nodes "ok=1 changed=0 unreachable=0 failed=0"
	[ "$(at first "$offline") $(at nodes "$offline")" = "3 2" ]
}
