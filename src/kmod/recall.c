// SPDX-License-Identifier: GPL-2.0
/*
 * Which pages of an offline block are poisoned.
 *
 * A block that goes offline loses the flags of its pages. Kernels before 6.2
 * bring it back with its poisoned pages free, later ones refuse to bring it
 * back, and neither says which pages are poisoned. So they are remembered here,
 * and where the kernel forgets, each is taken out again when the block comes
 * online, before anyone can use it for long.
 *
 * That is done in the notifier and not left to the writer of "online", most of
 * whom know nothing of this module. The flag is set again by hand: the page was never taken
 * off the count of poisoned pages (num_poisoned_pages), and memory_failure() would
 * count it once more.
 *
 * A DIMM that is replaced while its block is offline is not noticed: its pages
 * have the same numbers. They have to be unpoisoned afterwards.
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
 *        offline           online     (not allocated)      offline again
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

/* A page forgotten while its block is offline would come back free */
static bool recall_pins(const struct recall *r)
{
	return MEMRAS_ONLINE_FORGETS_POISON && r->state == RECALL_AWAY;
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

	r = kzalloc(sizeof(*r), GFP_NOIO);
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
 * Return: 0, or -ENOMEM: the block then stays online.
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
		if (page && PageHWPoison(page))
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

/*
 * From here on only this module knows the page; the kernel still counts it as
 * poisoned. If the flag stayed and the DIMM were removed, clear_hwpoisoned_pages()
 * would subtract it, and unpoisoning it after it was flagged again would do so once
 * more. So the flag is cleared where offline pages do not need it.
 */
void memras_recall_offline(unsigned long start, unsigned long end)
{
	struct recall *r;

	lockdep_assert_held(&memras_mutex);

	list_for_each_entry(r, &memras_recalls, link) {
		if (r->pfn < start || r->pfn >= end)
			continue;
		/* LOST ones are tried again */
		recall_set_state(r, RECALL_AWAY);
		if (MEMRAS_ONLINE_FORGETS_POISON)
			memras_clear_poisoned(pfn_to_page(r->pfn));
	}
}

static struct recall *recall_next(unsigned long start, unsigned long end)
{
	struct recall *r;

	list_for_each_entry(r, &memras_recalls, link)
		if (r->pfn >= start && r->pfn < end && r->state == RECALL_AWAY)
			return r;
	return NULL;
}

/* Can the page be allocated together with its neighbours? */
static bool recall_free(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);

	return page && !memras_extent_of(pfn) && !PageHWPoison(page);
}

/*
 * Of the pageblock of a page, or of the allocator's largest block, all that is
 * neither held nor poisoned around it: single pages are refused more often than
 * whole pageblocks, and other poisoned ones are taken with it.
 */
static void recall_widen(unsigned long *first, unsigned long *last, unsigned long start,
			 unsigned long end)
{
	unsigned long unit = memras_contig_unit();

	start = max(start, round_down(*first, unit));
	end = min(end, round_down(*first, unit) + unit);
	while (*first > start && recall_free(*first - 1))
		(*first)--;
	while (*last < end && recall_free(*last))
		(*last)++;
}

/* Flag the remembered pages of [@first, @last), which was taken, and give back the rest */
static void recall_flag(unsigned long first, unsigned long last, unsigned long *restored)
{
	struct recall *r, *next;

	list_for_each_entry_safe(r, next, &memras_recalls, link) {
		if (r->pfn < first || r->pfn >= last || r->state != RECALL_AWAY)
			continue;
		memras_set_poisoned(pfn_to_page(r->pfn));
		if (r->pfn > first)
			memras_contig_free(first, r->pfn - first);
		first = r->pfn + 1;
		recall_drop(r);
		++*restored;
	}
	if (last > first)
		memras_contig_free(first, last - first);
}

/**
 * memras_recall_online - take out again what was poisoned
 * @start: the first page of the block, which is online by now
 * @end: the first after its last
 *
 * Comes after the quarantines of the block were taken again: what they have stays
 * behind when they are released. Called without memras_mutex, in the notifier.
 */
void memras_recall_online(unsigned long start, unsigned long end)
{
	unsigned long restored = 0, lost = 0, first, last;
	struct recall *r;

	mutex_lock(&memras_mutex);
	while ((r = recall_next(start, end))) {
		struct page *page = pfn_to_online_page(r->pfn);
		int ret = -ENXIO;

		first = r->pfn;
		last = first + 1;
		if (page && (PageHWPoison(page) || memras_extent_of(first))) {
			memras_set_poisoned(page);
			recall_drop(r);
			restored++;
			continue;
		}
		if (page && MEMRAS_ONLINE_FORGETS_POISON) {
			recall_widen(&first, &last, start, end);
			mutex_unlock(&memras_mutex);
			ret = memras_contig_take(first, last);
			mutex_lock(&memras_mutex);
		}
		if (!ret) {
			recall_flag(first, last, &restored);
			continue;
		}
		/* remembered for as long as the block is online, so still in the list */
		recall_set_state(r, RECALL_LOST);
		lost++;
	}
	mutex_unlock(&memras_mutex);

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
