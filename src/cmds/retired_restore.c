// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "backend/device.h"
#include "backend/memlayout.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cmds/retired.h"
#include "lib/inspect/kind.h"
#include "lib/page/retire.h"
#include "report/begin.h"
#include "report/pages.h"
#include "report/retnotes.h"

struct restore_args {
	bool force;
	uint64_t timeout_ms, retries;
};

static const struct mr_opt restore_opts[] = {
	MR_FLAG("force", 'f', struct restore_args, force,
		"though the list is of other memory"),
	MR_DURATION("timeout", 't', struct restore_args, timeout_ms,
		    "try a busy page again for so long (default 10s)"),
	MR_NUMBER("retries", 'r', struct restore_args, retries, "N",
		  "try a busy page again so many times at most"),
	{ 0 },
};

static const struct restore_args restore_defaults = { .timeout_ms = 10000, .retries = UINT64_MAX };

/* A run of restore: collects which entries are pending now, and why. */
struct job {
	struct mr_retlist *list;
	struct mr_memlayout ram;	/* without ranges if unknown */
	size_t absent;		/* pages that are not memory in this boot */
	bool lost;		/* there was no memory for a reason */
};

#define ABSENT "no memory of this boot: kept from the kernel, or not there"

static void set_pending(struct job *job, struct mr_retired *entry, const char *reason)
{
	entry->pending = reason != NULL;
	if (mr_retlist_intern(job->list, reason, &entry->reason))
		job->lost = true;
}

static void note(const struct mr_result *result, void *data)
{
	struct job *job = data;
	struct mr_retired *entry = mr_retlist_find(job->list, result->pfn);

	if (!entry || result->outcome == MR_OUTCOME_PLANNED)
		return;
	if (result->outcome == MR_OUTCOME_DONE || result->outcome == MR_OUTCOME_ALREADY)
		set_pending(job, entry, NULL);
	else
		set_pending(job, entry, result->err.reason);
}

static int retire(struct mr_machine *m, const struct mr_spans *spans,
		  const struct mr_batch_hooks *hooks, void *policy, struct mr_err *err)
{
	return mr_retire(m, spans, policy, hooks, err);
}

static bool is_absent(const struct job *job, const struct mr_machine *m, uint64_t pfn)
{
	return job->ram.nr_ranges &&
	       !mr_memlayout_has(&job->ram, mr_pfn_phys(m, pfn), mr_page_size(m));
}

/* Reports pages that the kernel does not have as memory: they count as retired. */
static void tell_absent(const struct mr_machine *m, struct job *job, const char *word,
			struct mr_page_report *report)
{
	for (size_t i = 0; i < job->list->nr; i++) {
		struct mr_retired *entry = &job->list->list[i];
		const struct mr_result result = {
			.target = word, .pfn = entry->pfn, .phys = mr_pfn_phys(m, entry->pfn),
			.node = -1, .block = UINT64_MAX, .kind = MEMRAS_KIND_RESERVED,
			.outcome = MR_OUTCOME_ALREADY,
		};

		if (!is_absent(job, m, entry->pfn))
			continue;
		job->absent++;
		report->wanted++;
		set_pending(job, entry, ABSENT);
		mr_page_report_add(report, &result);
	}
}

/* Makes spans of all other entries, one for each page. */
static int spans_of(const struct job *job, const struct mr_machine *m,
		    const char *word, struct mr_spans *spans)
{
	const struct mr_retlist *list = job->list;

	*spans = (struct mr_spans){ .list = calloc(list->nr + 1, sizeof(*spans->list)) };
	if (!spans->list)
		return -ENOMEM;
	for (size_t i = 0; i < list->nr; i++)
		if (!is_absent(job, m, list->list[i].pfn))
			spans->list[spans->nr++] = (struct mr_span){ .pfn = list->list[i].pfn,
								     .nr = 1, .word = word };
	spans->pages = spans->nr;
	return 0;
}

/*
 * Writes the result for the pages of @done to the list as it is now: the lock was not
 * held while pages were retired, and another process may have changed the list.
 */
