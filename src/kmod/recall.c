// SPDX-License-Identifier: GPL-2.0
/*
 * Which pages of an offline block are poisoned.
 *
 * A block that goes offline takes the flags of its pages with it. Kernels
 * before 6.2 bring it back with its pages free and nobody the wiser, later
 * ones do not bring it back, and neither says which pages it is about. So they
 * are remembered here, and where the kernel forgets, each is taken out again
 * when the block comes online, before anyone can have it for long.
 *
 * That is done in the notifier and not left to whoever writes "online", as
 * most know nothing of us. The flag is put back by hand, which is no more than
 * the truth: the page was never taken off the count of poisoned pages
 * (num_poisoned_pages), as memory_failure() would do once more.
 *
 * A DIMM that is exchanged while its block is offline is not noticed: its
 * pages have the same numbers. Whoever does that unpoisons them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat/contig.h"
#include "compat/hotplug.h"
#include "compat/page.h"
#include "compat/poison.h"
#include "memras_kmod.h"

/*
 * GOING -----------> AWAY -------------> dropped, or LOST -----------> AWAY
 *        offline           online     (not to be had)      offline again
 */
enum recall_state {
	RECALL_GOING,
	RECALL_AWAY,
	RECALL_LOST,
};

/* One page; in memras_recalls, ascending, under memras_mutex */
struct recall {
	struct list_head link;
	unsigned long pfn;
	enum recall_state state;
};

static LIST_HEAD(memras_recalls);

/* To forget a page while its block is offline would be to launder it */
static bool recall_pins(const struct recall *r)
{
	return MEMRAS_HOTPLUG_LAUNDERS && r->state == RECALL_AWAY;
}

static void recall_set_state(struct recall *r, enum recall_state state)
{
	bool pinned = recall_pins(r);

	r->state = state;
	if (!pinned && recall_pins(r))
		memras_pin();
	if (pinned && !recall_pins(r))
		memras_unpin();
}

static void recall_drop(struct recall *r)
{
	recall_set_state(r, RECALL_GOING);
	list_del(&r->link);
	kfree(r);
}

static int recall_add(unsigned long pfn)
{
	struct list_head *at = &memras_recalls;
	struct recall *r;

	/* From the end, as a block is walked upwards. One that was LOST is there already. */
	list_for_each_entry_reverse(r, &memras_recalls, link) {
		if (r->pfn == pfn) {
			recall_set_state(r, RECALL_GOING);
			return 0;
		}
		if (r->pfn < pfn) {
			at = &r->link;
			break;
		}
	}

	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	r->pfn = pfn;
	r->state = RECALL_GOING;
	list_add(&r->link, at);
	return 0;
}

/**
 * memras_recall_going_offline - note which pages of a block are poisoned
 * @start: the first page of the block
 * @end: the first after its last
 *
 * What is poisoned from here to the end of the offlining is missed: only
 * memory_failure() can do it, as soft offline waits for the hotplug lock.
 *
 * Return: 0, or -ENOMEM, on which the block had better stay.
 */
int memras_recall_going_offline(unsigned long start, unsigned long end)
{
	unsigned long pfn, nr;
	int ret = 0;

	lockdep_assert_held(&memras_mutex);

	for (pfn = start; pfn < end && !ret; pfn += nr) {
		struct page *page = pfn_to_online_page(pfn);
		bool poisoned = false;

		nr = 1;
		if (page)
			memras_page_kind(pfn, page, &nr, &poisoned);
		if (poisoned)
			ret = recall_add(pfn);
	}
	return ret;
}

void memras_recall_cancel_offline(unsigned long start, unsigned long end)
{
	struct recall *r, *next;

	lockdep_assert_held(&memras_mutex);

	list_for_each_entry_safe(r, next, &memras_recalls, link)
		if (r->state == RECALL_GOING && r->pfn >= start && r->pfn < end)
			recall_drop(r);
}

void memras_recall_offline(unsigned long start, unsigned long end)
{
	struct recall *r;

	lockdep_assert_held(&memras_mutex);

	/* LOST ones get another chance */
	list_for_each_entry(r, &memras_recalls, link)
		if (r->pfn >= start && r->pfn < end)
			recall_set_state(r, RECALL_AWAY);
}

/*
 * Take one page from the page allocator. Single pages are refused more often
 * than whole pageblocks; of one of those the rest goes back at once.
 */
