// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cli/table.h"
#include "cmds/commands.h"
#include "lib/budget.h"
#include "lib/health/retirers.h"
#include "lib/health/status.h"
#include "report/begin.h"
#include "report/fields.h"
#include "report/prometheus.h"
#include "util/cleanup.h"
#include "util/num.h"

struct status_args {
	bool pages, prometheus;
};

static const struct mr_opt status_opts[] = {
	MR_FLAG("pages", 'p', struct status_args, pages,
		"find the poisoned pages: looks at every page of memory"),
	MR_FLAG("prometheus", 0, struct status_args, prometheus,
		"print counters as node_exporter's textfile collector reads them"),
	{ 0 },
};

/* The JSON document, as nested records over struct mr_status. */
struct node_row {
	int32_t node;
	const void *failures;
};

struct module_row {
	bool loaded;
	const char *version;
	uint64_t abi;
	const char *const *features;
};

struct kernel_row {
	const char *release;
	const char *const *features;
};

struct memory_row {
	uint64_t total, block_size, online, offline, blocks_online, blocks_offline;
};

struct retired_row {
	uint64_t recorded, pending;
};

struct doc_row {
	int8_t healthy;
	const char *const *problems;
	uint64_t hardware_corrupted, budget;
	struct mr_records poisoned;
	const void *memory;
	struct mr_records nodes, pools, mounts, quarantines, edac;
	const void *machine_checks, *retired;
	const void *module, *kernel;
};

static const struct mr_field poisoned_fields[] = {
	MR_FIELD(MR_FIELD_PFN, struct mr_poisoned, pfn, "pfn", "PFN", "page frame number"),
	MR_FIELD(MR_FIELD_PFN, struct mr_poisoned, phys, "phys", "PHYS", "physical address, bytes"),
	MR_FIELD(MR_FIELD_S32, struct mr_poisoned, node, "node", "NODE", "NUMA node",
		 .nullable = true, .right = true),
	MR_FIELD(MR_FIELD_U64, struct mr_poisoned, block, "block", "BLOCK", "memory block",
		 .nullable = true, .right = true),
	{ 0 },
};

static const struct mr_field memory_fields[] = {
	MR_FIELD(MR_FIELD_BYTES, struct memory_row, total, "total", NULL, "MemTotal, bytes",
		 .nullable = true),
	MR_FIELD(MR_FIELD_BYTES, struct memory_row, block_size, "block_size", NULL,
		 "bytes of a memory block", .nullable = true),
	MR_FIELD(MR_FIELD_BYTES, struct memory_row, online, "online", NULL, "bytes"),
	MR_FIELD(MR_FIELD_BYTES, struct memory_row, offline, "offline", NULL, "bytes"),
	MR_FIELD(MR_FIELD_U64, struct memory_row, blocks_online, "blocks_online", NULL, "blocks"),
	MR_FIELD(MR_FIELD_U64, struct memory_row, blocks_offline, "blocks_offline", NULL, "blocks"),
	{ 0 },
};

static const struct mr_field failure_fields[] = {
	MR_FIELD(MR_FIELD_U64, struct mr_failure_counts, total, "total", NULL, "pages"),
	MR_FIELD(MR_FIELD_U64, struct mr_failure_counts, recovered, "recovered", NULL, "pages"),
	MR_FIELD(MR_FIELD_U64, struct mr_failure_counts, ignored, "ignored", NULL, "pages"),
	MR_FIELD(MR_FIELD_U64, struct mr_failure_counts, failed, "failed", NULL, "pages"),
	MR_FIELD(MR_FIELD_U64, struct mr_failure_counts, delayed, "delayed", NULL, "pages"),
	{ 0 },
};

static const struct mr_field node_fields[] = {
	MR_FIELD(MR_FIELD_S32, struct node_row, node, "node", NULL, "NUMA node"),
	MR_FIELD(MR_FIELD_RECORD, struct node_row, failures, "memory_failure", NULL,
		 "what memory failure handling did there", .sub = failure_fields),
	{ 0 },
};

