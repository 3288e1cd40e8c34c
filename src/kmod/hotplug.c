// SPDX-License-Identifier: GPL-2.0
/*
 * Memory hotplug: what happens to held pages.
 *
 * A held page must not block the offline of its memory block. It must be held
 * again if the block stays online, or, for a quarantine, when the block comes
 * back.
 *
 * Extents never cross memory blocks, and blocks go offline and online as a
 * whole (except for the memmap of the block in it, which cannot be claimed). So
 * an extent is either inside of the range notified, or outside.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/notifier.h>

#include "compat/contig.h"
#include "compat/hotplug.h"
#include "memras_kmod.h"

/* The range that is going offline or online; there is only one at a time */
static unsigned long memras_busy_start, memras_busy_end;

static void hotplug_set_busy(unsigned long start, unsigned long end)
{
	memras_busy_start = start;
	memras_busy_end = end;
}

/* True if a page of [@start, @end), or of its pageblocks, is going offline or online */
bool memras_hotplug_busy(unsigned long start, unsigned long end)
{
	lockdep_assert_held(&memras_mutex);
	return start < memras_busy_end && end > memras_busy_start;
}

/*
 * Prepares held pages for the offline of their block. The offline skips a page
 * that is PageOffline and has no reference, as held pages are. It also skips
 * poisoned pages, but counts them as ordinary ones, so clear their PageOffline.
 *
 * The offline will subtract some of our pages from the managed ones a second
 * time: all of them, or those that are not PageOffline. Add these here.
 */
static void pages_drop(unsigned long start, unsigned long nr)
{
	unsigned long pfn, poisoned = 0;

	memras_map_zap(start, nr);

	for (pfn = start; pfn < start + nr; pfn++) {
		struct page *page = pfn_to_page(pfn);

		if (PageHWPoison(page)) {
			__ClearPageOffline(page);
			poisoned++;
		}
	}
	adjust_managed_page_count(pfn_to_page(start),
				  MEMRAS_OFFLINING_SUBTRACTS_ALL ? nr : poisoned);
}

/* Undoes pages_drop() */
static void pages_undrop(unsigned long start, unsigned long nr)
{
	unsigned long pfn, poisoned = 0;

	for (pfn = start; pfn < start + nr; pfn++) {
		struct page *page = pfn_to_page(pfn);

		if (!PageOffline(page)) {
			__SetPageOffline(page);
			poisoned++;
		}
	}
	adjust_managed_page_count(pfn_to_page(start),
				  -(long)(MEMRAS_OFFLINING_SUBTRACTS_ALL ? nr : poisoned));
}

/* Adds pages poisoned since pages_drop(), which were also subtracted twice */
static void pages_gone(unsigned long start, unsigned long nr)
{
	unsigned long pfn, poisoned = 0;

	if (MEMRAS_OFFLINING_SUBTRACTS_ALL)
		return;
	for (pfn = start; pfn < start + nr; pfn++) {
		struct page *page = pfn_to_page(pfn);

		if (PageHWPoison(page) && PageOffline(page))
			poisoned++;
	}
	if (poisoned)
		adjust_managed_page_count(pfn_to_page(start), poisoned);
}

/* True if a claim is at work in the block; it may take long, so do not wait */
static bool hotplug_claimed(unsigned long start, unsigned long end)
{
	struct memras_extent *ext;

	for (ext = memras_extent_first(start); ext && ext->start < end; ext = memras_extent_next(ext))
		if (ext->state & MEMRAS_EXT_CLAIMING)
			return true;
	return false;
}

static int hotplug_going_offline(unsigned long start, unsigned long end)
{
	struct memras_extent *ext;
	int ret;

	/* guarded: a page of the block is being poisoned or unpoisoned */
	if (hotplug_claimed(start, end) || memras_guarded(start, end))
		return -EBUSY;
	ret = memras_recall_going_offline(start, end);
	if (ret)
		return ret;

	for (ext = memras_extent_first(start); ext && ext->start < end; ext = memras_extent_next(ext)) {
		if (ext->state & (MEMRAS_EXT_AWAY | MEMRAS_EXT_LOST | MEMRAS_EXT_DROPPED))
			continue;
		memras_extent_set_state(ext, ext->state | MEMRAS_EXT_DROPPED);
		pages_drop(ext->start, ext->nr);
	}
	hotplug_set_busy(start, end);
	return 0;
}

