// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/kpage.h"
#include "cli/exit.h"
#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cli/table.h"
#include "cmds/commands.h"
#include "lib/inspect/cgroup.h"
#include "lib/inspect/inspect.h"
#include "lib/inspect/owners.h"
#include "lib/page/retire.h"
#include "lib/target/resolve.h"
#include "report/begin.h"
#include "report/fields.h"
#include "report/progress.h"
#include "util/cleanup.h"
#include "util/grow.h"

#define INSPECT_MAX	(1ULL << 20)	/* pages of one run: each is reported in full */
#define BATCH		4096		/* pages that are read together */

struct row {
	struct mr_snap s;
	uint64_t phys, pages;
	const char *zone, *kind, *cgroup, *soft_path;
	const char **flags;
	struct mr_records owners;
	const struct mr_err *soft_error;
};

static const struct mr_field fields[] = {
	MR_FIELD(MR_FIELD_PFN, struct row, s.pfn, "pfn", "PFN", "page frame number"),
	MR_FIELD(MR_FIELD_U64, struct row, pages, NULL, "PAGES",
		 "a table only: how many neighbours are all alike", .right = true),
	MR_FIELD(MR_FIELD_PFN, struct row, phys, "phys", "PHYS", "physical address, bytes",
		 .optional = true),
	MR_FIELD(MR_FIELD_S32, struct row, s.node, "node", "NODE", "NUMA node", .nullable = true,
		 .right = true),
	MR_FIELD(MR_FIELD_STRING, struct row, zone, "zone", "ZONE", "zone"),
	MR_FIELD(MR_FIELD_U64, struct row, s.block, "block", "BLOCK", "memory block",
		 .nullable = true, .right = true),
	MR_FIELD(MR_FIELD_STRING, struct row, kind, "kind", "KIND", "what the page is"),
	MR_FIELD(MR_FIELD_STRINGS, struct row, flags, "flags", "FLAGS", "as page-types names them"),
	MR_FIELD(MR_FIELD_S32, struct row, s.refcount, "refcount", "REFS",
		 "references (needs memras.ko)", .nullable = true, .right = true),
	MR_FIELD(MR_FIELD_S32, struct row, s.mapcount, "mapcount", "MAPS", "page tables that map it",
		 .nullable = true, .right = true),
	MR_FIELD(MR_FIELD_S32, struct row, s.extra_refs, "extra_refs", NULL,
		 "references that nothing known accounts for", .nullable = true),
	MR_FIELD(MR_FIELD_BOOL, struct row, s.held, "held", NULL, "held by memras"),
	MR_FIELD(MR_FIELD_STRING, struct row, cgroup, "cgroup", "CGROUP", "memory cgroup",
		 .optional = true),
	MR_FIELD(MR_FIELD_RECORDS, struct row, owners, "owners", NULL,
		 "with --owners, the processes that map it", .sub = mr_owner_fields),
	MR_FIELD(MR_FIELD_STRING, struct row, soft_path, "soft_path", "SOFT",
		 "how soft offline would go; none: not at all"),
	MR_FIELD(MR_FIELD_ERROR, struct row, soft_error, "soft_error", "WHY-NOT",
		 "why soft offline would refuse", .optional = true),
	{ 0 },
};

struct inspect_args {
	bool owners;
	uint64_t timeout_ms;
	const char *from;
};

static const struct mr_opt inspect_opts[] = {
	MR_FLAG("owners", 'o', struct inspect_args, owners,
		"find the processes that map the pages: looks through all of them"),
	MR_DURATION("timeout", 't', struct inspect_args, timeout_ms,
		    "look for owners for so long (default 30s)"),
	MR_FILE("from", 0, struct inspect_args, from, "read targets from FILE, - for standard input"),
	{ 0 },
};

static const struct inspect_args inspect_defaults = { .timeout_ms = 30000 };

/* The state of a run, and its output. */
struct job {
	const struct mr_run *run;
	const struct mr_machine *m;
	const struct inspect_args *args;
	struct mr_inspector inspector;
	struct mr_ability ability;
	struct mr_cgroups cgroups;
	struct mr_owners owners;
	struct mr_doc_list doc;
	bool streamed;			/* the document was begun */
	struct row *rows;		/* for the table */
	size_t nr, room;
};

/* Pages that are read together. */
struct batch {
	uint64_t pfns[BATCH];
	struct mr_snap snaps[BATCH];
	const char *cgroups[BATCH];
};

