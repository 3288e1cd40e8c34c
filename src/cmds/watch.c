// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cmds/commands.h"
#include "lib/retired/import.h"
#include "lib/watch/watch.h"
#include "report/begin.h"
#include "util/interrupt.h"
#include "util/num.h"

#define LOOK_MS 500	/* between two looks at what the kernel counts */

struct watch_args {
	bool once, lines;
	const char *since, *act;
};

static const struct mr_opt watch_opts[] = {
	MR_FLAG("once", '1', struct watch_args, once, "catch up with what was retired, and end"),
	MR_STRING("since", 0, struct watch_args, since, "DATE",
		  "also report what failed since DATE, by the kernel's log"),
	MR_STRING("act", 0, struct watch_args, act, "POLICY",
		  "restore-pool: give a hugepage pool back what it lost to a retired page"),
	MR_FLAG("json-lines", 0, struct watch_args, lines, "the same as --json: a line of JSON a page"),
	{ 0 },
};

struct row {
	uint64_t pfn, phys;
	int32_t node;
	char time[MR_TIME_TEXT];
	const char *result, *cause, *label;
	const struct mr_err *err;
};

static const struct mr_field fields[] = {
	MR_FIELD(MR_FIELD_CHARS, struct row, time, "time", NULL, "when it was retired, UTC"),
	MR_FIELD(MR_FIELD_STRING, struct row, result, "result", NULL, "retired or failed"),
	MR_FIELD(MR_FIELD_PFN, struct row, pfn, "pfn", NULL, "page frame number"),
	MR_FIELD(MR_FIELD_PFN, struct row, phys, "phys", NULL, "physical address, bytes"),
	MR_FIELD(MR_FIELD_S32, struct row, node, "node", NULL, "NUMA node", .nullable = true),
	MR_FIELD(MR_FIELD_STRING, struct row, cause, "cause", NULL, "why it was retired"),
	MR_FIELD(MR_FIELD_STRING, struct row, label, "label", NULL, "label of its DIMM"),
	MR_FIELD(MR_FIELD_ERROR, struct row, err, "error", NULL, "why it is not retired"),
	{ 0 },
};

struct pool_row {
	char time[MR_TIME_TEXT];
	const char *result;
	uint64_t size, before, after;
	int32_t node;
	const struct mr_err *err;
};

static const struct mr_field pool_fields[] = {
	MR_FIELD(MR_FIELD_CHARS, struct pool_row, time, "time", NULL, "when it was noticed, UTC"),
	MR_FIELD(MR_FIELD_STRING, struct pool_row, result, "result", NULL,
		 "lost, planned, restored or failed"),
	MR_FIELD(MR_FIELD_BYTES, struct pool_row, size, "size", NULL, "of a hugepage, bytes"),
	MR_FIELD(MR_FIELD_S32, struct pool_row, node, "node", NULL, "NUMA node", .nullable = true),
	MR_FIELD(MR_FIELD_U64, struct pool_row, before, "before", NULL,
		 "hugepages of the pool before the page was retired"),
	MR_FIELD(MR_FIELD_U64, struct pool_row, after, "after", NULL, "hugepages of the pool now"),
	MR_FIELD(MR_FIELD_ERROR, struct pool_row, err, "error", NULL, "why it is not restored"),
	{ 0 },
};

struct telling {
	const struct mr_run *run;
	bool restores;
	uint64_t retired, failed, pools;
	bool gone;		/* the reader of stdout */
};

static json_object *new_line(const struct mr_run *run)
{
	json_object *doc = mr_doc_new(run);

	json_object_object_add(doc, "dry_run", json_object_new_boolean(run->globals.dry_run));
	return doc;
}

static void print_text(const struct row *row)
{
	char node[24] = "";

	if (row->node >= 0)
		snprintf(node, sizeof(node), ", node %" PRId32, row->node);
	mr_msg_line("%s %s 0x%" PRIx64 " (address 0x%" PRIx64 "%s%s%s), cause %s%s%s", row->time,
		    row->result, row->pfn, row->phys, node, row->label ? ", DIMM " : "",
		    row->label ? row->label : "", row->cause ? row->cause : "unknown",
		    row->err->code ? ": " : "", row->err->reason);
}

/* A reader that is gone wants no more; a full disk has room again one day. */
static void look_at_output(struct telling *t)
{
	if (!ferror(stdout))
		return;
	t->gone = errno == EPIPE;
	if (!t->gone)
		clearerr(stdout);
}

