#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/prometheus and memras-metrics(7), compared with status --prometheus, and applied to
# captured metrics.
# shellcheck disable=SC2030,SC2031,SC2154 # what run_memras sets

load lib

CONTRIB=$BATS_TEST_DIRNAME/../../contrib/prometheus
RULES=$CONTRIB/memras.rules.yml
MAN=$BATS_TEST_DIRNAME/../../man/memras-metrics.7.scd
CAPTURED=$BATS_TEST_DIRNAME/../fixtures/metrics

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

# The metrics that the queries of stdin name; those of a recording rule have a colon.
named() {
	grep -oE '[a-z_:]*memras_[a-z0-9_:]*' | sort -u
}

# names that are not in the list of metrics
unknown() {
	comm -23 - <(metrics | cut -d' ' -f1 | sort -u)
}

@test "the rules name metrics that there are" {
	[ -z "$(sed -n '/expr:/,/labels:\|record:/p' "$RULES" | grep -v record: | named | grep -v : | unknown)" ]
	[ "$(sed -n '/expr:/,/labels:\|record:/p' "$RULES" | grep -v record: | named | grep -vc :)" -gt 10 ]
}

@test "the dashboard has every metric, and no other; and recorded series that there are" {
	jq -r '.. | .expr? // empty' "$CONTRIB/memras.dashboard.json" | named >"$BATS_TEST_TMPDIR/used"
	# What a recording rule is made of is seen by the rule.
	while read -r rule; do
		grep -q "record: $rule\$" "$RULES" || {
			echo "no rule records $rule"
			return 1
		}
		sed -n "/record: $rule\$/,/record:\|name:/p" "$RULES" | sed 1d | grep -v record: | named
	done < <(grep : "$BATS_TEST_TMPDIR/used") >"$BATS_TEST_TMPDIR/recorded"
	diff <(metrics | cut -d' ' -f1 | sort -u) \
		<(cat "$BATS_TEST_TMPDIR/used" "$BATS_TEST_TMPDIR/recorded" | grep -v : | sort -u)
}

@test "the commands of the runbooks are commands of memras, with options that they have" {
	local words

	grep -oE '\bmemras [a-z]+( [a-z]+)?( --[a-z]+)?' "$RULES" | sort -u >"$BATS_TEST_TMPDIR/commands"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/commands")" -gt 8 ]
	while read -r -a words; do
		case ${words[1]} in
		block | hugepage | retired) "$SUITE/memras" "${words[1]}" "${words[2]}" --help ;;
		*) "$SUITE/memras" "${words[1]}" --help ;;
		esac >"$BATS_TEST_TMPDIR/help" || return 1
		[[ ${words[-1]} != --* ]] || grep -qe "${words[-1]}\b" "$BATS_TEST_TMPDIR/help" || {
			echo "no such option: ${words[*]}"
			return 1
		}
	done <"$BATS_TEST_TMPDIR/commands"
}

@test "every alert names the memras command, or the unit, to go on with" {
	[ "$(grep -c '^ *- alert:' "$RULES")" = "$(grep -cE '^ *runbook: ".*\bmemras [a-z]' "$RULES")" ]
}

@test "the manual page lists every metric with its type, and no other" {
	diff <(metrics) <(sed -n 's/^\*\(memras_[a-z_]*\)\* (\([a-z]*\)).*/\1 \2/p' "$MAN" | sort -u)
}

# The metrics of stdin, "NAME LABEL,..." once each
labels() {
	sed -nE '/^memras_/{s/="[^"]*"//g; s/ [^ ]*$//; s/[{}]/ /g; p}' | sed 's/ *$//' | sort -u
}

@test "the manual page has the labels of every metric, and an example that is one" {
	local machine

	for machine in "$X86" "$ARM64"; do
		"$SUITE/memras" --sysroot "$machine" status --prometheus --pages
	done | cat - "$CAPTURED"/*.prom | labels >"$BATS_TEST_TMPDIR/real"
	sed -n 's/^\tExample: //p' "$MAN" >"$BATS_TEST_TMPDIR/examples"
	diff "$BATS_TEST_TMPDIR/real" <(labels <"$BATS_TEST_TMPDIR/examples")
	diff "$BATS_TEST_TMPDIR/real" <(awk '
		/^\*memras_/ { name = $1; gsub(/\*/, "", name); labels = "" }
		/^\tLabels:/ { labels = $0; sub(/.*: /, "", labels); gsub(/[* ]/, "", labels) }
		/^\tExample:/ { print name (labels ? " " labels : "") }' "$MAN" | sort -u)
	"$PROMTOOL" check metrics <"$CAPTURED/failing.prom" | tee "$BATS_TEST_TMPDIR/said"
	[ ! -s "$BATS_TEST_TMPDIR/said" ]
}

