// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/device.h"
#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cli/table.h"
#include "cmds/commands.h"
#include "lib/range/memtest.h"
#include "lib/range/quarantine.h"
#include "report/begin.h"
#include "report/fields.h"
#include "report/progress.h"
#include "report/retnotes.h"
#include "util/cleanup.h"
#include "util/interrupt.h"

#define ALL "all"

struct row {
	struct mr_quarantine_result r;
	const char *result;
	const struct mr_err *err;
	struct mr_records blockers;
	struct mr_memtest test;
	struct mr_records bad;
	const void *tested;	/* this row if it was tested, else NULL */
};

static const struct mr_field bad_fields[] = {
	MR_FIELD(MR_FIELD_PFN, struct mr_memtest_bad, pfn, "pfn", "PFN", "page frame number"),
	MR_FIELD(MR_FIELD_PFN, struct mr_memtest_bad, phys, "phys", "PHYS",
		 "physical address, bytes"),
	MR_FIELD(MR_FIELD_U64, struct mr_memtest_bad, offset, "offset", "OFFSET",
		 "of the first wrong word in the page, bytes", .right = true),
	MR_FIELD(MR_FIELD_PFN, struct mr_memtest_bad, wrote, "wrote", "WROTE", "what was written"),
	MR_FIELD(MR_FIELD_PFN, struct mr_memtest_bad, read, "read", "READ", "what was read back"),
	MR_FIELD(MR_FIELD_U64, struct mr_memtest_bad, words, "words", "WORDS",
		 "wrong words, over all patterns", .right = true),
	MR_FIELD(MR_FIELD_STRING, struct mr_memtest_bad, pattern, "pattern", "PATTERN",
		 "the first that it failed"),
	MR_FIELD(MR_FIELD_BOOL, struct mr_memtest_bad, retired, "retired", "RETIRED",
		 "whether it is poisoned now"),
	{ 0 },
};

static const struct mr_field test_fields[] = {
	MR_FIELD(MR_FIELD_U64, struct row, test.seed, "seed", NULL, "of the random pattern"),
	MR_FIELD(MR_FIELD_U64, struct row, test.pages, "pages", NULL, "pages tested"),
	MR_FIELD(MR_FIELD_BYTES, struct row, test.bytes, "bytes", NULL, "written and read"),
	MR_FIELD(MR_FIELD_U64, struct row, test.elapsed_us, "elapsed_us", NULL, "microseconds"),
	MR_FIELD(MR_FIELD_BOOL, struct row, test.complete, "complete", NULL,
		 "every pattern over every page"),
	MR_FIELD(MR_FIELD_RECORDS, struct row, bad, "bad", NULL, "pages that failed",
		 .sub = bad_fields),
	{ 0 },
};

#define ROW_FIELDS                                                                                \
	MR_FIELD(MR_FIELD_STRING, struct row, r.target, "target", "TARGET",                       \
		 "the word that named it"),                                                       \
	MR_FIELD(MR_FIELD_PFN, struct row, r.pfn, "pfn", "PFN", "the first page"),                \
	MR_FIELD(MR_FIELD_PFN, struct row, r.phys, "phys", "PHYS", "physical address, bytes",     \
		 .optional = true),                                                               \
	MR_FIELD(MR_FIELD_U64, struct row, r.pages, "pages", "PAGES", "pages named",              \
		 .right = true),                                                                  \
	MR_FIELD(MR_FIELD_S32, struct row, r.node, "node", "NODE", "NUMA node",                   \
		 .nullable = true, .right = true),                                                \
	MR_FIELD(MR_FIELD_U64, struct row, r.block, "block", "BLOCK", "memory block",             \
		 .nullable = true, .right = true),                                                \
	MR_FIELD(MR_FIELD_STRING, struct row, r.via, "via", NULL, "what was called"),             \
	MR_FIELD(MR_FIELD_STRING, struct row, result, "result", "RESULT", "what became of it"),   \
	MR_FIELD(MR_FIELD_U64, struct row, r.attempts, "attempts", "TRIES", "passes over it",     \
		 .optional = true, .right = true),                                                \
	MR_FIELD(MR_FIELD_U64, struct row, r.elapsed_us, "elapsed_us", NULL, "microseconds")

