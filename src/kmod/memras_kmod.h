/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of memras.ko share.
 *
 * Locking
 *
 * memras_mutex serialises all that this module does to memory or says of it:
 * a step of a claim (one pageblock), the release of an extent, a step of a
 * scan, and the memory notifier. The order is
 *
 *	mmap_lock				(a fault on a mapping of the device)
 *	mf_mutex				(soft offline takes the next under it)
 *	  device_hotplug_lock, mem_hotplug_lock	(the notifier runs under them)
 *	    memras_mutex
 *	      the locks of alloc_contig_range() and free_contig_range()
 *
 * so nothing under memras_mutex may start onlining or offlining, nor call
 * memory_failure() or unpoison_memory(), nor fault on user memory: mmap_lock
 * comes before the hotplug locks by way of kernfs. Copies to and from users are
 * made with the mutex released; pages under memory_failure() have a guard.
 *
 * The mutex is also what keeps a struct page in existence. A block that goes
 * offline has its sections marked first, then tells MEM_OFFLINE, and only then
 * may lose its memmap; our notifier takes the mutex to hear it. So where
 * pfn_to_online_page() answered under memras_mutex, the struct page may be
 * read until the mutex is released, though the page may change hands. For the
 * same reason the notifier never sees a claim half made: a step takes its
 * pages and records them within one hold of the mutex.
 *
 * Work on long ranges lets go of the mutex between steps, so that neither
 * offlining nor another caller waits for more than a step.
 */
#ifndef _MEMRAS_KMOD_H
#define _MEMRAS_KMOD_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "memras.h"

extern struct mutex memras_mutex;

struct address_space;
struct file;
struct vm_area_struct;

/**
 * struct memras_owner - an open descriptor; its address is who owns a claim
 * @mapping: what it maps pages by, NULL until it does
 * @mappers: in the list of those that do
 */
struct memras_owner {
	struct address_space *mapping;
	struct list_head mappers;
};

/* Offsets of a mapping are physical addresses, which loff_t must have room for */
#define MEMRAS_CAN_MAP	(BITS_PER_LONG == 64)

/*
 * States of an extent. One without any of these is held: its pages are out of
 * the page allocator with one reference, ours, PageOffline and unmanaged.
 *
 *	              going offline            offline
 *	held ------------------------> DROPPED --------> forgotten, or if KEPT
 *	  ^  <------------------------   |               AWAY
 *	  |      cancelled               | release         |
 *	  |                              v                 | online
 *	  |                           DOOMED               v
 *	  +------------------------------------ taken again, else LOST
 *
 * AWAY and LOST are of quarantines only, and hold no page. LOST is tried again
 * by each claim over it, and when its block has been offline and comes back.
 */
#define MEMRAS_EXT_KEPT		BIT(0)		/* quarantine: no owner, outlives descriptors */
#define MEMRAS_EXT_DROPPED	BIT(1)		/* no references: its block is going offline */
#define MEMRAS_EXT_DOOMED	BIT(2)		/* released while DROPPED */
#define MEMRAS_EXT_AWAY		BIT(3)		/* its block is offline */
#define MEMRAS_EXT_LOST		BIT(4)		/* its block came back, the pages were not had */

/**
 * struct memras_extent - neighbouring pages held, or to be held again
 * @node: in the tree of all extents, which never overlap, by @start
 * @start: the first pfn
 * @nr: how many pages; never past the end of their memory block
 * @owner: the descriptor that claimed them, NULL for KEPT and DOOMED ones
 * @claim: number of the claim call they came by
 * @since: when, in seconds since the epoch
 * @nid: NUMA node
 * @state: MEMRAS_EXT_*
 */
struct memras_extent {
	struct rb_node node;
	unsigned long start;
	unsigned long nr;
	struct memras_owner *owner;
	u64 claim;
	time64_t since;
	int nid;
	unsigned int state;
};

static inline unsigned long memras_extent_end(const struct memras_extent *ext)
{
	return ext->start + ext->nr;
}

/* The origin of a claim, as its extents remember it */
struct memras_origin {
	struct memras_owner *owner;	/* NULL for a quarantine */
	u64 claim;
	time64_t since;
};

