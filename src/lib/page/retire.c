// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/page/retire.h"

#include "backend/device.h"
#include "backend/pageattr.h"
#include "lib/page/apply.h"

void mr_ability_read(const struct mr_machine *m, struct mr_ability *ability)
{
	*ability = (struct mr_ability){
		.replace = mr_device_has(m, MEMRAS_FEAT_CLAIM | MEMRAS_FEAT_REPLACE),
		.module_offline = mr_device_has(m, MEMRAS_FEAT_HARD_OFFLINE),
		.module_unpoison = mr_device_has(m, MEMRAS_FEAT_UNPOISON),
		.soft_enabled = mr_pageattr_soft_offline_enabled(m) != 0,
		/* A kernel that tells simulated errors from real ones checks this itself. */
		.unpoison_safe = mr_device_has(m, MEMRAS_FEAT_SIMULATED) ||
				 !mr_pageattr_machine_checked(m),
	};
}

struct job {
	struct mr_machine *m;
	const struct mr_offline_policy *policy;
	struct mr_ability ability;
	struct mr_applier applier;
};

static void plan(const struct mr_snap *snap, const struct mr_spot *spot, void *data,
		 struct mr_plan *p)
{
	const struct job *job = data;
	struct mr_ability ability = job->ability;

	ability.mapped_file = mr_target_is_file(spot->word);
	mr_plan_offline(snap, job->policy, &ability, p);
}

static int apply(const struct mr_snap *snap, const struct mr_step *step,
		 const struct mr_spot *spot, void *data, struct mr_err *err)
{
	struct job *job = data;

	return mr_apply(&job->applier, snap, step, spot, job->policy, err);
}

/* Loads the module for hugepages, which it keeps best; without it their pool is grown. */
static bool prepare(const struct mr_snap *snaps, size_t nr, void *data)
{
	struct job *job = data;
	struct mr_machine *m = job->m;
	bool hugetlb = false;

	if (m->device >= 0 || m->load_tried || job->policy->no_module)
		return false;
	for (size_t i = 0; !hugetlb && i < nr; i++)
		hugetlb = mr_snap_is_hugetlb(&snaps[i]);
	if (!hugetlb || mr_device_open(m, !job->policy->dry_run, &(struct mr_err){ 0 }))
		return false;
	mr_ability_read(m, &job->ability);
	return true;
}

int mr_retire(struct mr_machine *m, const struct mr_spans *spans,
	      const struct mr_offline_policy *policy, const struct mr_batch_hooks *hooks,
	      struct mr_err *err)
{
	struct job job = { .m = m, .policy = policy };
	const struct mr_batch_way way = {
		.poisons = true, .dry_run = policy->dry_run,
		.owners = policy->mode == MR_MODE_HARD,
		.despite_signal = policy->despite_signal,
		.timeout_ms = policy->timeout_ms, .retries = policy->retries,
		.plan = plan, .apply = apply, .prepare = prepare, .data = &job,
	};
	int rc;

	mr_ability_read(m, &job.ability);
	mr_applier_open(&job.applier, m);
	rc = mr_batch_run(m, spans, &way, hooks, err);
	mr_applier_close(&job.applier);
	return rc;
}

static void take(const struct mr_result *result, void *data)
{
	struct mr_result *to = data;

	*to = *result;
	to->owners = NULL;
	to->nr_owners = 0;
}

void mr_retire_page(struct mr_machine *m, const struct mr_spot *spot,
		    const struct mr_offline_policy *policy, struct mr_result *result)
{
	struct mr_span span = { spot->pfn, 1, spot->where, spot->word };
	const struct mr_spans spans = { .list = &span, .nr = 1, .pages = 1 };
	const struct mr_batch_hooks hooks = { .settled = take, .data = result };
	struct mr_offline_policy regardless = *policy;
	struct mr_err err;

	regardless.despite_signal = true;
	*result = (struct mr_result){ .pfn = spot->pfn, .outcome = MR_OUTCOME_FAILED };
	if (mr_retire(m, &spans, &regardless, &hooks, &err))
		result->err = err;
}
