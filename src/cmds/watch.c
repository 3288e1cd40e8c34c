// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <time.h>

#include "cli/exit.h"
#include "cli/msg.h"
#include "cmds/commands.h"
#include "lib/budget.h"
#include "lib/retired/import.h"
#include "report/begin.h"
#include "report/watchlog.h"
#include "util/clock.h"
#include "util/interrupt.h"
#include "util/num.h"

#define LOOK_MS		500	/* interval of checks of the kernel's counts */
#define HOOK_LOOK_MS	50	/* ... while a program runs */
#define HOOK_US		10000000
#define TRACE_US	5000000	/* interval of tries to open the trace */

struct watch_args {
	bool once, lines;
	const char *since, *act, *budget, *cause, *exec;
};

static const struct mr_opt watch_opts[] = {
	MR_FLAG("once", '1', struct watch_args, once, "catch up with what was retired, and end"),
	MR_STRING("since", 0, struct watch_args, since, "DATE",
		  "also report what failed since DATE, by the kernel's log"),
	MR_STRING("act", 0, struct watch_args, act, "POLICY",
		  "restore-pool, retry, retire=N/TIME, with commas: act by itself"),
	MR_STRING("budget", 0, struct watch_args, budget, "SIZE",
		  "retire no page beyond SIZE of poisoned memory"),
	MR_STRING("cause", 0, struct watch_args, cause, "TEXT",
		  "why, for pages of which the log says nothing (default: unknown)"),
	MR_FILE("exec", 0, struct watch_args, exec, "run FILE for each page that is reported"),
	MR_FLAG("json-lines", 0, struct watch_args, lines, "the same as --json: a line of JSON a page"),
	{ 0 },
};

/* Pings the watchdog of the service manager, well within its timeout. */
static void live(const struct mr_service *service, uint64_t *next_us)
{
	const uint64_t now = mr_clock_us();

	if (!service->watchdog_us || now < *next_us)
		return;
	mr_service_notify(service, "WATCHDOG=1");
	*next_us = now + service->watchdog_us / 4;
}

/* Reports that only the log is read, which has no corrected errors and not all causes. */
static void no_trace(const struct mr_run *run, const struct mr_watch_policy *policy,
		     const struct mr_err *why)
{
	if (policy->errors)
		mr_msg_note(run, "corrected errors are not counted, no page is retired for them: %s",
			    why->reason);
	else
		mr_msg_note(run, "trace events are not heard, the causes of pages are those of the kernel's log alone: %s",
			    why->reason);
}

/* Opens the trace. Retries every few seconds, as tracefs may be mounted later. */
static void hear_trace(const struct mr_run *run, struct mr_watch *w, uint64_t *next_us)
{
	struct mr_err err;

	if (mr_watch_hears_trace(w) || mr_clock_us() < *next_us)
		return;
	if (mr_watch_trace(w, &err)) {
		if (!*next_us)
			no_trace(run, &w->policy, &err);
	} else if (*next_us) {
		mr_msg_note(run, "trace events are heard from now on");
	}
	*next_us = mr_clock_us() + TRACE_US;
}

static void follow(struct mr_run *run, struct mr_watch *w, const struct mr_service *service,
		   const struct mr_watchlog *log, bool traces)
{
	uint64_t next_us = 0, trace_us = 0;

	if (traces)
		hear_trace(run, w, &trace_us);
	mr_msg_verbose(run, "caught up, watching");
	mr_service_notify(service, "STATUS=watching");
	while (!mr_interrupted() && !log->gone) {
		live(service, &next_us);
		if (traces)
			hear_trace(run, w, &trace_us);
		mr_watch_step(w, mr_hook_step(log->hook) ? HOOK_LOOK_MS : LOOK_MS);
	}
	mr_service_notify(service, "STOPPING=1");
	mr_watch_finish(w);
}

/* Runs the queued programs; a signal ends that. */
static void end_hook(const struct mr_run *run, struct mr_hook *hook)
{
	while (!mr_interrupted() && mr_hook_step(hook))
		mr_clock_sleep_us(HOOK_LOOK_MS * 1000);
	mr_hook_close(hook);
	if (hook->failed || hook->dropped)
		mr_msg_note(run, "%s failed for %" PRIu64 " pages, and was not run for %" PRIu64
			    " that came while %d waited", hook->program, hook->failed,
			    hook->dropped, MR_HOOK_WAITING);
}

