// SPDX-License-Identifier: GPL-2.0
/*
 * What is held: the tree of extents, what holding does to a page, and what
 * memory hotplug does to both.
 *
 * A held page is out of the page allocator and PageOffline, so that neither
 * the kernel nor a dump of it touches the page, and it does not count as
 * managed. The one reference to it is ours. memras_kmod.h has the states that
 * an extent goes through; all of them change under memras_mutex.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "compat/contig.h"
#include "compat/hotplug.h"
#include "memras_kmod.h"

/* A range that is busy may be free the next moment; how often to look again */
#define MEMRAS_ALLOC_TRIES	3

/* How often to wait a millisecond for who looks at a held page to let go of it */
#define MEMRAS_DROP_TRIES	100

static struct rb_root memras_extents = RB_ROOT;
static LIST_HEAD(memras_guards);
static u64 memras_held_pages;
static u64 memras_kept_pages;
static u64 memras_claims;
static unsigned long memras_pins;
static unsigned long memras_block;	/* pages of a memory block, or 0 */

/*
 * Extents that nobody's descriptor stands for keep the module in memory: their
 * pages need our notifier. So do poisoned pages that are remembered. Only ever
 * called where something else keeps it too (an open descriptor, or the notifier
 * chain that unloading must wait for), and under memras_mutex.
 */
void memras_pin(void)
{
	if (!memras_pins++)
		__module_get(THIS_MODULE);
}

void memras_unpin(void)
{
	if (!--memras_pins)
		module_put(THIS_MODULE);
}

static bool extent_pins(const struct memras_extent *ext)
{
	return ext->state & (MEMRAS_EXT_KEPT | MEMRAS_EXT_DOOMED);
}

static void extent_count(const struct memras_extent *ext, long nr)
{
	if (ext->state & MEMRAS_EXT_DOOMED)
		return;
	if (ext->state & MEMRAS_EXT_KEPT)
		memras_kept_pages += nr;
	else
		memras_held_pages += nr;
}

static void extent_set_nr(struct memras_extent *ext, unsigned long nr)
{
	extent_count(ext, (long)(nr - ext->nr));
	ext->nr = nr;
}

static void extent_set_state(struct memras_extent *ext, unsigned int state)
{
	bool was_pinned = extent_pins(ext);

	extent_count(ext, -(long)ext->nr);
	ext->state = state;
	extent_count(ext, ext->nr);
	if (!was_pinned && extent_pins(ext))
		memras_pin();
	if (was_pinned && !extent_pins(ext))
		memras_unpin();
}

static struct memras_extent *extent_next(const struct memras_extent *ext)
{
	return rb_entry_safe(rb_next(&ext->node), struct memras_extent, node);
}

/**
 * memras_extent_first - the extent that holds a page, else the first after it
 * @pfn: the page
 *
 * Return: the extent, or NULL when there is none.
 */
struct memras_extent *memras_extent_first(unsigned long pfn)
{
	struct rb_node *node = memras_extents.rb_node;
	struct memras_extent *found = NULL;

	lockdep_assert_held(&memras_mutex);

