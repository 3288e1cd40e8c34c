// SPDX-License-Identifier: GPL-2.0
/*
 * What a page is, found out without a reference to it.
 *
 * A reference would be in the way of the migration that the caller is
 * about to start, and free pages have no reference to take at all. So everything here
 * is read as it stands; memras_mutex keeps the struct page itself in existence
 * (memras_kmod.h). It is used for reports only, never to decide.
 */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat/hotplug.h"
#include "compat/page.h"
#include "compat/poison.h"
#include "memras_kmod.h"

/* No compound page is larger than what one page table of the second level maps */
#define MEMRAS_MAX_ORDER	(PUD_SHIFT - PAGE_SHIFT)

/**
 * struct view - a page and the compound page around it
 * @page: the page
 * @head: the first page of the compound page, else @page
 * @order: of the compound page, else 0
 * @flags: the flags word of @head
 */
struct view {
	struct page *page;
	struct page *head;
	unsigned int order;
	unsigned long flags;
};

/*
 * Find the compound page. While it is split or freed its head and its order may
 * not fit together; after a few looks the page is taken to be single.
 */
static void view_page(struct page *page, struct view *v)
{
	int tries;

	v->page = page;
	for (tries = 0; tries < 3; tries++) {
		v->head = compound_head(page);
		v->flags = memras_page_flags(v->head);
		v->order = 0;
		if (v->flags & BIT(PG_head))
			v->order = compound_order(v->head);
		if (v->order <= MEMRAS_MAX_ORDER && v->head <= page &&
		    (unsigned long)(page - v->head) < 1UL << v->order &&
		    compound_head(page) == v->head)
			return;
		cpu_relax();
	}
	v->head = page;
	v->flags = memras_page_flags(page);
	v->order = 0;
}

/* The order of the free page that a page is in, -1 if it is in none */
static int free_order(unsigned long pfn, struct page *page)
{
	int order;

	if (page_ref_count(page))
		return -1;
	/* a free page is aligned to its size and so in one section with its parts */
	for (order = 0; 1UL << order <= MAX_ORDER_NR_PAGES; order++) {
		unsigned long first = pfn & ~((1UL << order) - 1);
		struct page *buddy = page - (pfn - first);

		if (PageBuddy(buddy)) {
			unsigned long size = READ_ONCE(buddy->private);

			if (size >= order && 1UL << size <= MAX_ORDER_NR_PAGES)
				return size;
			return -1;
		}
	}
	return -1;
}

static bool view_huge(const struct view *v)
{
	return v->order && PageHuge(v->head);
}

/**
 * memras_page_memmap - is the page part of the memmap of its own block?
 * @pfn: the page
 * @page: its struct page, under memras_mutex
 *
 * With memory_hotplug.memmap_on_memory the first pages of a hotplugged block are
 * the struct pages of all of it. They go on- and offline with the block, and the
 * page allocator never has them. The flag that tells them means something else on
 * pages of files and of the swap cache.
 */
bool memras_page_memmap(unsigned long pfn, struct page *page)
{
	unsigned long block = memras_block_pages();
	struct page *first;

	if (!memras_page_memmap_flag(page) || !block)
		return false;
	first = pfn_to_online_page(pfn - pfn % block);
	return first && memras_page_memmap_flag(first);
}

static u32 view_kind(unsigned long pfn, const struct view *v, int *order)
{
	unsigned long mapping = memras_page_mapping(v->head);

	*order = v->order;
	if (memras_page_memmap(pfn, v->page))
		return MEMRAS_KIND_MEMMAP;
	/* in a section that it shares with ordinary memory: 5.10 calls it online */
	if (is_zone_device_page(v->page))
		return MEMRAS_KIND_DEVICE;
	if (v->flags & BIT(PG_reserved))
		return MEMRAS_KIND_RESERVED;
	if (PageOffline(v->page))
		return MEMRAS_KIND_OFFLINE;
	if (PageTable(v->head))
		return MEMRAS_KIND_PGTABLE;
	if (memras_page_slab(v->head))
		return MEMRAS_KIND_SLAB;

	if (view_huge(v)) {
		if (1UL << v->order > MAX_ORDER_NR_PAGES)
			return MEMRAS_KIND_GIGANTIC;
		return page_ref_count(v->head) ? MEMRAS_KIND_HUGETLB : MEMRAS_KIND_HUGETLB_FREE;
	}

	if (!v->order) {
		int free = free_order(pfn, v->page);

		if (free >= 0) {
			*order = free;
			return MEMRAS_KIND_FREE;
		}
	}

	if (memras_page_movable(v->head))
		return MEMRAS_KIND_MOVABLE;
	/* shmem in the swap cache has no mapping, nor has what is being truncated */
	if (!page_ref_count(v->head) || (!mapping && !(v->flags & BIT(PG_lru))))
		return MEMRAS_KIND_UNKNOWN;
	if (v->order)
		return MEMRAS_KIND_THP;
	if (memras_mapping_anon(mapping))
		return MEMRAS_KIND_ANON;
	return v->flags & BIT(PG_swapbacked) ? MEMRAS_KIND_SHMEM : MEMRAS_KIND_FILE;
}

