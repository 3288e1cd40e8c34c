// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/health/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/block.h"
#include "backend/device.h"
#include "lib/budget.h"
#include "lib/inspect/poison.h"
#include "lib/retired/list.h"
#include "util/cleanup.h"
#include "util/num.h"

#define NODES "sys/devices/system/node"

static void read_memory(const struct mr_machine *m, struct mr_status *st)
{
	struct mr_err ignored = { 0 };
	struct mr_blocks blocks;
	uint64_t ignored_bytes;

	if (mr_machine_meminfo(m, "HardwareCorrupted", &st->hardware_corrupted))
		st->hardware_corrupted = UINT64_MAX;
	st->budget = mr_budget_read(m);
	st->budget_used = !mr_budget_allows(m, st->budget, 1, &ignored_bytes);
	if (mr_machine_meminfo(m, "MemTotal", &st->total))
		st->total = UINT64_MAX;
	st->block_size = UINT64_MAX;
	if (mr_block_list_of(m, MR_BLOCK_WANT_STATE, &blocks, &ignored))
		return;
	st->block_size = m->block_size;
	for (size_t i = 0; i < blocks.nr; i++) {
		if (blocks.list[i].state == MR_BLOCK_ONLINE) {
			st->blocks_online++;
			st->online += blocks.list[i].size;
		} else {
			st->blocks_offline++;
			st->offline += blocks.list[i].size;
		}
		if (blocks.list[i].state == MR_BLOCK_GOING_OFFLINE) {
			st->blocks_going++;
			st->going += blocks.list[i].size;
		}
	}
	mr_blocks_free(&blocks);
}