static int recall_take(unsigned long pfn, unsigned long start, unsigned long end)
{
	unsigned long unit = memras_contig_unit();
	unsigned long first = max(start, round_down(pfn, unit));
	unsigned long last = min(end, round_down(pfn, unit) + unit);
	int ret;

	ret = memras_contig_alloc(pfn, pfn + 1);
	if (!ret)
		return 0;
	ret = memras_contig_alloc(first, last);
	if (ret)
		return ret;
	if (pfn > first)
		memras_contig_free(first, pfn - first);
	if (last > pfn + 1)
		memras_contig_free(pfn + 1, last - pfn - 1);
	return 0;
}

static int recall_restore(unsigned long pfn, unsigned long start, unsigned long end)
{
	struct memras_extent *ext = memras_extent_first(pfn);
	struct page *page = pfn_to_online_page(pfn);
	int ret;

	if (!page)
		return -ENXIO;
	if (PageHWPoison(page))
		return 0;
	/* taken again by a quarantine already, which leaves it behind when it is released */
	if (!ext || ext->start > pfn || ext->state & MEMRAS_EXT_LOST) {
		ret = recall_take(pfn, start, end);
		if (ret)
			return ret;
	}
	memras_set_poisoned(page);
	return 0;
}

/**
 * memras_recall_online - take out again what was poisoned
 * @start: the first page of the block, which is online by now
 * @end: the first after its last
 *
 * Comes after the quarantines of the block were taken again.
 */
void memras_recall_online(unsigned long start, unsigned long end)
{
	unsigned long restored = 0, lost = 0;
	struct recall *r, *next;

	lockdep_assert_held(&memras_mutex);

	list_for_each_entry_safe(r, next, &memras_recalls, link) {
		if (r->state != RECALL_AWAY || r->pfn < start || r->pfn >= end)
			continue;
		if (!MEMRAS_HOTPLUG_LAUNDERS || recall_restore(r->pfn, start, end)) {
			recall_set_state(r, RECALL_LOST);
			lost++;
		} else {
			recall_drop(r);
			restored++;
		}
	}
	if (restored)
		pr_info("%lu poisoned pages of %#lx-%#lx are retired again\n", restored, start,
			end - 1);
	if (lost)
		pr_warn("%lu poisoned pages of %#lx-%#lx could not be retired again and are in use\n",
			lost, start, end - 1);
}

void memras_recall_exit(void)
{
	struct recall *r, *next;

	list_for_each_entry_safe(r, next, &memras_recalls, link) {
		list_del(&r->link);
		kfree(r);
	}
}

struct recall_lister {
	u64 pos, end;		/* the next page, and the end of what is asked for */
};

static int recall_list(void *ctx, void *buf, u32 max)
{
	struct recall_lister *lister = ctx;
	struct memras_recalled *pages = buf;
	struct recall *r, *next;
	u32 nr = 0;

	if (mutex_lock_killable(&memras_mutex))
		return -EINTR;
	list_for_each_entry_safe(r, next, &memras_recalls, link) {
		struct page *page;

		if (r->pfn < lister->pos || r->pfn >= lister->end || r->state == RECALL_GOING)
			continue;
		page = pfn_to_online_page(r->pfn);
		if (r->state == RECALL_LOST && page && PageHWPoison(page)) {
			/* retired by other means since */
			recall_drop(r);
			continue;
		}
		if (nr == max) {
			lister->pos = r->pfn;
			goto out;
		}
		pages[nr++] = (struct memras_recalled) {
			.pfn = r->pfn,
			.flags = r->state == RECALL_LOST ? MEMRAS_RECALLED_LOST :
							   MEMRAS_RECALLED_AWAY,
		};
	}
	lister->pos = lister->end;
out:
	mutex_unlock(&memras_mutex);
	return nr;
}

long memras_ioctl_recall(struct memras_owner *owner, void __user *uarg)
{
	struct recall_lister lister;
	struct memras_recall arg;
	unsigned long end;
	long ret;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (!arg.nr || arg.nr > MEMRAS_RECALL_MAX || arg.flags || arg.reserved[0] ||
	    arg.reserved[1])
		return -EINVAL;
	ret = memras_range_end(arg.start_pfn, arg.nr_pages, U64_MAX, &end);
	if (ret)
		return ret;

	lister = (struct recall_lister) { .pos = arg.start_pfn, .end = end };
	ret = memras_list_copy(arg.pages, &arg.nr, sizeof(struct memras_recalled), recall_list,
			       &lister);
	if (ret)
		return ret;

	arg.next_pfn = lister.pos;
	return copy_to_user(uarg, &arg, sizeof(arg)) ? -EFAULT : 0;
}
