// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/block/blockplan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/bootmem.h"
#include "lib/inspect/blockers.h"
#include "lib/inspect/headroom.h"

/* True if the block has pages that neither go away in time nor are skipped by the offline. */
static bool is_blocked(const struct mr_block_snap *snap)
{
	for (uint32_t kind = 0; kind < MR_BLOCKSNAP_KINDS; kind++)
		if (snap->of_kind[kind] && mr_blocker_lasting(kind))
			return true;
	return false;
}

/*
 * True if the kernel's offline is faster than a claim of the block: only a few pages have to be
 * migrated, or none. Not with hugepages: the kernel would dissolve them and shrink their pool.
 */
static bool goes_at_once(const struct mr_block_snap *snap)
{
	return snap->seen && snap->few && !snap->of_kind[MEMRAS_KIND_UNKNOWN] &&
	       !snap->of_kind[MEMRAS_KIND_HUGETLB] && !snap->of_kind[MEMRAS_KIND_HUGETLB_FREE];
}

/* True if the block has pages that the kernel's offline would move to other nodes first. */
static bool has_movable(const struct mr_block_snap *snap)
{
	return !snap->seen || snap->of_kind[MEMRAS_KIND_ANON] || snap->of_kind[MEMRAS_KIND_FILE] ||
	       snap->of_kind[MEMRAS_KIND_SHMEM] || snap->of_kind[MEMRAS_KIND_THP] ||
	       snap->of_kind[MEMRAS_KIND_HUGETLB] || snap->of_kind[MEMRAS_KIND_MOVABLE] ||
	       snap->of_kind[MEMRAS_KIND_UNKNOWN];
}

static enum mr_pool_way pool_way(const struct mr_block_snap *snap)
{
	for (size_t i = 0; i < snap->nr_hugepages; i++)
		if (mr_hugepage_can_leave(&snap->hugepages[i]))
			return snap->claims && snap->replaces ? MR_POOL_REPLACED : MR_POOL_GROWN;
	return MR_POOL_NONE;
}

/* Adds the pageblocks that [@pfn, @pfn + @nr) touches. */
static int add_pageblocks(const struct mr_block_snap *snap, uint64_t pfn, uint64_t nr,
			  struct mr_ranges *out)
{
	const uint64_t unit = snap->pageblock, first = pfn - pfn % unit, end = pfn + nr;

	return mr_ranges_add(out, first, (end + unit - 1) / unit * unit - first);
}

/*
 * Finds the pages to claim: all except the pageblocks that are left to the kernel. These have
 * pages that the kernel skips and that cannot be claimed, or hugepages that the module cannot
 * replace.
 */
static int find_wanted(const struct mr_block_snap *snap, struct mr_ranges *want)
{
	struct mr_ranges all = { .list = (struct mr_range *)&snap->all, .nr = 1 };
	struct mr_ranges left = { 0 };
	int rc = 0;

	for (size_t i = 0; !rc && i < snap->skipped.nr; i++)
		rc = add_pageblocks(snap, snap->skipped.list[i].pfn, snap->skipped.list[i].nr,
				    &left);
	for (size_t i = 0; !rc && !snap->replaces && i < snap->nr_hugepages; i++) {
		const struct mr_hugepage *h = &snap->hugepages[i];

		if (mr_hugepage_can_leave(h))
			rc = add_pageblocks(snap, h->pfn, h->size >> snap->page_shift, &left);
	}
	mr_ranges_normalise(&left);
	if (!rc)
		rc = mr_ranges_subtract(&all, &left, want);
	mr_ranges_free(&left);
	return rc;
}

/*
 * Returns how to take a block that nothing blocks. Claims move its pages within its own node
 * first, the kernel's offline to other nodes first. Hugepages that the kernel would dissolve are
 * always replaced by claims.
 */
static enum mr_block_action action_of(const struct mr_block_snap *snap, enum mr_move_to move_to,
				      enum mr_pool_way pool)
{
	if (snap->other_nodes && has_movable(snap)) {
		if (move_to == MR_MOVE_ANY && pool == MR_POOL_NONE)
			return MR_BLOCK_KERNEL;
		if (move_to != MR_MOVE_ANY)
			return MR_BLOCK_EVACUATE;
	}
	return goes_at_once(snap) ? MR_BLOCK_WRITE : MR_BLOCK_EVACUATE;
}

