#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/prometheus and memras-metrics(7), compared with status --prometheus.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

RULES=$BATS_TEST_DIRNAME/../../contrib/prometheus/memras.rules.yml

# The metrics of all captured machines, and of one with a budget: "NAME TYPE" lines.
metrics() {
	local machine budget=$BATS_TEST_TMPDIR/budget

	[ -d "$budget" ] || cp -r "$X86" "$budget"
	mkdir -p "$budget/run/memras"
	echo 1048576 >"$budget/run/memras/budget"
	for machine in "$budget" "$X86" "$ARM64" "$S390" "$NO_BLOCKS"; do
		"$SUITE/memras" --sysroot "$machine" status --prometheus --pages
	done | sed -n 's/^# TYPE //p' | sort -u
}

# Runs promtool on the rules with the series and expectations of stdin.
test_rules() {
	cat >"$BATS_TEST_TMPDIR/test.yml"
	cp "$RULES" "$BATS_TEST_TMPDIR/memras.rules.yml"
	(cd "$BATS_TEST_TMPDIR" && "$PROMTOOL" test rules test.yml)
}

@test "the rules are as promtool wants them" {
	"$PROMTOOL" check rules "$RULES"
}

@test "the rules name metrics that there are" {
	local name

	metrics | cut -d' ' -f1 >"$BATS_TEST_TMPDIR/names"
	grep -o '\bmemras_[a-z_]*' "$RULES" | grep -v ':' | sort -u >"$BATS_TEST_TMPDIR/used"
	while read -r name; do
		# A part of the name of a recorded series.
		[[ $name == memras_edac_corrected_errors ]] || grep -qx "$name" "$BATS_TEST_TMPDIR/names" || {
			echo "no metric is called $name"
			return 1
		}
	done <"$BATS_TEST_TMPDIR/used"
}

