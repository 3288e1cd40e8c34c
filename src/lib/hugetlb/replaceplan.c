// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/hugetlb/replaceplan.h"

#include <inttypes.h>
#include <stdio.h>

#include "backend/device.h"

static const struct mr_replace_pool *pool_of(const struct mr_replace_snap *snap,
					     const struct mr_hugepage *h)
{
	for (size_t i = 0; i < snap->nr_pools; i++)
		if (snap->pools[i].pool.size == h->size && snap->pools[i].pool.node == h->node)
			return &snap->pools[i];
	return NULL;
}

/* True if its node has a place for it: memory, or for data a free hugepage. */
static bool has_room(const struct mr_replace_snap *snap, const struct mr_hugepage *h)
{
	const struct mr_replace_pool *p = pool_of(snap, h);

	return !p || p->room >= h->size || (h->state == MR_HUGEPAGE_IN_USE && p->pool.free);
}

enum mr_replace_step mr_replace_plan_one(const struct mr_replace_snap *snap,
					 const struct mr_replace_item *item)
{
	const struct mr_hugepage *h = &item->h;

	/* "all-free" means those that can be replaced; no others were asked for. */
	if (snap->only_free &&
	    (!h->size || h->state != MR_HUGEPAGE_FREE || h->gigantic || h->poisoned))
		return MR_REPLACE_LEAVE;
	if (!h->size)
		return MR_REPLACE_NOT_HUGE;
	if (h->gigantic)
		return MR_REPLACE_GIGANTIC;
	if (h->poisoned)
		return MR_REPLACE_POISONED;
	if (!snap->can_replace)
		return MR_REPLACE_NO_KERNEL;
	if (!has_room(snap, h))
		return MR_REPLACE_NO_ROOM;
	return MR_REPLACE_DO;
}

void mr_replace_plan(struct mr_replace_snap *snap)
{
	snap->told = 0;
	for (size_t i = 0; i < snap->nr; i++) {
		snap->items[i].step = mr_replace_plan_one(snap, &snap->items[i]);
		snap->told += snap->items[i].step != MR_REPLACE_LEAVE;
	}
}

enum mr_path mr_replace_path(const struct mr_replace_item *item)
{
	return item->h.state == MR_HUGEPAGE_FREE ? MR_PATH_HUGEPAGE_REPLACED :
						   MR_PATH_HUGEPAGE_MIGRATED;
}

void mr_replace_refusal(const struct mr_replace_item *item, struct mr_err *err)
{
	char object[24];

	snprintf(object, sizeof(object), "0x%" PRIx64, item->h.pfn);
	switch (item->step) {
	case MR_REPLACE_NOT_HUGE:
		mr_err_set(err, -EINVAL, object, "page is not in a hugepage: it is %s",
			   mr_kind_text(item->kind));
		return;
	case MR_REPLACE_GIGANTIC:
		mr_err_set(err, -EBUSY, object,
			   "page is in a gigantic hugepage, which the kernel cannot replace");
		return;
	case MR_REPLACE_POISONED:
		mr_err_set(err, -EHWPOISON, object, "the hugepage is poisoned already");
		return;
	case MR_REPLACE_NO_KERNEL:
		mr_device_need_replace(0, err);
		snprintf(err->object, sizeof(err->object), "%s", object);
		return;
	case MR_REPLACE_NO_ROOM:
		mr_err_set(err, -ENOMEM, object, "node %d has no memory for a replacement",
			   item->h.node);
		mr_err_hint(err, "free some there");
		return;
	case MR_REPLACE_DO:
	case MR_REPLACE_LEAVE:
		break;
	}
	mr_err_clear(err);
}