/* What became of released pages */
struct memras_released {
	unsigned long freed;		/* given back */
	unsigned long poisoned;		/* poisoned while held, left retired */
	unsigned long forgotten;	/* of AWAY and LOST extents */
};

/* A page that claims have to keep away from: -EBUSY */
struct memras_guard {
	struct list_head link;
	unsigned long pfn;
};

/* extent.c */
void memras_pin(void);
void memras_unpin(void);
struct memras_extent *memras_extent_first(unsigned long pfn);
struct memras_extent *memras_extent_next(const struct memras_extent *ext);
void memras_extent_insert(struct memras_extent *new);
void memras_extent_forget(struct memras_extent *ext);
void memras_extent_set_state(struct memras_extent *ext, unsigned int state);
struct memras_extent *memras_extent_carve(struct memras_extent *ext, unsigned long start,
					  unsigned long end);
void memras_extent_join(struct memras_extent *ext);
u64 memras_claim_number(void);
void memras_extent_counts(u64 *held, u64 *kept);
void memras_extent_init(void);
void memras_extent_exit(void);

/* hold.c */
int memras_hold_take(unsigned long start, unsigned long end, const struct memras_origin *origin);
int memras_hold_retake(unsigned long start, unsigned long end);
void memras_pages_free(unsigned long start, unsigned long nr, struct memras_released *rel);
void memras_guard_add(struct memras_guard *guard, unsigned long pfn);
void memras_guard_remove(struct memras_guard *guard);
int memras_hold_release(unsigned long start, unsigned long end, struct memras_owner *owner,
			struct memras_released *rel);
void memras_hold_undo(unsigned long start, unsigned long end, u64 claim);
void memras_hold_close(struct memras_owner *owner);
long memras_ioctl_release(struct memras_owner *owner, void __user *arg);
long memras_ioctl_holds(struct memras_owner *owner, void __user *arg);
long memras_ioctl_keep(struct memras_owner *owner, void __user *arg);

/* hotplug.c */
int memras_hotplug_init(void);
void memras_hotplug_exit(void);

/* map.c */
int memras_mmap(struct file *file, struct vm_area_struct *vma);
void memras_map_zap(unsigned long start, unsigned long nr);
void memras_map_close(struct memras_owner *owner);

/* recall.c */
int memras_recall_going_offline(unsigned long start, unsigned long end);
void memras_recall_cancel_offline(unsigned long start, unsigned long end);
void memras_recall_offline(unsigned long start, unsigned long end);
void memras_recall_online(unsigned long start, unsigned long end);
void memras_recall_exit(void);
long memras_ioctl_recall(struct memras_owner *owner, void __user *arg);

/**
 * typedef memras_list_fn - fill a buffer with what comes next of a list
 * @ctx: where the list is, moved on
 * @buf: room for @max records
 *
 * Return: how many there are now, 0 at the end, or a negative errno.
 */
typedef int (*memras_list_fn)(void *ctx, void *buf, u32 max);

/* list.c */
long memras_list_copy(u64 to, u32 *nr, size_t size, memras_list_fn fill, void *ctx);

/* claim.c */
long memras_ioctl_claim(struct memras_owner *owner, void __user *arg);

/* page.c */
u32 memras_page_kind(unsigned long pfn, struct page *page, unsigned long *nr, bool *poisoned);
bool memras_page_nowhere(unsigned long pfn);
long memras_ioctl_describe(struct memras_owner *owner, void __user *arg);

/* scan.c */
long memras_ioctl_scan(struct memras_owner *owner, void __user *arg);

/* poison.c */
long memras_ioctl_offline(struct memras_owner *owner, void __user *arg);
long memras_ioctl_unpoison(struct memras_owner *owner, void __user *arg);

/**
 * memras_range_end - the end of a range that came from a user
 * @start: the first page
 * @nr: how many, from 1 to @max
 * @max: the most that the call takes
 * @end: out: the first page after it
 *
 * Return: 0, or -EINVAL for an empty range, one too long, or one that wraps.
 */
static inline int memras_range_end(u64 start, u64 nr, u64 max, unsigned long *end)
{
	if (!nr || nr > max || start + nr < start || start + nr > ULONG_MAX)
		return -EINVAL;
	*end = start + nr;
	return 0;
}

#endif /* _MEMRAS_KMOD_H */