static int record(const struct mr_run *run, const struct mr_machine *m,
		  const struct mr_retlist *done, const struct restore_args *args,
		  struct mr_err *err)
{
	struct mr_retlist list;
	int rc = mr_retired_open(run, m, true, args->timeout_ms, &list, err);

	if (rc)
		return rc;
	rc = mr_retlist_fits(&list, m, args->force, err);
	for (size_t i = 0; !rc && i < done->nr; i++) {
		const struct mr_retired *was = &done->list[i];
		struct mr_retired *entry = mr_retlist_find(&list, was->pfn);

		if (!entry)
			continue;
		entry->pending = was->pending;
		if (mr_retlist_intern(&list, mr_retlist_text(done, was->reason), &entry->reason))
			rc = mr_err_set(err, -ENOMEM, list.path, "no memory for the list");
	}
	if (!rc)
		rc = mr_retlist_save(&list, err);
	mr_retlist_close(&list);
	return rc;
}

static int restore(struct mr_run *run, struct mr_machine *m, const struct restore_args *args,
		   struct mr_retlist *list, int *code, struct mr_err *err)
{
	static char word[] = "retired";
	struct job job = { .list = list };
	struct mr_page_report report = {
		.run = run, .done = "offlined", .mode = "soft", .also = note, .also_data = &job,
	};
	struct mr_offline_policy policy = {
		.mode = MR_MODE_SOFT, .via = MR_VIA_AUTO,
		.timeout_ms = args->timeout_ms, .retries = args->retries,
		.dry_run = run->globals.dry_run, .no_module = run->globals.no_module,
	};
	struct mr_spans spans = { 0 };
	int rc = mr_retlist_fits(list, m, args->force, err);

	if (rc) {
		mr_err_hint(err, "--force takes what fits; \"retired forget all\" begins anew");
		return rc;
	}
	if (!run->globals.no_module)
		mr_device_open(m, false, &(struct mr_err){ 0 });
	rc = mr_memlayout_read_ram(m, &job.ram);
	if (!rc)
		rc = spans_of(&job, m, word, &spans);
	if (rc)
		mr_err_set(err, rc, "", "no memory for the list of pages");
	else
		rc = mr_page_report_run(&report, m, &spans, retire, &policy, err);
	if (!rc)
		tell_absent(m, &job, word, &report);
	mr_spans_free(&spans);
	mr_memlayout_free(&job.ram);
	if (rc)
		return rc;
	if (!run->globals.dry_run && list->nr) {
		rc = job.lost ? mr_err_set(err, -ENOMEM, list->path, "no memory for the list") :
				record(run, m, list, args, err);
		if (rc)
			mr_msg_error(run, err);
	}
	if (job.absent)
		mr_msg_note(run, "%zu page%s no memory of this boot, and stay%s on the list",
			    job.absent, job.absent == 1 ? " is" : "s are", job.absent == 1 ? "s" : "");
	*code = mr_page_report_end(&report);
	if (rc && *code == MR_EXIT_OK)
		*code = MR_EXIT_PART;
	return 0;
}

static int restore_run(struct mr_run *run, const void *pargs, int nr, char **words)
{
	struct mr_retlist list;
	struct mr_err err = { 0 };
	struct mr_machine m;
	int rc, code = MR_EXIT_OK;

	(void)nr, (void)words;
	rc = mr_retired_begin(run, MR_NEED_MEMORY_FAILURE, false, &m, &list, &err);
	if (rc)
		return mr_end_error(run, &err);
	rc = restore(run, &m, pargs, &list, &code, &err);
	mr_retired_end(&m, &list);
	return rc ? mr_end_error(run, &err) : code;
}

static const struct mr_member members[] = {
	{ "results", mr_page_fields },
	{ 0 },
};

const struct mr_cmd mr_cmd_retired_restore = {
	.name = "restore",
	.summary = "retire every page of the list again, as after a boot",
	.details = "By soft offline, as \"offline --soft\" does. Pages that cannot be retired now\n"
		   "stay on the list as pending, with the reason.",
	.opts = restore_opts,
	.defaults = &restore_defaults,
	.args_size = sizeof(struct restore_args),
	.flags = MR_CMD_DRYRUN | MR_CMD_ACTS,
	.members = members,
	.run = restore_run,
};