	while (node) {
		struct memras_extent *ext = rb_entry(node, struct memras_extent, node);

		if (memras_extent_end(ext) > pfn) {
			found = ext;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

static void extent_insert(struct memras_extent *new)
{
	struct rb_node **link = &memras_extents.rb_node, *parent = NULL;

	while (*link) {
		struct memras_extent *ext = rb_entry(*link, struct memras_extent, node);

		parent = *link;
		link = new->start < ext->start ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&new->node, parent, link);
	rb_insert_color(&new->node, &memras_extents);

	extent_count(new, new->nr);
	if (extent_pins(new))
		memras_pin();
}

static void extent_forget(struct memras_extent *ext)
{
	extent_count(ext, -(long)ext->nr);
	rb_erase(&ext->node, &memras_extents);
	if (extent_pins(ext))
		memras_unpin();
	kfree(ext);
}

/*
 * Split an extent before @at. It must not fail: releases, and the notifier,
 * have no way to. The few bytes that it needs are worth waiting for.
 */
static struct memras_extent *extent_split(struct memras_extent *ext, unsigned long at)
{
	struct memras_extent *right = kmalloc(sizeof(*right), GFP_KERNEL | __GFP_NOFAIL);

	*right = *ext;
	right->start = at;
	right->nr = memras_extent_end(ext) - at;
	extent_set_nr(ext, at - ext->start);
	extent_insert(right);
	return right;
}

/* Make what @ext has of @start to @end an extent of its own */
static struct memras_extent *extent_carve(struct memras_extent *ext, unsigned long start,
					  unsigned long end)
{
	if (start > ext->start)
		ext = extent_split(ext, start);
	if (end < memras_extent_end(ext))
		extent_split(ext, end);
	return ext;
}

/* Join an extent to the one before it, if they are alike and of one block */
static void extent_join(struct memras_extent *ext)
{
	struct memras_extent *prev;
	unsigned long nr = ext->nr;

	prev = rb_entry_safe(rb_prev(&ext->node), struct memras_extent, node);
	if (!prev || memras_extent_end(prev) != ext->start || prev->owner != ext->owner ||
	    prev->claim != ext->claim || prev->state != ext->state || prev->nid != ext->nid)
		return;
	if (memras_block && prev->start / memras_block != ext->start / memras_block)
		return;

	extent_forget(ext);
	extent_set_nr(prev, prev->nr + nr);
}

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
static void pages_free(unsigned long start, unsigned long nr, struct memras_released *rel)
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

/* A number to know the extents of one claim call by */
u64 memras_claim_number(void)
{
	lockdep_assert_held(&memras_mutex);
	return ++memras_claims;
}

/**
 * memras_extent_take - take pages from the page allocator and hold them
 * @start: the first page
 * @end: the first after the last; of the same pageblock, zone and memory block
 * @origin: who claims
 *
 * Nothing of the range may be in an extent.
 *
 * Return: 0, or what alloc_contig_range() says: -EBUSY, -ENOMEM, -EINTR.
 */
int memras_extent_take(unsigned long start, unsigned long end, const struct memras_origin *origin)
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
	extent_insert(ext);
	extent_join(ext);
	return 0;
}

/**
 * memras_extent_retake - take again what quarantines hold no longer
 * @start: the first page
 * @end: the first after the last; all of it online
 *
 * Works on AWAY and LOST extents, pageblock by pageblock. What is not to be had
 * is LOST.
 *
 * Return: 0 when all was had, else why the last that was not could not be.
 */
int memras_extent_retake(unsigned long start, unsigned long end)
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

		ext = extent_carve(ext, pos, stop);
		ret = pages_alloc(pos, stop);
		if (ret) {
			extent_set_state(ext, MEMRAS_EXT_KEPT | MEMRAS_EXT_LOST);
			err = ret;
		} else {
			pages_hold(pos, stop - pos);
			extent_set_state(ext, MEMRAS_EXT_KEPT);
		}
		extent_join(ext);
		pos = stop;
		cond_resched();
	}
	if (ext)
		extent_join(ext);
	return err;
}

void memras_hold_counts(u64 *held, u64 *kept)
{
	lockdep_assert_held(&memras_mutex);
	*held = memras_held_pages;
	*kept = memras_kept_pages;
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
		extent_set_state(ext, MEMRAS_EXT_DROPPED | MEMRAS_EXT_DOOMED);
		return;
	}

	if (ext->state & (MEMRAS_EXT_AWAY | MEMRAS_EXT_LOST))
		rel->forgotten += ext->nr;
	else
		pages_free(ext->start, ext->nr, rel);
	extent_forget(ext);
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
			extent_release(extent_carve(ext, max(pos, ext->start), stop), rel);
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

/*
 * The notifier
 *
 * Extents never cross memory blocks and blocks go on- and offline as a whole
 * (less what the memmap of a block takes of it, which cannot be claimed), so an
 * extent is inside of the range notified, or outside.
 */

static int hold_going_offline(unsigned long start, unsigned long end)
{
	struct memras_extent *ext;
	int ret;

	for (ext = memras_extent_first(start); ext && ext->start < end; ext = extent_next(ext)) {
		if (ext->state & (MEMRAS_EXT_AWAY | MEMRAS_EXT_LOST | MEMRAS_EXT_DROPPED))
			continue;
		/* what was dropped before a failure comes back by MEM_CANCEL_OFFLINE */
		ret = pages_drop(ext->start, ext->nr);
		if (ret)
			return ret;
		extent_set_state(ext, ext->state | MEMRAS_EXT_DROPPED);
	}
	return 0;
}

/* Also called where another notifier refused before ours was asked */
static void hold_cancel_offline(unsigned long start, unsigned long end)
{
	struct memras_extent *ext, *next;
	struct memras_released rel = {};

	for (ext = memras_extent_first(start); ext && ext->start < end; ext = next) {
		next = extent_next(ext);
		if (!(ext->state & MEMRAS_EXT_DROPPED))
			continue;
		pages_undrop(ext->start, ext->nr);
		if (ext->state & MEMRAS_EXT_DOOMED) {
			pages_free(ext->start, ext->nr, &rel);
			extent_forget(ext);
		} else {
			extent_set_state(ext, ext->state & ~MEMRAS_EXT_DROPPED);
		}
	}
}

