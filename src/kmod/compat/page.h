/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading a struct page that may change hands at any moment.
 *
 * The usual accessors assert what only a reference makes sure of (a folio is
 * no tail page, a large one stays large) and so are bugs here on kernels with
 * CONFIG_DEBUG_VM. These read the words as they are; what they say may be out
 * of date or, in the midst of a split, not fit together, and callers must bear
 * either. They never follow a pointer but that to the head page.
 */
#ifndef _MEMRAS_COMPAT_PAGE_H
#define _MEMRAS_COMPAT_PAGE_H

#include <linux/hugetlb.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/page-isolation.h>
#include <linux/version.h>

/*
 * page->flags became a structure of one word in "mm: introduce
 * memdesc_flags_t" (6.18).
 */
static inline unsigned long memras_page_flags(const struct page *page)
{
	return READ_ONCE(*(const unsigned long *)&page->flags);
}

/* With page poisoning a memmap that was never initialised is all ones */
static inline bool memras_page_uninitialised(const struct page *page)
{
	return memras_page_flags(page) == ~0UL;
}

static inline unsigned long memras_page_mapping(const struct page *page)
{
	return (unsigned long)READ_ONCE(page->mapping);
}

/* The bit of ->mapping that says anonymous; 6.17 only renamed it */
static inline bool memras_mapping_anon(unsigned long mapping)
{
#ifdef PAGE_MAPPING_ANON
	return mapping & PAGE_MAPPING_ANON;
#else
	return mapping & FOLIO_MAPPING_ANON;
#endif
}

/*
 * Not on the LRU, yet its driver can migrate it. Told by ->mapping until "mm:
 * convert "movable" flag in page->mapping to a page flag" (6.17).
 */
static inline bool memras_page_movable(const struct page *page)
{
#ifdef PAGE_MAPPING_MOVABLE
	return (memras_page_mapping(page) & PAGE_MAPPING_FLAGS) == PAGE_MAPPING_MOVABLE;
#else
	return page_has_movable_ops(page);
#endif
}

/*
 * Slab pages, and what kmalloc() takes from the page allocator directly. Slab
 * is a flag of the head page until "mm: free up PG_slab" (6.10) made it a page
 * type; its test never asserted anything, on either side. Large kmalloc() has a
 * page type in 6.16 at the latest; before, its pages are of unknown kind.
 */
static inline bool memras_page_slab(struct page *head)
{
	if (PageSlab(head))
		return true;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
	return folio_test_large_kmalloc((struct folio *)head);
#else
	return false;
#endif
}

/*
 * The flag of pages that are the memmap of their own block, since "mm:
 * memory_hotplug: make hugetlb_optimize_vmemmap compatible with
 * memmap_on_memory" (6.0). It is PG_owner_priv_1, which file systems and the
 * swap cache use for purposes of their own.
 */
static inline bool memras_page_memmap_flag(struct page *page)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 0, 0)
	const unsigned long others = BIT(PG_lru) | BIT(PG_swapbacked) | BIT(PG_head);
	unsigned long flags = memras_page_flags(page);

	return PageVmemmapSelfHosted(page) && !(flags & others) && !memras_page_mapping(page);
#else
	return false;
#endif
}

/* Page tables that map all of a compound page, see memras_page_mapcount() */
static inline int memras_entire_mapcount(struct page *head)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	return atomic_read(compound_mapcount_ptr(head)) + 1;
#else
	return folio_entire_mapcount((struct folio *)head);
#endif
}

/*
 * Page tables that map any part of the page, or of the compound page, whose
 * head it is. One word for a large folio since "mm: track mapcount of large
 * folios in single value" (6.10); before, the sum over its pages, in which a
 * page mapped as part of the whole was counted for file pages, and for
 * anonymous ones once if some were mapped alone (PG_double_map), both until
 * "mm,thp,rmap: simplify compound page mapcount handling" (6.2).
 */
static inline int memras_page_mapcount(struct page *head, unsigned int order)
{
	int count;

	if (!order) {
		/* below -1 it is no count but a page type */
		count = atomic_read(&head->_mapcount) + 1;
		return count > 0 ? count : 0;
	}
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	count = atomic_read(&((struct folio *)head)->_large_mapcount) + 1;
#else
	{
		int i, whole = memras_entire_mapcount(head);

		count = whole;
		if (PageHuge(head))
			return count > 0 ? count : 0;
		for (i = 0; i < 1 << order; i++)
			count += atomic_read(&head[i]._mapcount) + 1;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
		if (!memras_mapping_anon(memras_page_mapping(head)))
			count -= whole << order;
		else if (test_bit(PG_double_map, (unsigned long *)&head[1].flags))
			count -= 1 << order;
#endif
	}
#endif
	return count > 0 ? count : 0;
}