static const struct mr_field add_fields[] = {
	ROW_FIELDS,
	MR_FIELD(MR_FIELD_U64, struct row, r.changed, "held", "HELD", "pages newly held",
		 .right = true),
	MR_FIELD(MR_FIELD_U64, struct row, r.poisoned, "poisoned", "POISONED",
		 "poisoned pages skipped", .right = true),
	MR_FIELD(MR_FIELD_RECORDS, struct row, blockers, "blockers", NULL, "what is in the way",
		 .sub = mr_blocker_fields),
	MR_FIELD(MR_FIELD_RECORD, struct row, tested, "test", NULL, "with --test, the test",
		 .sub = test_fields),
	MR_FIELD(MR_FIELD_ERROR, struct row, err, "error", NULL, "why not"),
	{ 0 },
};

static const struct mr_field release_fields[] = {
	ROW_FIELDS,
	MR_FIELD(MR_FIELD_U64, struct row, r.changed, "released", "RELEASED",
		 "pages given back, or forgotten", .right = true),
	MR_FIELD(MR_FIELD_U64, struct row, r.forgotten, "forgotten", "FORGOTTEN",
		 "how many of them were away or lost", .right = true),
	MR_FIELD(MR_FIELD_U64, struct row, r.poisoned, "poisoned", "POISONED",
		 "pages poisoned while held: they stay retired", .right = true),
	MR_FIELD(MR_FIELD_ERROR, struct row, err, "error", NULL, "why not"),
	{ 0 },
};

struct add_args {
	uint64_t timeout_ms, seed;
	bool test, poison_bad;
	const char *from;
};

static const struct mr_opt add_opts[] = {
	MR_DURATION("timeout", 't', struct add_args, timeout_ms,
		    "give up on a target after so long (default 30s)"),
	MR_FLAG("test", 0, struct add_args, test,
		"write patterns to the pages, read them back, and say which fail"),
	MR_NUMBER("seed", 0, struct add_args, seed, "N",
		  "with --test: of the random pattern (default: the time)"),
	MR_FLAG("poison-bad", 0, struct add_args, poison_bad, "with --test: retire pages that fail"),
	MR_FILE("from", 0, struct add_args, from, "read targets from FILE, - for standard input"),
	{ 0 },
};

static const struct add_args add_defaults = { .timeout_ms = 30000, .seed = UINT64_MAX };

/* A run of add or release, and its report. */
struct job {
	struct mr_run *run;
	struct mr_machine m;
	struct mr_targets targets;
	struct mr_spans spans;
	struct row *rows;
	size_t nr;
	struct mr_summary sum;
	const char *done;	/* "held", "released" */
	bool bad;		/* a test failed, or was not completed */
};

static void watch(uint64_t done, uint64_t total, uint64_t busy, void *data)
{
	char waiting[48] = "";

	if (busy)
		snprintf(waiting, sizeof(waiting), "%" PRIu64 " busy pageblocks", busy);
	mr_progress_show(data, "pages", done, total, 0, waiting);
}

/* Returns the number of spans from @i on with the same target (or none). */
static size_t of_one_target(const struct mr_spans *spans, size_t i)
{
	size_t n = 1;

	while (i + n < spans->nr && spans->list[i + n].word == spans->list[i].word)
		n++;
	return n;
}

static void note(struct job *job, struct row *row)
{
	row->result = mr_outcome_name(row->r.outcome, job->done);
	row->err = &row->r.err;
	row->blockers = mr_blocker_rows(&row->r.blockers);
	mr_summary_add(&job->sum, row->r.outcome, &row->r.err);
	if (row->r.err.code)
		mr_msg_error(job->run, &row->r.err);
}

static void free_job(struct job *job)
{
	for (size_t i = 0; i < job->nr; i++) {
		free((void *)job->rows[i].blockers.list);
		mr_quarantine_result_free(&job->rows[i].r);
		mr_memtest_free(&job->rows[i].test);
	}
	free(job->rows);
	mr_spans_free(&job->spans);
	mr_targets_free(&job->targets);
	mr_machine_close(&job->m);
}

