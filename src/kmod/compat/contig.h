/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Taking a range from the page allocator and giving it back, on every kernel.
 */
#ifndef _MEMRAS_COMPAT_CONTIG_H
#define _MEMRAS_COMPAT_CONTIG_H

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pageblock-flags.h>
#include <linux/version.h>

#include "page.h"

/*
 * What may be done to get a range: migrate, reclaim, wait. No warning, as
 * failing is ordinary; no OOM killer, as retiring memory must kill no one.
 */
#define MEMRAS_CONTIG_GFP	(GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

#ifdef CONFIG_CONTIG_ALLOC

#define MEMRAS_CAN_CLAIM	1

/*
 * Is a pageblock of the range isolated: for an offline that began before our
 * notifier could know, or for another allocation? alloc_contig_range() would
 * fail, and since "mm: make alloc_contig_range work at pageblock granularity"
 * (5.19) it would undo the isolation on its way out, whoever began it. An
 * offline_pages() that loses its isolation goes on until a signal comes.
 */
static inline bool memras_contig_isolated(unsigned long start, unsigned long end)
{
	unsigned long pfn;

	for (pfn = start; pfn < end; pfn = ALIGN(pfn + 1, pageblock_nr_pages))
		if (memras_pageblock_isolated(pfn))
			return true;
	return false;
}

/*
 * Pageblocks of the contiguous memory allocator are taken as such only, and are
 * busy for everyone else (has_unmovable_pages()). Hugepages lie in them, too.
 * A range of both kinds must be taken in parts.
 */
static inline int memras_contig_cma(unsigned long start, unsigned long end)
{
	bool cma = memras_pageblock_cma(start);
	unsigned long pfn;

	for (pfn = start; pfn < end; pfn = ALIGN(pfn + 1, pageblock_nr_pages))
		if (memras_pageblock_cma(pfn) != cma)
			return -EBUSY;
	return cma;
}

/*
 * The third argument was a migratetype until "mm/page_isolation: remove
 * migratetype parameter from more functions" (6.17) made it acr_flags_t.
 */
#ifdef ACR_FLAGS_NONE
#define MEMRAS_CONTIG_CMA	ACR_FLAGS_CMA
#define MEMRAS_CONTIG_OTHER	ACR_FLAGS_NONE
#else
#ifdef CONFIG_CMA
#define MEMRAS_CONTIG_CMA	MIGRATE_CMA
#else
#define MEMRAS_CONTIG_CMA	MIGRATE_MOVABLE
#endif
#define MEMRAS_CONTIG_OTHER	MIGRATE_MOVABLE
#endif

static inline int memras_contig_alloc(unsigned long start, unsigned long end)
{
	int cma = memras_contig_cma(start, end);

	if (cma < 0 || memras_contig_isolated(start, end))
		return -EBUSY;
	return alloc_contig_range(start, end, cma ? MEMRAS_CONTIG_CMA : MEMRAS_CONTIG_OTHER,
				  MEMRAS_CONTIG_GFP);
}

/*
 * The count was an unsigned int until "mm: use proper type for
 * cma_[alloc|release]" (5.13); callers give back no more
 * than a pageblock at a time, so it fits either way.
 */
static inline void memras_contig_free(unsigned long pfn, unsigned long nr)
{
	free_contig_range(pfn, nr);
}

#else /* !CONFIG_CONTIG_ALLOC */

#define MEMRAS_CAN_CLAIM	0

static inline int memras_contig_alloc(unsigned long start, unsigned long end)
{
	return -EOPNOTSUPP;
}

static inline void memras_contig_free(unsigned long pfn, unsigned long nr)
{
}

#endif /* CONFIG_CONTIG_ALLOC */

/*
 * The part of memory that alloc_contig_range() isolates as one, and so the
 * size and alignment to call it with. "mm: make alloc_contig_range work at
 * pageblock granularity" (5.19) made it a pageblock; before, a neighbouring
 * pageblock of the same MAX_ORDER block that we hold already would make it
 * fail outside of ZONE_MOVABLE. pageblock_start_pfn() became visible in "mm:
 * reuse pageblock_start/end_pfn() macro" (6.1): in between we are only coarser
 * than we need be.
 */
static inline unsigned long memras_contig_unit(void)
{
#ifdef pageblock_start_pfn
	return pageblock_nr_pages;
#else
	return max_t(unsigned long, pageblock_nr_pages, MAX_ORDER_NR_PAGES);
#endif
}

/*
 * "mm: make alloc_contig_range handle free hugetlb pages" and its companions
 * (5.13) replace a hugetlb page in the range instead of failing.
 */
#define MEMRAS_CAN_REPLACE						\
	(MEMRAS_CAN_CLAIM && IS_ENABLED(CONFIG_HUGETLB_PAGE) &&		\
	 LINUX_VERSION_CODE >= KERNEL_VERSION(5, 13, 0))

#endif /* _MEMRAS_COMPAT_CONTIG_H */