/* Also called if another notifier refused before ours was called, or ours did */
static void hotplug_cancel_offline(unsigned long start, unsigned long end)
{
	struct memras_extent *ext, *next;
	struct memras_released rel = {};

	for (ext = memras_extent_first(start); ext && ext->start < end; ext = next) {
		next = memras_extent_next(ext);
		if (!(ext->state & MEMRAS_EXT_DROPPED))
			continue;
		pages_undrop(ext->start, ext->nr);
		if (ext->state & MEMRAS_EXT_DOOMED) {
			memras_pages_free(ext->start, ext->nr, &rel);
			memras_extent_forget(ext);
		} else {
			memras_extent_set_state(ext, ext->state & ~MEMRAS_EXT_DROPPED);
		}
	}
	memras_recall_cancel_offline(start, end);
	hotplug_set_busy(0, 0);
}

static void hotplug_offline(unsigned long start, unsigned long end)
{
	struct memras_extent *ext, *next;

	for (ext = memras_extent_first(start); ext && ext->start < end; ext = next) {
		next = memras_extent_next(ext);
		if (ext->state & MEMRAS_EXT_DROPPED)
			pages_gone(ext->start, ext->nr);
		if (ext->state & MEMRAS_EXT_KEPT)
			memras_extent_set_state(ext, MEMRAS_EXT_KEPT | MEMRAS_EXT_AWAY);
		else
			memras_extent_forget(ext);
	}
	memras_recall_offline(start, end);
	hotplug_set_busy(0, 0);
}

/*
 * Takes the held and poisoned pages of a block that came online with all of its
 * pages free. Other users may have some of them already; their data is migrated
 * away. Claims are refused until all pages are held or poisoned again.
 *
 * Called without memras_mutex.
 */
static void hotplug_online(unsigned long start, unsigned long end)
{
	struct memras_extent *ext;
	unsigned long lost = 0;
	int ret;

	ret = memras_hold_retake(start, end);
	memras_recall_online(start, end);

	mutex_lock(&memras_mutex);
	hotplug_set_busy(0, 0);
	for (ext = memras_extent_first(start); ext && ext->start < end; ext = memras_extent_next(ext))
		if (ext->state & MEMRAS_EXT_LOST)
			lost += ext->nr;
	mutex_unlock(&memras_mutex);

	if (ret)
		pr_warn("%lu quarantined pages of %#lx-%#lx could not be taken again (error %d) and are in use\n",
			lost, start, end - 1, ret);
}

static int memras_memory_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct memory_notify *arg = data;
	unsigned long start = arg->start_pfn, end = start + arg->nr_pages;
	int ret = 0;

	mutex_lock(&memras_mutex);
	switch (action) {
	case MEM_GOING_OFFLINE:
		ret = hotplug_going_offline(start, end);
		break;
	case MEM_CANCEL_OFFLINE:
		hotplug_cancel_offline(start, end);
		break;
	case MEM_OFFLINE:
		hotplug_offline(start, end);
		break;
	case MEM_GOING_ONLINE:
		hotplug_set_busy(start, end);
		break;
	case MEM_CANCEL_ONLINE:
		hotplug_set_busy(0, 0);
		break;
	case MEM_ONLINE:
		mutex_unlock(&memras_mutex);
		hotplug_online(start, end);
		return NOTIFY_OK;
	default:
		break;
	}
	mutex_unlock(&memras_mutex);
	return notifier_from_errno(ret);
}

static struct notifier_block memras_memory_nb = {
	.notifier_call = memras_memory_notify,
};

int memras_hotplug_init(void)
{
	return register_memory_notifier(&memras_memory_nb);
}

/*
 * Nothing is held any more. The notifier may just have forgotten the last
 * extent, which dropped the reference to the module, and may still be running:
 * unregistering waits for it.
 */
void memras_hotplug_exit(void)
{
	unregister_memory_notifier(&memras_memory_nb);
	memras_recall_exit();
	memras_extent_exit();
}
