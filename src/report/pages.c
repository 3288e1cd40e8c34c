// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "report/pages.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cli/record.h"
#include "cli/table.h"
#include "lib/budget.h"
#include "report/begin.h"
#include "report/fields.h"
#include "util/grow.h"
#include "util/num.h"
#include "util/text.h"

struct mr_page_row {
	const char *target;
	uint64_t pfn, phys, block, attempts, elapsed_us;
	const char *kind, *path, *via, *pool, *result;
	const struct mr_err *err;	/* not valid any more in rows that are kept for the table */
	struct mr_records owners;
	int32_t node;
};

const struct mr_field mr_page_fields[] = {
	MR_FIELD(MR_FIELD_STRING, struct mr_page_row, target, "target", "TARGET",
		 "the word that named the page", .optional = true),
	MR_FIELD(MR_FIELD_PFN, struct mr_page_row, pfn, "pfn", "PFN", "page frame number"),
	MR_FIELD(MR_FIELD_PFN, struct mr_page_row, phys, "phys", "PHYS", "physical address, bytes",
		 .optional = true),
	MR_FIELD(MR_FIELD_S32, struct mr_page_row, node, "node", "NODE", "NUMA node", .nullable = true,
		 .right = true),
	MR_FIELD(MR_FIELD_U64, struct mr_page_row, block, "block", "BLOCK", "memory block",
		 .nullable = true, .right = true),
	MR_FIELD(MR_FIELD_STRING, struct mr_page_row, kind, "kind", "KIND", "what the page was"),
	MR_FIELD(MR_FIELD_STRING, struct mr_page_row, path, "path", "PATH", "how it went"),
	MR_FIELD(MR_FIELD_STRING, struct mr_page_row, via, "via", "VIA", "what was called"),
	MR_FIELD(MR_FIELD_STRING, struct mr_page_row, pool, "pool", NULL,
		 "how the pool of a hugepage kept its size"),
	MR_FIELD(MR_FIELD_STRING, struct mr_page_row, result, "result", "RESULT", "what became of it"),
	MR_FIELD(MR_FIELD_U64, struct mr_page_row, attempts, "attempts", "TRIES", "how often it was tried",
		 .optional = true, .right = true),
	MR_FIELD(MR_FIELD_U64, struct mr_page_row, elapsed_us, "elapsed_us", NULL, "microseconds"),
	MR_FIELD(MR_FIELD_RECORDS, struct mr_page_row, owners, "owners", NULL,
		 "hard offline: the processes that map the page", .sub = mr_owner_fields),
	MR_FIELD(MR_FIELD_ERROR, struct mr_page_row, err, "error", NULL, "why not"),
	{ 0 },
};

/* A run over pages; the data of its hooks. */
struct run_of {
	struct mr_page_report *rp;
	const struct mr_machine *m;
};

static struct mr_page_row make_row(const struct mr_page_report *rp, const struct mr_result *r)
{
	return (struct mr_page_row){
		.target = r->target, .pfn = r->pfn, .phys = r->phys, .node = r->node,
		.block = r->block, .attempts = r->attempts, .elapsed_us = r->elapsed_us,
		.kind = mr_kind_name(r->kind), .path = mr_path_name(r->path),
		.via = mr_via_name(r->via), .pool = mr_pool_way_name(r->pool),
		.result = mr_outcome_name(r->outcome, rp->done),
		.err = &r->err,
		.owners = { r->owners, r->nr_owners, sizeof(*r->owners), false },
	};
}

/* Prints the members that all lines of JSON begin with. */
static void begin_line(const struct mr_page_report *rp)
{
	printf("{\"schema\": %d, \"command\": \"%s\"", MR_DOC_SCHEMA, rp->run->name);
	if (rp->mode)
		printf(", \"mode\": \"%s\"", rp->mode);
	printf(", \"dry_run\": %s", rp->run->globals.dry_run ? "true" : "false");
}

static void begin_document(struct mr_page_report *rp)
{
	if (!rp->begun)
		mr_doc_begin_list(&rp->doc, rp->run, "results", mr_page_fields);
	rp->begun = true;
}