/* Prints the report and frees everything. Returns the exit code. */
static int end(struct job *job, const struct mr_field *fields)
{
	struct mr_records records = { job->rows, job->nr, sizeof(*job->rows), false };
	struct mr_layout layout = { .all = job->run->globals.verbose };
	const struct mr_summary *s = &job->sum;
	struct mr_err err = { 0 };
	int code = mr_exit_of_counts(s->done + s->already + s->planned, s->refused + s->failed,
				     &s->last);
	int rc = 0;

	if ((mr_interrupted() || job->bad) && code == MR_EXIT_OK)
		code = MR_EXIT_PART;
	if (job->run->globals.json) {
		json_object *doc = mr_doc_new(job->run);

		json_object_object_add(doc, "dry_run",
				       json_object_new_boolean(job->run->globals.dry_run));
		json_object_object_add(doc, "results", mr_records_json(fields, &records));
		json_object_object_add(doc, "summary", mr_summary_json(s, job->done));
		mr_doc_print(doc);
	} else if (!job->run->globals.quiet && job->nr) {
		rc = mr_table_print(fields, &records, &layout, &err);
	}
	for (size_t i = 0; !rc && i < job->nr; i++) {
		if (job->rows[i].bad.nr && !job->run->globals.json && !job->run->globals.quiet) {
			putchar('\n');
			mr_msg_line("Failed the test of %s:", job->rows[i].r.target);
			rc = mr_table_print(bad_fields, &job->rows[i].bad, NULL, &err);
		}
	}
	if (rc)
		code = mr_end_error(job->run, &err);
	free_job(job);
	return code;
}

/* Opens the machine and resolves the targets. */
static int begin(struct job *job, int nr, char **words, const char *from, struct mr_err *err)
{
	bool all = nr == 1 && !from && !strcmp(words[0], ALL) && !strcmp(job->done, "released");
	unsigned int needs = MR_NEED_ADMIN;
	int rc = 0;

	needs |= job->run->globals.dry_run ? MR_WANT_MODULE : MR_NEED_MODULE;
	if (!all)
		rc = mr_targets_read(&job->targets, nr, words, from, 0, err);
	if (rc)
		return rc;
	rc = mr_begin(job->run, &job->m, needs, err);
	if (rc) {
		mr_targets_free(&job->targets);
		return rc;
	}
	if (job->m.device >= 0)
		rc = mr_device_need_keep(job->m.info.features, err);
	if (!rc && !all)
		rc = mr_resolve(&job->m, &job->targets, &job->spans, err);
	if (!rc) {
		job->rows = calloc(job->spans.nr + 1, sizeof(*job->rows));
		if (!job->rows)
			rc = mr_err_set(err, -ENOMEM, "", "no memory for the report");
	}
	if (rc) {
		mr_spans_free(&job->spans);
		mr_targets_free(&job->targets);
		mr_machine_close(&job->m);
	}
	return rc;
}

static void watch_test(uint64_t done, uint64_t total, void *data)
{
	mr_progress_show(data, "test, MiB", done >> 20, total >> 20, 1 << 20, "");
}

/*
 * Retires the pages that failed, after all are on the retired list. Returns the number of
 * pages that are not retired; they stay in quarantine.
 */
static size_t retire_bad(struct job *job, const struct add_args *args, struct mr_memtest *test)
{
	mr_autofree struct mr_intent *list = calloc(test->nr_bad + 1, sizeof(*list));
	struct mr_retnotes notes = { .cause = "memory test", .wait_ms = args->timeout_ms };
	struct mr_err err = { 0 };
	size_t left;

	for (size_t i = 0; list && i < test->nr_bad; i++)
		list[i] = (struct mr_intent){ .pfn = test->bad[i].pfn, .node = -1 };
	if (!list)
		mr_err_set(&err, -ENOMEM, "", "no memory for the retired list");
	else if (mr_retnotes_intend(&notes, job->run, &job->m, list, test->nr_bad, &err))
		mr_err_hint(&err, "no bad page is retired; they stay in quarantine");
	if (err.code) {
		mr_msg_error(job->run, &err);
		return test->nr_bad;
	}
	left = mr_memtest_retire(&job->m, test);
	job->bad |= mr_retnotes_settle(&notes, job->run, &job->m) != MR_EXIT_OK;
	mr_retnotes_free(&notes);
	return left;
}

