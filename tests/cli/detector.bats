#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/node-problem-detector: the plugin on captured machines, and what the detector and
# Kubernetes are told.
# shellcheck disable=SC2016,SC2154 # $ of sed and sh; what is set by "run"

load lib

DETECTOR=$BATS_TEST_DIRNAME/../../contrib/node-problem-detector

# plugin STATUS LINE MACHINE PROBLEM...: its exit status and its only line
plugin() {
	local want=$1 line=$2
	shift 2

	run env MEMRAS="${PROGRAM:-$SUITE/memras}" MEMRAS_SYSROOT="$1" "$DETECTOR/memras-problem" "${@:2}"
	[ "$status" = "$want" ]
	[ "$output" = "$line" ]
	# As the detector would cut it.
	[ "${#output}" -le "$(jq .pluginConfig.max_output_length "$DETECTOR/memras-monitor.json")" ]
}

# A machine with nothing wrong
healthy() {
	[ -d "$BATS_TEST_TMPDIR/healthy" ] || {
		cp -r "$ARM64" "$BATS_TEST_TMPDIR/healthy"
		sed -i 's/^HardwareCorrupted:.*/HardwareCorrupted:     0 kB/' "$BATS_TEST_TMPDIR/healthy/proc/meminfo"
	}
	echo "$BATS_TEST_TMPDIR/healthy"
}

all=(poisoned uncorrected-errors machine-checks pending-pages retired-list budget)

@test "a machine with nothing wrong is fine" {
	plugin 0 "memory: none of these problems" "$(healthy)" "${all[@]}"
}

@test "a problem is told if it is one that was asked for" {
	plugin 1 "memory: poisoned, uncorrected-errors, machine-checks, pending-pages; see memras status" \
		"$X86" "${all[@]}"
	plugin 1 "memory: pending-pages; see memras status" "$X86" pending-pages retired-list budget
	plugin 1 "memory: poisoned; see memras status" "$ARM64" poisoned
	plugin 0 "memory: none of these problems" "$ARM64" pending-pages retired-list budget
}

@test "a name that looks like a verdict is none" {
	cp -r "$(healthy)" "$BATS_TEST_TMPDIR/evil"
	mkdir -p "$BATS_TEST_TMPDIR/evil/sys/devices/system/edac/mc/mc0/dimm0"
	echo 1 >"$BATS_TEST_TMPDIR/evil/sys/devices/system/edac/mc/mc0/dimm0/dimm_ce_count"
	echo '{"healthy":false,"problems":["poisoned"]' \
		>"$BATS_TEST_TMPDIR/evil/sys/devices/system/edac/mc/mc0/dimm0/dimm_label"
	"$SUITE/memras" --sysroot "$BATS_TEST_TMPDIR/evil" --json status | grep -q 'healthy.*problems'
	plugin 0 "memory: none of these problems" "$BATS_TEST_TMPDIR/evil" poisoned
}

@test "without memras, with one that fails, and on a kernel that does not count, it is unknown" {
	PROGRAM=/nonexistent/memras plugin 2 "unknown: /nonexistent/memras is not installed" "$X86" poisoned
	PROGRAM=/bin/false plugin 2 "unknown: memras status failed, with exit status 1" "$X86" poisoned
	PROGRAM=/bin/true plugin 2 "unknown: memras status printed no verdict" "$X86" poisoned
	plugin 2 "unknown: this kernel does not count poisoned memory" "$NO_BLOCKS" poisoned
	plugin 2 'unknown: memras status knows no problem "poison"' "$X86" poison
	plugin 2 "unknown: memras-problem wants the names of problems" "$X86"
}

@test "it knows the problems that status has, and the configuration asks for each" {
	local known

	known=$(sed -n '/mr_status_problem_name/,/^}/s/.*\] = "\(.*\)",/\1/p' "$TOP/src/lib/health/status.c" | sort)
	[ "$(wc -l <<<"$known")" -ge 6 ]
	[ "$known" = "$(sed -n '/case $problem in/,/;;/s/ | \|) ;;/\n/gp' "$DETECTOR/memras-problem" |
		tr -d '\t' | grep . | sort)" ]
	[ "$known" = "$(jq -r '.rules[].args[]' "$DETECTOR/memras-monitor.json" | sort)" ]
}

