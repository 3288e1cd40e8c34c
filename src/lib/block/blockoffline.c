// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/block/blockoffline.h"

#include <stdlib.h>

#include "backend/device.h"
#include "lib/block/blockplan.h"
#include "lib/block/blockwrite.h"
#include "lib/block/evacuate.h"
#include "lib/hugetlb/blockpool.h"
#include "lib/range/claim.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/interrupt.h"

#define PAUSE_US 200000	/* before the kernel is asked again */
/*
 * A nearly free block goes offline in milliseconds; a write that takes longer means that the
 * block has come into use.
 */
#define AT_ONCE_US 1000000

struct offline {
	const struct mr_machine *m;
	const struct mr_block *block;
	const struct mr_block_policy *policy;
	struct mr_block_result *result;
	struct mr_block_snap snap;
	struct mr_block_plan plan;
	struct mr_blockpool pools;	/* pools that stay grown until the end */
	uint64_t deadline_us;
};

/* Finds what blocks the offline. */
static void look(const struct offline *o)
{
	struct mr_err ignored;

	mr_blockers_free(&o->result->blockers);
	mr_blockers_find(o->m, o->snap.all.pfn, o->snap.all.nr, &o->result->blockers, &ignored);
}

static bool hugepages_in_use(const struct mr_block_snap *snap)
{
	for (size_t i = 0; i < snap->nr_hugepages; i++)
		if (snap->hugepages[i].state == MR_HUGEPAGE_IN_USE && !snap->hugepages[i].gigantic)
			return true;
	return false;
}

/* Fills result->err for an offline that the kernel did not do. */
static void explain(const struct offline *o, int rc)
{
	const struct mr_machine *m = o->m;
	struct mr_block_result *r = o->result;
	struct mr_blockers *blockers = &r->blockers;
	char object[MR_BLOCK_NAME];

	mr_block_name(object, r->block);
	if (rc == -EINTR) {
		mr_err_set(&r->err, rc, object, "interrupted; the block is online and whole");
		return;
	}
	if (rc == -EROFS) {
		mr_machine_read_only(object, &r->err);
		return;
	}
	if (!r->blockers.nr)
		look(o);
	mr_blockers_find_owners(m, &blockers, 1);
	if (r->blockers.nr) {
		mr_blockers_explain(blockers, rc, object, &r->err);
	} else if (rc == -ETIMEDOUT && hugepages_in_use(&o->snap)) {
		/*
		 * If mm/hugetlb.c takes the hugepage that was freed last, even from an isolated
		 * pageblock (seen up to 6.12), the hugepages of the block move into each
		 * other's places forever.
		 */
		mr_err_set(&r->err, rc, object,
			   "it has hugepages in use, and the kernel moves them within it");
		mr_err_hint(&r->err, mr_device_has(m, MEMRAS_FEAT_REPLACE) || m->device < 0 ?
			    "nothing is changed; from 5.13 on memras.ko replaces them" :
			    "nothing is changed; try again when the pool has no free hugepages");
		return;
	} else {
		mr_err_set(&r->err, rc, object, rc == -ETIMEDOUT ?
			   "it was not offline by the timeout" : rc == -EIO ?
			   "the kernel reports success but it is not offline" :
			   "the kernel did not take it offline");
	}
	mr_err_hint(&r->err, m->device >= 0 ?
		    "nothing is changed; the kernel log may say more (dmesg)" :
		    "nothing is changed; memras.ko can find out and do more");
}

static int take_and_plan(struct offline *o)
{
	mr_block_snap_free(&o->snap);
	mr_block_plan_free(&o->plan);
	mr_block_snap_take(o->m, o->block, o->policy->going, &o->snap);
	return mr_block_plan_offline(&o->snap, o->policy->move_to, o->policy->going, &o->plan);
}

/*
 * Plans the offline. A page that looks unmovable may be so for a moment only, so look several
 * times before reporting it.
 */
static int plan(struct offline *o)
{
	int rc = take_and_plan(o);

	for (int i = 1; !rc && o->plan.action == MR_BLOCK_BLOCKED && !o->policy->dry_run &&
	     i < MR_CLAIM_LOOKS; i++) {
		mr_clock_sleep_us(MR_CLAIM_PAUSE_US);
		rc = take_and_plan(o);
	}
	return rc;
}

static int write_state(struct offline *o, uint64_t deadline_us, uint64_t done)
{
	int rc = mr_block_write(o->m, o->block, o->plan.word, o->policy, deadline_us, done);

	/* Only the state counts: another process may have taken the block offline. */
	return mr_block_state_now(o->m, o->block->id) == MR_BLOCK_OFFLINE ? 0 : rc ? rc : -EIO;
}

/* If planned, grows the pools that have hugepages in the block before it goes offline. */
static int grow_pools(struct offline *o)
{
	return o->plan.pool == MR_POOL_GROWN ?
	       mr_blockpool_begin(o->m, o->block, o->deadline_us, &o->pools, &o->result->err) : 0;
}

