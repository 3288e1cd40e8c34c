#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The Ansible collection on captured machines: modules alone, and playbooks run by Ansible.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # jq's variables; what run_memras sets

load lib
load ../ansible/lib

setup_file() {
	local top

	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	# As it is installed, but read where it stands.
	mkdir -p "$BATS_FILE_TMPDIR/ansible_collections/memras"
	ln -s "$top/contrib/ansible" "$BATS_FILE_TMPDIR/ansible_collections/memras/memras"
	EXECUTABLE=$BATS_FILE_TMPDIR/memras
	printf '#!/bin/sh\nexec "%s/sandbox" "%s/memras" "$@"\n' "$SUITE" "$SUITE" >"$EXECUTABLE"
	chmod +x "$EXECUTABLE"
	export EXECUTABLE PYTHONPATH=$BATS_FILE_TMPDIR PYTHONDONTWRITEBYTECODE=1
	export HOME=$BATS_FILE_TMPDIR/home ANSIBLE_COLLECTIONS_PATH=$BATS_FILE_TMPDIR
	export ANSIBLE_INVENTORY=$BATS_TEST_DIRNAME/ansible/fleet.yml ANSIBLE_PIPELINING=1
	export ANSIBLE_NOCOLOR=1 ANSIBLE_RETRY_FILES_ENABLED=0
	mkdir "$HOME"
}

setup() {
	FLEET=$BATS_TEST_TMPDIR/fleet
	PAGES=$BATS_TEST_TMPDIR/pages
	DATABASE=$BATS_TEST_TMPDIR/ras-mc_event.db
	state=$BATS_TEST_TMPDIR/state
	policy=$BATS_TEST_TMPDIR/policy
	export FLEET PAGES DATABASE
}

# module NAME FILTER [JQ-OPTION...]: a module with these arguments, as Ansible runs it.
module() {
	local name=$1 filter=$2
	shift 2

	jq -n "$@" "{ANSIBLE_MODULE_ARGS: ({executable: env.EXECUTABLE} + $filter)}" \
		>"$BATS_TEST_TMPDIR/args"
	status=0
	/usr/bin/python3 "$BATS_FILE_TMPDIR/ansible_collections/memras/memras/plugins/modules/$name.py" \
		"$BATS_TEST_TMPDIR/args" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	read_results "$name $filter"
}

# The same on a machine with two nodes.
on_x86() {
	local name=$1 filter=$2
	shift 2

	module "$name" "({sysroot: env.X86, state_dir: \$state} + $filter)" --arg state "$state" "$@"
}

play() {
	status=0
	ansible-playbook "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	read_results "ansible-playbook $*"
}

# Each file of the lists, with its contents.
kept() {
	[ ! -e "$FLEET" ] || (cd "$FLEET" && find . -type f ! -name '*.lock' -exec sha256sum {} + | sort)
}

@test "ansible-doc prints each module and the role" {
	ansible-doc memras.memras.memras_{block,info,page,policy,retired} >"$BATS_TEST_TMPDIR/out"
	[ "$(grep -c '^> MEMRAS.MEMRAS.MEMRAS_' "$BATS_TEST_TMPDIR/out")" = 5 ]
	[ "$(grep -c '^EXAMPLES:' "$BATS_TEST_TMPDIR/out")" = 5 ]
	[ "$(grep -c '^RETURN VALUES:' "$BATS_TEST_TMPDIR/out")" = 5 ]
	ansible-doc -t role memras.memras.memras | grep -q memras_units
}

@test "memras_info returns the documents of memras" {
	local command

	on_x86 memras_info '{gather: ["status", "blocks", "retired", "hugepages", "doctor"]}'
	expect_status 0
	expect_json '.changed == false and (.memras | keys == ["blocks", "doctor", "hugepages",
		"retired", "status"])'
	cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/info"
	for command in status "block list" "retired list" "hugepage list" doctor; do
		# shellcheck disable=SC2086 # words
		run_memras --json --sysroot "$X86" --state-dir "$state" $command
		diff <(jq -S . <<<"$out") \
			<(jq -S --arg c "$command" '.memras[] | select(.command == $c)' "$BATS_TEST_TMPDIR/info")
	done
}

