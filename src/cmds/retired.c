// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmds/retired.h"

#include <stdlib.h>

#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/table.h"
#include "cmds/commands.h"
#include "report/begin.h"
#include "report/retnotes.h"

struct list_args {
	bool pending;
};

struct row {
	uint64_t pfn, phys;
	int32_t node;
	const char *cause, *label, *state, *reason;
	char time[MR_TIME_TEXT];
};

static const struct mr_opt list_opts[] = {
	MR_FLAG("pending", 'p', struct list_args, pending, "only what is still to be retired"),
	{ 0 },
};

static const struct mr_field fields[] = {
	MR_FIELD(MR_FIELD_PFN, struct row, pfn, "pfn", "PFN", "page frame number"),
	MR_FIELD(MR_FIELD_PFN, struct row, phys, "phys", "PHYS", "physical address, bytes"),
	MR_FIELD(MR_FIELD_S32, struct row, node, "node", "NODE", "NUMA node", .nullable = true,
		 .right = true),
	MR_FIELD(MR_FIELD_STRING, struct row, state, "state", "STATE", "retired or pending"),
	MR_FIELD(MR_FIELD_CHARS, struct row, time, "time", "TIME", "when it was recorded, UTC"),
	MR_FIELD(MR_FIELD_STRING, struct row, cause, "cause", "CAUSE", "why it was retired"),
	MR_FIELD(MR_FIELD_STRING, struct row, label, "label", "DIMM", "label of its DIMM"),
	MR_FIELD(MR_FIELD_STRING, struct row, reason, "reason", "REASON", "why it is pending"),
	{ 0 },
};

static int print_list(const struct mr_run *run, const struct mr_retlist *list, bool pending,
		      struct mr_err *err)
{
	struct row *rows = calloc(list->nr + 1, sizeof(*rows));
	struct mr_records records = { rows, 0, sizeof(*rows), false };
	int rc = 0;

	if (!rows)
		return mr_err_set(err, -ENOMEM, "", "no memory for the list");
	for (size_t i = 0; i < list->nr; i++) {
		const struct mr_retired *r = &list->list[i];
		struct row *row = &rows[records.nr];

		if (pending && !r->pending)
			continue;
		*row = (struct row){
			.pfn = r->pfn, .phys = r->pfn << list->page_shift, .node = r->node,
			.cause = mr_retlist_text(list, r->cause),
			.label = mr_retlist_text(list, r->label),
			.reason = mr_retlist_text(list, r->reason),
			.state = r->pending ? "pending" : "retired",
		};
		mr_time_text(r->time, row->time);
		records.nr++;
	}
	if (run->globals.json) {
		json_object *doc = mr_doc_new(run);

		json_object_object_add(doc, "retired", mr_records_json(fields, &records));
		mr_doc_print(doc);
	} else {
		rc = mr_table_print(fields, &records, NULL, err);
	}
	free(rows);
	return rc;
}

static int list_run(struct mr_run *run, const void *pargs, int nr, char **words)
{
	const struct list_args *args = pargs;
	struct mr_retlist list;
	struct mr_err err = { 0 };
	struct mr_machine m;
	int rc;

	(void)nr, (void)words;
	rc = mr_retired_begin(run, 0, false, &m, &list, &err);
	if (rc)
		return mr_end_error(run, &err);
	mr_retlist_refresh(&list, &m);
	rc = print_list(run, &list, args->pending, &err);
	mr_retired_end(&m, &list);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

static const struct mr_member members[] = {
	{ "retired", fields },
	{ 0 },
};

const struct mr_cmd mr_cmd_retired_list = {
	.name = "list",
	.summary = "list the pages that are kept retired",
	.details = "The state is read from the pages where the caller may, so that after a boot what\n"
		   "was not yet retired again shows as pending.",
	.opts = list_opts,
	.args_size = sizeof(struct list_args),
	.members = members,
	.run = list_run,
};

static const struct mr_cmd *const subs[] = {
	&mr_cmd_retired_list,
	&mr_cmd_retired_restore,
	&mr_cmd_retired_forget,
	&mr_cmd_retired_import,
	&mr_cmd_retired_export,
	NULL,
};

const struct mr_cmd mr_cmd_retired = {
	.name = "retired",
	.summary = "keep pages retired over reboots",
	.subs = subs,
};