@test "every alert names the memras command, or the unit, to go on with" {
	[ "$(grep -c '^ *- alert:' "$RULES")" = "$(grep -cE '^ *runbook: "(.*\bmemras [a-z]|systemctl)' "$RULES")" ]
}

@test "the manual page lists every metric with its type, and no other" {
	diff <(metrics) <(sed -n 's/^\*\(memras_[a-z_]*\)\* (\([a-z]*\)).*/\1 \2/p' \
		"$BATS_TEST_DIRNAME/../../man/memras-metrics.7.scd" | sort -u)
}

@test "poison that rises is an alert, and resolves when it rises no more" {
	test_rules <<-'END'
		rule_files: [memras.rules.yml]
		evaluation_interval: 1m
		tests:
		  - interval: 1m
		    input_series:
		      - series: memras_hardware_corrupted_bytes{instance="a"}
		        values: 0x20 4096x200
		      - series: memras_retired_pages{instance="a"}
		        values: 0x20 1x200
		      - series: memras_hardware_corrupted_bytes{instance="b"}
		        values: 8192x220
		      - series: memras_retired_pages{instance="b"}
		        values: 2x220
		    alert_rule_test:
		      - alertname: MemrasMemoryPoisoned
		        eval_time: 15m
		      - alertname: MemrasMemoryPoisoned
		        eval_time: 30m
		        exp_alerts:
		          - exp_labels: {severity: warning, instance: a}
		            exp_annotations:
		              summary: "a: 4kiB more memory is poisoned"
		              runbook: memras status --pages lists the pages, memras map shows where they are
		      - alertname: MemrasMemoryPoisoned
		        eval_time: 150m
		      - alertname: MemrasPoisonNotRecorded
		        eval_time: 150m
	END
}

@test "a pool that shrinks with the poison is an alert, one that is made smaller is not" {
	test_rules <<-'END'
		rule_files: [memras.rules.yml]
		evaluation_interval: 1m
		tests:
		  - interval: 1m
		    input_series:
		      - series: memras_hardware_corrupted_bytes{instance="a"}
		        values: 0x20 4096x60
		      - series: memras_hugepages{instance="a", size="2097152", node="0"}
		        values: 8x20 7x60
		      - series: memras_hardware_corrupted_bytes{instance="b"}
		        values: 4096x80
		      - series: memras_hugepages{instance="b", size="2097152", node="0"}
		        values: 8x20 7x60
		    alert_rule_test:
		      - alertname: MemrasHugepagesLost
		        eval_time: 40m
		        exp_alerts:
		          - exp_labels: {severity: warning, instance: a, size: "2097152", node: "0"}
		            exp_annotations:
		              summary: "a: the pool of 2097152 byte hugepages shrank as memory was retired"
		              runbook: memras hugepage list shows the pools; write the wanted size to nr_hugepages of the node
	END
}

@test "pending pages, unrecorded poison, errors by DIMM and old metrics are alerts after their time" {
	test_rules <<-'END'
		rule_files: [memras.rules.yml]
		evaluation_interval: 1m
		tests:
		  - interval: 1m
		    input_series:
		      - series: memras_hardware_corrupted_bytes{instance="a"}
		        values: 4096x120
		      - series: memras_retired_pages{instance="a"}
		        values: 0x120
		      - series: memras_retired_pending_pages{instance="b"}
		        values: 0x10 3x110
		      - series: memras_edac_corrected_errors_total{instance="b", controller="mc0", dimm="dimm0", label="A1"}
		        values: 0+20x120
		      - series: memras_edac_corrected_errors_total{instance="b", controller="mc0", dimm="dimm1", label="A2"}
		        values: 5x120
		      - series: memras_edac_uncorrected_errors_total{instance="b", controller="mc0", dimm="dimm1", label="A2"}
		        values: 0x90 1x30
		      - series: memras_memory_failures_total{instance="b", node="0", result="failed"}
		        values: 0x90 1x30
		      - series: node_textfile_mtime_seconds{instance="c", file="/var/lib/memras.prom"}
		        values: 60x120
		    alert_rule_test:
		      - alertname: MemrasPoisonNotRecorded
		        eval_time: 5m
		      - alertname: MemrasPoisonNotRecorded
		        eval_time: 20m
		        exp_alerts:
		          - exp_labels: {severity: warning, instance: a}
		            exp_annotations:
		              summary: "a: memory is poisoned, and no page is on the retired list"
		              runbook: memras status --pages lists the pages, memras retired import puts them on the list
		      - alertname: MemrasRetiredPending
		        eval_time: 30m
		      - alertname: MemrasRetiredPending
		        eval_time: 45m
		        exp_alerts:
		          - exp_labels: {severity: warning, instance: b}
		            exp_annotations:
		              summary: "b: 3 pages of the retired list are in use"
		              runbook: memras retired restore tries again and says why a page cannot be retired
		      - alertname: MemrasUncorrectedErrors
		        eval_time: 80m
		      - alertname: MemrasUncorrectedErrors
		        eval_time: 100m
		        exp_alerts:
		          - exp_labels: {severity: critical, instance: b, controller: mc0, dimm: dimm1, label: A2}
		            exp_annotations:
		              summary: "b: uncorrected memory errors in dimm1 A2"
		              runbook: memras status shows the errors by DIMM; replace this one
		      - alertname: MemrasMemoryFailureNotHandled
		        eval_time: 100m
		        exp_alerts:
		          - exp_labels: {severity: critical, instance: b, node: "0"}
		            exp_annotations:
		              summary: "b: the kernel could not contain a memory error on node 0"
		              runbook: memras status shows the counts; move the work away, then reboot with the list restored
		      - alertname: MemrasMetricsOld
		        eval_time: 20m
		      - alertname: MemrasMetricsOld
		        eval_time: 50m
		        exp_alerts:
		          - exp_labels: {severity: warning, instance: c, file: /var/lib/memras.prom}
		            exp_annotations:
		              summary: "c: the memory metrics are 49m 0s old"
		              runbook: systemctl status memras-metrics.timer memras-metrics.service
		    promql_expr_test:
		      - expr: count by (dimm) (ALERTS{alertname="MemrasCorrectedErrors", alertstate="firing"})
		        eval_time: 60m
		        exp_samples:
		          - {labels: '{dimm="dimm0"}', value: 1}
	END
}