static const struct mr_field mount_fields[] = {
	MR_FIELD(MR_FIELD_STRING, struct mr_hugetlbfs, path, "path", NULL, "where it is mounted"),
	MR_FIELD(MR_FIELD_U64, struct mr_hugetlbfs, page_size, "page_size", NULL,
		 "bytes; 0 if unknown"),
	{ 0 },
};

static const struct mr_field module_fields[] = {
	MR_FIELD(MR_FIELD_BOOL, struct module_row, loaded, "loaded", NULL, "whether it is loaded"),
	MR_FIELD(MR_FIELD_STRING, struct module_row, version, "version", NULL, "its version"),
	MR_FIELD(MR_FIELD_U64, struct module_row, abi, "abi", NULL, "its ABI", .nullable = true),
	MR_FIELD(MR_FIELD_STRINGS, struct module_row, features, "features", NULL,
		 "what it can do here"),
	{ 0 },
};

static const struct mr_field kernel_fields[] = {
	MR_FIELD(MR_FIELD_STRING, struct kernel_row, release, "release", NULL, "uname -r"),
	MR_FIELD(MR_FIELD_STRINGS, struct kernel_row, features, "features", NULL,
		 "features that memras uses"),
	{ 0 },
};

static const struct mr_field edac_fields[] = {
	MR_FIELD(MR_FIELD_CHARS, struct mr_edac, controller, "controller", "CONTROLLER",
		 "memory controller"),
	MR_FIELD(MR_FIELD_CHARS, struct mr_edac, dimm, "dimm", "NAME",
		 "DIMM or rank; null: errors without a known DIMM"),
	MR_FIELD(MR_FIELD_CHARS, struct mr_edac, label, "label", "DIMM", "as on the board"),
	MR_FIELD(MR_FIELD_CHARS, struct mr_edac, location, "location", "LOCATION",
		 "where it is plugged"),
	MR_FIELD(MR_FIELD_BYTES, struct mr_edac, size, "size", "SIZE", "bytes", .nullable = true,
		 .right = true),
	MR_FIELD(MR_FIELD_U64, struct mr_edac, ce, "ce", "CORRECTED", "corrected errors",
		 .right = true),
	MR_FIELD(MR_FIELD_U64, struct mr_edac, ue, "ue", "UNCORRECTED", "uncorrected errors",
		 .right = true),
	{ 0 },
};

static const struct mr_field check_fields[] = {
	MR_FIELD(MR_FIELD_U64, struct mr_machine_checks, exceptions, "exceptions", NULL,
		 "machine check exceptions", .nullable = true),
	MR_FIELD(MR_FIELD_U64, struct mr_machine_checks, polls, "polls", NULL,
		 "machine check polls", .nullable = true),
	MR_FIELD(MR_FIELD_U64, struct mr_machine_checks, thresholds, "thresholds", NULL,
		 "threshold interrupts", .nullable = true),
	MR_FIELD(MR_FIELD_U64, struct mr_machine_checks, deferred, "deferred", NULL,
		 "deferred error interrupts", .nullable = true),
	{ 0 },
};

static const struct mr_field retired_fields[] = {
	MR_FIELD(MR_FIELD_U64, struct retired_row, recorded, "recorded", NULL, "pages"),
	MR_FIELD(MR_FIELD_U64, struct retired_row, pending, "pending", NULL,
		 "pages that are not retired now"),
	{ 0 },
};

