// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/device.h"
#include "backend/hugepool.h"
#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cli/table.h"
#include "cmds/commands.h"
#include "lib/hugetlb/replace.h"
#include "lib/hugetlb/replacesnap.h"
#include "lib/inspect/owners.h"
#include "report/begin.h"
#include "report/fields.h"
#include "report/pages.h"
#include "util/cleanup.h"

struct page_row {
	struct mr_hugepage h;
	uint64_t last;
	const char *state;
	struct mr_records owners;
};

static const struct mr_field page_fields[] = {
	MR_FIELD(MR_FIELD_PFN, struct page_row, h.pfn, "pfn", "PFN", "its first page"),
	MR_FIELD(MR_FIELD_PFN, struct page_row, last, "last_pfn", "LAST", "its last page"),
	MR_FIELD(MR_FIELD_PFN, struct page_row, h.phys, "phys", "PHYS", "physical address, bytes",
		 .optional = true),
	MR_FIELD(MR_FIELD_BYTES, struct page_row, h.size, "size", "SIZE", "bytes", .right = true),
	MR_FIELD(MR_FIELD_S32, struct page_row, h.node, "node", "NODE", "NUMA node",
		 .nullable = true, .right = true),
	MR_FIELD(MR_FIELD_STRING, struct page_row, state, "state", "STATE", "free or in-use"),
	MR_FIELD(MR_FIELD_BOOL, struct page_row, h.poisoned, "poisoned", "POISONED",
		 "whether it is poisoned"),
	MR_FIELD(MR_FIELD_RECORDS, struct page_row, owners, "owners", NULL,
		 "with --owners, the processes that map it", .sub = mr_owner_fields),
	{ 0 },
};

struct list_args {
	bool owners;
	uint64_t timeout_ms;
};

static const struct mr_opt list_opts[] = {
	MR_FLAG("owners", 'o', struct list_args, owners,
		"find the processes that map the hugepages: looks through all of them"),
	MR_DURATION("timeout", 't', struct list_args, timeout_ms,
		    "look for owners for so long (default 30s)"),
	{ 0 },
};

static const struct list_args list_defaults = { .timeout_ms = 30000 };

/* Finds the processes that map hugepages in use, by their first pages: each maps the whole. */
static int find_owners(const struct mr_run *run, const struct mr_machine *m, struct page_row *rows,
		       size_t nr, uint64_t timeout_ms, struct mr_owners *owners, struct mr_err *err)
{
	mr_autofree uint64_t *pfns = calloc(nr + 1, sizeof(*pfns));
	size_t used = 0, n;
	int rc;

	if (!pfns)
		return mr_err_set(err, -ENOMEM, "", "no memory for the search");
	for (size_t i = 0; i < nr; i++)
		if (rows[i].h.state == MR_HUGEPAGE_IN_USE)
			pfns[used++] = rows[i].h.pfn;
	rc = mr_owners_find(m, pfns, used, timeout_ms, NULL, NULL, owners, err);
	if (rc)
		return rc;
	if (!owners->complete)
		mr_msg_note(run, "not every process could be looked through: owners may be missing");
	for (size_t i = 0; i < nr; i++) {
		const struct mr_owner *first = mr_owners_of(owners, rows[i].h.pfn, 1, &n);

		rows[i].owners = (struct mr_records){ first, n, sizeof(*first), false };
	}
	return 0;
}

static int print_tables(const struct mr_run *run, const struct mr_records *pages,
			const struct mr_records *pools, const struct mr_records *totals,
			const struct mr_owners *owners, struct mr_err *err)
{
	struct mr_records found = { owners->list, owners->nr, sizeof(*owners->list), false };
	struct mr_layout layout = { .all = run->globals.verbose };
	struct mr_layout with_reserved = { .all = true };
	int rc = mr_table_print(mr_pool_fields, pools, NULL, err);

	/* Reservations are known only for all nodes together. */
	if (!rc && totals->nr) {
		putchar('\n');
		rc = mr_table_print(mr_pool_fields, totals, &with_reserved, err);
	}
	if (!rc && pages->nr) {
		putchar('\n');
		rc = mr_table_print(page_fields, pages, &layout, err);
	}
	if (!rc && found.nr) {
		putchar('\n');
		rc = mr_table_print(mr_owner_fields, &found, NULL, err);
	}
	return rc;
}