@test "what memras refuses fails with its reason and hint, and its document" {
	on_x86 memras_page '{targets: ["0x108000"]}'
	expect_status 1
	expect_json '.failed and .changed == false and .rc == 3 and .hint == "--dry-run says what would be done"
		and .reason == "a captured machine cannot be acted on" and (.msg | contains(env.X86))
		and .memras.error.errno == "EROFS" and (.errors | length == 1)'
	on_x86 memras_page '{targets: ["0x108000", "0x108040", "0x138000"], _ansible_check_mode: true}'
	expect_json '.failed and .changed and .rc == 64 and (.errors | map(.object) == ["0x108040", "0x138000"])
		and .msg == "memras offline: 0x108040: page is a slab page, which cannot be moved; 1 more in \"errors\""
		and .errors[1].hint == "memras block online 39 brings it back"'
	on_x86 memras_block '{blocks: ["9999"], state: "offline", _ansible_check_mode: true}'
	expect_json '.failed and .changed == false and .rc == 1 and .reason == "no such memory block"'
	on_x86 memras_page '{targets: ["0x108000"], state: "unpoisoned", cause: "x", _ansible_check_mode: true}'
	expect_json '.failed and .rc == 2 and .errors[0].object == "--cause"'
}

@test "words of a task are never options of memras, nor read by a shell" {
	on_x86 memras_page '{targets: ["--no-record", "0x108000"], _ansible_check_mode: true}'
	expect_json '.failed and .errors[0].object == "--no-record" and .changed == false'
	on_x86 memras_page '{targets: ["$(touch \($state)); `false`"], _ansible_check_mode: true}'
	expect_json '.failed and .rc == 2'
	[ ! -e "$state" ]
}

@test "a program that prints no document is an error that says so" {
	module memras_info '{executable: "/bin/false"}'
	expect_status 1
	expect_json '.failed and (.msg | contains("/bin/false status ended with 1 and printed no document"))'
	module memras_info '{executable: "no-such-program"}'
	expect_json '.failed and (.msg | contains("no-such-program"))'
}

@test "what is so already is no change, and what would be done is one" {
	on_x86 memras_page '{targets: ["0x108050"], _ansible_check_mode: true}'
	expect_json '.changed == false and .memras.summary.already == 1'
	on_x86 memras_page '{targets: ["0x108050"], state: "unpoisoned", _ansible_check_mode: true}'
	expect_json '.changed and .memras.dry_run'
	on_x86 memras_page '{targets: ["0x108000+4"], state: "released", _ansible_check_mode: true}'
	expect_json '.changed == false'
	on_x86 memras_page '{targets: ["0x108000+4"], state: "quarantined", _ansible_check_mode: true}'
	expect_json '.changed'
}

@test "memras_block shows the states before and after, and counts what is offline already" {
	on_x86 memras_block '{blocks: ["38-39"], state: "offline", _ansible_check_mode: true, _ansible_diff: true}'
	expect_json '.changed and .diff == {before: {"38": "online"}, after: {"38": "offline"}}'
	on_x86 memras_block '{blocks: ["39"], state: "offline", _ansible_check_mode: true, _ansible_diff: true}'
	expect_json '.changed == false and .diff == {before: {}, after: {}}'
	# One block of 128 MiB is offline.
	on_x86 memras_block '{total: "384M", state: "offline", _ansible_check_mode: true}'
	expect_json '.changed and .memras.summary.planned == 2'
	on_x86 memras_block '{total: "128M", state: "offline"}'
	expect_json '.changed == false and .memras.command == "status"'
	on_x86 memras_block '{total: "128M", state: "online"}'
	expect_json '.changed == false and .memras.command == "status"'
	on_x86 memras_block '{total: "0", state: "online", _ansible_check_mode: true, _ansible_diff: true}'
	expect_json '.changed and .diff == {before: {"39": "offline"}, after: {"39": "online"}}'
	on_x86 memras_block '{blocks: ["size:1G"], state: "offline", _ansible_check_mode: true}'
	expect_json '.failed and (.msg | contains("use \"total\""))'
	on_x86 memras_block '{total: "much", state: "offline", _ansible_check_mode: true}'
	expect_json '.failed and (.msg | startswith("total: "))'
}

