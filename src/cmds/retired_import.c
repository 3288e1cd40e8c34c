// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "backend/memlayout.h"
#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cmds/retired.h"
#include "lib/retired/import.h"
#include "report/begin.h"
#include "report/retnotes.h"

struct import_args {
	bool phys, force;
	uint64_t min_errors;
	const char *format, *since, *cause;
};

static const char *const formats[] = { "auto", "plain", "badram", "memmap", "log", "bcdedit",
				       "json", "rasdaemon", NULL };

static const struct mr_opt import_opts[] = {
	MR_CHOICE("format", 0, struct import_args, format, "FORMAT", formats,
		  "auto, plain, badram, memmap, log, bcdedit, json or rasdaemon"),
	MR_FLAG("phys", 0, struct import_args, phys,
		"plain numbers are byte addresses, not page frame numbers"),
	MR_NUMBER("min-errors", 0, struct import_args, min_errors, "N",
		  "rasdaemon: leave out pages with fewer errors (default 1)"),
	MR_STRING("since", 0, struct import_args, since, "DATE",
		  "rasdaemon: do not count errors before DATE, like 2026-11-21"),
	MR_STRING("cause", 0, struct import_args, cause, "TEXT",
		  "why they are retired (default: what the format says)"),
	MR_FLAG("force", 'f', struct import_args, force,
		"though a list is of other memory, or pages are beyond this machine's"),
	{ 0 },
};

static const struct import_args import_defaults = { .format = "auto", .min_errors = 1 };

/* The output of the import while a file is read. */
struct told {
	const struct mr_run *run;
	json_object *notes;		/* an array of strings, for JSON */
};

static void tell_bad(const struct mr_err *err, void *data)
{
	const struct told *told = data;

	mr_msg_error(told->run, err);
}

static void tell_note(const char *text, void *data)
{
	const struct told *told = data;

	mr_msg_note(told->run, "%s", text);
	json_object_array_add(told->notes, json_object_new_string(text));
}

/* Adds the entries of @in to @list; *@added is the number of new ones. */
static int merge(struct mr_retlist *list, const struct mr_retlist *in, size_t *added)
{
	const size_t had = list->nr;
	int rc = 0;

	for (size_t i = 0; !rc && i < in->nr; i++) {
		struct mr_retired entry = in->list[i];

		rc = mr_retlist_intern(list, mr_retlist_text(in, entry.cause), &entry.cause);
		if (!rc)
			rc = mr_retlist_intern(list, mr_retlist_text(in, entry.label), &entry.label);
		if (!rc)
			rc = mr_retlist_intern(list, mr_retlist_text(in, entry.reason), &entry.reason);
		if (!rc)
			rc = mr_retlist_add(list, &entry);
	}
	mr_retlist_settle(list);
	*added = list->nr - had;
	return rc;
}

static void print_result(const struct told *told, size_t read, size_t added, size_t recorded)
{
	const struct mr_run *run = told->run;

	if (run->globals.json) {
		json_object *doc = mr_doc_new(run);

		json_object_object_add(doc, "dry_run",
				       json_object_new_boolean(run->globals.dry_run));
		json_object_object_add(doc, "read", json_object_new_uint64(read));
		json_object_object_add(doc, "added", json_object_new_uint64(added));
		json_object_object_add(doc, "recorded", json_object_new_uint64(recorded));
		json_object_object_add(doc, "notes", json_object_get(told->notes));
		mr_doc_print(doc);
	} else {
		mr_msg_note(run, "%zu pages read, %zu of them new, %zu on the list%s", read, added,
			    recorded, run->globals.dry_run ? " then" : "");
	}
}

static int import_into(const struct told *told, const struct mr_machine *m, struct mr_retlist *in,
		       bool force, struct mr_err *err)
{
	const struct mr_run *run = told->run;
	struct mr_retlist list;
	size_t added;
	int rc;

	/* PFNs of another machine would mean other memory here. */
	if (in->layout.nr_ranges) {
		rc = mr_retlist_fits(in, m, force, err);
		if (rc)
			return rc;
	}
	rc = mr_retired_open(run, m, true, MR_RETLIST_WAIT_MS, &list, err);
	if (rc)
		return rc;
	rc = mr_retlist_fits(&list, m, force, err);
	if (!rc && merge(&list, in, &added))
		rc = mr_err_set(err, -ENOMEM, list.path, "no memory for the list");
	if (!rc && !run->globals.dry_run && (added || !list.found))
		rc = mr_retlist_save(&list, err);
	if (!rc)
		print_result(told, in->nr, added, list.nr);
	mr_retlist_close(&list);
	return rc;
}

static int import_run(struct mr_run *run, const void *pargs, int nr, char **words)
{
	const struct import_args *args = pargs;
	struct told told = { .run = run };
	struct mr_import import = {
		.phys = args->phys, .min_errors = args->min_errors, .cause = args->cause,
		.since = INT64_MIN, .bad = tell_bad, .note = tell_note, .data = &told,
	};
	struct mr_retlist in = { .dir = -1, .lock = -1 };
	struct mr_err err = { 0 };
	struct mr_machine m;
	int rc;

	(void)nr;
	while (strcmp(formats[import.format], args->format))
		import.format++;
	if (args->since && mr_time_scan(args->since, &import.since)) {
		mr_err_usage(&err, -EINVAL, args->since, "not a date like 2026-11-21");
		return mr_end_error(run, &err);
	}
	rc = mr_begin(run, &m, 0, &err);
	if (rc)
		return mr_end_error(run, &err);
	in.page_shift = m.page_shift;
	told.notes = json_object_new_array();
	if (!args->force)
		rc = mr_memlayout_end(&m, &import.memory_end);
	if (rc)
		mr_err_set(&err, rc, "", "no memory for the memory layout");
	else
		rc = mr_import_read(&in, words[0], &import, &err);
	if (!rc)
		rc = import_into(&told, &m, &in, args->force, &err);
	json_object_put(told.notes);
	mr_retlist_close(&in);
	mr_machine_close(&m);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

const struct mr_cmd mr_cmd_retired_import = {
	.name = "import",
	.synopsis = "FILE",
	.operand = MR_OPERAND_FILE,
	.min_operands = 1,
	.max_operands = 1,
	.summary = "add pages that another tool found to the list",
	.details = "Reads plain lists, badram= and memmap= lines, logs of the kernel, mcelog and MemTest86,\n"
		   "rasdaemon's database and exported lists: memras-retired(8) has them all, with an\n"
		   "example each. - is standard input. Nothing is retired yet: \"retired restore\" does\n"
		   "that, now or at the next boot.",
	.opts = import_opts,
	.defaults = &import_defaults,
	.args_size = sizeof(struct import_args),
	.flags = MR_CMD_DRYRUN,
	.run = import_run,
};
