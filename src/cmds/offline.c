// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmds/commands.h"
#include "lib/page/retire.h"
#include "report/begin.h"
#include "report/pages.h"

struct offline_args {
	bool soft, hard, force, dissolve, any_node, lines, no_record;
	uint64_t timeout_ms, retries;
	const char *via, *from, *cause;
};

static const struct mr_opt offline_opts[] = {
	MR_FLAG("soft", 's', struct offline_args, soft,
		"move the data away first; no process notices"),
	MR_FLAG("hard", 0, struct offline_args, hard,
		"as on a memory error; may kill processes that use the page"),
	MR_FLAG("force", 'f', struct offline_args, force,
		"with --hard: go on though the page is in use"),
	MR_FLAG("dissolve", 0, struct offline_args, dissolve,
		"give up the hugepage around the page: its pool shrinks by one"),
	MR_FLAG("any-node", 0, struct offline_args, any_node,
		"let a hugepage's replacement come from another node"),
	MR_DURATION("timeout", 't', struct offline_args, timeout_ms,
		    "try a busy page again for so long (default 10s)"),
	MR_NUMBER("retries", 'r', struct offline_args, retries, "N",
		  "try a busy page again so many times at most"),
	MR_CHOICE("via", 0, struct offline_args, via, "WAY", mr_via_choices,
		  "the way to the kernel: auto, sysfs, madvise or module"),
	MR_FLAG("json-lines", 0, struct offline_args, lines,
		"print each result at once, as a line of JSON"),
	MR_FLAG("no-record", 0, struct offline_args, no_record,
		"do not put the pages on the retired list: the next boot forgets them"),
	MR_STRING("cause", 0, struct offline_args, cause, "TEXT",
		  "why, for the retired list (default: manual)"),
	MR_FILE("from", 0, struct offline_args, from, "read targets from FILE, - for standard input"),
	{ 0 },
};

static const struct offline_args offline_defaults = {
	.timeout_ms = 10000,
	.retries = UINT64_MAX,
	.via = "auto",
	.cause = "manual",
};

static int retire(struct mr_machine *m, const struct mr_spans *spans,
		  const struct mr_batch_hooks *hooks, void *policy, struct mr_err *err)
{
	return mr_retire(m, spans, policy, hooks, err);
}

static int offline_run(struct mr_run *run, const void *pargs, int nr, char **operands)
{
	const struct offline_args *args = pargs;
	struct mr_retnotes notes = { .cause = args->cause, .wait_ms = args->timeout_ms };
	struct mr_page_report report = {
		.run = run, .done = "offlined", .mode = args->hard ? "hard" : "soft",
		.lines = args->lines, .tells_list = true, .notes = args->no_record ? NULL : &notes,
	};
	struct mr_offline_policy policy = {
		.mode = args->hard ? MR_MODE_HARD : MR_MODE_SOFT,
		.via = mr_via_of(args->via),
		.force = args->force,
		.dissolve = args->dissolve,
		.any_node = args->any_node,
		.timeout_ms = args->timeout_ms,
		.retries = args->retries,
		.dry_run = run->globals.dry_run,
		.no_module = run->globals.no_module,
	};
	/*
	 * A loaded module is asked for the pages that it holds. It is loaded when a
	 * hugepage is to be replaced, or here if it was requested.
	 */
	unsigned int needs = MR_NEED_MEMORY_FAILURE |
			     (policy.via == MR_VIA_MODULE ? MR_WANT_MODULE : MR_ASK_MODULE);

	return mr_page_command(&report, needs, nr, operands, args->from, retire, &policy);
}

static const struct mr_member members[] = {
	{ "results", mr_page_fields },
	{ 0 },
};

const struct mr_cmd mr_cmd_offline = {
	.name = "offline",
	.synopsis = "TARGET...",
	.operand = MR_OPERAND_TARGET,
	.max_operands = -1,
	.summary = "retire pages",
	.details = "Soft offline moves what is on the page elsewhere and keeps the page from ever\n"
		   "being used again. A hugepage around it is replaced first, so that its pool keeps\n"
		   "its size and only one small page is lost. A page counts as offlined when its\n"
		   "hardware poison flag was read back.",
	.opts = offline_opts,
	.exclusive = "soft|hard",
	.required = "soft|hard",
	.defaults = &offline_defaults,
	.args_size = sizeof(struct offline_args),
	.flags = MR_CMD_DRYRUN | MR_CMD_ACTS,
	.members = members,
	.run = offline_run,
};