static int print_list(struct mr_run *run, const struct mr_machine *m,
		      const struct mr_hugepage *pages, size_t nr, const struct list_args *args,
		      struct mr_err *err)
{
	mr_autofree struct page_row *rows = calloc(nr + 1, sizeof(*rows));
	mr_autofree struct mr_hugepool *pools = NULL, *totals = NULL;
	struct mr_records records = { rows, nr, sizeof(*rows), false };
	struct mr_records by_node = { .size = sizeof(*pools) }, all = { .size = sizeof(*totals) };
	struct mr_owners owners = { 0 };
	int rc = 0;

	if (!rows)
		return mr_err_set(err, -ENOMEM, "", "no memory for the list");
	for (size_t i = 0; i < nr; i++)
		rows[i] = (struct page_row){
			.h = pages[i],
			.last = pages[i].pfn + (pages[i].size >> m->page_shift) - 1,
			.state = mr_hugepage_states[pages[i].state],
			.owners = { .absent = !args->owners },
		};
	if (args->owners)
		rc = find_owners(run, m, rows, nr, args->timeout_ms, &owners, err);
	if (rc)
		return rc;
	mr_hugepool_list(m, &pools, &by_node.nr);
	mr_hugepool_totals(m, &totals, &all.nr);
	by_node.list = pools;
	all.list = totals;
	if (run->globals.json) {
		json_object *doc = mr_doc_new(run);

		json_object_object_add(doc, "hugepages", mr_records_json(page_fields, &records));
		json_object_object_add(doc, "pools", mr_records_json(mr_pool_fields, &by_node));
		json_object_object_add(doc, "totals", mr_records_json(mr_pool_fields, &all));
		mr_doc_print(doc);
	} else {
		rc = print_tables(run, &records, &by_node, &all, &owners, err);
	}
	mr_owners_free(&owners);
	return rc;
}

