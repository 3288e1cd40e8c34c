#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# memras watch retires pages for corrected errors, within its budget. The kernel's EDAC core
# reports the errors of a fake memory controller.
#
# guest: kernels=5.10,6.1,6.12,7.2,7.3 default=6.12 cpus=1 memory=768M dimm=128M timeout=500 fakes=fakemc files=contrib/rasdaemon,tests/fixtures/metrics

load lib
load watch

error=/sys/module/fakemc/parameters/error
errors=/var/lib/memras/corrected-errors

setup_file() {
	mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
	mount_tracing
	insmod "$BATS_TEST_DIRNAME/fakemc.ko"
}

setup() {
	expect_log 'EDAC (MC|fakemc)|[Ss]oft.offlin'
}

teardown() {
	watch_teardown
	[ -z "${rasdaemon_pid:-}" ] || kill "$rasdaemon_pid" 2>/dev/null || true
	[ -n "${BATS_TEST_COMPLETED:-}" ] || cat $errors >&2
}

# counted PAGE: true if the counts of errors on disk include the page
counted() {
	grep -q "^$(printf 0x%x "$1") " $errors 2>/dev/null
}

# capture NAME: keeps the metrics of now, for tests/fixtures/metrics
capture() {
	{
		echo "# SPDX-License-Identifier: GPL-2.0-or-later"
		echo "# Linux $(uname -r) in QEMU, a fake memory controller: kept by tests/vm/edac.bats"
		memras status --prometheus
	} >"/run/$1.prom"
	artifact "$1.prom" <"/run/$1.prom"
}

# The metrics and labels of a capture, without their values, and without the memory failures
# that kernels count since 6.3
names_of() {
	local names

	names=$(sed -n '/^memras/s/ [^ ]*$//p' "$1")
	if [[ $MEMRAS_KERNEL =~ ^(5\.10|6\.1)$ ]]; then
		grep -v ^memras_memory_failures <<<"$names"
	else
		echo "$names"
	fi
}

# is_listed PAGE: true if it is on the retired list
is_listed() {
	memras --json retired list | jq -e ".retired[] | select(.pfn == $(($1)))" >/dev/null
}

# The alerts of contrib/prometheus are tested with these: healthy, with all that can be
# wrong, and after that.
@test "the metrics have the names of those that the alerts are tested with" {
	local first second slab name going

	pool_set 4
	first=$(($(find_page huge) + 1))
	second=$(find_page buddy)
	slab=$(($(find_page slab)))
	# In the place of the daemon, which has no errors to hear here.
	cp "$(command -v sleep)" /run/rasdaemon
	/run/rasdaemon 1000 3>&- 7>&- &
	rasdaemon_pid=$!
	watch_start --budget 8K
	workload_in_block pinned 16
	blocks_back
	capture healthy
	echo $((first * 4096)) >/sys/devices/system/memory/soft_offline_page
	echo $((second * 4096)) >/sys/devices/system/memory/soft_offline_page
	wait_for 60 is_listed "$first"
	wait_for 60 is_listed "$second"
	kill -9 "$watch_pid"
	wait "$watch_pid" 2>/dev/null || true
	echo $slab >/run/pending
	memras retired import --quiet /run/pending
	echo "ce $(printf %x $slab) 0 150" >$error
	echo "ue $(printf %x $slab) 1" >$error
	# The kernel tries again for ever.
	(echo offline >/sys/devices/system/memory/memory"$block"/state) 3>&- 7>&- &
	going=$!
	is_going() { [ "$(block_state "$block")" = going-offline ]; }
	wait_for 60 is_going
	capture failing
	kill -9 $going
	wait $going 2>/dev/null || true
	assert_equal "$(block_state "$block")" online
	workload_stop
	memras unpoison --quiet "$first" "$second"
	memras retired forget --quiet all
	pool_set 4
	watch_start --budget 8K
	capture healed
	watch_stop
	kill $rasdaemon_pid
	# As it was, for the tests below.
	pool_set 0
	rm -f /run/memras/budget $errors
	rmmod fakemc
	insmod "$BATS_TEST_DIRNAME/fakemc.ko"
	for name in healthy failing healed; do
		diff <(names_of "/memras/tests/fixtures/metrics/$name.prom") <(names_of "/run/$name.prom")
	done
	# They differ in what the alerts are about.
	grep -x 'memras_hardware_corrupted_bytes 8192' /run/failing.prom
	grep -x 'memras_retired_pending_pages 1' /run/failing.prom
	grep -x 'memras_watch_running 0' /run/failing.prom
	grep -x 'memras_retirer_active{retirer="rasdaemon"} 1' /run/failing.prom
	grep -x 'memras_memory_blocks{state="going-offline"} 1' /run/failing.prom
	grep -x 'memras_hugepages{size="2097152",node="0"} 3' /run/failing.prom
	grep -x 'memras_hardware_corrupted_bytes 0' /run/healed.prom
	grep -x 'memras_watch_running 1' /run/healed.prom
}