/* True if a table row can cover @b together with @a, the pages right before it. */
static bool alike(const struct row *a, const struct row *b)
{
	const struct mr_snap *s = &a->s, *t = &b->s;

	return s->pfn + a->pages == t->pfn && s->flags == t->flags && s->kind == t->kind &&
	       s->node == t->node && s->block == t->block && s->refcount == t->refcount &&
	       s->mapcount == t->mapcount && a->soft_path == b->soft_path &&
	       a->cgroup == b->cgroup && !strcmp(s->zone, t->zone);
}

static int keep_row(struct job *job, const struct row *row)
{
	const struct mr_err *error = row->soft_error->code ? row->soft_error : NULL;
	struct mr_err *err = NULL;
	struct row *kept;
	size_t n = 0;

	if (job->nr && alike(&job->rows[job->nr - 1], row)) {
		job->rows[job->nr - 1].pages++;
		return 0;
	}
	if (mr_make_room(job->rows, job->nr, job->room))
		return -ENOMEM;
	/* Rows may move: they have no pointers into each other. */
	kept = &job->rows[job->nr];
	*kept = *row;
	while (row->flags[n])
		n++;
	kept->flags = calloc(n + 1, sizeof(*kept->flags));
	if (error)
		err = malloc(sizeof(*err));
	if (!kept->flags || (error && !err)) {
		free(kept->flags);
		free(err);
		return -ENOMEM;
	}
	memcpy(kept->flags, row->flags, n * sizeof(*kept->flags));
	if (err)
		*err = *error;
	kept->soft_error = err;
	job->nr++;
	return 0;
}

static int tell(struct job *job, const struct mr_snap *s, const char *cgroup)
{
	static const struct mr_offline_policy soft = { .mode = MR_MODE_SOFT, .dry_run = true };
	const char *flags[MR_KPAGE_NAMES];
	struct row row = {
		.s = *s, .phys = mr_pfn_phys(job->m, s->pfn), .pages = 1,
		.kind = mr_kind_name(s->kind), .cgroup = cgroup, .flags = flags,
		.owners = { .size = sizeof(struct mr_owner), .absent = !job->args->owners },
	};
	struct mr_plan plan;

	mr_plan_offline(s, &soft, &job->ability, &plan);
	mr_kpage_flag_names(s->flags, flags);
	row.zone = row.s.zone[0] ? row.s.zone : NULL;
	row.soft_path = mr_path_name(plan.step.path);
	row.soft_error = &plan.err;
	if (job->args->owners)
		row.owners.list = mr_owners_of(&job->owners, s->pfn, 1, &row.owners.nr);
	if (!job->run->globals.json)
		return keep_row(job, &row);
	mr_doc_add_record(&job->doc, &row);
	return 0;
}

static bool show_search(size_t done, size_t processes, void *line)
{
	mr_progress_show(line, "looking for owners", done, processes, 0, "");
	return true;
}

static int find_owners(struct job *job, const struct mr_spans *spans, struct mr_err *err)
{
	mr_autofree uint64_t *pfns = calloc(spans->pages + 1, sizeof(*pfns));
	struct mr_progress_line line;
	struct mr_spots spots;
	struct mr_spot spot;
	size_t nr = 0;
	int rc;

	if (!pfns)
		return mr_err_set(err, -ENOMEM, "", "no memory for the search");
	mr_spots_begin(&spots, job->m, spans);
	while (mr_spots_next(&spots, &spot))
		pfns[nr++] = spot.pfn;
	mr_progress_start(&line, job->run);
	rc = mr_owners_find(job->m, pfns, nr, job->args->timeout_ms, show_search, &line,
			    &job->owners, err);
	mr_progress_end(&line);
	if (!rc && !job->owners.complete)
		mr_msg_note(job->run,
			    "not every process could be looked through: owners may be missing");
	return rc;
}

