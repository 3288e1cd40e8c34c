// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "report/pages.h"

#include <stdlib.h>

#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cli/record.h"
#include "cli/table.h"
#include "report/begin.h"
#include "report/fields.h"
#include "util/grow.h"
#include "util/interrupt.h"

struct row {
	struct mr_result r;
	const char *result;
	const struct mr_err *err;
	struct mr_records owners;
};

const struct mr_field mr_page_fields[] = {
	MR_FIELD(MR_FIELD_STRING, struct row, r.target, "target", "TARGET",
		 "the word that named the page", .optional = true),
	MR_FIELD(MR_FIELD_PFN, struct row, r.pfn, "pfn", "PFN", "page frame number"),
	MR_FIELD(MR_FIELD_PFN, struct row, r.phys, "phys", "PHYS", "physical address, bytes",
		 .optional = true),
	MR_FIELD(MR_FIELD_S32, struct row, r.node, "node", "NODE", "NUMA node", .nullable = true,
		 .right = true),
	MR_FIELD(MR_FIELD_U64, struct row, r.block, "block", "BLOCK", "memory block",
		 .nullable = true, .right = true),
	MR_FIELD(MR_FIELD_STRING, struct row, r.kind, "kind", "KIND", "what the page was"),
	MR_FIELD(MR_FIELD_STRING, struct row, r.path, "path", "PATH", "how it went"),
	MR_FIELD(MR_FIELD_STRING, struct row, r.via, "via", "VIA", "what was called"),
	MR_FIELD(MR_FIELD_STRING, struct row, r.pool, "pool", NULL,
		 "how the pool of a hugepage kept its size"),
	MR_FIELD(MR_FIELD_STRING, struct row, result, "result", "RESULT", "what became of it"),
	MR_FIELD(MR_FIELD_U64, struct row, r.attempts, "attempts", "TRIES", "how often it was tried",
		 .optional = true, .right = true),
	MR_FIELD(MR_FIELD_U64, struct row, r.elapsed_us, "elapsed_us", NULL, "microseconds"),
	MR_FIELD(MR_FIELD_RECORDS, struct row, owners, "owners", NULL,
		 "hard offline: the processes that map the page", .sub = mr_owner_fields),
	MR_FIELD(MR_FIELD_ERROR, struct row, err, "error", NULL, "why not"),
	{ 0 },
};

static struct row make_row(const struct mr_page_report *rp, const struct mr_result *r)
{
	return (struct row){
		.r = *r,
		.result = mr_outcome_name(r->outcome, rp->done),
		.err = &r->err,
		.owners = { r->owners.list, r->owners.nr, sizeof(*r->owners.list), false },
	};
}

/* What every document and line of this report begins with. */
static json_object *head_json(const struct mr_page_report *rp)
{
	json_object *doc = mr_doc_new(rp->run);

	if (rp->mode)
		json_object_object_add(doc, "mode", json_object_new_string(rp->mode));
	json_object_object_add(doc, "dry_run", json_object_new_boolean(rp->run->globals.dry_run));
	return doc;
}

static void print_line(const struct mr_page_report *rp, const struct mr_result *result)
{
	json_object *line = head_json(rp);
	struct row row = make_row(rp, result);

	json_object_object_add(line, "page", mr_record_json(mr_page_fields, &row));
	mr_doc_print_line(line);
}

int mr_page_report_add(struct mr_page_report *rp, const struct mr_result *result)
{
	mr_summary_add(&rp->summary, result->outcome, &result->err);
	if (result->err.code)
		mr_msg_error(rp->run, &result->err);
	if (rp->lines) {
		struct mr_owners owners = result->owners;

		print_line(rp, result);
		mr_owners_free(&owners);
		return 0;
	}
	if (mr_make_room(rp->list, rp->nr, rp->room))
		return -ENOMEM;
	rp->list[rp->nr++] = *result;
	return 0;
}

static int print_report(const struct mr_page_report *rp)
{
	struct mr_layout layout = { .all = rp->run->globals.verbose };
	struct row *rows = calloc(rp->nr + 1, sizeof(*rows));
	struct mr_records records = { rows, rp->nr, sizeof(*rows), false };
	struct mr_err err = { 0 };
	json_object *doc;
	int rc = 0;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < rp->nr; i++)
		rows[i] = make_row(rp, &rp->list[i]);
	if (rp->run->globals.json) {
		doc = head_json(rp);
		json_object_object_add(doc, "results", mr_records_json(mr_page_fields, &records));
		json_object_object_add(doc, "summary", mr_summary_json(&rp->summary, rp->done));
		mr_doc_print(doc);
	} else if (!rp->run->globals.quiet) {
		rc = mr_table_print(mr_page_fields, &records, &layout, &err);
	}
	free(rows);
	return rc;
}

int mr_page_report_end(struct mr_page_report *rp)
{
	struct mr_summary *s = &rp->summary;
	/* A signal leaves some that were never reached. */
	uint64_t missed = rp->wanted > s->requested ? rp->wanted - s->requested : 0;
	uint64_t not_done = s->refused + s->failed + missed;
	int code = mr_exit_of_counts(s->done + s->already + s->planned, not_done, &s->last);

	s->requested += missed;
	if (rp->lines) {
		json_object *line = head_json(rp);

		json_object_object_add(line, "summary", mr_summary_json(s, rp->done));
		mr_doc_print_line(line);
	} else if (print_report(rp)) {
		code = MR_EXIT_FAILED;
	}
	for (size_t i = 0; i < rp->nr; i++)
		mr_owners_free(&rp->list[i].owners);
	free(rp->list);
	return code;
}

int mr_page_report_each(struct mr_page_report *rp, struct mr_machine *m,
			const struct mr_spans *spans, mr_page_fn fn, void *data)
{
	for (size_t i = 0; i < spans->nr; i++) {
		const struct mr_span *span = &spans->list[i];

		rp->wanted += span->nr;
		for (uint64_t n = 0; n < span->nr; n++) {
			struct mr_spot spot = { span->pfn + n, span->where + (n << m->page_shift),
						span->target };
			struct mr_result result = { .target = span->target->word };

			if (mr_interrupted())
				break;
			fn(m, &spot, &result, data);
			if (mr_page_report_add(rp, &result))
				return -ENOMEM;
		}
	}
	return 0;
}

int mr_page_command(struct mr_page_report *rp, unsigned int needs, int nr, char **operands,
		    const char *from, mr_page_fn fn, void *data)
{
	struct mr_targets targets = { 0 };
	struct mr_spans spans = { 0 };
	struct mr_err err = { 0 };
	struct mr_machine m;
	int rc, code, after = MR_EXIT_OK;

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
	rc = mr_page_report_each(rp, &m, &spans, fn, data);
	if (rc)
		mr_err_set(&err, rc, "", "no memory for the report");
	mr_spans_free(&spans);
	if (rp->after)
		after = rp->after(rp->run, &m, data);
out_machine:
	mr_machine_close(&m);
out_targets:
	code = rc ? mr_end_error(rp->run, &err) : mr_page_report_end(rp);
	mr_targets_free(&targets);	/* which the results speak of */
	return code == MR_EXIT_OK ? after : code;
}