static int list_run(struct mr_run *run, const void *args, int nr, char **words)
{
	struct mr_targets targets = { 0 };
	struct mr_hugepages pages = { 0 };
	struct mr_spans spans = { 0 };
	struct mr_err err = { 0 };
	struct mr_machine m;
	int rc = 0;

	if (nr)
		rc = mr_targets_read(&targets, nr, words, NULL, 0, &err);
	if (!rc)
		rc = mr_begin(run, &m, MR_WANT_MODULE, &err);
	if (rc) {
		mr_targets_free(&targets);
		return mr_end_error(run, &err);
	}
	rc = mr_hugepool_need(&m, &err);
	if (!rc)
		rc = nr ? mr_resolve(&m, &targets, &spans, &err) :
			  mr_resolve_all(&m, &spans, &err);
	if (!rc)
		rc = mr_hugepages_open(&pages, &m, &err);
	for (size_t i = 0; !rc && i < spans.nr; i++)
		rc = mr_hugepages_add(&pages, spans.list[i].pfn, spans.list[i].nr, &err);
	if (!rc)
		rc = print_list(run, &m, pages.list, pages.nr, args, &err);
	mr_hugepages_close(&pages);
	mr_spans_free(&spans);
	mr_targets_free(&targets);
	mr_machine_close(&m);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

struct replace_args {
	uint64_t timeout_ms;
};

static const struct mr_opt replace_opts[] = {
	MR_DURATION("timeout", 't', struct replace_args, timeout_ms,
		    "try a busy hugepage again for so long (default 10s)"),
	{ 0 },
};

static const struct replace_args replace_defaults = { .timeout_ms = 10000 };

static void settled(const struct mr_result *result, void *report)
{
	mr_page_report_add(report, result);
}

static void tick(uint64_t done, uint64_t total, const char *waiting_for, void *report)
{
	mr_progress_show(&((struct mr_page_report *)report)->progress, "hugepages", done, total, 0,
			 waiting_for);
}

/* Inspects and plans, then shows the plan or applies it. */
static int replace(struct mr_page_report *report, struct mr_machine *m,
		   const struct mr_spans *spans, bool only_free, uint64_t timeout_ms,
		   struct mr_err *err)
{
	const struct mr_replace_hooks hooks = { settled, tick, report };
	struct mr_replace_snap snap;
	int rc = mr_replace_look(m, spans, only_free, &snap, err);

	if (rc)
		return rc;
	/* A dry run does not load the module, but plans as if it was loaded. */
	snap.can_replace = m->device < 0 || mr_device_has(m, MEMRAS_FEAT_REPLACE);
	mr_replace_plan(&snap);
	report->wanted = snap.told;
	mr_progress_start(&report->progress, report->run);
	if (report->run->globals.dry_run)
		mr_replace_show(&snap, &hooks);
	else
		mr_replace_apply(m, &snap, timeout_ms, &hooks);
	mr_progress_end(&report->progress);
	mr_replace_snap_free(&snap);
	return 0;
}

static int replace_run(struct mr_run *run, const void *pargs, int nr, char **words)
{
	const struct replace_args *args = pargs;
	const bool only_free = nr == 1 && !strcmp(words[0], MR_REPLACE_ALL_FREE);
	struct mr_page_report report = { .run = run, .done = "replaced" };
	struct mr_targets targets = { 0 };
	struct mr_spans spans = { 0 };
	struct mr_err err = { 0 };
	struct mr_machine m;
	int rc = 0;

	if (!only_free)
		rc = mr_targets_read(&targets, nr, words, NULL, 0, &err);
	if (rc)
		return mr_end_error(run, &err);
	rc = mr_begin(run, &m, MR_NEED_ADMIN |
		      (run->globals.dry_run ? MR_ASK_MODULE : MR_NEED_MODULE), &err);
	if (rc)
		goto out_targets;
	rc = mr_hugepool_need(&m, &err);
	if (!rc && !run->globals.dry_run)
		rc = mr_device_need_replace(m.info.features, &err);
	if (!rc)
		rc = only_free ? mr_resolve_all(&m, &spans, &err) :
				 mr_resolve(&m, &targets, &spans, &err);
	if (!rc)
		rc = replace(&report, &m, &spans, only_free, args->timeout_ms, &err);
	mr_spans_free(&spans);
	mr_machine_close(&m);
out_targets:
	rc = rc ? mr_page_report_fail(&report, &err) : mr_page_report_end(&report);
	mr_targets_free(&targets);	/* the rows refer to them */
	return rc;
}

static const struct mr_member list_members[] = {
	{ "hugepages", page_fields },
	{ "pools", mr_pool_fields },
	{ "totals", mr_pool_fields },
	{ 0 },
};

static const struct mr_cmd hugepage_list = {
	.name = "list",
	.synopsis = "[TARGET...]",
	.operand = MR_OPERAND_TARGET,
	.max_operands = -1,
	.summary = "list hugepages and their pools",
	.opts = list_opts,
	.defaults = &list_defaults,
	.args_size = sizeof(struct list_args),
	.members = list_members,
	.run = list_run,
};

static const char *const replace_words[] = { MR_REPLACE_ALL_FREE, NULL };

static const struct mr_member replace_members[] = {
	{ "results", mr_page_fields },
	{ 0 },
};

static const struct mr_cmd hugepage_replace = {
	.name = "replace",
	.synopsis = "TARGET...|all-free",
	.operand = MR_OPERAND_TARGET,
	.words = replace_words,
	.min_operands = 1,
	.max_operands = -1,
	.summary = "replace hugepages on their node, and free what they were in",
	.details = "The pool keeps its size: a fresh hugepage takes the place of the old one, whose\n"
		   "range becomes ordinary memory. One in use is migrated.",
	.opts = replace_opts,
	.defaults = &replace_defaults,
	.args_size = sizeof(struct replace_args),
	.flags = MR_CMD_DRYRUN | MR_CMD_ACTS,
	.members = replace_members,
	.run = replace_run,
};

static const struct mr_cmd *const subs[] = { &hugepage_list, &hugepage_replace, NULL };

const struct mr_cmd mr_cmd_hugepage = {
	.name = "hugepage",
	.summary = "list hugepages, and replace them in their pools",
	.subs = subs,
};