void mr_page_report_add(struct mr_page_report *rp, const struct mr_result *result)
{
	struct mr_page_row row = make_row(rp, result);

	mr_summary_add(&rp->summary, result->outcome, &result->err);
	if (result->err.code) {
		mr_progress_end(&rp->progress);
		mr_msg_error(rp->run, &result->err);
	}
	if (rp->lines) {
		begin_line(rp);
		fputs(", \"page\": ", stdout);
		mr_record_write(mr_page_fields, &row, stdout);
		fputs("}\n", stdout);
	} else if (rp->run->globals.json) {
		begin_document(rp);
		mr_doc_add_record(&rp->doc, &row);
	} else if (!rp->run->globals.quiet) {
		if (mr_make_room(rp->rows, rp->nr, rp->room)) {
			rp->lost = true;
			return;
		}
		rp->rows[rp->nr++] = row;
	}
}

/* Returns what the run changed in the retired list; NULL if it did not use the list. */
static json_object *list_json(const struct mr_page_report *rp)
{
	static const struct mr_field error_field[] = {
		{ .name = "error", .type = MR_FIELD_ERROR, .offset = 0 },
		{ 0 },
	};
	const struct mr_err *err;
	json_object *o;

	if (!rp->notes || rp->run->globals.dry_run)
		return NULL;
	o = json_object_new_object();
	json_object_object_add(o, "recorded", json_object_new_uint64(rp->notes->recorded));
	err = &rp->notes->err;
	mr_record_add(o, error_field, &err);
	return o;
}

/* Prints one more member of a line; frees @value. */
static void line_member(const char *name, json_object *value)
{
	printf(", \"%s\": ", name);
	mr_text_print(stdout, json_object_to_json_string(value), MR_TEXT_JSON);
	json_object_put(value);
}

static void end_lines(const struct mr_page_report *rp)
{
	begin_line(rp);
	line_member("summary", mr_summary_json(&rp->summary, rp->done));
	if (rp->tells_list)
		line_member("retired_list", list_json(rp));
	fputs("}\n", stdout);
}

static void end_document(struct mr_page_report *rp)
{
	json_object *more = json_object_new_object();

	begin_document(rp);
	if (rp->mode)
		json_object_object_add(more, "mode", json_object_new_string(rp->mode));
	json_object_object_add(more, "dry_run",
			       json_object_new_boolean(rp->run->globals.dry_run));
	json_object_object_add(more, "summary", mr_summary_json(&rp->summary, rp->done));
	if (rp->tells_list)
		json_object_object_add(more, "retired_list", list_json(rp));
	mr_doc_end_list(&rp->doc, more);
}

static int print_table(const struct mr_page_report *rp)
{
	struct mr_layout layout = { .all = rp->run->globals.verbose };
	struct mr_records records = { rp->rows, rp->nr, sizeof(*rp->rows), false };
	struct mr_err err = { 0 };
	int rc = mr_table_print(mr_page_fields, &records, &layout, &err);

	if (rc)
		mr_msg_error(rp->run, &err);
	if (rp->lost)
		mr_msg_note(rp->run, "there was no memory for all rows of the table");
	return rc;
}

int mr_page_report_end(struct mr_page_report *rp)
{
	struct mr_summary *s = &rp->summary;
	/* After a signal some pages were not reached. */
	uint64_t missed = rp->wanted > s->requested ? rp->wanted - s->requested : 0;
	uint64_t not_done = s->refused + s->failed + missed;
	int code = mr_exit_of_counts(s->done + s->already + s->planned, not_done, &s->last);

	s->requested += missed;
	if (rp->lines)
		end_lines(rp);
	else if (rp->run->globals.json)
		end_document(rp);
	else if (!rp->run->globals.quiet && print_table(rp))
		code = MR_EXIT_FAILED;
	free(rp->rows);
	rp->rows = NULL;
	return code;
}