static int refuse_near(const char *object, struct mr_block_plan *plan)
{
	plan->action = MR_BLOCK_REFUSE;
	mr_err_machine(&plan->err, -EOPNOTSUPP, object,
		       "without memras.ko the kernel moves what is in it to other nodes first");
	mr_err_hint(&plan->err, "nothing is changed; load the module, or use --target-node any");
	return 0;
}

static int refuse_permanent(const char *object, struct mr_block_plan *plan)
{
	mr_err_machine(&plan->err, -EOPNOTSUPP, object, MR_BOOTMEM_REASON);
	mr_err_hint(&plan->err, "nothing is changed; memras offline retires its pages, quarantine holds them");
	return 0;
}

int mr_block_plan_offline(const struct mr_block_snap *snap, enum mr_move_to move_to,
			  uint64_t going, struct mr_block_plan *plan)
{
	uint64_t available = snap->available;
	char object[32];

	*plan = (struct mr_block_plan){ .word = "offline" };
	snprintf(object, sizeof(object), "memory%" PRIu64, snap->id);
	if (available != UINT64_MAX)
		available = available > going ? available - going : 0;
	if (snap->state == MR_BLOCK_OFFLINE)
		return 0;
	plan->action = MR_BLOCK_REFUSE;
	if (snap->permanent)
		return refuse_permanent(object, plan);
	if (mr_room_check(available, mr_block_snap_resident(snap) << snap->page_shift, object,
			  &plan->err))
		return 0;
	plan->pool = pool_way(snap);
	if (!snap->claims && snap->other_nodes && move_to == MR_MOVE_NEAR && has_movable(snap))
		return refuse_near(object, plan);
	plan->action = !snap->claims ? MR_BLOCK_KERNEL :
		       is_blocked(snap) ? MR_BLOCK_BLOCKED : action_of(snap, move_to, plan->pool);
	if (snap->other_nodes)
		plan->move_to = plan->action == MR_BLOCK_KERNEL && has_movable(snap) ?
				MR_MOVE_ANY : MR_MOVE_NEAR;
	return snap->claims ? find_wanted(snap, &plan->want) : 0;
}

const char *const mr_move_to_choices[] = { "near", "any", NULL };

enum mr_move_to mr_move_to_of(const char *word)
{
	return !word ? MR_MOVE_DEFAULT : strcmp(word, "any") ? MR_MOVE_NEAR : MR_MOVE_ANY;
}

const char *const mr_online_zone_choices[] = {
	[MR_ONLINE_BACK] = "back",
	[MR_ONLINE_AUTO] = "auto",
	[MR_ONLINE_MOVABLE] = "movable",
	[MR_ONLINE_KERNEL] = "kernel",
	NULL
};

enum mr_online_zone mr_online_zone_of(const char *word)
{
	for (enum mr_online_zone zone = MR_ONLINE_BACK; mr_online_zone_choices[zone]; zone++)
		if (!strcmp(mr_online_zone_choices[zone], word))
			return zone;
	return MR_ONLINE_BACK;
}

void mr_block_plan_online(enum mr_block_state state, enum mr_online_zone zone, const char *last,
			  struct mr_block_plan *plan)
{
	*plan = (struct mr_block_plan){ .action = MR_BLOCK_WRITE, .word = "online" };
	if (state == MR_BLOCK_ONLINE)
		plan->action = MR_BLOCK_NOTHING;
	/* An address can be in only one of the other zones, and the kernel picks that one. */
	if (zone == MR_ONLINE_BACK)
		zone = !last ? MR_ONLINE_AUTO :
		       strcmp(last, "Movable") ? MR_ONLINE_KERNEL : MR_ONLINE_MOVABLE;
	plan->zone = zone;
	if (zone == MR_ONLINE_MOVABLE)
		plan->word = "online_movable";
	else if (zone == MR_ONLINE_KERNEL)
		plan->word = "online_kernel";
}

void mr_block_plan_free(struct mr_block_plan *plan)
{
	mr_ranges_free(&plan->want);
}