@test "a page is retired at its second corrected error, and errors of others do not count" {
	local page=$(($(find_page buddy)))

	watch_start --act retire=2/24h
	echo "ce $(printf %x $page) 0" >$error
	echo "ce $(printf %x $((page + 1))) 1" >$error
	wait_for 60 counted $((page + 1))
	counted $page
	refute page_is hwpoison $page
	# After a kill and a restart, it continues to count.
	kill -9 "$watch_pid"
	wait "$watch_pid" 2>/dev/null || true
	watch_start --act retire=2/24h
	refute page_is hwpoison $page
	echo "ce $(printf %x $page) 0" >$error
	wait_for 60 told ".pfn == $page and .result == \"retired\" and .cause == \"memras\" and .label == \"FAKE_A0\""
	page_is hwpoison $page
	refute page_is hwpoison $((page + 1))
	# Uncorrected errors, and errors without an address, do not count.
	echo "ue $(printf %x $((page + 1))) 1" >$error
	echo "ce 0 1 5" >$error
	echo "ce $(printf %x $((page + 2))) 1" >$error
	wait_for 60 counted $((page + 2))
	watch_stop
	refute page_is hwpoison $((page + 1))
	assert_equal "$(poisoned_pages)" 1
	jq -es 'last.summary | .retired == 1 and .corrected_errors == 2' "$out"
	artifact edac.watch.json <"$out"
	run_json 0 memras --json retired list
	assert_json "[.retired[] | [.pfn, .cause, .label, .state]] == [[$page, \"memras\", \"FAKE_A0\", \"retired\"]]"
}

@test "status has the DIMMs, their labels and their errors as the kernel counts them" {
	run_json 0 memras --json status
	assert_json '[.edac[] | select(.dimm) | [.controller, .label, .ce, .ue]] ==
		[["mc0", "FAKE_A0", 2, 0], ["mc0", "FAKE_B0", 7, 1]]'
	assert_json '.problems == ["poisoned", "uncorrected-errors"]'
	memras status --prometheus | grep -x 'memras_edac_corrected_errors_total{controller="mc0",dimm="dimm1",label="FAKE_B0"} 7'
	run_json 0 memras doctor --json || run_json 3 memras doctor --json
	assert_json '.capabilities[] | select(.capability == "edac") | .state == "ok"'
}

@test "a dry run says which page it would retire" {
	local page=$(($(find_page buddy) + 8))

	watch_start --dry-run --act retire=2/24h
	echo "ce $(printf %x $page) 0 2" >$error
	wait_for 60 told ".pfn == $page and .result == \"planned\""
	watch_stop
	refute page_is hwpoison $page
	jq -es 'last.summary | .planned == 1 and .retired == 0' "$out"
	refute counted $page
	artifact dry.watch.json <"$out"
}

# Before hugepages of the block are poisoned: such a block stays offline.
@test "pages of the list are retired when their block comes online, if watch is told to" {
	local block page list=/var/lib/memras/retired.json

	block=$(zone_block true)
	page=$((block * $(block_size) / page_size + 100))
	memras block offline --quiet "$block"
	echo $page >/run/pages
	memras retired import --quiet /run/pages
	# Not by a watch that is not told to.
	watch_start
	memras block online --quiet "$block"
	sleep 2
	refute page_is hwpoison $page
	watch_stop
	memras block offline --quiet "$block"
	# Nor by a list that has become one of another machine.
	watch_start --act retry
	cp $list /run/list
	sed -i -e 's/"boot":"[^"]*"/"boot":"another"/' \
		-e 's/"ranges":\[[^"]*\],"dimms"/"ranges":[[0,1099511627776]],"dimms"/' $list
	memras block online --quiet "$block"
	wait_for 60 grep -q 'the list is of other memory' "$out.errors"
	refute page_is hwpoison $page
	cp /run/list $list
	watch_stop
	memras block offline --quiet "$block"
	watch_start --act retry
	memras block online --quiet "$block"
	wait_for 60 told ".pfn == $page and .result == \"retired\""
	page_is hwpoison $page
	watch_stop
	assert_equal "$(jq -s "[.[] | select(.page.pfn == $page)] | length" "$out")" 1
	artifact retry.watch.json <"$out"
	run_json 0 memras --json retired list
	assert_json "[.retired[] | select(.pfn == $page) | .state] == [\"retired\"]"
}

@test "a page in a hugepage is retired, and the pool keeps its size" {
	local page

	pool_set 4
	page=$(($(find_page huge) + 1))
	watch_start --act retire=1/1h --no-module
	echo "ce $(printf %x $page) 1" >$error
	wait_for 60 told ".pfn == $page and .result == \"retired\" and .label == \"FAKE_B0\""
	watch_stop
	page_is hwpoison $page
	assert_equal "$(pool nr)" 4
	pool_set 0
}

@test "a page that cannot be retired is told, and stays on the list for the next boot" {
	local page=$(($(find_page slab)))

	watch_start --act retire=1/1h
	echo "ce $(printf %x $page) 1" >$error
	wait_for 60 told ".pfn == $page and .result == \"failed\""
	watch_stop
	refute page_is hwpoison $page
	run_json 0 memras --json retired list --pending
	assert_json "[.retired[] | [.pfn, .cause]] == [[$page, \"memras\"]]"
	memras retired forget --quiet $page
}