/* Stores the budget for the other commands, or removes that of an earlier watch. */
static void publish_budget(const struct mr_run *run, const struct mr_machine *m, uint64_t budget)
{
	struct mr_err err;
	int rc = mr_budget_set(m, budget);

	if (!rc)
		return;
	mr_err_set(&err, rc, "/run/memras", "other commands cannot be told the budget");
	mr_msg_error(run, &err);
}

static int watch(struct mr_run *run, struct mr_machine *m, const struct watch_args *args,
		 const struct mr_watch_policy *policy, int64_t since, struct mr_err *err)
{
	const struct mr_watch_options options = {
		.state_dir = run->globals.state_dir, .since = since,
		.dry_run = run->globals.dry_run, .no_module = run->globals.no_module,
		.policy = *policy, .cause = args->cause,
	};
	struct mr_service service;
	struct mr_hook hook;
	struct mr_watchlog log = {
		.run = run, .service = &service, .hook = &hook, .restores = policy->restore_pools,
		.patient = args->once,
	};
	const struct mr_watch_hooks hooks = {
		.event = mr_watchlog_page, .pool = mr_watchlog_pool,
		.trouble = mr_watchlog_trouble, .data = &log,
	};
	struct mr_watch w;
	int rc = mr_hook_open(&hook, args->exec, HOOK_US, err);

	if (rc)
		return rc;
	if (mr_service_open(&service, err))
		mr_watchlog_trouble(err, &log);
	rc = mr_watch_open(&w, m, &options, &hooks, err);
	if (rc)
		return rc;
	mr_service_notify(&service, "READY=1\nSTATUS=looking through memory");
	rc = mr_watch_catch_up(&w, err);
	if (rc && !args->once) {
		mr_watchlog_trouble(err, &log);
		rc = 0;
	}
	if (!args->once && !options.dry_run)
		publish_budget(run, m, policy->budget);
	/*
	 * --once needs no events. A dry run makes a trace instance only to count corrected
	 * errors. Open the trace last, as an instance takes a while to make.
	 */
	if (!args->once)
		follow(run, &w, &service, &log, !options.dry_run || policy->errors);
	if (!rc)
		mr_watchlog_end(&log, &w);
	mr_watch_close(&w);
	end_hook(run, &hook);
	return rc;
}

static int watch_run(struct mr_run *run, const void *pargs, int nr, char **words)
{
	const struct watch_args *args = pargs;
	struct mr_watch_policy policy = { .budget = MR_BUDGET_NONE };
	int64_t since = time(NULL);
	struct mr_err err = { 0 };
	struct mr_machine m;
	int rc = 0;

	(void)nr, (void)words;
	if (run->json)
		run->json = MR_JSON_LINES;
	if (args->since && mr_time_scan(args->since, &since))
		rc = mr_err_usage(&err, -EINVAL, args->since,
				  "--since wants a date: 2026-11-21, or \"2026-11-21 04:41:46\"");
	if (!rc)
		rc = mr_watch_policy_parse(args->act, &policy, &err);
	if (!rc && args->budget && mr_size_parse(args->budget, &policy.budget))
		rc = mr_err_usage(&err, -EINVAL, args->budget, "--budget wants a size: 64M");
	if (!rc)
		rc = mr_begin(run, &m, MR_NEED_MEMORY_FAILURE, &err);
	if (rc)
		return mr_end_error(run, &err);
	/* In a dry run mr_begin() has not done so. */
	mr_interrupt_catch();
	rc = watch(run, &m, args, &policy, since, &err);
	mr_machine_close(&m);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

static const struct mr_member members[] = {
	{ "page", mr_watch_page_fields },
	{ "pool", mr_watch_pool_fields },
	{ 0 },
};

const struct mr_cmd mr_cmd_watch = {
	.name = "watch",
	.summary = "record every page that the kernel or others retire",
	.details = "Looks for pages that were retired by others (the kernel's collector of corrected\n"
		   "errors, machine checks, firmware, daemons), verifies that they are poisoned, and\n"
		   "puts them on the retired list with the cause. Runs until it is interrupted.",
	.opts = watch_opts,
	.args_size = sizeof(struct watch_args),
	.flags = MR_CMD_DRYRUN | MR_CMD_ACTS,
	.members = members,
	.run = watch_run,
};
