// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmds/commands.h"
#include "lib/page/unpoison.h"
#include "report/begin.h"
#include "report/pages.h"

struct unpoison_args {
	const char *from;
};

static const struct mr_opt unpoison_opts[] = {
	MR_FILE("from", 0, struct unpoison_args, from,
		"read targets from FILE, - for standard input"),
	{ 0 },
};

static int unpoison(struct mr_machine *m, const struct mr_spans *spans,
		    const struct mr_batch_hooks *hooks, void *dry_run, struct mr_err *err)
{
	return mr_unpoison(m, spans, *(bool *)dry_run, hooks, err);
}

static int unpoison_run(struct mr_run *run, const void *pargs, int nr, char **operands)
{
	const struct unpoison_args *args = pargs;
	/* Without a cause: the pages are removed from the retired list. */
	struct mr_retnotes notes = { .cause = NULL, .wait_ms = MR_RETLIST_WAIT_MS };
	struct mr_page_report report = { .run = run, .done = "unpoisoned", .notes = &notes };
	bool dry_run = run->globals.dry_run;

	return mr_page_command(&report, MR_NEED_MEMORY_FAILURE | MR_WANT_MODULE, nr, operands,
			       args->from, unpoison, &dry_run);
}

static const struct mr_member members[] = {
	{ "results", mr_page_fields },
	{ 0 },
};

const struct mr_cmd mr_cmd_unpoison = {
	.name = "unpoison",
	.synopsis = "TARGET...",
	.operand = MR_OPERAND_TARGET,
	.max_operands = -1,
	.summary = "take hardware poison from pages and give them back",
	.details = "For tests, and for pages that were retired by mistake. After a real memory\n"
		   "error the kernel refuses it until the next boot.",
	.opts = unpoison_opts,
	.args_size = sizeof(struct unpoison_args),
	.flags = MR_CMD_DRYRUN | MR_CMD_ACTS,
	.members = members,
	.run = unpoison_run,
};
