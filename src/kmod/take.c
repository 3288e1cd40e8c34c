// SPDX-License-Identifier: GPL-2.0
/*
 * Taking pages from the page allocator, and giving them back.
 *
 * A held page is frozen: it has no reference, and so nobody can get one. That
 * matters outside of ZONE_MOVABLE, where alloc_contig_range() refuses a pageblock
 * with any page that has a reference and cannot be migrated: has_unmovable_pages()
 * excuses PageOffline and poisoned pages only when memory goes offline, but steps
 * over what has no reference. Held pages without a reference are also how a driver
 * lets its PageOffline pages go offline with their block (MEM_GOING_OFFLINE).
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat/contig.h"
#include "compat/hotplug.h"
#include "compat/page.h"
#include "memras_kmod.h"

/* A range that is busy may be free the next moment; how often to look again */
#define MEMRAS_ALLOC_TRIES	3

/* How often to wait a millisecond for a passing reference to a page to go */
#define MEMRAS_FREEZE_TRIES	100

static LIST_HEAD(memras_guards);

/* Keep claims away from a page until the guard is removed */
void memras_guard_add(struct memras_guard *guard, unsigned long pfn)
{
	lockdep_assert_held(&memras_mutex);
	guard->pfn = pfn;
	list_add(&guard->link, &memras_guards);
}

void memras_guard_remove(struct memras_guard *guard)
{
	lockdep_assert_held(&memras_mutex);
	list_del(&guard->link);
}

/* Is a page of [@start, @end) guarded? */
bool memras_guarded(unsigned long start, unsigned long end)
{
	struct memras_guard *guard;

	lockdep_assert_held(&memras_mutex);
	list_for_each_entry(guard, &memras_guards, link)
		if (guard->pfn >= start && guard->pfn < end)
			return true;
	return false;
}

/*
 * A poisoned page that nobody uses any more has one reference, which memory
 * failure handling keeps. It makes its pageblock busy for alloc_contig_range(),
 * so it is frozen as long as that is at work on the pageblock. In memras_frozen,
 * under memras_mutex.
 */
struct frozen {
	struct list_head link;
	unsigned long pfn;
	const void *by;			/* the call that froze it */
};

static LIST_HEAD(memras_frozen);

/* Is the page one of the poisoned ones that are frozen now? */
bool memras_page_frozen(unsigned long pfn)
{
	struct frozen *f;

	lockdep_assert_held(&memras_mutex);
	list_for_each_entry(f, &memras_frozen, link)
		if (f->pfn == pfn)
			return true;
	return false;
}

static void poison_thaw(const void *by)
{
	struct frozen *f, *next;

	mutex_lock(&memras_mutex);
	list_for_each_entry_safe(f, next, &memras_frozen, link) {
		struct page *page = pfn_to_page(f->pfn);

		if (f->by != by)
			continue;
		page_ref_unfreeze(page, 1);
		/* unpoisoned meanwhile, by hwpoison-inject: the reference was the last */
		if (!PageHWPoison(page))
			put_page(page);
		list_del(&f->link);
		kfree(f);
	}
	mutex_unlock(&memras_mutex);
}

/* What is still used, or a page of the page cache, must not be frozen */
static bool poison_freezable(struct page *page)
{
	return PageHWPoison(page) && !memras_page_uninitialised(page) && !PageLRU(page) &&
	       !PageCompound(page) && !PageReserved(page) && page_ref_count(page) == 1;
}

static int poison_freeze(unsigned long start, unsigned long end, const void *by)
{
	unsigned long pfn, unit = memras_contig_unit();

	/* there, nothing but PageReserved is looked at */
	if (zone_idx(page_zone(pfn_to_page(start))) == ZONE_MOVABLE)
		return 0;

	end = round_up(end, unit);
	for (pfn = round_down(start, unit); pfn < end; pfn++) {
		struct page *page = pfn_to_online_page(pfn);
		struct frozen *f;

		if (!page || !poison_freezable(page))
			continue;
		f = kmalloc(sizeof(*f), GFP_KERNEL);
		if (!f)
			return -ENOMEM;
		f->pfn = pfn;
		f->by = by;
		mutex_lock(&memras_mutex);
		if (!memras_guarded(pfn, pfn + 1) && page_ref_freeze(page, 1)) {
			list_add(&f->link, &memras_frozen);
			f = NULL;
		}
		mutex_unlock(&memras_mutex);
		kfree(f);
	}
	return 0;
}

