// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/exit.h"
#include "cmds/commands.h"
#include "lib/page/retire.h"
#include "report/begin.h"
#include "report/pages.h"
#include "report/retnotes.h"

struct unpoison_args {
	const char *from;
};

static const struct mr_opt unpoison_opts[] = {
	MR_FILE("from", 0, struct unpoison_args, from,
		"read targets from FILE, - for standard input"),
	{ 0 },
};

struct job {
	bool dry_run;
	struct mr_retnotes notes;
};

static void unpoison_one(struct mr_machine *m, const struct mr_spot *spot,
			 struct mr_result *result, void *data)
{
	struct job *job = data;

	mr_unpoison_page(m, spot->pfn, job->dry_run, result);
	mr_retnotes_add(&job->notes, result);
}

/* What was taken back is to stay so after the next boot. */
static int forget(const struct mr_run *run, const struct mr_machine *m, void *data)
{
	struct job *job = data;

	return mr_retnotes_record(&job->notes, run, m, NULL, true, MR_EXIT_OK);
}

static int unpoison_run(struct mr_run *run, const void *pargs, int nr, char **operands)
{
	const struct unpoison_args *args = pargs;
	struct mr_page_report report = { .run = run, .done = "unpoisoned", .after = forget };
	struct job job = { .dry_run = run->globals.dry_run };

	return mr_page_command(&report, MR_NEED_MEMORY_FAILURE | MR_WANT_MODULE, nr, operands,
			       args->from, unpoison_one, &job);
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
	.details = "For tests, and for pages that were retired by mistake. The kernel refuses it for\n"
		   "good once it has handled a real memory error.",
	.opts = unpoison_opts,
	.args_size = sizeof(struct unpoison_args),
	.flags = MR_CMD_DRYRUN | MR_CMD_ACTS,
	.members = members,
	.run = unpoison_run,
};
