// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <stdlib.h>

#include "backend/kpage.h"
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

#define INSPECT_MAX (1ULL << 20)	/* pages of one call: each is told in full */

struct row {
	struct mr_snap s;
	uint64_t phys;
	const char *zone, *kind;
	const char **flags;
	char *cgroup;
	struct mr_records owners;
	const char *soft_path;
	struct mr_err soft_err;
	const struct mr_err *soft_error;
};

static const struct mr_field fields[] = {
	MR_FIELD(MR_FIELD_PFN, struct row, s.pfn, "pfn", "PFN", "page frame number"),
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

static int make_row(const struct mr_machine *m, uint64_t pfn, struct row *row, struct mr_err *err)
{
	static const struct mr_offline_policy soft = { .mode = MR_MODE_SOFT, .dry_run = true };
	struct mr_ability ability;
	struct mr_plan plan;
	int rc;

	rc = mr_inspect(m, pfn, &row->s, err);
	if (rc)
		return rc;
	mr_ability_read(m, &ability);
	mr_plan_offline(&row->s, &soft, &ability, &plan);
	row->phys = mr_pfn_phys(m, pfn);
	row->zone = row->s.zone[0] ? row->s.zone : NULL;
	row->kind = mr_kind_name(row->s.kind);
	row->flags = mr_kpage_flag_names(row->s.flags);
	row->soft_path = plan.path;
	row->soft_err = plan.err;
	row->soft_error = &row->soft_err;
	row->owners.absent = true;
	return row->flags ? 0 : mr_err_set(err, -ENOMEM, "", "no memory for the flags");
}

static int find_cgroups(const struct mr_machine *m, struct row *rows, size_t nr,
			struct mr_err *err)
{
	mr_autofree uint64_t *pfns = calloc(nr + 1, sizeof(*pfns));
	mr_autofree char **paths = calloc(nr + 1, sizeof(*paths));

	if (!pfns || !paths)
		return mr_err_set(err, -ENOMEM, "", "no memory for the cgroups");
	for (size_t i = 0; i < nr; i++)
		pfns[i] = rows[i].s.pfn;
	mr_cgroups_of_pages(m, pfns, nr, paths);
	for (size_t i = 0; i < nr; i++)
		rows[i].cgroup = paths[i];
	return 0;
}

static bool show_search(size_t done, size_t processes, void *line)
{
	mr_progress_show(line, "looking for owners", done, processes, 0, "");
	return true;
}

static int find_owners(const struct mr_run *run, const struct mr_machine *m, struct row *rows,
		       size_t nr, uint64_t timeout_ms, struct mr_owners *owners, struct mr_err *err)
{
	mr_autofree uint64_t *pfns = calloc(nr, sizeof(*pfns));
	struct mr_progress_line line;
	int rc;

	if (!pfns)
		return mr_err_set(err, -ENOMEM, "", "no memory for the search");
	for (size_t i = 0; i < nr; i++)
		pfns[i] = rows[i].s.pfn;
	mr_progress_start(&line, run);
	rc = mr_owners_find(m, pfns, nr, timeout_ms, show_search, &line, owners, err);
	mr_progress_end(&line);
	if (rc)
		return rc;
	if (!owners->complete)
		mr_msg_note(run, "not every process could be looked through: owners may be missing");
	for (size_t i = 0; i < nr; i++) {
		size_t n;
		const struct mr_owner *first = mr_owners_of(owners, rows[i].s.pfn, 1, &n);

		rows[i].owners = (struct mr_records){ first, n, sizeof(*first), false };
	}
	return 0;
}

static int print_rows(const struct mr_run *run, const struct row *rows, size_t nr,
		      const struct mr_owners *owners, struct mr_err *err)
{
	struct mr_layout layout = { .all = run->globals.verbose };
	struct mr_records records = { rows, nr, sizeof(*rows), false };
	struct mr_records found = { owners->list, owners->nr, sizeof(*owners->list), false };
	int rc;

	if (run->globals.json) {
		json_object *doc = mr_doc_new(run);

		json_object_object_add(doc, "pages", mr_records_json(fields, &records));
		mr_doc_print(doc);
		return 0;
	}
	rc = mr_table_print(fields, &records, &layout, err);
	if (!rc && owners->nr) {
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

static int inspect_spans(const struct mr_run *run, const struct mr_machine *m,
			 const struct mr_spans *spans, const struct inspect_args *args,
			 struct mr_err *err)
{
	struct mr_owners owners = { 0 };
	struct row *rows;
	size_t nr = 0;
	int rc = 0;

	rc = check_number(spans->pages, err);
	if (rc)
		return rc;
	rows = calloc(spans->pages + 1, sizeof(*rows));
	if (!rows)
		return mr_err_set(err, -ENOMEM, "", "no memory for the pages");
	for (size_t i = 0; !rc && i < spans->nr; i++)
		for (uint64_t n = 0; !rc && n < spans->list[i].nr; n++)
			rc = make_row(m, spans->list[i].pfn + n, &rows[nr++], err);
	if (!rc)
		rc = find_cgroups(m, rows, nr, err);
	if (!rc && args->owners)
		rc = find_owners(run, m, rows, nr, args->timeout_ms, &owners, err);
	if (!rc)
		rc = print_rows(run, rows, nr, &owners, err);
	for (size_t i = 0; i < nr; i++) {
		free(rows[i].flags);
		free(rows[i].cgroup);
	}
	free(rows);
	mr_owners_free(&owners);
	return rc;
}

static int inspect_run(struct mr_run *run, const void *pargs, int nr, char **operands)
{
	const struct inspect_args *args = pargs;
	struct mr_targets targets = { 0 };
	struct mr_spans spans = { 0 };
	struct mr_err err = { 0 };
	struct mr_machine m;
	int rc;

	rc = mr_targets_read(&targets, nr, operands, args->from, 0, &err);
	if (rc)
		return mr_end_error(run, &err);
	rc = mr_begin(run, &m, MR_WANT_MODULE, &err);
	if (!rc) {
		/* Looking whether each page is there takes long. */
		rc = check_number(mr_targets_pages(&targets, m.page_shift), &err);
		if (!rc)
			rc = mr_resolve(&m, &targets, &spans, &err);
		if (!rc)
			rc = inspect_spans(run, &m, &spans, args, &err);
		mr_spans_free(&spans);
		mr_machine_close(&m);
	}
	mr_targets_free(&targets);
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
