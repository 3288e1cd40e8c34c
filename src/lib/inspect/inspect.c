// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/inspect/inspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/device.h"
#include "backend/hugepool.h"
#include "backend/iomem.h"
#include "backend/kpage.h"
#include "util/cleanup.h"

static void look_at_block(const struct mr_machine *m, struct mr_snap *s)
{
	struct mr_block block;

	s->block = UINT64_MAX;
	s->node = -1;
	if (!m->block_size)
		return;
	s->block = s->pfn / mr_block_pages(m);
	if (mr_block_read(m, s->block, &block)) {
		s->block = UINT64_MAX;
		return;
	}
	s->block_state = block.state;
	s->node = block.node;
	/* A block that is in one zone only tells that of all its pages. */
	if (block.state == MR_BLOCK_ONLINE && block.zones[0] && strcmp(block.zones[0], "None"))
		snprintf(s->zone, sizeof(s->zone), "%s", block.zones[0]);
}

/*
 * Finds the hugepage around s->pfn by flags: the smallest size at whose
 * alignment a compound head stands, and that no tail follows. What is bigger
 * than a PMD maps does not come from the buddy allocator and is called gigantic.
 */
static void find_hugepage(const struct mr_machine *m, struct mr_snap *s)
{
	mr_autofree struct mr_hugepool *pools = NULL;
	uint64_t pmd = 0, flags;
	size_t nr;

	if (mr_hugepool_list(m, &pools, &nr))
		return;
	if (mr_root_read_u64(&m->root, 10, &pmd,
			     "sys/kernel/mm/transparent_hugepage/hpage_pmd_size"))
		pmd = 0;
	for (size_t i = 0; i < nr; i++) {
		uint64_t pages = pools[i].size >> m->page_shift;
		uint64_t head = pages ? s->pfn - s->pfn % pages : 0;

		if (!pages || mr_kpage_flags(m, head, &flags, 1) != 1 ||
		    !(flags & MR_KPF(KPF_COMPOUND_HEAD)) || !(flags & MR_KPF(KPF_HUGE)))
			continue;
		if (mr_kpage_flags(m, head + pages, &flags, 1) == 1 &&
		    (flags & MR_KPF(KPF_HUGE)) && (flags & MR_KPF(KPF_COMPOUND_TAIL)))
			continue;	/* the first pages of a bigger one */
		s->huge_head = head;
		s->huge_pages = pages;
		if (pmd && pools[i].size > pmd)
			s->kind = MEMRAS_KIND_GIGANTIC;
		return;
	}
}

static void ask_module(const struct mr_machine *m, struct mr_snap *s)
{
	struct memras_page page = { .pfn = s->pfn };

	if (m->device < 0 || mr_device_describe(m, &page, 1))
		return;
	s->exact = true;
	if (page.error) {
		s->kind = MR_KIND_NONE;
		return;
	}
	s->kind = page.kind;
	/* The huge zero page is not exported to modules; /proc/kpageflags tells of it. */
	if (s->kind == MEMRAS_KIND_UNKNOWN && (s->flags & MR_KPF(KPF_ZERO_PAGE)))
		s->kind = MEMRAS_KIND_RESERVED;
	s->poisoned = page.flags & MEMRAS_PAGE_HWPOISON;
	s->held = page.flags & MEMRAS_PAGE_HELD;
	s->refcount = page.refcount;
	s->mapcount = page.mapcount;
	s->extra_refs = page.extra_refs;
	s->node = page.node;
	snprintf(s->zone, sizeof(s->zone), "%s", page.zone);
	if (mr_snap_is_hugetlb(s) || s->kind == MEMRAS_KIND_GIGANTIC) {
		s->huge_head = page.head_pfn;
		s->huge_pages = 1ULL << page.order;
	}
}

/*
 * The kernel keeps no flags of device memory, and a block that it shares with
 * ordinary memory may tell of reserved pages: whose it is tells the map of
 * physical memory. Only the module knows more of it.
 */
static void look_for_device(const struct mr_machine *m, struct mr_snap *s)
{
	const struct mr_iomem *device = mr_iomem_device(&m->devices, mr_pfn_phys(m, s->pfn));

	if (device && (s->kind == MR_KIND_NONE || s->kind == MEMRAS_KIND_UNKNOWN ||
		       s->kind == MEMRAS_KIND_RESERVED))
		s->kind = MEMRAS_KIND_DEVICE;
	if (s->kind != MEMRAS_KIND_DEVICE)
		return;
	/* Nobody counts who maps it. */
	s->mapcount = -1;
	s->extra_refs = -1;
	if (!s->exact)
		s->zone[0] = '\0';
	if (device)
		snprintf(s->device, sizeof(s->device), "%s", device->name);
}

int mr_inspect(const struct mr_machine *m, uint64_t pfn, struct mr_snap *snap, struct mr_err *err)
{
	struct mr_snap s = { .pfn = pfn, .refcount = -1, .mapcount = -1, .extra_refs = -1 };
	uint64_t count = 0;
	ssize_t n;
	int rc;

	rc = mr_kpage_need(m, err);
	if (rc)
		return rc;
	look_at_block(m, &s);
	n = mr_kpage_flags(m, pfn, &s.flags, 1);
	if (n < 0)
		return mr_err_set(err, (int)n, "/proc/kpageflags", "page flags cannot be read");
	if (n == 0)
		s.flags = MR_KPF(KPF_NOPAGE);
	if (mr_kpage_counts(m, pfn, &count, 1) == 1)
		s.mapcount = (int32_t)count;
	s.kind = mr_kind_of_flags(s.flags, count);
	s.poisoned = s.flags & MR_KPF(KPF_HWPOISON);
	if (m->block_size && s.block_state == MR_BLOCK_OFFLINE)
		s.kind = MR_KIND_NONE;
	if (mr_snap_is_hugetlb(&s))
		find_hugepage(m, &s);
	ask_module(m, &s);
	look_for_device(m, &s);
	*snap = s;
	return 0;
}
