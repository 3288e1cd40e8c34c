// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/block/blocksnap.h"

#include <stdlib.h>
#include <string.h>

#include "backend/device.h"
#include "backend/hugepool.h"
#include "backend/kpage.h"
#include "lib/inspect/blockers.h"
#include "lib/inspect/headroom.h"
#include "lib/inspect/kind.h"
#include "lib/inspect/poison.h"
#include "util/cleanup.h"

_Static_assert(MR_BLOCKSNAP_FEW <= MEMRAS_DESCRIBE_MAX, "described at once");

static int add_run(struct mr_block_snap *s, const struct memras_run *run)
{
	if (run->flags & (MEMRAS_PAGE_HWPOISON | MEMRAS_PAGE_HELD)) {
		s->out_of_use += run->nr;
		return 0;
	}
	if (run->kind < MR_BLOCKSNAP_KINDS)
		s->of_kind[run->kind] += run->nr;
	return mr_kind_is_skipped(run->kind) ? mr_ranges_add(&s->skipped, run->pfn, run->nr) : 0;
}

/* The first pages whose kind alone does not say whether they can be migrated. */
struct loose {
	struct memras_page pages[MR_BLOCKSNAP_FEW];
	uint32_t nr;
	bool all;
};

static bool is_loose(uint32_t kind)
{
	return kind != MEMRAS_KIND_HUGETLB_FREE && !mr_kind_is_skipped(kind) && !mr_blocker_lasting(kind);
}

static void note_loose(struct loose *l, const struct memras_run *run)
{
	uint64_t room = MR_BLOCKSNAP_FEW - l->nr;

	if (!is_loose(run->kind) || run->flags & MEMRAS_PAGE_HWPOISON)
		return;
	l->all &= run->nr <= room;
	for (uint64_t i = 0; i < run->nr && i < room; i++)
		l->pages[l->nr++] = (struct memras_page){ .pfn = run->pfn + i };
}

/*
 * Describes the loose pages if they are few: pages without a reference are free, on a per-cpu
 * list, and none of the others may be pinned.
 */
static void look_at_loose(const struct mr_machine *m, struct mr_block_snap *s, struct loose *l)
{
	if (!l->all || (l->nr && mr_device_describe(m, l->pages, l->nr)))
		return;
	for (uint32_t i = 0; i < l->nr; i++)
		if (mr_blocker_reason(&l->pages[i]))
			return;
	s->few = true;
	/* If these were in use by the kernel, they would be blockers. */
	s->of_kind[MEMRAS_KIND_UNKNOWN] = 0;
}

struct look {
	struct mr_block_snap *s;
	struct loose *loose;
};

static int look_at_run(const struct memras_run *run, void *data)
{
	const struct look *look = data;

	note_loose(look->loose, run);
	return add_run(look->s, run);
}

static int look_by_module(const struct mr_machine *m, struct mr_block_snap *s)
{
	mr_autofree struct loose *loose = calloc(1, sizeof(*loose));
	struct look look = { s, loose };
	uint64_t kinds = 0;
	int rc;

	if (!loose)
		return -ENOMEM;
	loose->all = true;
	for (uint32_t kind = 0; kind < MR_BLOCKSNAP_KINDS; kind++)
		if (kind != MEMRAS_KIND_FREE &&
		    (kind != MEMRAS_KIND_MEMMAP || mr_device_has(m, MEMRAS_FEAT_MEMMAP)))
			kinds |= MEMRAS_KIND_MASK(kind);
	rc = mr_device_scan(m, s->all.pfn, s->all.nr, kinds, 0, look_at_run, &look);
	if (!rc)
		look_at_loose(m, s, loose);
	return rc;
}

static int add_by_flags(uint64_t pfn, uint64_t flags, void *data)
{
	struct mr_block_snap *s = data;
	struct memras_run run = { .pfn = pfn, .nr = 1, .kind = mr_kind_of_flags(flags, 0) };

	if (flags & (MR_KPF(KPF_NOPAGE) | MR_KPF(KPF_HWPOISON)))
		s->out_of_use++;
	else if (run.kind != MEMRAS_KIND_FREE)
		return add_run(s, &run);
	return 0;
}

/* True if several nodes have memory: "0-1" or "0,2", not "0". No list means one node. */
static bool has_other_nodes(const struct mr_machine *m)
{
	char list[64];

	return mr_root_read(&m->root, list, sizeof(list), "sys/devices/system/node/has_memory") > 0 &&
	       strpbrk(list, "-,");
}

/*
 * True if the pages of the block need not be counted: there is room for all of them, and the
 * machine has no hugepages and no poisoned pages. Reading their flags takes longer than the
 * kernel needs to take a free block offline.
 */
static bool nothing_to_count(const struct mr_machine *m, const struct mr_block *block,
			     uint64_t going, const struct mr_block_snap *s)
{
	mr_autofree struct mr_hugepool *pools = NULL;
	size_t nr = 0;

	if (s->available == UINT64_MAX || s->available < going ||
	    s->available - going < block->size || mr_poison_counted(m) ||
	    mr_hugepool_totals(m, &pools, &nr))
		return false;
	for (size_t i = 0; i < nr; i++)
		if (pools[i].total)
			return false;
	return true;
}

void mr_block_snap_take(const struct mr_machine *m, const struct mr_block *block, uint64_t going,
			struct mr_block_snap *s)
{
	struct mr_err ignored;

	*s = (struct mr_block_snap){
		.id = block->id, .permanent = block->permanent, .page_shift = m->page_shift,
		.all = { block->start >> m->page_shift, block->size >> m->page_shift },
		.pageblock = m->info.pageblock_pages,
		.claims = mr_device_has(m, MEMRAS_FEAT_CLAIM) && m->info.pageblock_pages,
		.replaces = mr_device_has(m, MEMRAS_FEAT_REPLACE),
	};
	if (mr_block_read_state(m, block->id, &s->state))
		s->state = MR_BLOCK_UNKNOWN;
	if (s->state == MR_BLOCK_OFFLINE || s->permanent)
		return;
	s->available = mr_room_available(m);
	s->other_nodes = has_other_nodes(m);
	if (m->device < 0 && nothing_to_count(m, block, going, s))
		return;
	s->seen = !(m->device >= 0 ? look_by_module(m, s) :
				     mr_kpage_walk(m, s->all.pfn, s->all.nr, add_by_flags, s));
	if (s->of_kind[MEMRAS_KIND_HUGETLB] || s->of_kind[MEMRAS_KIND_HUGETLB_FREE])
		mr_hugepage_list(m, s->all.pfn, s->all.nr, &s->hugepages, &s->nr_hugepages,
				 &ignored);
	mr_poison_list(m, s->all.pfn, s->all.nr, &s->poison, &s->nr_poison);
}

void mr_block_snap_free(struct mr_block_snap *s)
{
	mr_ranges_free(&s->skipped);
	free(s->hugepages);
	free(s->poison);
	*s = (struct mr_block_snap){ 0 };
}

uint64_t mr_block_snap_resident(const struct mr_block_snap *s)
{
	return s->all.nr - s->out_of_use - s->of_kind[MEMRAS_KIND_RESERVED] -
	       s->of_kind[MEMRAS_KIND_OFFLINE] - s->of_kind[MEMRAS_KIND_MEMMAP];
}