/* Tests the pages of a target that are held. */
static void test(struct job *job, const struct mr_span *spans, size_t nr,
		 const struct add_args *args, struct row *row)
{
	struct mr_progress_line line;
	struct mr_err err = { 0 };
	size_t left;

	row->test.seed = args->seed != UINT64_MAX ? args->seed : (uint64_t)time(NULL);
	mr_progress_start(&line, job->run);
	if (mr_memtest_run(&job->m, spans, nr, watch_test, &line, &row->test, &err)) {
		job->bad = true;
		mr_progress_end(&line);
		mr_msg_error(job->run, &err);
	}
	mr_progress_end(&line);
	row->tested = row;
	if (row->test.complete && row->test.elapsed_us)
		mr_msg_note(job->run, "%s: %" PRIu64 " pages tested at %" PRIu64
			    " MiB/s, %zu bad (seed %" PRIu64 ")", row->r.target, row->test.pages,
			    row->test.bytes * 1000000 / row->test.elapsed_us >> 20,
			    row->test.nr_bad, row->test.seed);
	if (row->test.nr_bad) {
		left = args->poison_bad ? retire_bad(job, args, &row->test) : row->test.nr_bad;
		job->bad |= left > 0;
		mr_err_set(&err, -EIO, row->r.target, "%zu page%s did not keep what was written, first 0x%"
			   PRIx64, row->test.nr_bad, row->test.nr_bad == 1 ? "" : "s",
			   row->test.bad[0].pfn);
		mr_err_hint(&err, !args->poison_bad ? "--poison-bad retires them" :
			    left ? "not all of them could be retired: those stay in quarantine" : "they are retired now");
		mr_msg_error(job->run, &err);
	}
	row->bad = (struct mr_records){ row->test.bad, row->test.nr_bad, sizeof(*row->test.bad),
					false };
}

static int add_run(struct mr_run *run, const void *pargs, int nr, char **words)
{
	const struct add_args *args = pargs;
	struct job job = { .run = run, .done = "held" };
	struct mr_progress_line line;
	struct mr_quarantine_policy policy = {
		.timeout_ms = args->timeout_ms, .dry_run = run->globals.dry_run,
		.progress = watch, .progress_data = &line,
	};
	struct mr_err err = { 0 };

	if (args->poison_bad && !args->test) {
		mr_err_usage(&err, -EINVAL, "--poison-bad", "only --test finds bad pages");
		return mr_end_error(run, &err);
	}
	if (begin(&job, nr, words, args->from, &err))
		return mr_end_error(run, &err);
	if (job.spans.absent)
		mr_msg_note(run, "%llu pages of these ranges are not in memory and left out",
			    (unsigned long long)job.spans.absent);
	for (size_t i = 0, n; i < job.spans.nr && !mr_interrupted(); i += n) {
		struct row *row = &job.rows[job.nr++];

		n = of_one_target(&job.spans, i);
		mr_progress_start(&line, run);
		mr_quarantine_add(&job.m, &job.spans.list[i], n, &policy, &row->r);
		mr_progress_end(&line);
		note(&job, row);
		if (args->test && (row->r.outcome == MR_OUTCOME_DONE ||
				   row->r.outcome == MR_OUTCOME_ALREADY))
			test(&job, &job.spans.list[i], n, args, row);
	}
	return end(&job, add_fields);
}

/* Releases all that the module lists, also in blocks that do not exist any more. */
static int release_all(struct job *job, struct mr_err *err)
{
	mr_autofree struct mr_quarantine *list = NULL;
	size_t nr;
	int rc = mr_quarantine_list(&job->m, 0, UINT64_MAX, &list, &nr, err);

	if (rc)
		return rc;
	free(job->rows);
	job->rows = calloc(nr + 1, sizeof(*job->rows));
	if (!job->rows)
		return mr_err_set(err, -ENOMEM, "", "no memory for the report");
	for (size_t i = 0; i < nr && !mr_interrupted(); i++) {
		struct mr_span span = { .pfn = list[i].pfn, .nr = list[i].pages };
		struct row *row = &job->rows[job->nr++];

		mr_quarantine_release(&job->m, &span, 1, job->run->globals.dry_run, &row->r);
		note(job, row);
	}
	return 0;
}