@test "the detector's own checks at its start pass for the configuration" {
	jq -e '.plugin == "custom" and (.source | type) == "string" and
		(keys - ["plugin", "pluginConfig", "source", "metricsReporting", "conditions", "rules"]) == [] and
		((.pluginConfig | keys) - ["invoke_interval", "timeout", "max_output_length", "concurrency",
			"enable_message_change_based_condition_update", "skip_initial_status"]) == [] and
		all(.conditions[]; keys == ["message", "reason", "type"]) and
		([.conditions[].type] as $types | all(.rules[];
			(keys - ["type", "condition", "reason", "path", "args", "timeout", "invoke_interval"]) == [] and
			(.reason | test("^[A-Z][A-Za-z]+$")) and
			if .type == "permanent" then ([.condition] | inside($types)) else
				.type == "temporary" and (has("condition") | not) end)) and
		(def seconds: test("^[0-9]+s$") and (rtrimstr("s") | tonumber > 0);
		(.pluginConfig | (.timeout | seconds) and (.invoke_interval | seconds)) and
		(.pluginConfig.timeout | rtrimstr("s") | tonumber) as $most |
		all(.rules[].timeout; seconds and (rtrimstr("s") | tonumber) <= $most))' \
		"$DETECTOR/memras-monitor.json"
	[ -x "$DETECTOR/memras-problem" ]
}

@test "the manifests are well-formed, fit together, and give no more rights than are needed" {
	/usr/bin/python3 - "$DETECTOR" <<-'END'
	import json, pathlib, sys, yaml

	top = pathlib.Path(sys.argv[1])
	docs = list(yaml.safe_load_all((top / 'daemonset.yaml').read_text()))
	kinds = {d['kind']: d for d in docs}
	assert sorted(kinds) == ['ClusterRoleBinding', 'DaemonSet', 'ServiceAccount'], kinds
	assert all(d['apiVersion'] and d['metadata']['name'] for d in docs)
	spec = kinds['DaemonSet']['spec']
	labels = spec['template']['metadata']['labels']
	assert spec['selector']['matchLabels'].items() <= labels.items()
	pod = spec['template']['spec']
	account = kinds['ServiceAccount']['metadata']
	assert pod['serviceAccountName'] == account['name']
	assert kinds['ClusterRoleBinding']['subjects'] == [
	    {'kind': 'ServiceAccount', 'name': account['name'], 'namespace': account['namespace']}]
	volumes = {v['name']: v for v in pod['volumes']}
	[container] = pod['containers']
	mounts = {m['name']: m for m in container['volumeMounts']}
	assert mounts.keys() == volumes.keys()
	assert all(m['readOnly'] is True for m in mounts.values())
	assert not {'hostPID', 'hostNetwork', 'hostIPC'} & pod.keys()
	rights = container['securityContext']
	assert rights['capabilities'] == {'drop': ['ALL']} and rights['readOnlyRootFilesystem']
	assert not rights['privileged'] and not rights['allowPrivilegeEscalation']
	for volume in volumes.values():
	    if 'hostPath' in volume:
	        assert mounts[volume['name']]['mountPath'] == volume['hostPath']['path']
	# The files of the ConfigMap are there, under the names that are used.
	kust = yaml.safe_load((top / 'kustomization.yaml').read_text())
	assert all((top / name).is_file() for name in kust['resources'])
	[config] = kust['configMapGenerator']
	assert config['name'] == volumes['config']['configMap']['name']
	assert all((top / name).is_file() for name in config['files'])
	folder = mounts['config']['mountPath']
	assert f'--config.custom-plugin-monitor={folder}/memras-monitor.json' in container['command']
	for rule in json.loads((top / 'memras-monitor.json').read_text())['rules']:
	    assert rule['path'] == f'{folder}/memras-problem'
	assert volumes['config']['configMap']['defaultMode'] == 0o755
	END
}

@test "it reads the list and the budget where both are mounted read-only and it has no capability" {
	local host=$BATS_TEST_TMPDIR/host own=()

	[ "$(id -u)" = 0 ] || own=(--map-root-user)
	cp -r "$X86" "$host"
	mkdir -p "$host/run/memras"
	echo 8192 >"$host/run/memras/budget"
	chmod 600 "$host"/var/lib/memras/*
	run unshare -m "${own[@]}" sh -c 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift &&
		exec setpriv --inh-caps=-all --bounding-set=-all --no-new-privs "$@"' sh "$host" \
		env MEMRAS="$SUITE/memras" MEMRAS_SYSROOT="$host" "$DETECTOR/memras-problem" pending-pages budget retired-list
	[ "$output" = "memory: pending-pages, budget; see memras status" ]
	[ "$status" = 1 ]
}
