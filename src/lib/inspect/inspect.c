// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/inspect/inspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/device.h"
#include "backend/iomem.h"
#include "backend/kpage.h"
#include "util/num.h"

#define BATCH MEMRAS_DESCRIBE_MAX

/* A page of a batch, and its index in the caller's array. */
struct place {
	uint64_t pfn;		/* first, as the sort key */
	size_t index;
};

/* The data read for a batch, in ascending order. */
struct batch {
	void *room;
	struct place *places;
	uint64_t *pfns, *flags, *counts;
	struct memras_page *pages;
};

static int batch_alloc(struct batch *b, size_t nr)
{
	const size_t of_one = sizeof(*b->places) + 3 * sizeof(*b->pfns) + sizeof(*b->pages);

	b->room = calloc(nr, of_one);
	if (!b->room)
		return -ENOMEM;
	b->places = b->room;
	b->pfns = (uint64_t *)(b->places + nr);
	b->flags = b->pfns + nr;
	b->counts = b->flags + nr;
	b->pages = (struct memras_page *)(b->counts + nr);
	return 0;
}

int mr_inspector_open(struct mr_inspector *ins, const struct mr_machine *m, struct mr_err *err)
{
	*ins = (struct mr_inspector){ .m = m };
	return mr_kpage_need(m, err);
}

void mr_inspector_close(struct mr_inspector *ins)
{
	mr_block_facts_free(&ins->blocks);
	free(ins->pools);
	*ins = (struct mr_inspector){ 0 };
}

static int look_at_block(struct mr_inspector *ins, struct mr_snap *s)
{
	const uint64_t per_block = mr_block_pages(ins->m);
	const struct mr_block_fact *fact;

	s->block = UINT64_MAX;
	s->node = -1;
	if (!per_block)
		return 0;
	fact = mr_block_facts_get(&ins->blocks, ins->m, s->pfn / per_block);
	if (!fact)
		return -ENOMEM;
	if (fact->absent)
		return 0;
	s->block = fact->id;
	s->block_state = fact->state;
	s->node = fact->node;
	if (fact->zone)
		snprintf(s->zone, sizeof(s->zone), "%s", fact->zone);
	return 0;
}

void mr_inspector_sizes(struct mr_inspector *ins)
{
	if (ins->sizes_read)
		return;
	ins->sizes_read = true;
	if (mr_hugepool_totals(ins->m, &ins->pools, &ins->nr_pools))
		ins->nr_pools = 0;
	if (mr_root_read_u64(&ins->m->root, 10, &ins->pmd_size,
			     "sys/kernel/mm/transparent_hugepage/hpage_pmd_size"))
		ins->pmd_size = 0;
}

/*
 * Finds the hugepage around s->pfn by flags: the smallest size at whose alignment there is a
 * compound head, and after which there is no compound tail. A hugepage larger than a PMD does
 * not come from the buddy allocator and is called gigantic. @last is the page inspected before,
 * which is often in the same hugepage.
 */
static void find_hugepage(struct mr_inspector *ins, struct mr_snap *s, const struct mr_snap *last)
{
	const struct mr_machine *m = ins->m;
	uint64_t flags;

	mr_inspector_sizes(ins);
	if (last && last->huge_pages && s->pfn - last->huge_head < last->huge_pages) {
		s->huge_head = last->huge_head;
		s->huge_pages = last->huge_pages;
	}
	for (size_t i = 0; !s->huge_pages && i < ins->nr_pools; i++) {
		uint64_t pages = ins->pools[i].size >> m->page_shift;
		uint64_t head = pages ? s->pfn - s->pfn % pages : 0;

		if (!pages || mr_kpage_flags(m, head, &flags, 1) != 1 ||
		    !(flags & MR_KPF(KPF_COMPOUND_HEAD)) || !(flags & MR_KPF(KPF_HUGE)))
			continue;
		if (mr_kpage_flags(m, head + pages, &flags, 1) == 1 &&
		    (flags & MR_KPF(KPF_HUGE)) && (flags & MR_KPF(KPF_COMPOUND_TAIL)))
			continue;	/* the first pages of a larger one */
		s->huge_head = head;
		s->huge_pages = pages;
	}
	if (ins->pmd_size && s->huge_pages << m->page_shift > ins->pmd_size)
		s->kind = MEMRAS_KIND_GIGANTIC;
}

static void take_description(struct mr_snap *s, const struct memras_page *page)
{
	s->exact = true;
	if (page->error) {
		s->kind = MR_KIND_NONE;
		return;
	}
	s->kind = page->kind;
	/* Modules cannot see the huge zero page; /proc/kpageflags can. */
	if (s->kind == MEMRAS_KIND_UNKNOWN && (s->flags & MR_KPF(KPF_ZERO_PAGE)))
		s->kind = MEMRAS_KIND_RESERVED;
	s->poisoned = page->flags & MEMRAS_PAGE_HWPOISON;
	s->held = page->flags & MEMRAS_PAGE_HELD;
	s->refcount = page->refcount;
	s->mapcount = page->mapcount;
	s->extra_refs = page->extra_refs;
	s->node = page->node;
	memcpy(s->zone, page->zone, sizeof(s->zone) - 1);
	if (mr_snap_is_hugetlb(s) || s->kind == MEMRAS_KIND_GIGANTIC) {
		s->huge_head = page->head_pfn;
		s->huge_pages = 1ULL << page->order;
	}
}

