// SPDX-License-Identifier: GPL-2.0
/*
 * What is held: pages out of the page allocator and PageOffline, so that
 * neither the kernel nor a dump of it touches them, and not counted as managed.
 * The one reference to each is ours.
 */
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "compat/contig.h"
#include "compat/hotplug.h"
#include "memras_kmod.h"

/* A range that is busy may be free the next moment; how often to look again */
#define MEMRAS_ALLOC_TRIES	3

static LIST_HEAD(memras_guards);

/* Pages that just came from the page allocator become held ones */
static void pages_hold(unsigned long start, unsigned long nr)
{
	unsigned long pfn;

	memras_page_offline_begin();
	for (pfn = start; pfn < start + nr; pfn++)
		__SetPageOffline(pfn_to_page(pfn));
	memras_page_offline_end();
	adjust_managed_page_count(pfn_to_page(start), -(long)nr);
}

/*
 * Held pages go back to the page allocator. Not so a page that was poisoned
 * meanwhile: it is left with the one reference and counts as managed, which
 * is how soft offline leaves a page, so that unpoisoning it frees it.
 */
void memras_pages_free(unsigned long start, unsigned long nr, struct memras_released *rel)
{
	unsigned long pfn, next, end = start + nr;

	memras_map_zap(start, nr);

	memras_page_offline_begin();
	for (pfn = start; pfn < end; pfn++)
		__ClearPageOffline(pfn_to_page(pfn));
	memras_page_offline_end();
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

static int pages_alloc(unsigned long start, unsigned long end)
{
	struct memras_guard *guard;
	int ret, tries = 0;

	list_for_each_entry(guard, &memras_guards, link)
		if (guard->pfn >= start && guard->pfn < end)
			return -EBUSY;

	do {
		ret = memras_contig_alloc(start, end);
		/* any signal: whoever interrupts a claim is not kept waiting for more tries */
	} while (ret == -EBUSY && ++tries < MEMRAS_ALLOC_TRIES && !signal_pending(current));
	return ret;
}

/**
 * memras_hold_take - take pages from the page allocator and hold them
 * @start: the first page
 * @end: the first after the last; of the same pageblock, zone and memory block
 * @origin: who claims
 *
 * Nothing of the range may be in an extent.
 *
 * Return: 0, or what alloc_contig_range() says: -EBUSY, -ENOMEM, -EINTR.
 */
int memras_hold_take(unsigned long start, unsigned long end, const struct memras_origin *origin)
{
	struct memras_extent *ext;
	int ret;

	lockdep_assert_held(&memras_mutex);

	ext = kzalloc(sizeof(*ext), GFP_KERNEL);
	if (!ext)
		return -ENOMEM;

	ret = pages_alloc(start, end);
	if (ret) {
		kfree(ext);
		return ret;
	}
	pages_hold(start, end - start);

	ext->start = start;
	ext->nr = end - start;
	ext->owner = origin->owner;
	ext->claim = origin->claim;
	ext->since = origin->since;
	ext->nid = page_to_nid(pfn_to_page(start));
	ext->state = origin->owner ? 0 : MEMRAS_EXT_KEPT;
	memras_extent_insert(ext);
	memras_extent_join(ext);
	return 0;
}

/**
 * memras_hold_retake - take again what quarantines hold no longer
 * @start: the first page
 * @end: the first after the last; all of it online
 *
 * Works on AWAY and LOST extents, pageblock by pageblock. What is not to be had
 * is LOST.
 *
 * Return: 0 when all was had, else why the last that was not could not be.
 */
int memras_hold_retake(unsigned long start, unsigned long end)
{
	unsigned long pos = start, unit = memras_contig_unit();
	struct memras_extent *ext;
	int ret, err = 0;

	lockdep_assert_held(&memras_mutex);

	while ((ext = memras_extent_first(pos)) && ext->start < end) {
		unsigned long stop;

		pos = max(pos, ext->start);
		stop = min3(end, memras_extent_end(ext), round_up(pos + 1, unit));
		if (!(ext->state & (MEMRAS_EXT_AWAY | MEMRAS_EXT_LOST))) {
			pos = memras_extent_end(ext);
			continue;
		}

		ext = memras_extent_carve(ext, pos, stop);
		ret = pages_alloc(pos, stop);
		if (ret) {
			memras_extent_set_state(ext, MEMRAS_EXT_KEPT | MEMRAS_EXT_LOST);
			err = ret;
		} else {
			pages_hold(pos, stop - pos);
			memras_extent_set_state(ext, MEMRAS_EXT_KEPT);
		}
		memras_extent_join(ext);
		pos = stop;
		cond_resched();
	}
	if (ext)
		memras_extent_join(ext);
	return err;
}

/*
 * Let go of an extent. One whose block is going offline has no references to
 * give back: it is left to the notifier, which frees the pages if the offlining
 * fails, and forgets them if not.
 */
static void extent_release(struct memras_extent *ext, struct memras_released *rel)
{
	if (ext->state & MEMRAS_EXT_DROPPED) {
		rel->freed += ext->nr;
		ext->owner = NULL;
		memras_extent_set_state(ext, MEMRAS_EXT_DROPPED | MEMRAS_EXT_DOOMED);
		return;
	}

	if (ext->state & (MEMRAS_EXT_AWAY | MEMRAS_EXT_LOST))
		rel->forgotten += ext->nr;
	else
		memras_pages_free(ext->start, ext->nr, rel);
	memras_extent_forget(ext);
}

static bool extent_is_of(const struct memras_extent *ext, const struct memras_owner *owner)
{
	if (ext->state & MEMRAS_EXT_DOOMED)
		return false;
	return ext->owner == owner;
}

/**
 * memras_hold_release - let go of what is held in a range
 * @start: the first page
 * @end: the first after the last
 * @owner: whose claims, NULL for quarantines
 * @rel: out: what became of the pages, added up
 *
 * Takes memras_mutex, and lets go of it between extents.
 *
 * Return: 0, or -EINTR when a fatal signal came before anything was done.
 */
int memras_hold_release(unsigned long start, unsigned long end, struct memras_owner *owner,
			struct memras_released *rel)
{
	struct memras_extent *ext;
	unsigned long pos = start;

	if (mutex_lock_killable(&memras_mutex))
		return -EINTR;

	/* someone else's extent may go on past the end */
	while (pos < end && (ext = memras_extent_first(pos)) && ext->start < end) {
		unsigned long stop = min(end, memras_extent_end(ext));

		if (extent_is_of(ext, owner)) {
			extent_release(memras_extent_carve(ext, max(pos, ext->start), stop), rel);
			mutex_unlock(&memras_mutex);
			cond_resched();
			mutex_lock(&memras_mutex);
		}
		pos = stop;
	}
	mutex_unlock(&memras_mutex);
	return 0;
}

/* Give back what a claim call had when it failed. */
void memras_hold_undo(unsigned long start, unsigned long end, u64 claim)
{
	struct memras_released rel = {};
	struct memras_extent *ext;
	unsigned long pos = start;

	mutex_lock(&memras_mutex);
	while ((ext = memras_extent_first(pos)) && ext->start < end) {
		pos = memras_extent_end(ext);
		if (ext->claim == claim && !(ext->state & MEMRAS_EXT_DOOMED)) {
			extent_release(ext, &rel);
			mutex_unlock(&memras_mutex);
			cond_resched();
			mutex_lock(&memras_mutex);
		}
	}
	mutex_unlock(&memras_mutex);
}

/* Give back all that a descriptor holds; it can claim no more. */
void memras_hold_close(struct memras_owner *owner)
{
	struct memras_released rel = {};
	struct memras_extent *ext;
	unsigned long pos = 0;

	mutex_lock(&memras_mutex);
	while ((ext = memras_extent_first(pos))) {
		pos = memras_extent_end(ext);
		if (extent_is_of(ext, owner)) {
			extent_release(ext, &rel);
			mutex_unlock(&memras_mutex);
			cond_resched();
			mutex_lock(&memras_mutex);
		}
	}
	mutex_unlock(&memras_mutex);
}

long memras_ioctl_release(struct memras_owner *owner, void __user *uarg)
{
	struct memras_release arg;
	struct memras_released rel = {};
	unsigned long end;
	int ret;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.flags & ~MEMRAS_RELEASE_KEPT || arg.reserved0 || arg.reserved[0] ||
	    arg.reserved[1])
		return -EINVAL;
	ret = memras_range_end(arg.start_pfn, arg.nr_pages, U64_MAX, &end);
	if (ret)
		return ret;
	if (!MEMRAS_CAN_CLAIM)
		return -EOPNOTSUPP;

	if (arg.flags & MEMRAS_RELEASE_KEPT)
		owner = NULL;
	ret = memras_hold_release(arg.start_pfn, end, owner, &rel);
	if (ret)
		return ret;

	arg.released = rel.freed;
	arg.poisoned = rel.poisoned;
	arg.away = rel.forgotten;
	if (copy_to_user(uarg, &arg, sizeof(arg)))
		return -EFAULT;
	return arg.released || arg.poisoned || arg.away ? 0 : -ENOENT;
}