@test "memras_retired shows the list before and after; check mode leaves it alone" {
	printf '0x108010 0x108022\n' >"$PAGES"
	on_x86 memras_retired '{state: "imported", src: env.PAGES, cause: "a test", _ansible_check_mode: true,
		_ansible_diff: true}'
	expect_json '.changed and .diff == {before: "", after: "(2 pages more)\n"}'
	[ ! -e "$state/retired.json" ]
	on_x86 memras_retired '{state: "imported", src: env.PAGES, cause: "a test", _ansible_diff: true}'
	expect_json '.changed and .diff.before == "" and
		.diff.after == "0x108010 pending a test\n0x108022 pending a test\n"'
	on_x86 memras_retired '{state: "imported", src: env.PAGES, _ansible_diff: true}'
	expect_json '.changed == false and .diff.before == .diff.after'
	on_x86 memras_retired '{state: "restored", _ansible_check_mode: true, _ansible_diff: true}'
	expect_json '.changed and .diff.after == "0x108010 retired a test\n0x108022 retired a test\n"'
	on_x86 memras_retired '{state: "forgotten", targets: ["0x108022"], _ansible_check_mode: true}'
	expect_json '.changed and .memras.recorded == 1'
	on_x86 memras_retired '{state: "forgotten", targets: ["0x108022"], _ansible_diff: true}'
	expect_json '.changed and .diff.after == "0x108010 pending a test\n"'
	on_x86 memras_retired '{state: "forgotten", targets: ["0x108022"]}'
	expect_json '.changed == false'
	on_x86 memras_retired '{state: "imported"}'
	expect_json '.failed and (.msg | contains("src"))'
}

@test "pages that stay pending are a failure, or are allowed" {
	echo 0x108010 0x108040 >"$PAGES"
	on_x86 memras_retired '{state: "imported", src: env.PAGES}'
	on_x86 memras_retired '{state: "restored", _ansible_check_mode: true}'
	expect_json '.failed and .rc == 64 and .errors[0].object == "0x108040"'
	on_x86 memras_retired '{state: "restored", pending: "allowed", _ansible_check_mode: true}'
	expect_status 0
	expect_json '.changed and .memras.summary == {requested: 2, planned: 1, offlined: 0, already: 0,
		refused: 1, failed: 0}'
	# A run that fails as a whole is one in any case.
	on_x86 memras_retired '{state: "restored", pending: "allowed"}'
	expect_json '.failed and .errors[0].errno == "EROFS"'
}