@test "the manual page explains every alert, and no other" {
	diff <(sed -n 's/^ *- alert: //p' "$RULES" | sort) \
		<(grep -o '^\*Memras.*' "$MAN" | grep -o 'Memras[A-Za-z]*' | sort)
}

# The series of a guest that is healthy for an hour, failing for two and then healed, as
# promtool wants them.
captured_series() {
	awk 'FNR == 1 { file++ }
		/^memras_/ {
			value = $NF; sub(/ [^ ]*$/, "")
			if (!sub(/{/, "{instance=\"guest\","))
				$0 = $0 "{instance=\"guest\"}"
			have[$0, file] = value; all[$0]
		}
		function of(series, file, n) {
			return (series, file) in have ? have[series, file] "x" n : "_x" n
		}
		END {
			for (series in all)
				printf "      - series: \x27%s\x27\n        values: %s %s %s\n", series,
					of(series, 1, 59), of(series, 2, 119), of(series, 3, 1700)
		}' "$CAPTURED"/{healthy,failing,healed}.prom
}

# firing TIME ALERT...: these fire then, and no other
firing() {
	printf '      - expr: count by (alertname) (ALERTS{alertstate="firing"})\n'
	printf '        eval_time: %s\n        exp_samples:\n' "$1"
	shift
	[ $# -gt 0 ] || printf '          []\n'
	[ $# -eq 0 ] || printf "          - {labels: '{alertname=\"%s\"}', value: 1}\n" "$@"
}

@test "what a guest measured before, in and after a failure fires every alert of it, and resolves it" {
	[ "$(sed -n 's/^# Linux \([0-9.]*\).*/\1/p' "$CAPTURED/failing.prom" | grep -c .)" = 1 ]
	{
		printf '%s\n' 'rule_files: [memras.rules.yml]' 'evaluation_interval: 1m' 'tests:' \
			'  - interval: 1m' '    input_series:'
		captured_series
		echo '    promql_expr_test:'
		firing 50m
		firing 62m MemrasMemoryPoisoned MemrasBudgetUsedUp MemrasUncorrectedErrors
		firing 100m MemrasMemoryPoisoned MemrasBudgetUsedUp MemrasUncorrectedErrors \
			MemrasRetiredPending MemrasCorrectedErrors MemrasHugepagesLost \
			MemrasBlockCannotGo MemrasRetirerNotVerified MemrasWatchNotRunning
		# An hour after the page was retired; what still is so still fires.
		firing 170m MemrasBudgetUsedUp MemrasRetiredPending MemrasCorrectedErrors \
			MemrasBlockCannotGo MemrasRetirerNotVerified MemrasWatchNotRunning
		# All is undone but the errors, which are those of a day.
		firing 182m MemrasCorrectedErrors
		firing 1600m
	} | test_rules
}

@test "every query of the dashboard has the values of the hosts that a Prometheus scrapes" {
	local prometheus

	prometheus=$("$TOP/tests/fetch-program" prometheus usr/bin/prometheus)
	"$SUITE/memras" --sysroot "$X86" status --prometheus --pages >"$BATS_TEST_TMPDIR/other.prom"
	"$BATS_TEST_DIRNAME/dashboard" "$prometheus" "$CAPTURED" "$BATS_TEST_TMPDIR/other.prom" 3>&-
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
		              runbook: "memras status --prometheus must print them; systemctl status memras-metrics.timer memras-metrics.service"
		    promql_expr_test:
		      - expr: count by (dimm) (ALERTS{alertname="MemrasCorrectedErrors", alertstate="firing"})
		        eval_time: 60m
		        exp_samples:
		          - {labels: '{dimm="dimm0"}', value: 1}
	END
}

@test "a thousand hosts are scraped" {
	local prometheus

	[ -n "${MEMRAS_LONG:-}" ] || skip "runs with --long"
	prometheus=$("$TOP/tests/fetch-program" prometheus usr/bin/prometheus)
	"$BATS_TEST_DIRNAME/dashboard" "$prometheus" "$CAPTURED" --hosts 1000 3>&- | sed 's/^/# /' >&3
	[ "${PIPESTATUS[0]}" = 0 ]
}
