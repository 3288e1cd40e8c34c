// SPDX-License-Identifier: GPL-2.0
/*
 * What memory hotplug does to held pages.
 *
 * A held page must not stop its block from going offline, and must be held
 * again where the block stays, or where it is a quarantine's and comes back.
 *
 * Extents never cross memory blocks and blocks go on- and offline as a whole
 * (less what the memmap of a block takes of it, which cannot be claimed), so an
 * extent is inside of the range notified, or outside.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/notifier.h>

#include "compat/hotplug.h"
#include "memras_kmod.h"

/* How often to wait a millisecond for who looks at a held page to let go of it */
#define MEMRAS_DROP_TRIES	100

/*
 * Take our references again and make every page PageOffline, as pages_drop()
 * found them. Returns how many had not been.
 */
static unsigned long pages_regain(unsigned long start, unsigned long nr)
{
	unsigned long pfn, poisoned = 0;

	for (pfn = start; pfn < start + nr; pfn++) {
		struct page *page = pfn_to_page(pfn);

		if (PageOffline(page)) {
			page_ref_unfreeze(page, 1);
		} else {
			__SetPageOffline(page);
			poisoned++;
		}
	}
	return poisoned;
}

/*
 * Someone who walks memory may have a passing reference. Were ours dropped
 * before his, he would free the page. So wait for him, and give up rather than
 * drop it.
 */
static bool page_drop(struct page *page)
{
	int i;

	for (i = 0; !page_ref_freeze(page, 1); i++) {
		if (i == MEMRAS_DROP_TRIES)
			return false;
		usleep_range(1000, 2000);
	}
	return true;
}

/*
 * Make offlining step over our pages: PageOffline without a reference is the
 * sign for it. A page poisoned while held need not have just the one reference
 * that could be dropped (5.10 leaks one when it fails to deal with it), but
 * offlining steps over poisoned pages of any count if they are not PageOffline.
 *
 * Offlining will subtract some of our pages from the managed ones a second
 * time: all of them, or those that are not PageOffline. Those are added here.
 */
static int pages_drop(unsigned long start, unsigned long nr)
{
	unsigned long pfn, poisoned = 0;

	memras_map_zap(start, nr);

	for (pfn = start; pfn < start + nr; pfn++) {
		struct page *page = pfn_to_page(pfn);

		if (PageHWPoison(page)) {
			__ClearPageOffline(page);
			poisoned++;
		} else if (!page_drop(page)) {
			pr_warn("page %#lx is held and in use (%d references), its block stays online\n",
				pfn, page_ref_count(page));
			pages_regain(start, pfn - start);
			return -EBUSY;
		}
	}
	adjust_managed_page_count(pfn_to_page(start),
				  MEMRAS_OFFLINING_SUBTRACTS_ALL ? nr : poisoned);
	return 0;
}

static void pages_undrop(unsigned long start, unsigned long nr)
{
	unsigned long poisoned = pages_regain(start, nr);

	adjust_managed_page_count(pfn_to_page(start),
				  -(long)(MEMRAS_OFFLINING_SUBTRACTS_ALL ? nr : poisoned));
}

static int hotplug_going_offline(unsigned long start, unsigned long end)
{
	struct memras_extent *ext;
	int ret;

	for (ext = memras_extent_first(start); ext && ext->start < end; ext = memras_extent_next(ext)) {
		if (ext->state & (MEMRAS_EXT_AWAY | MEMRAS_EXT_LOST | MEMRAS_EXT_DROPPED))
			continue;
		/* what was dropped before a failure comes back by MEM_CANCEL_OFFLINE */
		ret = pages_drop(ext->start, ext->nr);
		if (ret)
			return ret;
		memras_extent_set_state(ext, ext->state | MEMRAS_EXT_DROPPED);
	}
	return 0;
}

/* Also called where another notifier refused before ours was asked */
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
}

static void hotplug_offline(unsigned long start, unsigned long end)
{
	struct memras_extent *ext, *next;

	for (ext = memras_extent_first(start); ext && ext->start < end; ext = next) {
		next = memras_extent_next(ext);
		if (ext->state & MEMRAS_EXT_KEPT)
			memras_extent_set_state(ext, MEMRAS_EXT_KEPT | MEMRAS_EXT_AWAY);
		else
			memras_extent_forget(ext);
	}
}

/*
 * The block came back with its pages free, whatever they were before. By now
 * others may have some of them; what they have is migrated away.
 */
static void hotplug_online(unsigned long start, unsigned long end)
{
	struct memras_extent *ext;
	unsigned long lost = 0;
	int ret;

	ret = memras_hold_retake(start, end);
	if (!ret)
		return;

	for (ext = memras_extent_first(start); ext && ext->start < end; ext = memras_extent_next(ext))
		if (ext->state & MEMRAS_EXT_LOST)
			lost += ext->nr;
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
		ret = memras_recall_going_offline(start, end);
		if (!ret)
			ret = hotplug_going_offline(start, end);
		break;
	case MEM_CANCEL_OFFLINE:
		hotplug_cancel_offline(start, end);
		memras_recall_cancel_offline(start, end);
		break;
	case MEM_OFFLINE:
		hotplug_offline(start, end);
		memras_recall_offline(start, end);
		break;
	case MEM_ONLINE:
		hotplug_online(start, end);
		memras_recall_online(start, end);
		break;
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
 * Nothing is held by now. A last extent may just have been forgotten by the
 * notifier, which dropped the module's reference and is still running:
 * unregistering waits for it.
 */
void memras_hotplug_exit(void)
{
	unregister_memory_notifier(&memras_memory_nb);
	memras_recall_exit();
	memras_extent_exit();
}
