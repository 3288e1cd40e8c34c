// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>

#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cli/table.h"
#include "cmds/commands.h"
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

/* The document, as nested records over one struct mr_status. */
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
	uint64_t hardware_corrupted;
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
		 "bytes; 0 when the mount does not tell"),
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
		 "what it has of what memras uses"),
	{ 0 },
};

static const struct mr_field edac_fields[] = {
	MR_FIELD(MR_FIELD_CHARS, struct mr_edac, controller, "controller", "CONTROLLER",
		 "memory controller"),
	MR_FIELD(MR_FIELD_CHARS, struct mr_edac, dimm, "dimm", "NAME",
		 "DIMM or rank; null: errors that none is known for"),
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
	MR_FIELD(MR_FIELD_BYTES, struct doc_row, hardware_corrupted, "hardware_corrupted", NULL,
		 "bytes of poisoned memory, as the kernel counts", .nullable = true),
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
		 "what is put aside", .sub = mr_quarantine_fields),
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
	struct doc_row row = {
		.hardware_corrupted = st->hardware_corrupted,
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
	mr_record_add(doc, doc_fields, &row);
	mr_doc_print(doc);
}

/* Below what is poisoned: what is rising, and what is still to do. */
static void print_health(const struct mr_status *st)
{
	uint64_t ce = 0, ue = 0;

	for (size_t i = 0; i < st->nr_edac; i++) {
		ce += st->edac[i].ce;
		ue += st->edac[i].ue;
	}
	if (st->nr_edac)
		printf("Errors:    %" PRIu64 " corrected, %" PRIu64 " uncorrected\n", ce, ue);
	if (st->has_machine_checks && st->machine_checks.exceptions != UINT64_MAX &&
	    st->machine_checks.exceptions)
		printf("           %" PRIu64 " machine check exceptions\n",
		       st->machine_checks.exceptions);
	if (st->has_retired && st->retired)
		printf("Retired:   %" PRIu64 " on the list, %" PRIu64 " of them pending\n",
		       st->retired, st->pending);
	else if (!st->has_retired)
		mr_msg_line("Retired:   not known: %s", st->retired_err.reason);
}

static int print_text(const struct mr_status *st, struct mr_err *err)
{
	struct mr_records pools = { st->pools, st->nr_pools, sizeof(*st->pools), false };
	struct mr_records poisoned = { st->poisoned, st->nr_poisoned, sizeof(*st->poisoned), false };
	struct mr_records aside = { st->quarantines, st->nr_quarantines,
				    sizeof(*st->quarantines), false };
	struct mr_records edac = { st->edac, st->nr_edac, sizeof(*st->edac), false };
	char a[MR_SIZE_TEXT], b[MR_SIZE_TEXT], c[MR_SIZE_TEXT];
	int rc = 0;

	if (st->hardware_corrupted == UINT64_MAX)
		puts("Poisoned:  not counted: this kernel has no memory failure handling");
	else
		printf("Poisoned:  %s\n", st->hardware_corrupted ?
		       mr_size_text(st->hardware_corrupted, a) : "none");
	for (size_t i = 0; i < st->nr_nodes; i++)
		if (st->nodes[i].has_failures && st->nodes[i].failures.total)
			printf("           node %d: %" PRIu64 " failures, %" PRIu64 " recovered, %"
			       PRIu64 " ignored, %" PRIu64 " failed, %" PRIu64 " delayed\n",
			       st->nodes[i].node, st->nodes[i].failures.total,
			       st->nodes[i].failures.recovered, st->nodes[i].failures.ignored,
			       st->nodes[i].failures.failed, st->nodes[i].failures.delayed);
	print_health(st);
	if (st->block_size != UINT64_MAX)
		printf("Memory:    %s online in %" PRIu64 " blocks, %s offline in %" PRIu64
		       ", blocks of %s\n", mr_size_text(st->online, a), st->blocks_online,
		       mr_size_text(st->offline, b), st->blocks_offline,
		       mr_size_text(st->block_size, c));
	else if (st->total != UINT64_MAX)
		printf("Memory:    %s\n", mr_size_text(st->total, a));
	mr_msg_line("Module:    %s%s", st->module_loaded ? "loaded, version " : "not loaded",
		    st->module_loaded ? st->module_version : "");
	mr_msg_line("Kernel:    %s", st->release);
	if (st->nr_pools) {
		putchar('\n');
		rc = mr_table_print(mr_pool_fields, &pools, NULL, err);
	}
	if (!rc && st->nr_edac) {
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
	int rc;

	(void)nr, (void)words;
	rc = mr_begin(run, &m, MR_WANT_MODULE, &err);
	if (rc)
		return mr_end_error(run, &err);
	rc = mr_status_read(&m, run->globals.state_dir, args->pages, &st, &err);
	if (!rc) {
		if (args->prometheus)
			mr_prometheus_print(&st);
		else if (run->globals.json)
			print_json(run, &st);
		else
			rc = print_text(&st, &err);
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
	.summary = "tell how the memory of this machine is",
	.details = "Poisoned memory first, then sizes, blocks, hugepages and the module. Looks at\n"
		   "counters only, unless --pages is given.",
	.opts = status_opts,
	.exclusive = "json|prometheus",
	.args_size = sizeof(struct status_args),
	.members = members,
	.run = status_run,
};
