// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans for hugepages, on mock snapshots of them and their pools. */
#include "lib/hugetlb/replaceplan.h"

#include <errno.h>

#include "check.h"

#define MIB (1ULL << 20)

/* A machine of two nodes; only node 0 has memory for replacements. */
static struct mr_replace_pool pools[] = {
	{ { .size = 2 * MIB, .node = 0, .total = 8, .free = 4 }, 100 * MIB },
	{ { .size = 2 * MIB, .node = 1, .total = 4, .free = 2 }, MIB },
	{ { .size = 1024 * MIB, .node = 0, .total = 1, .free = 1 }, 100 * MIB },
};

static struct mr_replace_snap machine(void)
{
	return (struct mr_replace_snap){ .pools = pools, .nr_pools = 3, .can_replace = true };
}

static struct mr_hugepage hugepage(enum mr_hugepage_state state, int32_t node)
{
	return (struct mr_hugepage){ .pfn = 0x1200, .size = 2 * MIB, .node = node, .state = state };
}

/* Plans for @h, and checks the reason of a refusal. */
static void plans(struct mr_replace_snap snap, struct mr_hugepage h, enum mr_replace_step step,
		  int code, const char *says)
{
	struct mr_replace_item item = { .h = h, .kind = MEMRAS_KIND_SLAB };
	struct mr_err err = { 0 };

	item.step = mr_replace_plan_one(&snap, &item);
	CHECK_INT(item.step, step);
	mr_replace_refusal(&item, &err);
	CHECK_INT(err.code, code);
	CHECK_HAS(err.reason, says);
	CHECK_STR(err.object, code ? "0x1200" : "");
}

static void named(void)
{
	struct mr_hugepage h = hugepage(MR_HUGEPAGE_FREE, 0);

	plans(machine(), h, MR_REPLACE_DO, 0, "");
	plans(machine(), hugepage(MR_HUGEPAGE_IN_USE, 0), MR_REPLACE_DO, 0, "");
	h.poisoned = true;
	plans(machine(), h, MR_REPLACE_POISONED, -EHWPOISON, "poisoned already");
	h = hugepage(MR_HUGEPAGE_FREE, 0);
	h.size = 1024 * MIB;
	h.gigantic = true;
	plans(machine(), h, MR_REPLACE_GIGANTIC, -EBUSY, "gigantic");
	h.poisoned = true;
	plans(machine(), h, MR_REPLACE_GIGANTIC, -EBUSY, "gigantic");
	plans(machine(), (struct mr_hugepage){ .pfn = 0x1200 }, MR_REPLACE_NOT_HUGE, -EINVAL,
	      "not in a hugepage: it is a slab page");
}

static void room(void)
{
	struct mr_replace_snap snap = machine();
	struct mr_replace_pool full = pools[1];

	plans(snap, hugepage(MR_HUGEPAGE_FREE, 1), MR_REPLACE_NO_ROOM, -ENOMEM,
	      "node 1 has no memory");
	/* Its data fits a free one of the pool. */
	plans(snap, hugepage(MR_HUGEPAGE_IN_USE, 1), MR_REPLACE_DO, 0, "");
	full.pool.free = 0;
	snap.pools = &full;
	snap.nr_pools = 1;
	plans(snap, hugepage(MR_HUGEPAGE_IN_USE, 1), MR_REPLACE_NO_ROOM, -ENOMEM,
	      "node 1 has no memory");
	/* Room for exactly one suffices, and unknown values prevent nothing. */
	full.room = 2 * MIB;
	plans(snap, hugepage(MR_HUGEPAGE_FREE, 1), MR_REPLACE_DO, 0, "");
	full.room = 2 * MIB - 1;
	plans(snap, hugepage(MR_HUGEPAGE_FREE, 1), MR_REPLACE_NO_ROOM, -ENOMEM, "node 1");
	full.room = UINT64_MAX;
	plans(snap, hugepage(MR_HUGEPAGE_FREE, 1), MR_REPLACE_DO, 0, "");
	snap.nr_pools = 0;
	plans(snap, hugepage(MR_HUGEPAGE_FREE, 1), MR_REPLACE_DO, 0, "");
	/* Surplus hugepages prevent nothing. */
	full.pool.surplus = 4;
	snap.nr_pools = 1;
	plans(snap, hugepage(MR_HUGEPAGE_IN_USE, 1), MR_REPLACE_DO, 0, "");
}

static void old_kernel(void)
{
	struct mr_replace_snap snap = machine();

	snap.can_replace = false;
	plans(snap, hugepage(MR_HUGEPAGE_FREE, 0), MR_REPLACE_NO_KERNEL, -EOPNOTSUPP, "5.13");
	/* A problem of the page itself is reported first. */
	plans(snap, (struct mr_hugepage){ .pfn = 0x1200 }, MR_REPLACE_NOT_HUGE, -EINVAL, "slab");
}

/* "all-free" takes what can be replaced and does not report the others. */
static void all_free(void)
{
	struct mr_replace_snap snap = machine();
	struct mr_hugepage h[] = {
		hugepage(MR_HUGEPAGE_FREE, 0), hugepage(MR_HUGEPAGE_IN_USE, 0),
		hugepage(MR_HUGEPAGE_FREE, 0), hugepage(MR_HUGEPAGE_FREE, 0),
		hugepage(MR_HUGEPAGE_FREE, 1),
	};
	struct mr_replace_item items[5] = { 0 };

	h[2].gigantic = true;
	h[3].poisoned = true;
	for (size_t i = 0; i < 5; i++)
		items[i].h = h[i];
	snap.items = items;
	snap.nr = 5;
	snap.only_free = true;
	mr_replace_plan(&snap);
	CHECK_INT(items[0].step, MR_REPLACE_DO);
	CHECK_INT(items[1].step, MR_REPLACE_LEAVE);
	CHECK_INT(items[2].step, MR_REPLACE_LEAVE);
	CHECK_INT(items[3].step, MR_REPLACE_LEAVE);
	CHECK_INT(items[4].step, MR_REPLACE_NO_ROOM);
	CHECK_INT(snap.told, 2);
	snap.only_free = false;
	mr_replace_plan(&snap);
	CHECK_INT(snap.told, 5);
	CHECK_STR(mr_path_name(mr_replace_path(&items[0])), "hugepage-replaced");
	CHECK_STR(mr_path_name(mr_replace_path(&items[1])), "hugepage-migrated");
}

int main(void)
{
	named();
	room();
	old_kernel();
	all_free();
	return CHECK_RESULT;
}