static int release_run(struct mr_run *run, const void *args, int nr, char **words)
{
	struct job job = { .run = run, .done = "released" };
	struct mr_err err = { 0 };

	(void)args;
	if (begin(&job, nr, words, NULL, &err))
		return mr_end_error(run, &err);
	if (!job.targets.nr && release_all(&job, &err)) {
		free_job(&job);
		return mr_end_error(run, &err);
	}
	for (size_t i = 0, n; i < job.spans.nr && !mr_interrupted(); i += n) {
		struct row *row = &job.rows[job.nr++];

		n = of_one_target(&job.spans, i);
		mr_quarantine_release(&job.m, &job.spans.list[i], n, run->globals.dry_run, &row->r);
		note(&job, row);
	}
	return end(&job, release_fields);
}

static int list_run(struct mr_run *run, const void *args, int nr, char **words)
{
	struct mr_layout layout = { .all = run->globals.verbose };
	mr_autofree struct mr_quarantine *list = NULL;
	struct mr_records records = { .size = sizeof(*list) };
	struct mr_err err = { 0 };
	struct mr_machine m;
	int rc;

	(void)args, (void)nr, (void)words;
	rc = mr_begin(run, &m, MR_NEED_ADMIN | MR_WANT_MODULE, &err);
	if (rc)
		return mr_end_error(run, &err);
	rc = mr_quarantine_list(&m, 0, UINT64_MAX, &list, &records.nr, &err);
	records.list = list;
	if (!rc && run->globals.json) {
		json_object *doc = mr_doc_new(run);

		json_object_object_add(doc, "quarantine",
				       mr_records_json(mr_quarantine_fields, &records));
		mr_doc_print(doc);
	} else if (!rc) {
		rc = mr_table_print(mr_quarantine_fields, &records, &layout, &err);
	}
	mr_machine_close(&m);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

static const struct mr_member add_members[] = {
	{ "results", add_fields },
	{ 0 },
};

static const struct mr_cmd quarantine_add = {
	.name = "add",
	.synopsis = "TARGET...",
	.operand = MR_OPERAND_TARGET,
	.max_operands = -1,
	.summary = "put ranges aside: nothing uses them until they are released",
	.details = "The data of the pages is moved elsewhere, hugepages are replaced in their pools.\n"
		   "Either all pages of a target are claimed, or none. A quarantine stays after memras\n"
		   "has ended, does not prevent its memory block from going offline, and is claimed again\n"
		   "when the block comes back; adding a range that was lost tries again. A reboot\n"
		   "ends it.",
	.opts = add_opts,
	.defaults = &add_defaults,
	.args_size = sizeof(struct add_args),
	.flags = MR_CMD_DRYRUN | MR_CMD_ACTS,
	.members = add_members,
	.run = add_run,
};

static const struct mr_member list_members[] = {
	{ "quarantine", mr_quarantine_fields },
	{ 0 },
};

static const struct mr_cmd quarantine_list = {
	.name = "list",
	.summary = "list the quarantined ranges",
	.members = list_members,
	.run = list_run,
};

static const struct mr_member release_members[] = {
	{ "results", release_fields },
	{ 0 },
};

static const struct mr_cmd quarantine_release = {
	.name = "release",
	.synopsis = "TARGET...|all",
	.operand = MR_OPERAND_TARGET,
	.min_operands = 1,
	.max_operands = -1,
	.summary = "give ranges back to the system",
	.flags = MR_CMD_DRYRUN | MR_CMD_ACTS,
	.members = release_members,
	.run = release_run,
};

static const struct mr_cmd *const subs[] = { &quarantine_add, &quarantine_list,
					     &quarantine_release, NULL };

const struct mr_cmd mr_cmd_quarantine = {
	.name = "quarantine",
	.summary = "put ranges of pages aside, and give them back",
	.subs = subs,
};