/*
 * One hold of the mutex for all of it, so that no one sees half: it only
 * relabels what is there already.
 */
static int hold_keep(struct memras_owner *owner, unsigned long start, unsigned long end,
		     u64 *kept)
{
	struct memras_extent *ext;
	unsigned long pos = start;
	time64_t now = ktime_get_real_seconds();
	u64 claim;

	if (mutex_lock_killable(&memras_mutex))
		return -EINTR;
	claim = memras_claim_number();
	while (pos < end && (ext = memras_extent_first(pos)) && ext->start < end) {
		unsigned long stop = min(end, memras_extent_end(ext));

		if (extent_is_of(ext, owner)) {
			ext = memras_extent_carve(ext, max(pos, ext->start), stop);
			*kept += ext->nr;
			ext->owner = NULL;
			/* of one origin, and so to be joined */
			ext->claim = claim;
			ext->since = now;
			memras_extent_set_state(ext, ext->state | MEMRAS_EXT_KEPT);
			memras_extent_join(ext);
		}
		pos = stop;
	}
	mutex_unlock(&memras_mutex);
	return 0;
}

long memras_ioctl_keep(struct memras_owner *owner, void __user *uarg)
{
	struct memras_keep arg;
	unsigned long end;
	int ret;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.flags || arg.reserved0 || arg.reserved[0] || arg.reserved[1])
		return -EINVAL;
	ret = memras_range_end(arg.start_pfn, arg.nr_pages, U64_MAX, &end);
	if (ret)
		return ret;
	if (!MEMRAS_CAN_CLAIM)
		return -EOPNOTSUPP;

	arg.kept = 0;
	ret = hold_keep(owner, arg.start_pfn, end, &arg.kept);
	if (ret)
		return ret;
	if (copy_to_user(uarg, &arg, sizeof(arg)))
		return -EFAULT;
	return arg.kept ? 0 : -ENOENT;
}

