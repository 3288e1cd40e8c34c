// SPDX-License-Identifier: GPL-2.0
/*
 * Claiming: a range goes from the page allocator to us, pageblock by pageblock.
 *
 * A claim is all or nothing. It first looks the whole range over and refuses
 * what can be refused without touching anything, then takes one step after the
 * other; whatever ends it before the last gives back the steps before.
 */
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "compat/contig.h"
#include "compat/hotplug.h"
#include "compat/page.h"
#include "memras_kmod.h"

/**
 * struct claim - a claim on its way
 * @start: the first page
 * @end: the first after the last
 * @round: go round what is poisoned or held already
 * @zone: the zone that all pages must be of; never looked into
 * @origin: who claims
 * @claimed: pages had
 * @poisoned: poisoned pages gone round
 * @already: held pages gone round
 * @fail_pfn: where the part begins that was not had
 */
struct claim {
	unsigned long start;
	unsigned long end;
	bool round;
	const struct zone *zone;
	struct memras_origin origin;
	unsigned long claimed;
	unsigned long poisoned;
	unsigned long already;
	unsigned long fail_pfn;
};

static int claim_fail(struct claim *c, unsigned long pfn, int err)
{
	c->fail_pfn = pfn;
	return err;
}

/* Where the step that begins at @pfn ends: no pageblock or memory block is crossed */
static unsigned long claim_step_end(const struct claim *c, unsigned long pfn)
{
	unsigned long block = memras_block_pages();
	unsigned long end = min(c->end, round_up(pfn + 1, memras_contig_unit()));

	if (block)
		end = min(end, (pfn / block + 1) * block);
	return end;
}

/*
 * How many pages to go round for a poisoned one: itself, or for a hugetlb page
 * all the rest of it, as the flag is on the head page only and nothing of it
 * can be had. 0 for a page that is not poisoned.
 */
static unsigned long claim_poisoned(unsigned long pfn, struct page *page)
{
	struct page *head = compound_head(page);
	unsigned int order;

	if (likely(!PageHWPoison(page) && !PageHWPoison(head)))
		return 0;
	if (!PageHuge(page))
		return PageHWPoison(page) ? 1 : 0;
	order = compound_order(head);
	if (order >= BITS_PER_LONG || page - head >= 1UL << order)
		return 1;
	return (1UL << order) - (page - head);
}

/*
 * Walk one step. With @take the pages are taken, else it is only seen whether
 * they may be.
 */
static int claim_step(struct claim *c, unsigned long pfn, unsigned long end, bool take)
{
	lockdep_assert_held(&memras_mutex);

	while (pfn < end) {
		struct memras_extent *ext = memras_extent_first(pfn);
		unsigned long stop = end, clean, skip = 0;
		int ret;

		if (ext && ext->start <= pfn) {
			stop = min(end, memras_extent_end(ext));
			if (!c->round)
				return claim_fail(c, pfn, -EEXIST);
			if (!pfn_to_online_page(pfn))
				return claim_fail(c, pfn, -ENXIO);
			if (take && ext->state & MEMRAS_EXT_LOST) {
				ret = memras_hold_retake(pfn, stop);
				if (ret)
					return claim_fail(c, pfn, ret);
			}
			if (take)
				c->already += stop - pfn;
			pfn = stop;
			continue;
		}
		if (ext)
			stop = min(end, ext->start);

		for (clean = pfn; clean < stop; clean++) {
			struct page *page = pfn_to_online_page(clean);

			if (!page)
				return claim_fail(c, clean, -ENXIO);
			/* boot memory, firmware and holes: never to be had */
			if (PageReserved(page))
				return claim_fail(c, clean, -EBUSY);
			if (!c->zone)
				c->zone = page_zone(page);
			if (page_zone(page) != c->zone)
				return claim_fail(c, clean, -EINVAL);
			skip = claim_poisoned(clean, page);
			if (skip)
				break;
		}

		if (take && clean > pfn) {
			ret = memras_hold_take(pfn, clean, &c->origin);
			if (ret)
				return claim_fail(c, pfn, ret);
			c->claimed += clean - pfn;
		}
		pfn = clean;

		if (skip) {
			if (!c->round)
				return claim_fail(c, pfn, -EHWPOISON);
			skip = min(skip, stop - pfn);
			if (take)
				c->poisoned += skip;
			pfn += skip;
		}
	}
	return 0;
}

/* Pages that are walked with the mutex held when nothing is taken */
#define MEMRAS_CHECK_STEP	32768UL

static int claim_check(struct claim *c)
{
	unsigned long pfn, end;
	int ret;

	for (pfn = c->start; pfn < c->end; pfn = end) {
		end = min(c->end, pfn + MEMRAS_CHECK_STEP);
		if (mutex_lock_killable(&memras_mutex))
			return -EINTR;
		ret = claim_step(c, pfn, end, false);
		if (!c->origin.claim)
			c->origin.claim = memras_claim_number();
		mutex_unlock(&memras_mutex);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

static int claim_take(struct claim *c)
{
	unsigned long pfn, end;
	int ret;

	for (pfn = c->start; pfn < c->end; pfn = end) {
		end = claim_step_end(c, pfn);
		ret = -EINTR;
		if (fatal_signal_pending(current) || mutex_lock_killable(&memras_mutex))
			goto undo;
		ret = claim_step(c, pfn, end, true);
		mutex_unlock(&memras_mutex);
		if (ret)
			goto undo;
		cond_resched();
	}
	return 0;

undo:
	memras_hold_undo(c->start, end, c->origin.claim);
	return ret;
}

long memras_ioctl_claim(struct memras_owner *owner, void __user *uarg)
{
	struct memras_claim arg;
	struct claim c = {};
	long ret;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.flags & ~(MEMRAS_CLAIM_ROUND | MEMRAS_CLAIM_KEEP) || arg.reserved0 ||
	    arg.reserved[0] || arg.reserved[1])
		return -EINVAL;
	ret = memras_range_end(arg.start_pfn, arg.nr_pages, MEMRAS_CLAIM_MAX, &c.end);
	if (ret)
		return ret;
	if (!MEMRAS_CAN_CLAIM)
		return -EOPNOTSUPP;

	c.start = arg.start_pfn;
	c.round = arg.flags & MEMRAS_CLAIM_ROUND;
	c.origin.owner = arg.flags & MEMRAS_CLAIM_KEEP ? NULL : owner;
	c.origin.since = ktime_get_real_seconds();

	ret = claim_check(&c);
	if (!ret)
		ret = claim_take(&c);

	/* of a claim that failed nothing is left to count */
	arg.claimed = ret ? 0 : c.claimed;
	arg.poisoned = ret ? 0 : c.poisoned;
	arg.already = ret ? 0 : c.already;
	arg.fail_pfn = ret ? c.fail_pfn : 0;
	if (copy_to_user(uarg, &arg, sizeof(arg))) {
		/* the caller cannot know what he has: leave him nothing */
		if (!ret)
			memras_hold_undo(c.start, c.end, c.origin.claim);
		return -EFAULT;
	}
	return ret;
}