@test "memras_policy writes one setting, and leaves other lines alone" {
	local setting='MEMRAS_WATCH_OPTIONS="--act restore-pool,retire=2/24h --budget 64M"'

	all() {
		module memras_policy "({path: \$path} + $1)" --arg path "$policy"
	}
	all '{restore_pool: true, retire: "2/24h", budget: "64M", _ansible_check_mode: true}'
	expect_json '.changed and .diff.before == "" and (.diff.after | contains("--budget 64M"))'
	[ ! -e "$policy" ]
	all '{restore_pool: true, retire: "2/24h", budget: "64M"}'
	expect_json '.changed and .options == "--act restore-pool,retire=2/24h --budget 64M"'
	[ "$(<"$policy")" = "$setting" ]
	[ "$(stat -c %a "$policy")" = 644 ]
	printf '# ours\nMEMRAS_WATCH_OPTIONS=--quiet\nLANG=C\n%s\n#end' "$setting" >"$policy"
	chmod 640 "$policy"
	all '{cause: "later"}'
	expect_json '.changed'
	[ "$(<"$policy")" = $'# ours\nLANG=C\nMEMRAS_WATCH_OPTIONS="--cause later"\n#end' ]
	[ "$(stat -c %a "$policy")" = 640 ]
	all '{cause: "later"}'
	expect_json '.changed == false and .diff.before == .diff.after'
	all '{}'
	expect_json '.changed and .options == ""'
	[ "$(<"$policy")" = $'# ours\nLANG=C\n#end' ]
	all '{}'
	expect_json '.changed == false'
}

@test "memras_policy writes nothing that memras or systemd would read otherwise" {
	echo 'LANG=C' >"$policy"
	all() {
		module memras_policy "({path: \$path} + $1)" --arg path "$policy"
		expect_json '.failed and .reason'
		[ "$(<"$policy")" = LANG=C ]
	}
	all '{retire: "two/24h"}'
	expect_json '.reason == "--act retire wants N/TIME: retire=2/24h" and .rc == 2'
	all '{retire: "2/24h", budget: "much"}'
	all '{cause: "two words"}'
	all '{cause: "a\"b"}'
	all '{cause: "a\nB=c"}'
	all '{exec: "relative"}'
	printf 'MEMRAS_WATCH_OPTIONS="--quiet \\\n--cause x"\n' >"$policy"
	module memras_policy '{path: $path, cause: "x"}' --arg path "$policy"
	expect_json '.failed and (.msg | contains("goes on in the next line"))'
	[ "$(wc -l <"$policy")" = 2 ]
}

@test "a second run of a playbook has changed=0" {
	printf '0x108010 0x108022\n' >"$PAGES"
	mkdir "$FLEET"
	play "$BATS_TEST_DIRNAME/ansible/twice.yml"
	recap one "ok=3 changed=3 unreachable=0 failed=0"
	kept >"$BATS_TEST_TMPDIR/first"
	# What the run has forgotten is not to be imported again.
	echo 0x108010 >"$PAGES"
	play "$BATS_TEST_DIRNAME/ansible/twice.yml"
	recap one "ok=3 changed=0 unreachable=0 failed=0"
	diff "$BATS_TEST_TMPDIR/first" <(kept)
}

@test "retire_rasdaemon in check mode imports and restores on each machine, and changes nothing" {
	sqlite3 "$DATABASE" "CREATE TABLE mc_event (id INTEGER PRIMARY KEY, timestamp TEXT,
		err_count INTEGER, err_type TEXT, err_msg TEXT, label TEXT, mc INTEGER, top_layer INTEGER,
		middle_layer INTEGER, lower_layer INTEGER, address INTEGER, grain INTEGER,
		syndrome INTEGER, driver_detail TEXT);
		INSERT INTO mc_event VALUES (1, '2026-11-20 10:00:00 +0000', 12, 'Corrected', 'e', 'DIMM_A1',
		0, 0, 0, -1, $((0x108010000)), 8, 0, '')"
	mkdir -p "$FLEET/one"
	echo 0x108022 0x108040 >"$PAGES"
	run_memras --sysroot "$X86" --state-dir "$FLEET/one" retired import "$PAGES"
	kept >"$BATS_TEST_TMPDIR/before"
	play memras.memras.retire_rasdaemon --limit one,two --check --diff
	expect_status 0
	recap one "ok=4 changed=2 unreachable=0 failed=0"
	recap two "ok=3 changed=1 unreachable=0 failed=0"
	[[ $out == *"+(1 pages more)"* && $out == *"+0x108022 retired import"* ]]
	[[ $out == *"0x108040: page is a slab page, which cannot be moved"* ]]
	diff "$BATS_TEST_TMPDIR/before" <(kept)
}