/*
 * Recognizes device memory by /proc/iomem: the kernel keeps no page flags for it, and in a
 * block that it shares with ordinary memory its pages may read as reserved. Only the module
 * knows more.
 */
static void look_for_device(const struct mr_machine *m, struct mr_snap *s)
{
	const struct mr_iomem *device;

	if (s->kind != MR_KIND_NONE && s->kind != MEMRAS_KIND_UNKNOWN &&
	    s->kind != MEMRAS_KIND_RESERVED && s->kind != MEMRAS_KIND_DEVICE)
		return;
	device = mr_iomem_device(&m->devices, mr_pfn_phys(m, s->pfn));
	if (device)
		s->kind = MEMRAS_KIND_DEVICE;
	if (s->kind != MEMRAS_KIND_DEVICE)
		return;
	/* Its mappings are not counted. */
	s->mapcount = -1;
	s->extra_refs = -1;
	if (!s->exact)
		s->zone[0] = '\0';
	if (device)
		s->device = device->name;
}

/* Sorts the pages, and reads everything known about them. */
static int read_batch(const struct mr_machine *m, const uint64_t *pfns, size_t nr,
		      struct batch *b, bool *described)
{
	bool sorted = true;
	int rc;

	for (size_t i = 0; i < nr; i++) {
		b->places[i] = (struct place){ pfns[i], i };
		sorted = sorted && (!i || pfns[i - 1] <= pfns[i]);
	}
	if (!sorted)
		qsort(b->places, nr, sizeof(*b->places), mr_u64_order);
	for (size_t i = 0; i < nr; i++)
		b->pfns[i] = b->places[i].pfn;
	rc = mr_kpage_gather(m->kpageflags, b->pfns, nr, MR_KPF(KPF_NOPAGE), b->flags);
	if (rc)
		return rc;
	if (mr_kpage_gather(m->kpagecount, b->pfns, nr, UINT64_MAX, b->counts))
		for (size_t i = 0; i < nr; i++)
			b->counts[i] = UINT64_MAX;
	*described = m->device >= 0;
	for (size_t i = 0; *described && i < nr; i++)
		b->pages[i] = (struct memras_page){ .pfn = b->pfns[i] };
	if (*described && mr_device_describe(m, b->pages, (uint32_t)nr))
		*described = false;
	return 0;
}

static int inspect_batch(struct mr_inspector *ins, const uint64_t *pfns, size_t nr,
			 struct batch *b, struct mr_snap *snaps, struct mr_err *err)
{
	const struct mr_machine *m = ins->m;
	const struct mr_snap *last = NULL;
	bool described;
	int rc = read_batch(m, pfns, nr, b, &described);

	if (rc)
		return mr_err_set(err, rc, "/proc/kpageflags", "page flags cannot be read");
	for (size_t i = 0; i < nr; i++) {
		const bool counted = b->counts[i] != UINT64_MAX;
		struct mr_snap *s = &snaps[b->places[i].index];

		*s = (struct mr_snap){ .pfn = b->pfns[i], .flags = b->flags[i], .refcount = -1,
				       .mapcount = counted ? (int32_t)b->counts[i] : -1,
				       .extra_refs = -1 };
		if (look_at_block(ins, s))
			return mr_err_set(err, -ENOMEM, "", "no memory for the blocks");
		s->kind = mr_kind_of_flags(s->flags, counted ? b->counts[i] : 0);
		s->poisoned = s->flags & MR_KPF(KPF_HWPOISON);
		if (s->block_state == MR_BLOCK_OFFLINE)
			s->kind = MR_KIND_NONE;
		if (described)
			take_description(s, &b->pages[i]);
		else if (mr_snap_is_hugetlb(s))
			find_hugepage(ins, s, last);
		look_for_device(m, s);
		last = s;
	}
	return 0;
}

int mr_inspect_many(struct mr_inspector *ins, const uint64_t *pfns, size_t nr,
		    struct mr_snap *snaps, struct mr_err *err)
{
	struct batch b;
	int rc = 0;

	if (!nr)
		return 0;
	if (batch_alloc(&b, nr < BATCH ? nr : BATCH))
		return mr_err_set(err, -ENOMEM, "", "no memory for the pages");
	for (size_t done = 0; !rc && done < nr; done += BATCH)
		rc = inspect_batch(ins, pfns + done, nr - done < BATCH ? nr - done : BATCH, &b,
				   snaps + done, err);
	free(b.room);
	return rc;
}

int mr_inspect(const struct mr_machine *m, uint64_t pfn, struct mr_snap *snap, struct mr_err *err)
{
	struct mr_inspector ins;
	int rc = mr_inspector_open(&ins, m, err);

	if (!rc)
		rc = mr_inspect_many(&ins, &pfn, 1, snap, err);
	mr_inspector_close(&ins);
	return rc;
}
