// SPDX-License-Identifier: GPL-2.0
/*
 * Claims and quarantines: how pages begin and cease to be held. What that does to a page
 * is in take.c, and what memory hotplug does to it in hotplug.c.
 */
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "compat/contig.h"
#include "memras_kmod.h"

/* An extent to be filled, not in the tree yet; NULL if there is no memory */
struct memras_extent *memras_extent_alloc(const struct memras_origin *origin)
{
	struct memras_extent *ext = kzalloc(sizeof(*ext), GFP_KERNEL);

	if (!ext)
		return NULL;
	ext->owner = origin->owner;
	ext->claim = origin->claim;
	ext->since = origin->since;
	ext->state = MEMRAS_EXT_CLAIMING | (origin->owner ? 0 : MEMRAS_EXT_KEPT);
	return ext;
}

/**
 * memras_hold_fill - take the pages of an extent
 * @ext: in the tree, in state CLAIMING, which the caller gave it
 *
 * Called without memras_mutex. Afterwards the extent is held; where its pages
 * could not be allocated, one of a quarantine that held them before is LOST, and any
 * other is gone. It may be joined to another, so must not be used any more.
 *
 * Return: 0, or what memras_pages_take() says.
 */
int memras_hold_fill(struct memras_extent *ext)
{
	unsigned int again = ext->state & (MEMRAS_EXT_AWAY | MEMRAS_EXT_LOST);
	int ret;

	ret = memras_pages_take(ext->start, memras_extent_end(ext));

	mutex_lock(&memras_mutex);
	if (!ret)
		memras_extent_set_state(ext, ext->state & MEMRAS_EXT_KEPT);
	else if (again)
		memras_extent_set_state(ext, MEMRAS_EXT_KEPT | MEMRAS_EXT_LOST);

	if (!ret || again)
		memras_extent_join(ext);
	else
		memras_extent_forget(ext);
	mutex_unlock(&memras_mutex);
	return ret;
}

/* Of what quarantines hold no longer: the first part in a range, to be filled */
static struct memras_extent *retake_next(unsigned long *pos, unsigned long end)
{
	unsigned long unit = memras_contig_unit();
	struct memras_extent *ext;

	lockdep_assert_held(&memras_mutex);

	for (ext = memras_extent_first(*pos); ext && ext->start < end;
	     ext = memras_extent_next(ext)) {
		if (ext->state & MEMRAS_EXT_CLAIMING ||
		    !(ext->state & (MEMRAS_EXT_AWAY | MEMRAS_EXT_LOST)))
			continue;
		*pos = max(*pos, ext->start);
		ext = memras_extent_carve(ext, *pos, min3(end, memras_extent_end(ext),
							  round_up(*pos + 1, unit)));
		memras_extent_set_state(ext, ext->state | MEMRAS_EXT_CLAIMING);
		*pos = memras_extent_end(ext);
		return ext;
	}
	return NULL;
}

/**
 * memras_hold_retake - take again what quarantines hold no longer
 * @start: the first page
 * @end: the first after the last; all of it online
 *
 * Works on AWAY and LOST extents, pageblock by pageblock. What cannot be allocated
 * is LOST. Called without memras_mutex.
 *
 * Return: 0 if all are held again, else the error of the last part that is not.
 */
int memras_hold_retake(unsigned long start, unsigned long end)
{
	struct memras_extent *ext;
	unsigned long pos = start;
	int ret, err = 0;

	for (;;) {
		mutex_lock(&memras_mutex);
		ext = retake_next(&pos, end);
		mutex_unlock(&memras_mutex);
		if (!ext)
			break;
		ret = memras_hold_fill(ext);
		if (ret)
			err = ret;
		cond_resched();
	}

	/* a part is joined to the one before it, which leaves the last and what follows */
	mutex_lock(&memras_mutex);
	ext = memras_extent_first(end);
	if (ext)
		memras_extent_join(ext);
	mutex_unlock(&memras_mutex);
	return err;
}

/*
 * Release an extent. One whose block is going offline is left to the notifier,
 * which frees the pages if the offlining fails, and forgets them if not.
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

/* What is being filled is not @owner's yet */
static bool extent_is_of(const struct memras_extent *ext, const struct memras_owner *owner)
{
	if (ext->state & (MEMRAS_EXT_DOOMED | MEMRAS_EXT_CLAIMING))
		return false;
	return ext->owner == owner;
}

/**
 * memras_hold_release - release what is held in a range
 * @start: the first page
 * @end: the first after the last
 * @owner: whose claims, NULL for quarantines
 * @rel: out: what became of the pages, added up
 *
 * Takes memras_mutex, and drops it between extents.
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

/* Give back what a claim call had taken when it failed. */
void memras_hold_undo(unsigned long start, unsigned long end, u64 claim)
{
	struct memras_released rel = {};
	struct memras_extent *ext;
	unsigned long pos = start;

	mutex_lock(&memras_mutex);
	while ((ext = memras_extent_first(pos)) && ext->start < end) {
		pos = memras_extent_end(ext);
		if (ext->claim == claim &&
		    !(ext->state & (MEMRAS_EXT_DOOMED | MEMRAS_EXT_CLAIMING))) {
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
	struct memras_owner *owner;	/* the caller */
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
		if (ext->state & MEMRAS_EXT_DOOMED || memras_extent_new(ext))
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