static u32 extent_hold_flags(const struct memras_extent *ext, const struct memras_owner *owner)
{
	u32 flags = 0;

	if (ext->state & MEMRAS_EXT_KEPT)
		flags |= MEMRAS_HOLD_KEPT;
	if (ext->owner == owner)
		flags |= MEMRAS_HOLD_OWN;
	if (ext->state & MEMRAS_EXT_AWAY)
		flags |= MEMRAS_HOLD_AWAY;
	if (ext->state & MEMRAS_EXT_LOST)
		flags |= MEMRAS_HOLD_LOST;
	return flags;
}

struct hold_lister {
	struct memras_owner *owner;	/* who asks */
	u64 pos;			/* the next page; U64_MAX at the end */
};

static int hold_list(void *ctx, void *buf, u32 max)
{
	struct hold_lister *lister = ctx;
	struct memras_extent *ext = NULL;
	struct memras_hold *holds = buf;
	u32 nr = 0;

	if (mutex_lock_killable(&memras_mutex))
		return -EINTR;
	if (lister->pos <= ULONG_MAX)
		ext = memras_extent_first(lister->pos);
	for (; ext && nr < max; ext = memras_extent_next(ext)) {
		if (ext->state & MEMRAS_EXT_DOOMED)
			continue;
		holds[nr++] = (struct memras_hold) {
			.pfn = ext->start,
			.nr = ext->nr,
			.since = ext->since,
			.node = ext->nid,
			.flags = extent_hold_flags(ext, lister->owner),
		};
	}
	lister->pos = ext ? ext->start : U64_MAX;
	mutex_unlock(&memras_mutex);
	return nr;
}

long memras_ioctl_holds(struct memras_owner *owner, void __user *uarg)
{
	struct hold_lister lister = { .owner = owner };
	struct memras_holds arg;
	long ret;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (!arg.nr || arg.nr > MEMRAS_HOLDS_MAX || arg.flags || arg.reserved[0] ||
	    arg.reserved[1])
		return -EINVAL;

	lister.pos = arg.start_pfn;
	ret = memras_list_copy(arg.holds, &arg.nr, sizeof(struct memras_hold), hold_list, &lister);
	if (ret)
		return ret;

	arg.start_pfn = lister.pos;
	return copy_to_user(uarg, &arg, sizeof(arg)) ? -EFAULT : 0;
}