static int tell_all(struct job *job, const struct mr_spans *spans, struct mr_err *err)
{
	mr_autofree struct batch *b = malloc(sizeof(*b));
	struct mr_spots spots;
	struct mr_spot spot;
	size_t nr;
	int rc;

	if (!b)
		return mr_err_set(err, -ENOMEM, "", "no memory for the pages");
	mr_spots_begin(&spots, job->m, spans);
	do {
		for (nr = 0; nr < BATCH && mr_spots_next(&spots, &spot); nr++)
			b->pfns[nr] = spot.pfn;
		rc = mr_inspect_many(&job->inspector, b->pfns, nr, b->snaps, err);
		if (rc)
			return rc;
		mr_cgroups_find(&job->cgroups, b->pfns, nr, b->cgroups);
		for (size_t i = 0; i < nr; i++)
			if (tell(job, &b->snaps[i], b->cgroups[i]))
				return mr_err_set(err, -ENOMEM, "", "no memory for the table");
	} while (nr == BATCH);
	return 0;
}

static int print_tables(const struct job *job, struct mr_err *err)
{
	struct mr_layout layout = { .all = job->run->globals.verbose };
	struct mr_records records = { job->rows, job->nr, sizeof(*job->rows), false };
	struct mr_records found = { job->owners.list, job->owners.nr, sizeof(*job->owners.list),
				    false };
	int rc;

	for (size_t i = 0; i < job->nr; i++)
		job->rows[i].zone = job->rows[i].s.zone[0] ? job->rows[i].s.zone : NULL;
	rc = mr_table_print(fields, &records, &layout, err);
	if (!rc && job->owners.nr) {
		putchar('\n');
		rc = mr_table_print(mr_owner_fields, &found, NULL, err);
	}
	return rc;
}

static int check_number(uint64_t pages, struct mr_err *err)
{
	if (pages <= INSPECT_MAX)
		return 0;
	return mr_err_usage(err, -E2BIG, "", "that is more than %llu pages at once", INSPECT_MAX);
}

static int inspect_spans(struct job *job, const struct mr_spans *spans, struct mr_err *err)
{
	int rc;

	rc = check_number(spans->pages, err);
	if (rc)
		return rc;
	rc = mr_inspector_open(&job->inspector, job->m, err);
	if (rc)
		return rc;
	mr_ability_read(job->m, &job->ability);
	mr_cgroups_open(&job->cgroups, job->m);
	if (job->args->owners)
		rc = find_owners(job, spans, err);
	if (!rc && job->run->globals.json) {
		job->streamed = true;
		mr_doc_begin_list(&job->doc, job->run, "pages", fields);
	}
	if (!rc)
		rc = tell_all(job, spans, err);
	if (job->streamed) {
		mr_doc_end_list(&job->doc, NULL);
	} else if (!rc) {
		rc = print_tables(job, err);
	}
	for (size_t i = 0; i < job->nr; i++) {
		free(job->rows[i].flags);
		free((void *)job->rows[i].soft_error);
	}
	free(job->rows);
	mr_owners_free(&job->owners);
	mr_cgroups_close(&job->cgroups);
	mr_inspector_close(&job->inspector);
	return rc;
}

static int inspect_run(struct mr_run *run, const void *pargs, int nr, char **operands)
{
	const struct inspect_args *args = pargs;
	struct mr_targets targets = { 0 };
	struct mr_spans spans = { 0 };
	struct mr_err err = { 0 };
	struct mr_machine m;
	struct job job = { .run = run, .m = &m, .args = args };
	int rc;

	rc = mr_targets_read(&targets, nr, operands, args->from, 0, &err);
	if (rc)
		return mr_end_error(run, &err);
	rc = mr_begin(run, &m, MR_WANT_MODULE, &err);
	if (!rc) {
		/* Check first: resolving looks at each page, which takes long. */
		rc = check_number(mr_targets_pages(&targets, m.page_shift), &err);
		if (!rc)
			rc = mr_resolve(&m, &targets, &spans, &err);
		if (!rc)
			rc = inspect_spans(&job, &spans, &err);
		mr_spans_free(&spans);
		mr_machine_close(&m);
	}
	mr_targets_free(&targets);
	/* A document that was begun is complete now, without the error. */
	if (rc && job.streamed) {
		mr_msg_error(run, &err);
		return mr_exit_of_error(&err);
	}
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

static const struct mr_member members[] = {
	{ "pages", fields },
	{ 0 },
};

const struct mr_cmd mr_cmd_inspect = {
	.name = "inspect",
	.synopsis = "TARGET...",
	.operand = MR_OPERAND_TARGET,
	.max_operands = -1,
	.summary = "show the kind, flags and owners of pages",
	.opts = inspect_opts,
	.defaults = &inspect_defaults,
	.args_size = sizeof(struct inspect_args),
	.members = members,
	.run = inspect_run,
};