/*
 * The flag of a poisoned hugetlb page is on its head only. A tail page must not
 * be asked: its struct page may be an alias of the first ones (vmemmap
 * optimisation), flags and all.
 */
static bool view_poisoned(const struct view *v)
{
	if (likely(!PageHWPoison(v->page)))
		return false;
	return v->page == v->head || !view_huge(v);
}

/* How many of @nr pages come before the first poisoned one */
static unsigned long clean_pages(const struct page *page, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr && !PageHWPoison((struct page *)page + i); i++)
		;
	return i;
}

/**
 * memras_page_kind - what a page is, and how many after it are the same
 * @pfn: the page
 * @page: its struct page, found by pfn_to_online_page() under memras_mutex
 * @nr: out: pages from @pfn on of which the answer is true without a look at
 *	each: the rest of a free page, or 1
 * @poisoned: out: hardware poison
 *
 * Return: enum memras_kind.
 */
u32 memras_page_kind(unsigned long pfn, struct page *page, unsigned long *nr, bool *poisoned)
{
	struct view v;
	int order;
	u32 kind;

	*nr = 1;
	*poisoned = false;
	if (memras_page_uninitialised(page))
		return MEMRAS_KIND_UNKNOWN;

	view_page(page, &v);
	kind = view_kind(pfn, &v, &order);
	*poisoned = view_poisoned(&v);
	if (kind == MEMRAS_KIND_FREE && !*poisoned) {
		*nr = (1UL << order) - (pfn & ((1UL << order) - 1));
		if (MEMRAS_POISON_STAYS_FREE)
			*nr = clean_pages(page, *nr);
	}
	return kind;
}

/**
 * memras_page_nowhere - is the page neither in use nor free?
 * @pfn: a page that is online, under memras_mutex
 *
 * Return: true for a single page without a reference that is not free, either.
 */
bool memras_page_nowhere(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);
	struct view v;

	view_page(page, &v);
	return !v.order && !page_ref_count(page) && free_order(pfn, page) < 0;
}

/* References that the page tables and caches of a page account for */
static int view_expected_refs(u32 kind, const struct view *v, int mapcount)
{
	int cached;

	switch (kind) {
	case MEMRAS_KIND_HUGETLB:
	case MEMRAS_KIND_GIGANTIC:
		cached = memras_hugetlb_cache_refs(v->order);
		break;
	case MEMRAS_KIND_ANON:
	case MEMRAS_KIND_FILE:
	case MEMRAS_KIND_SHMEM:
	case MEMRAS_KIND_THP:
		cached = 1 << v->order;
		break;
	default:
		return -1;
	}

	if (memras_mapping_anon(memras_page_mapping(v->head)))
		return mapcount + (v->flags & BIT(PG_swapcache) ? cached : 0);
	if (!memras_page_mapping(v->head))
		return mapcount + (v->flags & BIT(PG_swapcache) ? cached : 0);
	if (kind == MEMRAS_KIND_HUGETLB || kind == MEMRAS_KIND_GIGANTIC)
		return mapcount + cached;
	return mapcount + cached + !!(v->flags & (BIT(PG_private) | BIT(PG_private_2)));
}

static u32 view_flags(unsigned long pfn, u32 kind, const struct view *v)
{
	u32 flags = 0;

	if (view_poisoned(v))
		flags |= MEMRAS_PAGE_HWPOISON;
	if (memras_pageblock_isolated(pfn))
		flags |= MEMRAS_PAGE_ISOLATED;

	switch (kind) {
	case MEMRAS_KIND_ANON:
	case MEMRAS_KIND_FILE:
	case MEMRAS_KIND_SHMEM:
	case MEMRAS_KIND_THP:
	case MEMRAS_KIND_HUGETLB:
	case MEMRAS_KIND_GIGANTIC:
		break;
	default:
		/* the bits below belong to other owners there */
		return flags;
	}

	if (v->flags & BIT(PG_lru))
		flags |= MEMRAS_PAGE_LRU;
#ifdef CONFIG_MMU
	if (v->flags & BIT(PG_mlocked))
		flags |= MEMRAS_PAGE_MLOCKED;
#endif
	if (v->flags & BIT(PG_dirty))
		flags |= MEMRAS_PAGE_DIRTY;
	if (v->flags & BIT(PG_writeback))
		flags |= MEMRAS_PAGE_WRITEBACK;
	if (memras_page_pinned(v->head, v->order))
		flags |= MEMRAS_PAGE_DMA_PINNED;
	return flags;
}

