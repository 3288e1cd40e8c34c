// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/block/evacuate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/device.h"
#include "lib/hugetlb/hugepage.h"
#include "lib/range/claim.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/interrupt.h"

struct evacuation {
	const struct mr_machine *m;
	const struct mr_block_policy *policy;
	struct mr_block_result *result;
};

static int claim(void *ctx, struct memras_claim *arg)
{
	const struct evacuation *e = ctx;

	return mr_device_claim(e->m, arg);
}

static int look(void *ctx, uint64_t pfn, uint64_t nr, struct mr_blockers *out)
{
	const struct evacuation *e = ctx;

	return mr_claim_device_look((void *)e->m, pfn, nr, out);
}

/* Whether the kernel's offlining deals with what is in the way, and no claim can. */
static bool kernel_skips(const struct mr_blocker *b)
{
	return b->kind == MEMRAS_KIND_OFFLINE || b->kind == MEMRAS_KIND_MEMMAP;
}

/*
 * Where the module cannot replace hugepages, those that the kernel can move or
 * dissolve are its own to deal with.
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
		if (!list[i].gigantic && !list[i].poisoned)
			return true;
	return false;
}

/*
 * Pageblocks in which nothing but a driver's own PageOffline pages or the block's
 * memmap is in the way are left to the kernel, as are hugepages that only it can move.
 */
static bool leave(void *ctx, uint64_t pfn, uint64_t nr, const struct mr_blockers *found)
{
	const struct evacuation *e = ctx;
	bool skipped = found->nr > 0;

	for (size_t i = 0; i < found->nr; i++)
		skipped &= kernel_skips(&found->list[i]);
	return skipped || hugepages_to_leave(e->m, pfn, nr);
}

static const struct mr_claim_ops ops = {
	.claim = claim,
	.drain = mr_claim_device_drain,
	.look = look,
	.leave = leave,
	.interrupted = mr_interrupted,
	.clock_us = mr_clock_us,
	.sleep_us = mr_clock_sleep_us,
};

static void tell(const struct mr_claim_progress *claims, void *data)
{
	const struct evacuation *e = data;
	const struct mr_progress p = { .block = e->result->block, .done = claims->done,
				       .total = claims->total, .busy = claims->busy,
				       .obstacle = claims->obstacle };

	if (e->policy->progress)
		e->policy->progress(&p, e->policy->progress_data);
}

static int explain(struct evacuation *e, int rc)
{
	struct mr_blockers *blockers = &e->result->blockers;
	char object[32];

	if (rc != -EINTR)
		mr_blockers_find_owners(e->m, &blockers, 1);
	snprintf(object, sizeof(object), "memory%" PRIu64, e->result->block);
	if (rc == -EINTR)
		mr_err_set(&e->result->err, rc, object,
			   "interrupted; the block is online and whole");
	else if (blockers->nr)
		mr_blockers_explain(blockers, rc, object, &e->result->err);
	else if (rc == -ENOMEM)
		mr_err_set(&e->result->err, rc, object,
			   "no memory is left elsewhere to move its pages to");
	else if (rc == -EINVAL)
		mr_err_set(&e->result->err, rc, object, "its pages are of two zones");
	else if (rc == -ENXIO)
		mr_err_set(&e->result->err, rc, object, "not all of its memory is online");
	else
		mr_err_set(&e->result->err, rc, object,
			   "its pages stayed busy until the %s",
			   rc == -ETIMEDOUT ? "timeout" : "last try");
	if (rc == -EBUSY || rc == -ETIMEDOUT)
		mr_err_hint(&e->result->err, "nothing is changed; memras block show %" PRIu64
			    " shows what is in it", e->result->block);
	return rc;
}

/* Nothing is moved for a block that cannot go in the end. */
static bool lasting(const struct mr_machine *m, const struct mr_range *all, struct mr_blockers *b)
{
	struct mr_err ignored;

	for (int i = 0; i < MR_CLAIM_LOOKS; i++) {
		if (i)
			mr_clock_sleep_us(MR_CLAIM_PAUSE_US);
		mr_blockers_free(b);
		mr_blockers_find_lasting(m, all->pfn, all->nr, b, &ignored);
		if (!b->lasting)
			return false;
	}
	mr_blockers_free(b);
	mr_blockers_find(m, all->pfn, all->nr, b, &ignored);
	return true;
}

int mr_evacuate(const struct mr_machine *m, const struct mr_block *block,
		const struct mr_block_policy *policy, uint64_t deadline_us,
		struct mr_block_result *result)
{
	struct evacuation e = { .m = m, .policy = policy, .result = result };
	struct mr_range all = { block->start >> m->page_shift, block->size >> m->page_shift };
	struct mr_claims claims = {
		.ops = &ops, .ctx = &e, .unit = m->info.pageblock_pages,
		.largest = mr_claim_largest(m), .deadline_us = deadline_us,
		.retries = policy->retries, .progress = tell, .progress_data = &e,
	};
	int rc;

	if (lasting(m, &all, &result->blockers))
		return explain(&e, -EBUSY);
	rc = mr_claims_run(&claims, &(struct mr_ranges){ .list = &all, .nr = 1 });
	result->attempts = claims.attempts;
	result->evacuated_pages = claims.claimed;
	result->poisoned_pages = claims.poisoned;
	result->blockers = claims.blockers;
	if (!rc)
		return 0;
	mr_evacuate_undo(m, block);
	return explain(&e, rc);
}

int mr_evacuate_undo(const struct mr_machine *m, const struct mr_block *block)
{
	struct memras_release release = {
		.start_pfn = block->start >> m->page_shift,
		.nr_pages = block->size >> m->page_shift,
	};
	int rc = mr_device_release(m, &release);

	return rc == -ENOENT ? 0 : rc;
}
