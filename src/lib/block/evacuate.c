// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/block/evacuate.h"

#include <inttypes.h>

#include "backend/device.h"
#include "lib/block/blockwrite.h"
#include "lib/hugetlb/hugepage.h"
#include "lib/range/claim.h"
#include "util/cleanup.h"

struct evacuation {
	const struct mr_machine *m;
	const struct mr_block_policy *policy;
	struct mr_block_result *result;
	uint64_t left;		/* pages that are not tried */
};

/*
 * True if the range has hugepages that the kernel can migrate or dissolve and the module cannot
 * replace.
 */
static bool hugepages_to_leave(const struct mr_machine *m, uint64_t pfn, uint64_t nr)
{
	mr_autofree struct mr_hugepage *list = NULL;
	struct mr_err ignored;
	size_t n = 0;

	if (mr_device_has(m, MEMRAS_FEAT_REPLACE) ||
	    mr_hugepage_list(m, pfn, nr, &list, &n, &ignored))
		return false;
	for (size_t i = 0; i < n; i++)
		if (mr_hugepage_can_leave(&list[i]))
			return true;
	return false;
}

/*
 * Leaves a pageblock to the kernel if its only blockers are a driver's PageOffline pages or the
 * block's memmap, or if it has hugepages that only the kernel can move.
 */
static bool leave(void *data, uint64_t pfn, uint64_t nr, const struct mr_blockers *found)
{
	const struct evacuation *e = data;
	bool skipped = found->nr > 0;

	for (size_t i = 0; i < found->nr; i++)
		skipped &= mr_kind_is_skipped(found->list[i].kind);
	return skipped || hugepages_to_leave(e->m, pfn, nr);
}

static void tell(const struct mr_claim_progress *claims, void *data)
{
	const struct evacuation *e = data;
	const struct mr_progress p = { .block = e->result->block, .done = claims->done + e->left,
				       .total = claims->total + e->left, .busy = claims->busy,
				       .obstacle = claims->obstacle };

	if (e->policy->progress)
		e->policy->progress(&p, e->policy->progress_data);
}

void mr_evacuate_explain(const struct mr_machine *m, int rc, struct mr_block_result *r)
{
	struct mr_blockers *blockers = &r->blockers;
	char object[MR_BLOCK_NAME];

	if (rc != -EINTR)
		mr_blockers_find_owners(m, &blockers, 1);
	mr_block_name(object, r->block);
	if (rc == -EINTR)
		mr_err_set(&r->err, rc, object,
			   "interrupted; the block is online and whole");
	else if (blockers->nr)
		mr_blockers_explain(blockers, rc, object, &r->err);
	else if (rc == -ENOMEM)
		mr_err_set(&r->err, rc, object,
			   "no memory is left elsewhere to move its pages to");
	else if (rc == -EINVAL)
		mr_err_set(&r->err, rc, object, "its pages are in two zones");
	else if (rc == -ENXIO)
		mr_err_set(&r->err, rc, object, "not all of its memory is online");
	else
		mr_err_set(&r->err, rc, object,
			   "its pages stayed busy until the %s",
			   rc == -ETIMEDOUT ? "timeout" : "last try");
	if (rc == -EBUSY || rc == -ETIMEDOUT)
		mr_err_hint(&r->err, "nothing is changed; memras block show %" PRIu64
			    " shows what is in it", r->block);
}

/* The pages of the smallest hugepage of the block; 0 if it has none. */
static uint64_t smallest_hugepage(const struct mr_block_snap *snap)
{
	uint64_t least = 0;

	for (size_t i = 0; i < snap->nr_hugepages; i++) {
		uint64_t pages = snap->hugepages[i].size >> snap->page_shift;

		least = !least || pages < least ? pages : least;
	}
	return least;
}

int mr_evacuate(const struct mr_machine *m, const struct mr_block_snap *snap,
		const struct mr_block_plan *plan, const struct mr_block_policy *policy,
		uint64_t deadline_us, struct mr_block_result *result)
{
	struct evacuation e = { .m = m, .policy = policy, .result = result,
				.left = snap->all.nr - mr_ranges_pages(&plan->want) };
	struct mr_claims claims = {
		.ops = &mr_claim_device, .ctx = (void *)m, .unit = m->info.pageblock_pages,
		.least = smallest_hugepage(snap), .largest = mr_claim_largest(m),
		.deadline_us = deadline_us, .retries = policy->retries, .leave = leave, .progress = tell, .data = &e,
	};
	int rc = mr_claims_run(&claims, &plan->want);

	result->attempts = claims.attempts;
	result->evacuated_pages = claims.claimed;
	result->poisoned_pages = claims.poisoned;
	result->blockers = claims.blockers;
	if (!rc)
		return 0;
	mr_evacuate_undo(m, snap);
	mr_evacuate_explain(m, rc, result);
	return rc;
}

int mr_evacuate_undo(const struct mr_machine *m, const struct mr_block_snap *snap)
{
	struct memras_release release = { .start_pfn = snap->all.pfn, .nr_pages = snap->all.nr };
	int rc = mr_device_release(m, &release);

	return rc == -ENOENT ? 0 : rc;
}
