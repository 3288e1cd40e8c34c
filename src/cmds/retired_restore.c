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

struct job {
	struct mr_offline_policy policy;
	struct mr_retlist *list;
	struct mr_memlayout ram;	/* no ranges: not known */
	size_t absent;		/* pages that are no memory now */
	bool lost;		/* a reason found no memory */
};

#define ABSENT "no memory of this boot: kept from the kernel, or not there"

/* What the kernel has not as memory is as good as retired. */
static void tell_absent(const struct mr_machine *m, const struct mr_spot *spot, struct job *job,
			struct mr_result *result)
{
	result->pfn = spot->pfn;
	result->phys = mr_pfn_phys(m, spot->pfn);
	result->node = -1;
	result->block = UINT64_MAX;
	result->kind = mr_kind_name(MEMRAS_KIND_RESERVED);
	result->path = "none";
	result->outcome = MR_OUTCOME_ALREADY;
	job->absent++;
}

static void restore_one(struct mr_machine *m, const struct mr_spot *spot,
			struct mr_result *result, void *data)
{
	struct job *job = data;
	struct mr_retired *entry = mr_retlist_find(job->list, spot->pfn);

	bool absent = job->ram.nr_ranges &&
		      !mr_memlayout_has(&job->ram, mr_pfn_phys(m, spot->pfn), mr_page_size(m));

	if (absent)
		tell_absent(m, spot, job, result);
	else
		mr_retire_page(m, spot, &job->policy, result);
	if (!entry || result->outcome == MR_OUTCOME_PLANNED)
		return;
	entry->pending = absent || (result->outcome != MR_OUTCOME_DONE &&
				    result->outcome != MR_OUTCOME_ALREADY);
	if (mr_retlist_intern(job->list, !entry->pending ? NULL :
			      absent ? ABSENT : result->err.reason, &entry->reason))
		job->lost = true;
}

/*
 * Every entry, also those that memory does not back: each then says so. As
 * spans of the list, whose pages stand for themselves.
 */
static int spans_of(const struct mr_retlist *list, const struct mr_target *target,
		    struct mr_spans *spans)
{
	*spans = (struct mr_spans){ .list = calloc(list->nr + 1, sizeof(*spans->list)) };
	if (!spans->list)
		return -ENOMEM;
	for (size_t i = 0; i < list->nr; i++)
		spans->list[i] = (struct mr_span){ .pfn = list->list[i].pfn, .nr = 1,
						   .target = target };
	spans->nr = list->nr;
	spans->pages = list->nr;
	return 0;
}

/*
 * Puts what became of @done's pages into the list as it is by now: its lock is not
 * held while pages are tried for long, and others may have changed it meanwhile.
 */
static int record(const struct mr_run *run, const struct mr_machine *m,
		  const struct mr_retlist *done, bool force, struct mr_err *err)
{
	struct mr_retlist list;
	int rc = mr_retired_open(run, m, true, &list, err);

	if (rc)
		return rc;
	rc = mr_retlist_fits(&list, m, force, err);
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
	const struct mr_target target = { .word = word, .type = MR_TARGET_PFN };
	struct mr_page_report report = { .run = run, .done = "offlined", .mode = "soft" };
	struct job job = {
		.list = list,
		.policy = {
			.mode = MR_MODE_SOFT, .via = MR_VIA_AUTO,
			.timeout_ms = args->timeout_ms, .retries = args->retries,
			.dry_run = run->globals.dry_run, .no_module = run->globals.no_module,
		},
	};
	struct mr_spans spans;
	int rc = mr_retlist_fits(list, m, args->force, err);

	if (rc) {
		mr_err_hint(err, "--force takes what fits; \"retired forget all\" begins anew");
		return rc;
	}
	if (!run->globals.no_module)
		mr_device_open(m, false, &(struct mr_err){ 0 });
	rc = spans_of(list, &target, &spans);
	if (!rc)
		rc = mr_memlayout_read_ram(m, &job.ram);
	if (!rc)
		rc = mr_page_report_each(&report, m, &spans, restore_one, &job);
	mr_spans_free(&spans);
	mr_memlayout_free(&job.ram);
	if (rc)
		return mr_err_set(err, rc, "", "no memory for the report");
	if (!run->globals.dry_run && list->nr) {
		rc = job.lost ? mr_err_set(err, -ENOMEM, list->path, "no memory for the list") :
				record(run, m, list, args->force, err);
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