static void tell(const struct mr_watch_event *event, void *data)
{
	struct telling *t = data;
	struct row row = {
		.pfn = event->pfn, .phys = event->phys, .node = event->node,
		.result = event->retired ? "retired" : "failed",
		.cause = event->cause, .label = event->label, .err = &event->err,
	};

	t->retired += event->retired;
	t->failed += !event->retired;
	mr_time_text(event->time, row.time);
	if (t->run->json) {
		json_object *doc = new_line(t->run);

		json_object_object_add(doc, "page", mr_record_json(fields, &row));
		mr_doc_print_line(doc);
	} else if (!t->run->globals.quiet) {
		print_text(&row);
		fflush(stdout);
	}
	look_at_output(t);
}

static const char *pool_result(const struct telling *t, const struct mr_pool_event *event)
{
	if (event->restored)
		return "restored";
	if (!t->restores)
		return "lost";
	return t->run->globals.dry_run ? "planned" : "failed";
}

static void print_pool(const struct pool_row *row)
{
	char size[MR_SIZE_TEXT], node[24] = "";

	if (row->node >= 0)
		snprintf(node, sizeof(node), " of node %" PRId32, row->node);
	mr_msg_line("%s %s pool of %s hugepages%s, %" PRIu64 " before, %" PRIu64 " now%s%s", row->time,
		    row->result, mr_size_text(row->size, size), node, row->before, row->after,
		    row->err->code ? ": " : "", row->err->reason);
}

static void tell_pool(const struct mr_pool_event *event, void *data)
{
	struct telling *t = data;
	struct pool_row row = {
		.result = pool_result(t, event), .size = event->size, .node = event->node,
		.before = event->before, .after = event->after, .err = &event->err,
	};

	t->pools += event->restored;
	mr_time_text(time(NULL), row.time);
	if (t->run->json) {
		json_object *doc = new_line(t->run);

		json_object_object_add(doc, "pool", mr_record_json(pool_fields, &row));
		mr_doc_print_line(doc);
	} else if (!t->run->globals.quiet) {
		print_pool(&row);
		fflush(stdout);
	}
	look_at_output(t);
}

static void trouble(const struct mr_err *err, void *data)
{
	const struct telling *t = data;

	mr_msg_error(t->run, err);
}

static void print_end(const struct telling *t, const struct mr_watch *w)
{
	json_object *doc, *sum;

	if (!t->run->json)
		return;
	doc = new_line(t->run);
	sum = json_object_new_object();
	json_object_object_add(sum, "retired", json_object_new_uint64(t->retired));
	json_object_object_add(sum, "failed", json_object_new_uint64(t->failed));
	json_object_object_add(sum, "pools_restored", json_object_new_uint64(t->pools));
	json_object_object_add(sum, "log_overruns", json_object_new_uint64(w->lost));
	json_object_object_add(doc, "summary", sum);
	mr_doc_print_line(doc);
}

static int watch(struct mr_run *run, const struct mr_machine *m, const struct watch_args *args,
		 int64_t since, struct mr_err *err)
{
	const struct mr_watch_options options = {
		.state_dir = run->globals.state_dir, .since = since,
		.dry_run = run->globals.dry_run, .restore_pools = args->act,
	};
	struct telling telling = { .run = run, .restores = options.restore_pools };
	const struct mr_watch_hooks hooks = {
		.event = tell, .pool = tell_pool, .trouble = trouble, .data = &telling,
	};
	struct mr_watch w;
	int rc = mr_watch_open(&w, m, &options, &hooks, err);

	if (rc)
		return rc;
	rc = mr_watch_catch_up(&w, err);
	if (rc && !args->once) {
		trouble(err, &telling);
		rc = 0;
	}
	if (!args->once)
		mr_msg_verbose(run, "caught up, watching");
	while (!args->once && !mr_interrupted() && !telling.gone)
		mr_watch_step(&w, LOOK_MS);
	if (!rc)
		print_end(&telling, &w);
	mr_watch_close(&w);
	return rc;
}

static int watch_run(struct mr_run *run, const void *pargs, int nr, char **words)
{
	const struct watch_args *args = pargs;
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
	if (!rc && args->act && strcmp(args->act, "restore-pool"))
		rc = mr_err_usage(&err, -EINVAL, args->act, "--act wants restore-pool");
	if (!rc)
		rc = mr_begin(run, &m, MR_NEED_MEMORY_FAILURE, &err);
	if (rc)
		return mr_end_error(run, &err);
	/* Which a dry run would not do. */
	mr_interrupt_catch();
	rc = watch(run, &m, args, since, &err);
	mr_machine_close(&m);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

static const struct mr_member members[] = {
	{ "page", fields },
	{ "pool", pool_fields },
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