@test "the budget stops it, and everyone is told of that" {
	local page=$(($(find_page buddy) + 16)) poisoned

	poisoned=$(poisoned_pages)
	watch_start --act retire=2/24h --budget $(((poisoned + 1) * 4))K
	echo "ce $(printf %x $page) 0 2" >$error
	wait_for 60 told ".pfn == $page and .result == \"retired\""
	echo "ce $(printf %x $((page + 1))) 0 2" >$error
	wait_for 60 told ".pfn == $((page + 1)) and .result == \"refused\" and .error.errno == \"EDQUOT\""
	refute page_is hwpoison $((page + 1))
	assert_equal "$(poisoned_pages)" $((poisoned + 1))
	run_json 0 memras --json status
	assert_json ".budget == $(((poisoned + 1) * 4096)) and (.problems | index(\"budget\"))"
	memras status | grep -x "Budget: .* of poisoned memory, .* of it used"
	memras status --prometheus | grep -x "memras_budget_bytes $(((poisoned + 1) * 4096))"
	# A command warns, and retires the page nevertheless.
	memras offline --soft $((page + 1)) 2>/run/warned
	grep "beyond the budget" /run/warned
	page_is hwpoison $((page + 1))
	watch_stop
	jq -es 'last.summary | .refused == 1 and .retired == 1' "$out"
	artifact budget.watch.json <"$out"
	# A watch without a budget removes it.
	watch_start
	watch_stop
	run_json 0 memras --json status
	assert_json '.budget == null'
}

@test "tracefs that is mounted later is used then" {
	local page=$(($(find_page buddy) + 32)) folder mounts

	mapfile -t mounts < <(findmnt -rno TARGET -t tracefs,debugfs | tac)
	for folder in "${mounts[@]}"; do umount "$folder"; done
	watch_start --act retire=1/1h
	grep "corrected errors are not counted, no page is retired for them: tracefs is not mounted" "$out.errors"
	mount -t tracefs tracefs /sys/kernel/tracing
	wait_for 60 grep -q "trace events are heard from now on" "$out.errors"
	echo "ce $(printf %x $page) 0" >$error
	wait_for 60 told ".pfn == $page and .result == \"retired\""
	watch_stop
}

@test "what rasdaemon retired is recorded as such by its trigger" {
	local page=$(($(find_page buddy) + 40))

	cp /memras/contrib/rasdaemon/memras-trigger /run/memras-trigger
	echo $((page * 4096)) >/sys/devices/system/memory/soft_offline_page
	PFN=$(printf 0x%x $page) ACTION_RESULT=Recovered /run/memras-trigger
	run_json 0 memras --json retired list
	assert_json "[.retired[] | select(.pfn == $page) | .cause] == [\"rasdaemon\"]"
}

@test "counts are not kept over a swap of DIMMs" {
	local page=$(($(find_page buddy) + 48))

	watch_start --act retire=2/24h
	echo "ce $(printf %x $page) 0" >$error
	wait_for 60 counted $page
	watch_stop
	grep -E "^edac [0-9]+ mc0/dimm0 FAKE_A0 \(channel 0 slot 0\)$" $errors
	sed -i 's|^\(edac .*\) FAKE_A0|\1 FAKE_C0|' $errors
	watch_start --act retire=2/24h
	grep "the counts of corrected errors are of other DIMMs, and begin anew: a DIMM was 'mc0/dimm0 FAKE_C0" "$out.errors"
	echo "ce $(printf %x $page) 0" >$error
	echo "ce $(printf %x $((page + 1))) 1" >$error
	wait_for 60 counted $((page + 1))
	refute page_is hwpoison $page
	# With the same DIMMs they are kept.
	watch_stop
	watch_start --act retire=2/24h
	echo "ce $(printf %x $page) 0" >$error
	wait_for 60 told ".pfn == $page and .result == \"retired\""
	watch_stop
	refute grep "begin anew" "$out.errors"
}

@test "of a storm of errors none counts twice, and what is lost is told" {
	local page=$(($(find_page buddy) + 24)) heard lost

	[ ! -e /sys/module/edac_core/parameters/edac_mc_log_ce ] || echo 0 >/sys/module/edac_core/parameters/edac_mc_log_ce
	watch_start --act retire=100/24h
	echo "ce $(printf %x $page) 0 1 100000" >$error
	wait_for 120 told ".pfn == $page and .result == \"retired\""
	wait_for 60 grep -q "errors came faster than they could be read" "$out.errors"
	watch_stop
	heard=$(jq -s 'last.summary.corrected_errors' "$out")
	lost=$(jq -s 'last.summary.events_lost' "$out")
	echo "# of 100000 events $heard were heard, and $lost known to be lost" >&3
	[ "$heard" -ge 100 ]
	[ $((heard + lost)) -le 100000 ]
	assert_equal "$(jq -s "[.[] | select(.page.pfn == $page)] | length" "$out")" 1
	artifact storm.watch.json <"$out"
}