int mr_page_report_fail(struct mr_page_report *rp, const struct mr_err *err)
{
	if (rp->begun) {
		mr_msg_error(rp->run, err);
		mr_page_report_end(rp);
		return mr_exit_of_error(err);
	}
	free(rp->rows);
	rp->rows = NULL;
	return mr_end_error(rp->run, err);
}

/* The budget does not stop commands of the user: they only warn. */
static void warn_of_budget(const struct run_of *run, const struct mr_intent *list, size_t nr)
{
	const uint64_t budget = mr_budget_read(run->m);
	char sizes[3][MR_SIZE_TEXT];
	uint64_t pages = 0, poisoned;

	for (size_t i = 0; i < nr; i++)
		pages += !list[i].already;
	if (!pages || !run->rp->notes->cause ||
	    mr_budget_allows(run->m, budget, pages, &poisoned))
		return;
	mr_msg_note(run->rp->run,
		    "%s of memory is poisoned, and %s more would be beyond the budget of %s",
		    mr_size_text(poisoned, sizes[0]),
		    mr_size_text(pages << run->m->page_shift, sizes[1]),
		    mr_size_text(budget, sizes[2]));
}

static int intend(const struct mr_intent *list, size_t nr, void *data, struct mr_err *err)
{
	struct run_of *run = data;

	warn_of_budget(run, list, nr);
	return mr_retnotes_intend(run->rp->notes, run->rp->run, run->m, list, nr, err);
}

static void settled(const struct mr_result *result, void *data)
{
	struct mr_page_report *rp = ((struct run_of *)data)->rp;

	mr_page_report_add(rp, result);
	if (rp->also)
		rp->also(result, rp->also_data);
}

static void tick(uint64_t done, uint64_t total, const char *waiting_for, void *data)
{
	struct mr_page_report *rp = ((struct run_of *)data)->rp;

	mr_progress_show(&rp->progress, "pages", done, total, 0, waiting_for);
	if (rp->lines)
		fflush(stdout);
}

int mr_page_report_run(struct mr_page_report *rp, struct mr_machine *m,
		       const struct mr_spans *spans, mr_page_fn fn, void *data,
		       struct mr_err *err)
{
	struct run_of run = { rp, m };
	const struct mr_batch_hooks hooks = {
		.intend = rp->notes ? intend : NULL,
		.settled = settled, .tick = tick, .data = &run,
	};
	int rc;

	rp->wanted += spans->pages;
	mr_progress_start(&rp->progress, rp->run);
	rc = fn(m, spans, &hooks, data, err);
	mr_progress_end(&rp->progress);
	return rc;
}

int mr_page_command(struct mr_page_report *rp, unsigned int needs, int nr, char **operands,
		    const char *from, mr_page_fn fn, void *data)
{
	int rc, code, after = MR_EXIT_OK;
	struct mr_targets targets = { 0 };
	struct mr_spans spans = { 0 };
	struct mr_err err = { 0 };
	struct mr_machine m;

	rc = mr_targets_read(&targets, nr, operands, from, MR_TARGETS_NO_NODES, &err);
	if (rc)
		return mr_end_error(rp->run, &err);
	rc = mr_begin(rp->run, &m, needs, &err);
	if (rc)
		goto out_targets;
	rc = mr_resolve(&m, &targets, &spans, &err);
	if (rc)
		goto out_machine;
	if (spans.absent)
		mr_msg_note(rp->run, "%llu pages of these ranges are not in memory and left out",
			    (unsigned long long)spans.absent);
	rc = mr_page_report_run(rp, &m, &spans, fn, data, &err);
	mr_spans_free(&spans);
	if (!rc && rp->notes)
		after = mr_retnotes_settle(rp->notes, rp->run, &m);
	if (rp->notes)
		mr_retnotes_free(rp->notes);
out_machine:
	mr_machine_close(&m);
out_targets:
	code = rc ? mr_page_report_fail(rp, &err) : mr_page_report_end(rp);
	mr_targets_free(&targets);	/* the rows refer to them */
	return code == MR_EXIT_OK ? after : code;
}
