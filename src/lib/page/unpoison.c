// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/page/unpoison.h"

#include "lib/page/apply.h"
#include "lib/page/retire.h"

struct job {
	struct mr_ability ability;
	struct mr_applier applier;
};

static void plan(const struct mr_snap *snap, const struct mr_spot *spot, void *data,
		 struct mr_plan *p)
{
	const struct job *job = data;

	(void)spot;
	mr_plan_unpoison(snap, &job->ability, p);
}

static int apply(const struct mr_snap *snap, const struct mr_step *step,
		 const struct mr_spot *spot, void *data, struct mr_err *err)
{
	struct job *job = data;

	(void)spot;
	return mr_apply_unpoison(&job->applier, snap, step, err);
}

int mr_unpoison(struct mr_machine *m, const struct mr_spans *spans, bool dry_run,
		const struct mr_batch_hooks *hooks, struct mr_err *err)
{
	struct job job = { 0 };
	/* One try: the kernel's refusals are permanent. */
	const struct mr_batch_way way = { .poisons = false, .dry_run = dry_run, .plan = plan,
					  .apply = apply, .data = &job };
	int rc;

	mr_ability_read(m, &job.ability);
	mr_applier_open(&job.applier, m);
	rc = mr_batch_run(m, spans, &way, hooks, err);
	mr_applier_close(&job.applier);
	return rc;
}
