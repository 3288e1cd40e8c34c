// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/page/item.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/kpage.h"

/* Without memory the error is lost, but not the outcome. */
void mr_item_keep_error(struct mr_item *it, const struct mr_err *err)
{
	if (!it->err)
		it->err = malloc(sizeof(*it->err));
	if (it->err)
		*it->err = *err;
}

void mr_item_decide(struct mr_item *it, enum mr_outcome outcome)
{
	it->outcome = outcome;
	it->decided = true;
}

/* Returns what happens to the pool of the page's hugepage. */
static enum mr_pool_way pool_way(const struct mr_item *it)
{
	if (it->step.action != MR_ACTION_SOFT || !it->snap.huge_pages)
		return MR_POOL_NONE;
	return it->step.keep == MR_KEEP_REPLACE ? MR_POOL_REPLACED :
	       it->step.keep == MR_KEEP_GROW ? MR_POOL_GROWN : MR_POOL_SHRUNK;
}

/* Names the processes that use a refused page, if known. */
static void name_owners(const struct mr_item *it, const struct mr_owners *owners,
			struct mr_err *err)
{
	const struct mr_owner *list;
	bool one = true;
	char users[128];
	size_t nr;

	list = mr_owners_of(owners, it->spot.pfn, 1, &nr);
	if (!nr || it->snap.mapcount <= 0)
		return;
	/* A process can map a page more than once. */
	for (size_t i = 1; i < nr; i++)
		one &= list[i].pid == list[0].pid;
	mr_owners_text(list, nr, users, sizeof(users));
	snprintf(err->reason, sizeof(err->reason),
		 "page is %s in use by %s: hard offline would hit %s", mr_kind_text(it->snap.kind),
		 users, one ? "it" : "them");
}

void mr_item_plan(struct mr_item *it, const struct mr_batch_way *way,
		  const struct mr_owners *owners)
{
	struct mr_plan p;

	way->plan(&it->snap, &it->spot, way->data, &p);
	if (it->grow && p.step.keep == MR_KEEP_REPLACE) {
		p.step.keep = MR_KEEP_GROW;
		it->pool = MR_POOL_GROWN;
	}
	it->step = p.step;
	if (!it->looked) {
		it->looked = true;
		it->first = p.step;
		it->kind = it->snap.kind;
		it->node = it->snap.node;
		it->block = it->snap.block;
		it->pool = pool_way(it);
	}
	switch (p.step.action) {
	case MR_ACTION_NONE:
		mr_item_decide(it, it->attempts && !it->twin ? MR_OUTCOME_DONE : MR_OUTCOME_ALREADY);
		break;
	case MR_ACTION_REFUSE:
		if (way->owners)
			name_owners(it, owners, &p.err);
		mr_item_keep_error(it, &p.err);
		mr_item_decide(it, MR_OUTCOME_REFUSED);
		break;
	default:
		it->via = p.step.via;
		if (way->dry_run)
			mr_item_decide(it, MR_OUTCOME_PLANNED);
		break;
	}
}

/* True if another try may succeed. */
static bool passing(int rc)
{
	return rc == 0 || rc == -EBUSY || rc == -EAGAIN || rc == -EIO;
}

void mr_item_judge(struct mr_item *it, const struct mr_batch_way *way, uint64_t flags)
{
	struct mr_err err;
	char object[24];

	it->tried = false;
	if (!!(flags & MR_KPF(KPF_HWPOISON)) == way->poisons) {
		mr_item_decide(it, MR_OUTCOME_DONE);
		return;
	}
	if (!it->rc) {
		snprintf(object, sizeof(object), "0x%" PRIx64, it->spot.pfn);
		if (way->poisons)
			mr_err_set(&err, -EAGAIN, object,
				   "the kernel reports success but the page is not poisoned");
		else
			mr_err_set(&err, -EIO, object, "the page is still poisoned");
		mr_item_keep_error(it, &err);
	}
	if (!passing(it->rc) || it->attempts > way->retries ||
	    way->timeout_ms <= MR_BACKOFF_FIRST_US / 1000)
		mr_item_decide(it, MR_OUTCOME_FAILED);
}

void mr_item_settle(struct mr_item *it, const struct mr_machine *m, const struct mr_owners *owners,
		    struct mr_result *r)
{
	const bool not_done = it->outcome == MR_OUTCOME_REFUSED || it->outcome == MR_OUTCOME_FAILED;
	const bool no_way = not_done || it->outcome == MR_OUTCOME_ALREADY;

	*r = (struct mr_result){
		.target = it->spot.word,
		.pfn = it->spot.pfn, .phys = mr_pfn_phys(m, it->spot.pfn),
		.node = it->node, .block = it->block, .kind = it->kind,
		.path = no_way ? MR_PATH_NONE : it->first.path,
		.pool = no_way ? MR_POOL_NONE : it->pool,
		.via = it->outcome == MR_OUTCOME_ALREADY ? MR_VIA_AUTO : it->via,
		.outcome = it->outcome, .attempts = it->attempts,
		.elapsed_us = it->ended - it->begun,
	};
	if (not_done && it->err)
		r->err = *it->err;
	else if (not_done)
		mr_err_set(&r->err, it->rc ? it->rc : -ENOMEM, "", "no memory for the reason");
	r->owners = mr_owners_of(owners, r->pfn, 1, &r->nr_owners);
	it->settled = true;
	free(it->err);
	it->err = NULL;
}