/* Lets the kernel take the block offline, and retries while the obstacles may go away. */
static int by_kernel(struct offline *o)
{
	struct mr_block_result *r = o->result;
	int rc = grow_pools(o);

	if (rc)
		return rc;
	for (;;) {
		r->attempts++;
		rc = write_state(o, o->deadline_us, 0);
		if (rc != -EBUSY || r->attempts > o->policy->retries)
			return rc;
		look(o);
		if (r->blockers.lasting || mr_interrupted() ||
		    mr_clock_us() + PAUSE_US >= o->deadline_us)
			return rc;
		mr_clock_sleep_us(PAUSE_US);
	}
}

/*
 * Lets the module empty the block. The claims stay while pools grow, so that these grow
 * elsewhere, and while the kernel takes the block offline. An offline ends the claims; on error
 * they are released.
 */
static int by_module(struct offline *o)
{
	int rc;

	o->result->via = MR_VIA_MODULE;
	rc = mr_evacuate(o->m, &o->snap, &o->plan, o->policy, o->deadline_us, o->result);
	if (rc)
		return rc;
	rc = grow_pools(o);
	if (!rc)
		rc = write_state(o, o->deadline_us, o->snap.all.nr);
	if (rc)
		mr_evacuate_undo(o->m, &o->snap);
	return rc;
}

/* Takes offline a block that is almost unused; if it has come into use, evacuates it first. */
static int at_once(struct offline *o)
{
	const uint64_t soon = mr_clock_us() + AT_ONCE_US;
	int rc;

	o->result->attempts = 1;
	rc = write_state(o, soon < o->deadline_us ? soon : o->deadline_us, o->snap.all.nr);
	if (!rc || mr_interrupted() || (rc != -EBUSY && rc != -ETIMEDOUT))
		return rc;
	rc = by_module(o);
	o->result->attempts++;
	return rc;
}

/* Carries out the plan. On error the block is unchanged and result->err says why. */
static int apply(struct offline *o)
{
	struct mr_block_result *r = o->result;
	int rc = o->plan.action == MR_BLOCK_KERNEL ? by_kernel(o) :
		 o->plan.action == MR_BLOCK_WRITE ? at_once(o) : by_module(o);

	if (rc && !r->err.code)
		explain(o, rc);
	r->pool = mr_blockpool_end(o->m, &o->pools) ? MR_POOL_SHRUNK :
		  rc ? MR_POOL_NONE : o->plan.pool;
	return rc;
}

/* Collects the poisoned pages that the module recorded at offline. */
static void note_poison(const struct offline *o)
{
	mr_autofree struct memras_recalled *list = NULL;
	const struct mr_block_snap *s = &o->snap;
	size_t n = 0;

	if (!s->nr_poison)
		return;
	if (mr_device_has(o->m, MEMRAS_FEAT_RECALL) &&
	    mr_device_recall(o->m, s->all.pfn, s->all.nr, &list, &n))
		n = 0;
	for (size_t i = 0; i < s->nr_poison; i++) {
		enum mr_block_poison_state state = MR_BLOCK_POISON_NOT_REMEMBERED;

		for (size_t k = 0; k < n; k++)
			if (list[k].pfn == s->poison[i])
				state = MR_BLOCK_POISON_REMEMBERED;
		mr_block_result_add_poison(o->result, o->m, s->poison[i], state);
	}
}

/* Carries out the plan, or says why not. */
static void offline(struct offline *o)
{
	struct mr_block_result *r = o->result;

	switch (o->plan.action) {
	case MR_BLOCK_NOTHING:
		r->outcome = MR_OUTCOME_ALREADY;
		return;
	case MR_BLOCK_REFUSE:
		r->err = o->plan.err;
		return;
	default:
		r->via = o->plan.action == MR_BLOCK_EVACUATE || o->plan.action == MR_BLOCK_BLOCKED ?
			 MR_VIA_MODULE : MR_VIA_SYSFS;
		break;
	}
	r->move_to = o->plan.move_to;
	if (o->policy->dry_run) {
		r->outcome = MR_OUTCOME_PLANNED;
		r->pool = o->plan.pool;
		r->going = mr_block_snap_resident(&o->snap) << o->m->page_shift;
		look(o);
		return;
	}
	if (o->plan.action == MR_BLOCK_BLOCKED) {
		look(o);
		mr_evacuate_explain(o->m, -EBUSY, r);
		return;
	}
	if (!apply(o)) {
		r->outcome = MR_OUTCOME_DONE;
		mr_err_clear(&r->err);
		mr_blockers_free(&r->blockers);
		note_poison(o);
		mr_block_result_see_quarantine(r, o->m, o->block);
	}
}

void mr_block_offline(const struct mr_machine *m, const struct mr_block *block,
		      const struct mr_block_policy *policy, struct mr_block_result *result)
{
	const uint64_t start = mr_clock_us();
	struct offline o = { .m = m, .block = block, .policy = policy, .result = result,
			     .deadline_us = start + policy->timeout_ms * 1000 };
	char object[MR_BLOCK_NAME];

	*result = (struct mr_block_result){ .block = block->id, .outcome = MR_OUTCOME_FAILED };
	if (plan(&o)) {
		mr_block_name(object, block->id);
		mr_err_set(&result->err, -ENOMEM, object, "no memory for the plan");
	} else {
		offline(&o);
	}
	result->elapsed_us = mr_clock_us() - start;
	mr_block_snap_free(&o.snap);
	mr_block_plan_free(&o.plan);
}