/* A page that is not online, and memory if a device has it */
static void describe_elsewhere(struct memras_page *info)
{
	struct dev_pagemap *pgmap = NULL;
	unsigned long first;
	struct page *page;

	if (info->pfn <= ULONG_MAX)
		pgmap = memras_pfn_pagemap(info->pfn);
	if (!pgmap) {
		info->error = ENXIO;
		return;
	}

	first = memras_pagemap_first(pgmap, info->pfn);
	page = pfn_to_page(first);
	info->kind = MEMRAS_KIND_DEVICE;
	info->node = page_to_nid(page);
	strscpy(info->zone, page_zone(page)->name ?: "", sizeof(info->zone));
	if (first == info->pfn) {
		info->refcount = page_ref_count(page);
		if (PageHWPoison(page))
			info->flags |= MEMRAS_PAGE_HWPOISON;
	}
	put_dev_pagemap(pgmap);
}

static void describe_page(struct memras_page *info)
{
	unsigned long pfn = info->pfn;
	struct memras_extent *ext;
	struct page *page = NULL;
	struct view v;
	int order, expected;

	lockdep_assert_held(&memras_mutex);

	info->head_pfn = info->pfn;
	info->node = NUMA_NO_NODE;
	if (info->pfn <= ULONG_MAX)
		page = pfn_to_online_page(pfn);
	if (!page) {
		describe_elsewhere(info);
		return;
	}
	if (memras_page_uninitialised(page))
		return;

	view_page(page, &v);
	info->kind = view_kind(pfn, &v, &order);
	info->order = order;
	info->head_pfn = page_to_pfn(v.head);
	info->node = page_to_nid(page);
	/* the memmap of a hole at the end of memory may name a zone never set up */
	strscpy(info->zone, page_zone(page)->name ?: "", sizeof(info->zone));
	info->refcount = page_ref_count(v.head);
	info->flags = view_flags(pfn, info->kind, &v);

	expected = view_expected_refs(info->kind, &v, 0);
	if (expected >= 0) {
		info->mapcount = memras_page_mapcount(v.head, v.order);
		expected += info->mapcount;
		if (info->refcount > expected)
			info->extra_refs = info->refcount - expected;
	}

	ext = memras_extent_first(pfn);
	if (ext && ext->start <= pfn && memras_extent_holds(ext)) {
		info->flags |= MEMRAS_PAGE_HELD;
		if (ext->state & MEMRAS_EXT_KEPT)
			info->flags |= MEMRAS_PAGE_KEPT;
	}
}

#define MEMRAS_DESCRIBE_STEP	64

static int describe_some(struct memras_page *pages, u32 nr)
{
	u32 i;

	/* besides the pfn all must be 0 */
	for (i = 0; i < nr; i++)
		if (memchr_inv((char *)&pages[i] + sizeof(pages[i].pfn), 0,
			       sizeof(pages[i]) - sizeof(pages[i].pfn)))
			return -EINVAL;

	if (mutex_lock_killable(&memras_mutex))
		return -EINTR;
	for (i = 0; i < nr; i++)
		describe_page(&pages[i]);
	mutex_unlock(&memras_mutex);
	return 0;
}

long memras_ioctl_describe(struct memras_owner *owner, void __user *uarg)
{
	struct memras_describe arg;
	struct memras_page __user *upages;
	struct memras_page *pages;
	u32 done, nr;
	int ret = 0;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (!arg.nr || arg.nr > MEMRAS_DESCRIBE_MAX || arg.flags || arg.reserved[0] ||
	    arg.reserved[1])
		return -EINVAL;

	pages = kmalloc_array(MEMRAS_DESCRIBE_STEP, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;

	upages = u64_to_user_ptr(arg.pages);
	for (done = 0; done < arg.nr; done += nr) {
		nr = min_t(u32, arg.nr - done, MEMRAS_DESCRIBE_STEP);
		ret = -EFAULT;
		if (copy_from_user(pages, upages + done, nr * sizeof(*pages)))
			break;
		ret = describe_some(pages, nr);
		if (ret)
			break;
		ret = -EFAULT;
		if (copy_to_user(upages + done, pages, nr * sizeof(*pages)))
			break;
		ret = 0;
		cond_resched();
	}
	kfree(pages);
	return ret;
}