@test "drain_dimm does nothing if the dry run fails for one block" {
	play memras.memras.drain_dimm --limit one -e '{"memras_blocks": ["38", "9999"]}'
	expect_status 2
	[[ $out == *"Ask memras whether all of it can go"*"no such memory block"* ]]
	[[ $out != *"TASK [Take it offline]"* ]]
}

@test "take_memory: a machine at a time, to the first that fails; the next run goes on there" {
	local take=(memras.memras.take_memory -e memras_total=256M -e memras_budget=768M)

	EXECUTABLE=$BATS_TEST_DIRNAME/ansible/memras
	mkdir -p "$FLEET/two"
	touch "$FLEET/two/fails"
	play "${take[@]}"
	expect_status 2
	[[ $out == *"memras block offline: 9: pages are in use"* ]]
	[ "$(<"$FLEET/log")" = "one 2" ]
	rm "$FLEET/two/fails"
	play "${take[@]}" --limit one,two
	expect_status 0
	recap one "ok=4 changed=0 unreachable=0 failed=0"
	recap two "ok=4 changed=1 unreachable=0 failed=0"
	[ "$(<"$FLEET/log")" = $'one 2\ntwo 2' ]
	# What is offline counts, and so does what is to go on those before.
	play "${take[@]}" -e memras_total=384M -e memras_budget=640M --limit one,two
	expect_status 2
	[[ $out == *"805306368 bytes would be offline on all machines, and the budget is 640M"* ]]
	[ "$(tail -n 1 "$FLEET/log")" = "one 1" ]
}

@test "take_memory: a machine that does not answer ends it before anything is done" {
	EXECUTABLE=$BATS_TEST_DIRNAME/ansible/memras
	printf '#!/bin/sh\nexit 255\n' >"$BATS_TEST_TMPDIR/ssh"
	chmod +x "$BATS_TEST_TMPDIR/ssh"
	printf '[all]\nfour ansible_connection=ssh ansible_ssh_executable=%s\n' \
		"$BATS_TEST_TMPDIR/ssh" >"$BATS_TEST_TMPDIR/more"
	play memras.memras.take_memory -i "$ANSIBLE_INVENTORY" -i "$BATS_TEST_TMPDIR/more" \
		-e memras_total=256M -e memras_budget=1G
	expect_status 2
	[[ $out == *"four"*"UNREACHABLE"* ]]
	recap one "ok=1 changed=0 unreachable=0 failed=0"
	[ ! -e "$FLEET/log" ]
}

@test "take_memory: a machine that dies ends it, alone or with others in its turn" {
	local serial

	EXECUTABLE=$BATS_TEST_DIRNAME/ansible/memras
	# It answers once, which is for its state.
	printf '#!/bin/bash\nmkdir "$FLEET/answered" 2>/dev/null || exit 255\nexec sh -c "${@: -1}"\n' \
		>"$BATS_TEST_TMPDIR/ssh"
	chmod +x "$BATS_TEST_TMPDIR/ssh"
	printf '[all]\ntwo ansible_connection=ssh ansible_ssh_executable=%s\n' \
		"$BATS_TEST_TMPDIR/ssh" >"$BATS_TEST_TMPDIR/more"
	for serial in 1 2; do
		rm -rf "$FLEET"
		mkdir "$FLEET"
		play memras.memras.take_memory -i "$ANSIBLE_INVENTORY" -i "$BATS_TEST_TMPDIR/more" \
			-e memras_total=256M -e memras_budget=1G -e memras_serial=$serial
		[ "$status" != 0 ]
		[[ $out == *"two"*"UNREACHABLE"* ]]
		[ "$(<"$FLEET/log")" = "one 2" ]
	done
	[[ $out == *"two failed or did not answer; nothing was done on this one"* ]]
}
