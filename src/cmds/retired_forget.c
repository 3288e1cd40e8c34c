// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cmds/retired.h"
#include "lib/target/target.h"
#include "report/begin.h"
#include "report/retnotes.h"
#include "util/cleanup.h"

struct forget_args {
	const char *from;
};

static const struct mr_opt forget_opts[] = {
	MR_FILE("from", 0, struct forget_args, from,
		"read targets from FILE, - for standard input"),
	{ 0 },
};

/* The list has PFNs only: other targets would have to be resolved. */
static int check_targets(const struct mr_targets *targets, struct mr_err *err)
{
	struct mr_target t = { 0 };

	while (mr_targets_next(targets, &t))
		if (t.type != MR_TARGET_PFN && t.type != MR_TARGET_PHYS)
			return mr_err_usage(err, -EINVAL, t.word,
					    "the list knows page frame numbers and phys: only");
	return 0;
}

/* Removes the targets from @list. Returns how many were on it, or -ENOMEM. */
static ssize_t forget(struct mr_retlist *list, const struct mr_targets *targets, bool all)
{
	mr_autofree struct mr_pfns *ranges = calloc(targets->nr + 1, sizeof(*ranges));
	struct mr_target t = { 0 };

	if (!ranges)
		return -ENOMEM;
	if (all) {
		ranges[0].nr = UINT64_MAX;
		return (ssize_t)mr_retlist_forget(list, ranges, 1);
	}
	for (size_t i = 0; mr_targets_next(targets, &t); i++) {
		ranges[i] = (struct mr_pfns){ t.start, t.len };
		if (t.type == MR_TARGET_PHYS) {
			uint64_t last = t.start + (t.len ? t.len - 1 : 0);

			ranges[i].pfn = t.start >> list->page_shift;
			ranges[i].nr = (last >> list->page_shift) - ranges[i].pfn + 1;
		}
	}
	return (ssize_t)mr_retlist_forget(list, ranges, targets->nr);
}

static void print_result(const struct mr_run *run, size_t forgotten, size_t left)
{
	if (run->globals.json) {
		json_object *doc = mr_doc_new(run);

		json_object_object_add(doc, "dry_run",
				       json_object_new_boolean(run->globals.dry_run));
		json_object_object_add(doc, "forgotten", json_object_new_uint64(forgotten));
		json_object_object_add(doc, "recorded", json_object_new_uint64(left));
		mr_doc_print(doc);
	} else {
		mr_msg_note(run, "%zu %s, %zu left on the list", forgotten,
			    run->globals.dry_run ? "to be forgotten" : "forgotten", left);
	}
}

static int forget_run(struct mr_run *run, const void *pargs, int nr, char **words)
{
	const struct forget_args *args = pargs;
	bool all = nr == 1 && !args->from && !strcmp(words[0], "all");
	struct mr_targets targets = { 0 };
	struct mr_retlist list;
	struct mr_err err = { 0 };
	struct mr_machine m;
	ssize_t n;
	int rc = 0;

	if (!all)
		rc = mr_targets_read(&targets, nr, words, args->from, MR_TARGETS_NO_NODES, &err);
	if (!rc)
		rc = check_targets(&targets, &err);
	if (rc)
		goto out_targets;
	rc = mr_retired_begin(run, 0, true, &m, &list, &err);
	if (rc)
		goto out_targets;
	n = forget(&list, &targets, all);
	if (n < 0)
		rc = mr_err_set(&err, (int)n, list.path, "no memory for the targets");
	else if (n && !run->globals.dry_run)
		rc = mr_retlist_save(&list, &err);
	if (!rc)
		print_result(run, (size_t)n, list.nr);
	mr_retired_end(&m, &list);
out_targets:
	mr_targets_free(&targets);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

const struct mr_cmd mr_cmd_retired_forget = {
	.name = "forget",
	.synopsis = "TARGET...|all",
	.operand = MR_OPERAND_TARGET,
	.max_operands = -1,
	.summary = "take pages from the list; they stay as they are until the next boot",
	.opts = forget_opts,
	.args_size = sizeof(struct forget_args),
	.flags = MR_CMD_DRYRUN,
	.run = forget_run,
};