static const struct mr_field doc_fields[] = {
	MR_FIELD(MR_FIELD_MAYBE, struct doc_row, healthy, "healthy", NULL,
		 "whether nothing is wrong; null: the kernel does not count poisoned memory"),
	MR_FIELD(MR_FIELD_STRINGS, struct doc_row, problems, "problems", NULL, "what is wrong"),
	MR_FIELD(MR_FIELD_BYTES, struct doc_row, hardware_corrupted, "hardware_corrupted", NULL,
		 "bytes of poisoned memory, as the kernel counts", .nullable = true),
	MR_FIELD(MR_FIELD_BYTES, struct doc_row, budget, "budget", NULL,
		 "bytes of poisoned memory up to which memras watch retires pages", .nullable = true),
	MR_FIELD(MR_FIELD_RECORDS, struct doc_row, poisoned, "poisoned", NULL,
		 "the poisoned pages, with --pages", .sub = poisoned_fields),
	MR_FIELD(MR_FIELD_RECORD, struct doc_row, memory, "memory", NULL, "sizes and blocks",
		 .sub = memory_fields),
	MR_FIELD(MR_FIELD_RECORDS, struct doc_row, nodes, "nodes", NULL, "NUMA nodes",
		 .sub = node_fields),
	MR_FIELD(MR_FIELD_RECORDS, struct doc_row, pools, "hugepages", NULL, "hugepage pools",
		 .sub = mr_pool_fields),
	MR_FIELD(MR_FIELD_RECORDS, struct doc_row, mounts, "hugetlbfs", NULL, "hugetlbfs mounts",
		 .sub = mount_fields),
	MR_FIELD(MR_FIELD_RECORDS, struct doc_row, quarantines, "quarantine", NULL,
		 "quarantined ranges", .sub = mr_quarantine_fields),
	MR_FIELD(MR_FIELD_RECORDS, struct doc_row, edac, "edac", NULL, "errors by DIMM",
		 .sub = edac_fields),
	MR_FIELD(MR_FIELD_RECORD, struct doc_row, machine_checks, "machine_checks", NULL,
		 "interrupts since boot", .sub = check_fields),
	MR_FIELD(MR_FIELD_RECORD, struct doc_row, retired, "retired", NULL, "the retired list",
		 .sub = retired_fields),
	MR_FIELD(MR_FIELD_RECORD, struct doc_row, module, "module", NULL, "memras.ko",
		 .sub = module_fields),
	MR_FIELD(MR_FIELD_RECORD, struct doc_row, kernel, "kernel", NULL, "the kernel",
		 .sub = kernel_fields),
	{ 0 },
};