/**
 * memras_contig_take - take a range from the page allocator
 * @start: the first page
 * @end: the first after the last; of one zone and one memory block
 *
 * Called without memras_mutex, with the block kept from going offline by an
 * extent in state CLAIMING, or in the memory notifier. May wait for locks of
 * pages in the range, which no signal ends.
 *
 * Return: 0, and each page has one reference, or what alloc_contig_range() says:
 * -EBUSY, -ENOMEM, -EINTR.
 */
int memras_contig_take(unsigned long start, unsigned long end)
{
	int ret, tries = 0, most = end - start <= memras_contig_unit() ? MEMRAS_ALLOC_TRIES : 1;

	ret = poison_freeze(start, end, &tries);
	if (ret)
		goto out;
	do {
		ret = memras_contig_alloc(start, end);
		/* any signal ends it: a claim that is interrupted does not try again */
	} while (ret == -EBUSY && ++tries < most && !signal_pending(current));
out:
	poison_thaw(&tries);
	return ret;
}

/*
 * A walker of memory may have a passing reference. If ours were dropped first,
 * dropping theirs would free the page. So wait for it to go.
 */
static bool page_freeze(struct page *page)
{
	int i;

	for (i = 0; !page_ref_freeze(page, 1); i++) {
		if (i == MEMRAS_FREEZE_TRIES)
			return false;
		usleep_range(1000, 2000);
	}
	return true;
}

/* Give back [@start, @end), which just came from memras_contig_take() */
static void contig_give_back(unsigned long start, unsigned long end)
{
	unsigned long pfn, next;

	for (pfn = start; pfn < end; pfn = next) {
		next = min(end, round_up(pfn + 1, pageblock_nr_pages));
		memras_contig_free(pfn, next - pfn);
	}
}

/**
 * memras_pages_take - take pages from the page allocator and make them held ones
 * @start: the first page
 * @end: the first after the last
 *
 * As memras_contig_take(); the pages are frozen, PageOffline and not managed.
 */
int memras_pages_take(unsigned long start, unsigned long end)
{
	unsigned long pfn;
	int ret;

	ret = memras_contig_take(start, end);
	if (ret)
		return ret;

	for (pfn = start; pfn < end; pfn++) {
		if (page_freeze(pfn_to_page(pfn)))
			continue;
		/* whoever has the other reference frees the page when done */
		while (pfn-- > start)
			page_ref_unfreeze(pfn_to_page(pfn), 1);
		contig_give_back(start, end);
		return -EBUSY;
	}

	memras_page_offline_begin();
	for (pfn = start; pfn < end; pfn++)
		__SetPageOffline(pfn_to_page(pfn));
	memras_page_offline_end();
	adjust_managed_page_count(pfn_to_page(start), -(long)(end - start));
	return 0;
}

/**
 * memras_pages_free - held pages go back to the page allocator
 * @start: the first page
 * @nr: how many
 * @rel: what became of them is added here
 *
 * A page that was poisoned meanwhile is not freed: it keeps one reference and
 * counts as managed, as soft offline leaves a page, so that unpoisoning frees it.
 */
void memras_pages_free(unsigned long start, unsigned long nr, struct memras_released *rel)
{
	unsigned long pfn, next, end = start + nr;

	memras_map_zap(start, nr);

	for (pfn = start; pfn < end; pfn++) {
		struct page *page = pfn_to_page(pfn);

		__ClearPageOffline(page);
		page_ref_unfreeze(page, 1);
	}
	adjust_managed_page_count(pfn_to_page(start), nr);

	for (pfn = start; pfn < end; pfn = next) {
		next = pfn + 1;
		if (PageHWPoison(pfn_to_page(pfn))) {
			rel->poisoned++;
			continue;
		}
		while (next < end && next - pfn < pageblock_nr_pages &&
		       !PageHWPoison(pfn_to_page(next)))
			next++;
		memras_contig_free(pfn, next - pfn);
		rel->freed += next - pfn;
		cond_resched();
	}
}