static void read_failures(const struct mr_machine *m, struct mr_node_status *n)
{
	const struct {
		const char *name;
		uint64_t *value;
	} counts[] = {
		{ "total", &n->failures.total },
		{ "recovered", &n->failures.recovered },
		{ "ignored", &n->failures.ignored },
		{ "failed", &n->failures.failed },
		{ "delayed", &n->failures.delayed },
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (mr_root_read_u64(&m->root, 10, counts[i].value,
				     NODES "/node%d/memory_failure/%s", n->node, counts[i].name))
			return;
	n->has_failures = true;
}

static int by_node(const void *a, const void *b)
{
	return ((const struct mr_node_status *)a)->node - ((const struct mr_node_status *)b)->node;
}

static void read_nodes(const struct mr_machine *m, struct mr_status *st)
{
	mr_autoclosedir DIR *dir = NULL;
	struct dirent *d;

	if (mr_root_opendir(&m->root, &dir, NODES))
		return;
	while ((d = readdir(dir))) {
		struct mr_node_status *more;
		uint64_t node;

		if (strncmp(d->d_name, "node", 4) || mr_num_parse(d->d_name + 4, &node) ||
		    node > INT32_MAX)
			continue;
		more = reallocarray(st->nodes, st->nr_nodes + 1, sizeof(*more));
		if (!more)
			return;
		st->nodes = more;
		more[st->nr_nodes] = (struct mr_node_status){ .node = (int32_t)node };
		read_failures(m, &more[st->nr_nodes]);
		st->nr_nodes++;
	}
	if (st->nr_nodes)
		qsort(st->nodes, st->nr_nodes, sizeof(*st->nodes), by_node);
}

static void read_module(const struct mr_machine *m, struct mr_status *st)
{
	struct mr_err ignored = { 0 };

	st->module_abi = UINT64_MAX;
	/*
	 * By sysfs: the caller may lack the permission to open the device, or exclude the
	 * module.
	 */
	st->module_loaded = mr_root_exists(&m->root, "sys/module/memras");
	if (mr_root_read(&m->root, st->module_version, sizeof(st->module_version),
			 "sys/module/memras/version") < 0)
		st->module_version[0] = '\0';
	/* Without the module there are none; on a captured machine they are unknown. */
	st->quarantines_known = m->root.live && (m->device >= 0 || !st->module_loaded) &&
		!mr_quarantine_list(m, 0, UINT64_MAX, &st->quarantines, &st->nr_quarantines, &ignored);
	if (m->device < 0)
		return;
	st->module_abi = m->info.abi;
	mr_device_feature_names(m->info.features, st->module_features);
}

static void read_kernel(const struct mr_machine *m, struct mr_status *st)
{
	static const struct {
		const char *path;
		const char *name;
	} features[] = {
		{ "sys/devices/system/memory/soft_offline_page", "soft-offline" },
		{ "sys/devices/system/memory/hard_offline_page", "hard-offline" },
		{ "sys/devices/system/memory/block_size_bytes", "memory-hotplug" },
		{ "sys/kernel/mm/hugepages", "hugetlb" },
		{ "proc/kpageflags", "page-flags" },
		{ "proc/sys/vm/enable_soft_offline", "soft-offline-switch" },
		{ "sys/devices/system/node/node0/memory_failure", "failure-counts" },
		{ "proc/modules", "modules" },
	};
	size_t n = 0;

	if (mr_root_read(&m->root, st->release, sizeof(st->release),
			 "proc/sys/kernel/osrelease") < 0)
		st->release[0] = '\0';
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (mr_root_exists(&m->root, "%s", features[i].path))
			st->kernel_features[n++] = features[i].name;
}

/* Parses "MCE: 0 1 Machine check exceptions"; sums over all CPUs. */
static bool interrupt_line(const char *line, const char *name, uint64_t *sum)
{
	char *end;

	line += strspn(line, " ");
	if (strncmp(line, name, 3) || line[3] != ':')
		return false;
	*sum = 0;
	for (line += 4;; line = end) {
		uint64_t v = strtoull(line, &end, 10);

		if (end == line)
			return true;
		*sum += v;
	}
}

static void read_machine_checks(const struct mr_machine *m, struct mr_status *st)
{
	mr_autofclose FILE *f = NULL;
	struct mr_machine_checks *c = &st->machine_checks;
	mr_autofree char *line = NULL;
	size_t room = 0;

	*c = (struct mr_machine_checks){ UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	mr_root_fopen(&m->root, &f, "proc/interrupts");
	while (f && getline(&line, &room, f) >= 0)
		if (interrupt_line(line, "MCE", &c->exceptions) ||
		    interrupt_line(line, "MCP", &c->polls) ||
		    interrupt_line(line, "THR", &c->thresholds) ||
		    interrupt_line(line, "DFR", &c->deferred))
			st->has_machine_checks = true;
}

static void read_retired(const struct mr_machine *m, const char *state_dir, struct mr_status *st)
{
	struct mr_retlist list;

	if (mr_retlist_open(&list, m, state_dir, 0, &st->retired_err))
		return;
	mr_retlist_refresh(&list, m);
	st->has_retired = true;
	st->retired = list.nr;
	st->pending = mr_retlist_pending(&list);
	mr_retlist_close(&list);
}

int mr_status_read(const struct mr_machine *m, const char *state_dir, bool pages,
		   struct mr_status *st, struct mr_err *err)
{
	int rc = 0;

	*st = (struct mr_status){ 0 };
	read_memory(m, st);
	read_nodes(m, st);
	mr_hugepool_list(m, &st->pools, &st->nr_pools);
	st->nr_mounts = mr_mounts_hugetlbfs(&m->root, &st->mounts);
	if (st->nr_mounts < 0)
		st->nr_mounts = 0;
	mr_edac_list(m, &st->edac, &st->nr_edac);
	read_machine_checks(m, st);
	read_retired(m, state_dir, st);
	read_module(m, st);
	read_kernel(m, st);
	if (pages) {
		rc = mr_poison_find(m, &st->poisoned, &st->nr_poisoned, err);
		st->pages_listed = !rc;
	}
	if (rc)
		mr_status_free(st);
	return rc;
}

const char *mr_status_problem_name(enum mr_status_problem problem)
{
	static const char *const names[] = {
		[MR_PROBLEM_POISONED] = "poisoned",
		[MR_PROBLEM_UNCORRECTED] = "uncorrected-errors",
		[MR_PROBLEM_MACHINE_CHECKS] = "machine-checks",
		[MR_PROBLEM_PENDING] = "pending-pages",
		[MR_PROBLEM_RETIRED_LIST] = "retired-list",
		[MR_PROBLEM_BUDGET] = "budget",
	};

	return names[problem];
}

void mr_status_errors(const struct mr_status *st, uint64_t *corrected, uint64_t *uncorrected)
{
	*corrected = *uncorrected = 0;
	for (size_t i = 0; i < st->nr_edac; i++) {
		*corrected += st->edac[i].ce;
		*uncorrected += st->edac[i].ue;
	}
}

size_t mr_status_problems(const struct mr_status *st,
			  enum mr_status_problem problems[MR_STATUS_PROBLEMS])
{
	const struct mr_machine_checks *c = &st->machine_checks;
	uint64_t ce, ue;
	size_t n = 0;

	mr_status_errors(st, &ce, &ue);
	if (st->hardware_corrupted && st->hardware_corrupted != UINT64_MAX)
		problems[n++] = MR_PROBLEM_POISONED;
	if (ue)
		problems[n++] = MR_PROBLEM_UNCORRECTED;
	if (st->has_machine_checks && c->exceptions && c->exceptions != UINT64_MAX)
		problems[n++] = MR_PROBLEM_MACHINE_CHECKS;
	if (st->has_retired && st->pending)
		problems[n++] = MR_PROBLEM_PENDING;
	/* A lack of permission to read the list says nothing about the machine's health. */
	if (!st->has_retired && st->retired_err.code != -EACCES)
		problems[n++] = MR_PROBLEM_RETIRED_LIST;
	if (st->budget_used)
		problems[n++] = MR_PROBLEM_BUDGET;
	return n;
}

void mr_status_free(struct mr_status *st)
{
	free(st->nodes);
	free(st->pools);
	free(st->edac);
	mr_mounts_hugetlbfs_free(st->mounts, st->nr_mounts);
	free(st->poisoned);
	free(st->quarantines);
	*st = (struct mr_status){ 0 };
}