static void print_json(const struct mr_run *run, const struct mr_status *st)
{
	struct memory_row memory = { st->total, st->block_size, st->online, st->offline,
				     st->blocks_online, st->blocks_offline };
	struct module_row module = { st->module_loaded,
				     st->module_loaded ? st->module_version : NULL,
				     st->module_abi, st->module_features };
	struct retired_row retired = { st->retired, st->pending };
	struct kernel_row kernel = { st->release, st->kernel_features };
	mr_autofree struct node_row *nodes = calloc(st->nr_nodes + 1, sizeof(*nodes));
	enum mr_status_problem found[MR_STATUS_PROBLEMS];
	const char *problems[MR_STATUS_PROBLEMS + 1] = { NULL };
	size_t nr = mr_status_problems(st, found);
	struct doc_row row = {
		.healthy = nr ? 0 : st->hardware_corrupted == UINT64_MAX ? -1 : 1,
		.problems = problems,
		.hardware_corrupted = st->hardware_corrupted,
		.budget = st->budget,
		.poisoned = { st->poisoned, st->nr_poisoned, sizeof(*st->poisoned),
			      !st->pages_listed },
		.memory = &memory,
		.nodes = { nodes, st->nr_nodes, sizeof(*nodes), !nodes },
		.pools = { st->pools, st->nr_pools, sizeof(*st->pools), false },
		.mounts = { st->mounts, (size_t)st->nr_mounts, sizeof(*st->mounts), false },
		.quarantines = { st->quarantines, st->nr_quarantines, sizeof(*st->quarantines),
				 !st->quarantines_known },
		.edac = { st->edac, st->nr_edac, sizeof(*st->edac), false },
		.machine_checks = st->has_machine_checks ? &st->machine_checks : NULL,
		.retired = st->has_retired ? &retired : NULL,
		.module = &module,
		.kernel = &kernel,
	};
	json_object *doc = mr_doc_new(run);

	for (size_t i = 0; nodes && i < st->nr_nodes; i++)
		nodes[i] = (struct node_row){ st->nodes[i].node, st->nodes[i].has_failures ?
					      &st->nodes[i].failures : NULL };
	for (size_t i = 0; i < nr; i++)
		problems[i] = mr_status_problem_name(found[i]);
	mr_record_add(doc, doc_fields, &row);
	mr_doc_print(doc);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void print_problem(const struct mr_status *st, enum mr_status_problem problem)
{
	char size[MR_SIZE_TEXT];
	uint64_t ce, ue;

	switch (problem) {
	case MR_PROBLEM_POISONED:
		printf("%s of memory is poisoned", mr_size_text(st->hardware_corrupted, size));
		break;
	case MR_PROBLEM_UNCORRECTED:
		mr_status_errors(st, &ce, &ue);
		printf("%" PRIu64 " uncorrected error%s", ue, plural(ue));
		break;
	case MR_PROBLEM_MACHINE_CHECKS:
		printf("%" PRIu64 " machine check exception%s", st->machine_checks.exceptions,
		       plural(st->machine_checks.exceptions));
		break;
	case MR_PROBLEM_PENDING:
		printf("%" PRIu64 " page%s of the retired list not retired", st->pending,
		       plural(st->pending));
		break;
	case MR_PROBLEM_RETIRED_LIST:
		fputs("the retired list cannot be read", stdout);
		break;
	case MR_PROBLEM_BUDGET:
		fputs("the budget of poisoned memory is used up", stdout);
		break;
	}
}

/* Prints the first line: healthy, or the problems. */
static void print_verdict(const struct mr_status *st)
{
	enum mr_status_problem problems[MR_STATUS_PROBLEMS];
	size_t nr = mr_status_problems(st, problems);

	if (!nr && st->hardware_corrupted == UINT64_MAX)
		puts("Unknown: this kernel has no memory failure handling (CONFIG_MEMORY_FAILURE)");
	else if (!nr)
		puts("Healthy: no memory is poisoned");
	for (size_t i = 0; i < nr; i++) {
		fputs(i ? ", " : "Not healthy: ", stdout);
		print_problem(st, problems[i]);
	}
	if (nr)
		putchar('\n');
}

static void print_failures(const struct mr_status *st)
{
	for (size_t i = 0; i < st->nr_nodes; i++) {
		const struct mr_failure_counts *f = &st->nodes[i].failures;

		if (st->nodes[i].has_failures && f->total)
			printf("Failures:  node %d: %" PRIu64 " handled, %" PRIu64 " recovered, %"
			       PRIu64 " ignored, %" PRIu64 " failed, %" PRIu64 " delayed\n",
			       st->nodes[i].node, f->total, f->recovered, f->ignored, f->failed,
			       f->delayed);
	}
}

/* Prints counters that are not 0. */
static void print_health(const struct mr_status *st)
{
	char budget[MR_SIZE_TEXT], used[MR_SIZE_TEXT];
	uint64_t ce, ue;

	print_failures(st);
	mr_status_errors(st, &ce, &ue);
	if (ce || ue)
		printf("Errors:    %" PRIu64 " corrected, %" PRIu64 " uncorrected\n", ce, ue);
	if (st->has_retired && st->retired)
		printf("Retired:   %" PRIu64 " on the list, %" PRIu64 " of them pending\n",
		       st->retired, st->pending);
	if (st->budget != MR_BUDGET_NONE && st->hardware_corrupted != UINT64_MAX)
		printf("Budget:    %s of poisoned memory, %s of it used\n",
		       mr_size_text(st->budget, budget), mr_size_text(st->hardware_corrupted, used));
	if (!st->has_retired)
		mr_msg_line("Retired:   unknown: %s", st->retired_err.code == -EACCES ?
			    "only root can read the list" : st->retired_err.reason);
}

static void print_memory(const struct mr_status *st)
{
	char online[MR_SIZE_TEXT], offline[MR_SIZE_TEXT], block[MR_SIZE_TEXT];

	if (st->block_size == UINT64_MAX) {
		if (st->total != UINT64_MAX)
			printf("Memory:    %s\n", mr_size_text(st->total, online));
		return;
	}
	printf("Memory:    %s online in %" PRIu64, mr_size_text(st->online, online),
	       st->blocks_online);
	if (st->blocks_offline)
		printf(", %s offline in %" PRIu64, mr_size_text(st->offline, offline),
		       st->blocks_offline);
	printf(", blocks of %s\n", mr_size_text(st->block_size, block));
}

/* Collects the pools that have hugepages; @pools has room for all. */
static struct mr_records pools_in_use(const struct mr_status *st, struct mr_hugepool *pools)
{
	struct mr_records records = { pools, 0, sizeof(*pools), false };

	for (size_t i = 0; pools && i < st->nr_pools; i++)
		if (st->pools[i].total)
			pools[records.nr++] = st->pools[i];
	return records;
}

static int print_text(const struct mr_status *st, struct mr_err *err)
{
	mr_autofree struct mr_hugepool *room = calloc(st->nr_pools + 1, sizeof(*room));
	struct mr_records pools = pools_in_use(st, room);
	struct mr_records poisoned = { st->poisoned, st->nr_poisoned, sizeof(*st->poisoned), false };
	struct mr_records aside = { st->quarantines, st->nr_quarantines,
				    sizeof(*st->quarantines), false };
	struct mr_records edac = { st->edac, st->nr_edac, sizeof(*st->edac), false };
	uint64_t ce, ue;
	int rc = 0;

	print_verdict(st);
	print_health(st);
	print_memory(st);
	mr_msg_line("Module:    %s%s", st->module_loaded ? "loaded, version " : "not loaded",
		    st->module_loaded ? st->module_version : "");
	mr_msg_line("Kernel:    %s", st->release);
	if (pools.nr) {
		putchar('\n');
		rc = mr_table_print(mr_pool_fields, &pools, NULL, err);
	}
	mr_status_errors(st, &ce, &ue);
	if (!rc && (ce || ue)) {
		putchar('\n');
		rc = mr_table_print(edac_fields, &edac, NULL, err);
	}
	if (!rc && st->nr_poisoned) {
		putchar('\n');
		rc = mr_table_print(poisoned_fields, &poisoned, NULL, err);
	}
	if (!rc && aside.nr) {
		puts("\nIn quarantine:");
		rc = mr_table_print(mr_quarantine_fields, &aside, NULL, err);
	}
	return rc;
}

static int status_run(struct mr_run *run, const void *pargs, int nr, char **words)
{
	const struct status_args *args = pargs;
	struct mr_err err = { 0 };
	struct mr_machine m;
	struct mr_status st;
	struct mr_retirer retirers[MR_RETIRERS];
	int rc;

	(void)nr, (void)words;
	rc = mr_begin(run, &m, MR_WANT_MODULE, &err);
	if (rc)
		return mr_end_error(run, &err);
	rc = mr_status_read(&m, run->globals.state_dir, args->pages, &st, &err);
	if (!rc) {
		if (args->prometheus) {
			mr_retirers_find(&m, retirers);
			mr_prometheus_print(&st, retirers);
		} else if (run->globals.json) {
			print_json(run, &st);
		} else {
			rc = print_text(&st, &err);
		}
		mr_status_free(&st);
	}
	mr_machine_close(&m);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

static const struct mr_member members[] = {
	{ NULL, doc_fields },
	{ 0 },
};

const struct mr_cmd mr_cmd_status = {
	.name = "status",
	.summary = "show memory health",
	.details = "Begins with a verdict: healthy, or what is wrong. Then what was counted, sizes,\n"
		   "blocks, hugepages and the module; what is empty is left out. Looks at counters\n"
		   "only, unless --pages is given.",
	.opts = status_opts,
	.exclusive = "json|prometheus",
	.args_size = sizeof(struct status_args),
	.members = members,
	.run = status_run,
};