static void hold_offline(unsigned long start, unsigned long end)
{
	struct memras_extent *ext, *next;

	for (ext = memras_extent_first(start); ext && ext->start < end; ext = next) {
		next = extent_next(ext);
		if (ext->state & MEMRAS_EXT_KEPT)
			extent_set_state(ext, MEMRAS_EXT_KEPT | MEMRAS_EXT_AWAY);
		else
			extent_forget(ext);
	}
}

/*
 * The block came back with its pages free, whatever they were before. By now
 * others may have some of them; what they have is migrated away.
 */
static void hold_online(unsigned long start, unsigned long end)
{
	struct memras_extent *ext;
	unsigned long lost = 0;
	int ret;

	ret = memras_extent_retake(start, end);
	if (!ret)
		return;

	for (ext = memras_extent_first(start); ext && ext->start < end; ext = extent_next(ext))
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
			ret = hold_going_offline(start, end);
		break;
	case MEM_CANCEL_OFFLINE:
		hold_cancel_offline(start, end);
		memras_recall_cancel_offline(start, end);
		break;
	case MEM_OFFLINE:
		hold_offline(start, end);
		memras_recall_offline(start, end);
		break;
	case MEM_ONLINE:
		hold_online(start, end);
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

int memras_hold_init(void)
{
	memras_block = memras_block_pages();
	return register_memory_notifier(&memras_memory_nb);
}

/*
 * Nothing is held by now. A last extent may just have been forgotten by the
 * notifier, which dropped the module's reference and is still running:
 * unregistering waits for it.
 */
void memras_hold_exit(void)
{
	unregister_memory_notifier(&memras_memory_nb);
	memras_recall_exit();
	WARN_ON(!RB_EMPTY_ROOT(&memras_extents));
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
			ext = extent_carve(ext, max(pos, ext->start), stop);
			*kept += ext->nr;
			ext->owner = NULL;
			/* of one origin, and so to be joined */
			ext->claim = claim;
			ext->since = now;
			extent_set_state(ext, ext->state | MEMRAS_EXT_KEPT);
			extent_join(ext);
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

/* Fill @buf with up to @max holds from *@pos on, which is moved past them */
static int hold_list(struct memras_owner *owner, u64 *pos, struct memras_hold *buf, u32 max)
{
	struct memras_extent *ext = NULL;
	u32 nr = 0;

	if (mutex_lock_killable(&memras_mutex))
		return -EINTR;
	if (*pos <= ULONG_MAX)
		ext = memras_extent_first(*pos);
	for (; ext && nr < max; ext = extent_next(ext)) {
		if (ext->state & MEMRAS_EXT_DOOMED)
			continue;
		buf[nr++] = (struct memras_hold) {
			.pfn = ext->start,
			.nr = ext->nr,
			.since = ext->since,
			.node = ext->nid,
			.flags = extent_hold_flags(ext, owner),
		};
	}
	*pos = ext ? ext->start : U64_MAX;
	mutex_unlock(&memras_mutex);
	return nr;
}

#define MEMRAS_HOLDS_STEP	256

long memras_ioctl_holds(struct memras_owner *owner, void __user *uarg)
{
	struct memras_hold __user *holds;
	struct memras_hold *buf;
	struct memras_holds arg;
	u32 done = 0;
	long ret = 0;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (!arg.nr || arg.nr > MEMRAS_HOLDS_MAX || arg.flags || arg.reserved[0] ||
	    arg.reserved[1])
		return -EINVAL;

	buf = kmalloc_array(MEMRAS_HOLDS_STEP, sizeof(*buf), GFP_KERNEL);
	if (!buf)
		return -ENOMEM;

	holds = u64_to_user_ptr(arg.holds);
	do {
		int nr = hold_list(owner, &arg.start_pfn, buf,
				   min_t(u32, arg.nr - done, MEMRAS_HOLDS_STEP));

		if (nr < 0) {
			ret = nr;
			goto out;
		}
		if (copy_to_user(holds + done, buf, nr * sizeof(*buf))) {
			ret = -EFAULT;
			goto out;
		}
		done += nr;
		cond_resched();
	} while (done < arg.nr && arg.start_pfn != U64_MAX);

	arg.nr = done;
	if (copy_to_user(uarg, &arg, sizeof(arg)))
		ret = -EFAULT;
out:
	kfree(buf);
	return ret;
}