/*
 * pin_user_pages() counts in a word of its own where the page is large enough
 * for one, else in the upper bits of the reference count. The word was in the
 * second tail page until "mm: Make compound_pincount always available" (5.18),
 * so pages of order 1 had none. They have one on 64 bit since "mm: move _pincount
 * in folio to page[2] on 32bit" (6.15), which brought folio_has_pincount().
 */
static inline bool memras_page_pinned(struct page *head, unsigned int order)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	if (order > 1)
		return atomic_read(compound_pincount_ptr(head)) > 0;
#else
#ifdef MEMRAS_HAVE_PINCOUNT_ORDER1
	const unsigned int least = IS_ENABLED(CONFIG_64BIT) ? 1 : 2;
#else
	const unsigned int least = 2;
#endif

	if (order >= least)
		return atomic_read(&((struct folio *)head)->_pincount) > 0;
#endif
	return page_ref_count(head) >= GUP_PIN_COUNTING_BIAS;
}

/*
 * References that the page cache holds on a hugetlb page: one for all of it
 * until "mm/filemap: remove hugetlb special casing in filemap.c" (6.7), since
 * then one for each page, as for all other folios.
 */
static inline int memras_hugetlb_cache_refs(unsigned int order)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	return 1;
#else
	return 1 << order;
#endif
}

/*
 * The bits of a pageblock. What the kernel has to read them is not exported, so
 * the bitmap of the section is read; 0 where there is none.
 */
static inline unsigned long memras_pageblock_bits(unsigned long pfn)
{
#ifdef CONFIG_SPARSEMEM
	struct mem_section *ms = __pfn_to_section(pfn);
	struct mem_section_usage *usage = READ_ONCE(ms->usage);
	unsigned long bit;

	if (!usage)
		return 0;
	bit = ((pfn & (PAGES_PER_SECTION - 1)) >> pageblock_order) * NR_PAGEBLOCK_BITS;
	return READ_ONCE(usage->pageblock_flags[bit / BITS_PER_LONG]) >> (bit % BITS_PER_LONG);
#else
	return 0;
#endif
}

/*
 * "mm/page_isolation: make page isolation a standalone bit" and its series
 * (6.17) renamed the mask, and MIGRATE_ISOLATE is no migratetype since.
 */
#ifdef PAGEBLOCK_MIGRATETYPE_MASK
#define MEMRAS_MIGRATETYPE_MASK	PAGEBLOCK_MIGRATETYPE_MASK
#else
#define MEMRAS_MIGRATETYPE_MASK	MIGRATETYPE_MASK
#endif

/* Does the pageblock belong to the contiguous memory allocator? */
static inline bool memras_pageblock_cma(unsigned long pfn)
{
#ifdef CONFIG_CMA
	return (memras_pageblock_bits(pfn) & MEMRAS_MIGRATETYPE_MASK) == MIGRATE_CMA;
#else
	return false;
#endif
}

/* Is the pageblock isolated? */
static inline bool memras_pageblock_isolated(unsigned long pfn)
{
#ifdef CONFIG_MEMORY_ISOLATION
	unsigned long word = memras_pageblock_bits(pfn);

#ifdef PAGEBLOCK_ISO_MASK
	return word & PAGEBLOCK_ISO_MASK;
#else
	return (word & MEMRAS_MIGRATETYPE_MASK) == MIGRATE_ISOLATE;
#endif
#else
	return false;
#endif
}

/*
 * The device that owns the pfn (ZONE_DEVICE), or NULL; put_dev_pagemap() it. The
 * second argument went with "mm/memremap: remove unused get_dev_pagemap()
 * parameter" (6.18).
 */
static inline struct dev_pagemap *memras_pfn_pagemap(unsigned long pfn)
{
	if (!pfn_valid(pfn))
		return NULL;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	return get_dev_pagemap(pfn);
#else
	return get_dev_pagemap(pfn, NULL);
#endif
}

/*
 * The pfn itself, or if it has no initialised struct page the next of its device
 * that has: the first pages of a range may hold the memory map itself (altmap),
 * and memmap_init_zone_device() leaves them out.
 */
static inline unsigned long memras_pagemap_first(struct dev_pagemap *pgmap, unsigned long pfn)
{
	const struct vmem_altmap *altmap = pgmap_altmap(pgmap);

	if (!altmap || pfn < altmap->base_pfn)
		return pfn;
	return max(pfn, altmap->base_pfn + altmap->reserve + altmap->free);
}

#endif /* _MEMRAS_COMPAT_PAGE_H */
