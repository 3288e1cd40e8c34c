// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <inttypes.h>
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
#include "lib/hugetlb/hugepage.h"
#include "lib/inspect/owners.h"
#include "report/begin.h"
#include "report/fields.h"
#include "report/pages.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/interrupt.h"

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

/* Who maps the hugepages in use: each maps the whole, so the first page tells. */
static int find_owners(const struct mr_run *run, const struct mr_machine *m, struct page_row *rows,
		       size_t nr, uint64_t timeout_ms, struct mr_owners *owners, struct mr_err *err)
{
	mr_autofree uint64_t *pfns = calloc(nr + 1, sizeof(*pfns));
	size_t used = 0, n;
	int rc;

	if (!pfns)
		return mr_err_set(err, -ENOMEM, "", "no memory for the search");
	for (size_t i = 0; i < nr; i++)
		if (!rows[i].h.free)
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

	/* Who was promised how many is known for all nodes together. */
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
			.state = pages[i].free ? "free" : "in-use",
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

struct replace_job {
	struct mr_machine *m;
	uint64_t timeout_ms;
	bool dry_run;
	bool only_free;
	uint64_t skip_from, skip_to;	/* the hugepage that was dealt with last */
};

#define ALL_FREE "all-free"

static bool dealt_with(const struct replace_job *job, uint64_t pfn)
{
	return pfn >= job->skip_from && pfn < job->skip_to;
}

static void replace_one(uint64_t pfn, struct mr_result *r, void *data)
{
	struct replace_job *job = data;
	const uint64_t start = mr_clock_us();
	struct mr_snap s;
	char object[24];

	snprintf(object, sizeof(object), "0x%" PRIx64, pfn);
	*r = (struct mr_result){ .target = r->target, .pfn = pfn, .phys = mr_pfn_phys(job->m, pfn),
				 .node = -1, .block = UINT64_MAX };
	if (mr_inspect(job->m, pfn, &s, &r->err)) {
		r->outcome = MR_OUTCOME_FAILED;
		return;
	}
	r->kind = s.kind;
	r->node = s.node;
	r->block = s.block;
	if (mr_snap_is_hugetlb(&s) && s.huge_pages) {
		r->pfn = s.huge_head;
		r->phys = mr_pfn_phys(job->m, s.huge_head);
		job->skip_from = s.huge_head;
		job->skip_to = s.huge_head + s.huge_pages;
		r->path = s.kind == MEMRAS_KIND_HUGETLB_FREE ? MR_PATH_HUGEPAGE_REPLACED :
							       MR_PATH_HUGEPAGE_MIGRATED;
		r->via = MR_VIA_MODULE;
		if (job->dry_run) {
			r->outcome = MR_OUTCOME_PLANNED;
			return;
		}
		r->attempts = 1;
		if (mr_hugepage_replace(job->m, &s, job->timeout_ms, &r->err)) {
			r->outcome = MR_OUTCOME_FAILED;
			r->path = MR_PATH_NONE;
		} else {
			r->outcome = MR_OUTCOME_DONE;
			r->pool = MR_POOL_REPLACED;
		}
		r->elapsed_us = mr_clock_us() - start;
		return;
	}
	r->outcome = MR_OUTCOME_REFUSED;
	if (s.kind == MEMRAS_KIND_GIGANTIC)
		mr_err_set(&r->err, -EBUSY, object,
			   "page is in a gigantic hugepage, which the kernel cannot replace");
	else
		mr_err_set(&r->err, -EINVAL, object, "page is not in a hugepage: it is %s",
			   mr_kind_text(s.kind));
}

/* Whether all-free means it: a gigantic one cannot be replaced, and is left alone. */
static bool replaceable(const struct mr_hugepage *h)
{
	return h->free && !h->gigantic;
}

/* A whole range may name each hugepage many times, and pages that are in none. */
static int replace_spans(struct mr_page_report *report, const struct mr_spans *spans,
			 struct replace_job *job, struct mr_err *err)
{
	for (size_t i = 0; i < spans->nr && !mr_interrupted(); i++) {
		const struct mr_span *span = &spans->list[i];
		struct mr_hugepage *pages = NULL;
		const char *word = span->target ? span->target->word : ALL_FREE;
		struct mr_result result = { .target = word };
		size_t n = 0;
		int rc;

		if (span->nr > 1) {
			rc = mr_hugepage_list(job->m, span->pfn, span->nr, &pages, &n, err);
			if (rc)
				return rc;
		}
		if (!n && !dealt_with(job, span->pfn) && !job->only_free) {
			/* A single page, or a range without hugepages: say what is there. */
			replace_one(span->pfn, &result, job);
			mr_page_report_add(report, &result);
		}
		for (size_t k = 0; k < n && !mr_interrupted(); k++) {
			if (dealt_with(job, pages[k].pfn) || (job->only_free && !replaceable(&pages[k])))
				continue;
			replace_one(pages[k].pfn, &result, job);
			result.target = word;
			mr_page_report_add(report, &result);
		}
		free(pages);
	}
	/* What a signal kept from being reached is not known by number: at least one. */
	if (mr_interrupted())
		report->wanted = report->summary.requested + 1;
	return 0;
}

static int replace_run(struct mr_run *run, const void *pargs, int nr, char **words)
{
	const struct replace_args *args = pargs;
	struct mr_page_report report = { .run = run, .done = "replaced" };
	struct mr_targets targets = { 0 };
	struct mr_spans spans = { 0 };
	struct mr_err err = { 0 };
	struct mr_machine m;
	struct replace_job job = {
		.m = &m, .timeout_ms = args->timeout_ms, .dry_run = run->globals.dry_run,
	};
	int rc = 0;

	job.only_free = nr == 1 && !strcmp(words[0], ALL_FREE);
	if (!job.only_free)
		rc = mr_targets_read(&targets, nr, words, NULL, 0, &err);
	if (rc)
		return mr_end_error(run, &err);
	rc = mr_begin(run, &m, MR_NEED_ADMIN | (run->globals.dry_run ? 0 : MR_NEED_MODULE), &err);
	if (rc)
		goto out_targets;
	rc = mr_hugepool_need(&m, &err);
	if (!rc && !run->globals.dry_run)
		rc = mr_device_need_replace(m.info.features, &err);
	if (!rc)
		rc = job.only_free ? mr_resolve_all(&m, &spans, &err) :
				     mr_resolve(&m, &targets, &spans, &err);
	if (!rc)
		rc = replace_spans(&report, &spans, &job, &err);
	mr_spans_free(&spans);
	mr_machine_close(&m);
out_targets:
	rc = rc ? mr_page_report_fail(&report, &err) : mr_page_report_end(&report);
	mr_targets_free(&targets);
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

static const char *const replace_words[] = { ALL_FREE, NULL };

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
