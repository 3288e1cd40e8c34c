// SPDX-License-Identifier: GPL-2.0
/*
 * Claiming takes a range from the page allocator, memory block by memory block, and
 * of one block as much at once as has nothing to skip: isolating and draining cost
 * the same for a pageblock and for many.
 *
 * A claim is all or nothing. It first checks the whole range and refuses what
 * can be refused without touching anything, then takes one step after the other.
 * If a step fails, the steps before it are given back.
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
 * @round: skip what is poisoned or held already
 * @zone: the zone that all pages must be of; compared only
 * @origin: the claimant
 * @claimed: pages taken
 * @poisoned: poisoned pages skipped
 * @already: held pages skipped
 * @fail_pfn: where the part begins that could not be taken
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

/* Pages that are taken at once where there are no memory blocks */
#define MEMRAS_STEP_MAX		32768UL

/* Where the step that begins at @pfn ends: it crosses no end of a memory block */
static unsigned long claim_step_end(const struct claim *c, unsigned long pfn)
{
	unsigned long block = memras_block_pages() ?: MEMRAS_STEP_MAX;

	return min(c->end, pfn + min(c->end - pfn, block - pfn % block));
}

/*
 * How many pages to skip for a poisoned one: itself, or for a hugetlb page
 * all the rest of it, as the flag is on the head page only and nothing of it
 * can be taken. 0 for a page that is not poisoned.
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

/* Check pages up to @stop; sets where those that can be taken end, or fails */
static int claim_clean(struct claim *c, unsigned long pfn, unsigned long stop,
		       unsigned long *clean, unsigned long *skip)
{
	*skip = 0;
	for (; pfn < stop; pfn++) {
		struct page *page = pfn_to_online_page(pfn);

		if (!page)
			return claim_fail(c, pfn, -ENXIO);
		/* boot memory, firmware, holes and a block's own memmap: never in the page allocator */
		if (PageReserved(page) || memras_page_memmap(pfn, page))
			return claim_fail(c, pfn, -EBUSY);
		if (!c->zone)
			c->zone = page_zone(page);
		if (page_zone(page) != c->zone)
			return claim_fail(c, pfn, -EINVAL);
		*skip = claim_poisoned(pfn, page);
		if (*skip)
			break;
	}
	*clean = pfn;
	return 0;
}

/* May the pages of an extent be skipped, or taken again? */
static int claim_extent(struct claim *c, unsigned long pfn, const struct memras_extent *ext)
{
	if (!c->round)
		return claim_fail(c, pfn, -EEXIST);
	if (!pfn_to_online_page(pfn))
		return claim_fail(c, pfn, -ENXIO);
	if (ext->state & (MEMRAS_EXT_CLAIMING | MEMRAS_EXT_AWAY))
		return claim_fail(c, pfn, -EBUSY);
	return 0;
}

/*
 * Walk on from *@pos to @end, over what is skipped, up to pages to be taken.
 * Those are *@from to *@pos. Without @take it is only checked whether all of
 * them may be, and *@pos is @end.
 */
static int claim_walk(struct claim *c, unsigned long *pos, unsigned long end, bool take,
		      unsigned long *from)
{
	lockdep_assert_held(&memras_mutex);

	while (*pos < end) {
		struct memras_extent *ext = memras_extent_first(*pos);
		unsigned long stop = end, skip;
		int ret;

		if (ext && ext->start <= *pos) {
			ret = claim_extent(c, *pos, ext);
			if (ret)
				return ret;
			stop = min(end, memras_extent_end(ext));
			if (take)
				c->already += stop - *pos;
			*from = *pos;
			*pos = stop;
			if (take && ext->state & MEMRAS_EXT_LOST)
				return 0;
			continue;
		}
		if (ext)
			stop = min(end, ext->start);

		*from = *pos;
		ret = claim_clean(c, *pos, stop, pos, &skip);
		if (ret)
			return ret;
		if (take && *pos > *from)
			return 0;
		if (skip) {
			if (!c->round)
				return claim_fail(c, *pos, -EHWPOISON);
			skip = min(skip, stop - *pos);
			if (take)
				c->poisoned += skip;
			*pos += skip;
		}
	}
	*from = end;
	return 0;
}

/* Take the next pages of a step; *@pos moves on over them */
static int claim_more(struct claim *c, unsigned long *pos, unsigned long end)
{
	struct memras_extent *ext, *new;
	unsigned long from;
	int ret;

	new = memras_extent_alloc(&c->origin);
	if (!new)
		return claim_fail(c, *pos, -ENOMEM);

	ret = -EINTR;
	if (mutex_lock_killable(&memras_mutex))
		goto out;
	ret = claim_walk(c, pos, end, true, &from);
	if (ret || from == *pos)
		goto unlock;
	ret = -EBUSY;
	if (memras_hotplug_busy(from, *pos) || memras_guarded(from, *pos))
		goto unlock_busy;

	ext = memras_extent_first(from);
	if (ext && ext->start <= from) {
		/* lost by a quarantine */
		mutex_unlock(&memras_mutex);
		ret = memras_hold_retake(from, *pos);
	} else {
		ext = new;
		new = NULL;
		ext->start = from;
		ext->nr = *pos - from;
		ext->nid = page_to_nid(pfn_to_page(from));
		memras_extent_insert(ext);
		mutex_unlock(&memras_mutex);
		ret = memras_hold_fill(ext);
		if (!ret)
			c->claimed += *pos - from;
	}
	if (ret)
		claim_fail(c, from, ret);
	goto out;

unlock_busy:
	claim_fail(c, from, ret);
unlock:
	mutex_unlock(&memras_mutex);
out:
	kfree(new);
	return ret;
}

/* Pages that are walked with the mutex held when nothing is taken */
#define MEMRAS_CHECK_STEP	32768UL

static int claim_check(struct claim *c)
{
	unsigned long pos = c->start, from;
	int ret;

	while (pos < c->end) {
		unsigned long end = pos + min(c->end - pos, MEMRAS_CHECK_STEP);

		if (mutex_lock_killable(&memras_mutex))
			return -EINTR;
		ret = claim_walk(c, &pos, end, false, &from);
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
	unsigned long pos = c->start;
	int ret;

	while (pos < c->end) {
		ret = fatal_signal_pending(current) ? -EINTR :
						      claim_more(c, &pos, claim_step_end(c, pos));
		if (ret) {
			memras_hold_undo(c->start, c->end, c->origin.claim);
			return ret;
		}
		cond_resched();
	}
	return 0;
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
		/* the caller cannot know what it holds: leave it nothing */
		if (!ret)
			memras_hold_undo(c.start, c.end, c.origin.claim);
		return -EFAULT;
	}
	return ret;
}
