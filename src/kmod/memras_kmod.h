/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Declarations shared by the files of memras.ko.
 *
 * Locking
 *
 * memras_mutex protects the records of this module: the tree of extents, the
 * guards, the frozen and the recalled pages, the mappers. It is held briefly, and
 * never while waiting for a page, for user memory or for a lock that may be held
 * for long: the memory notifier takes it, and the notifier runs under locks that
 * all of memory and CPU hotplug waits for. The lock order is
 *
 *	mmap_lock				(a fault on a mapping of the device)
 *	device_hotplug_lock, mem_hotplug_lock	(the notifier runs under them)
 *	  memras_mutex
 *	    i_mmap_rwsem, page table locks	(mapping and unmapping of held pages)
 *	    zone->lock				(freeing of held pages)
 *
 * Memory is allocated under it with GFP_NOIO only.
 *
 * Slow work, above all alloc_contig_range(), is done without the mutex, on an
 * extent in state CLAIMING that is in the tree before the work begins. Such an
 * extent belongs to the task that works on it; all others leave it alone:
 *
 *  - claims that overlap it fail with -EBUSY;
 *  - the offline of its block fails with -EBUSY, so its struct pages stay.
 *
 * While a block is going offline or online, claims, poison and unpoison in it fail
 * with -EBUSY; while a page is being poisoned or unpoisoned, the offline of its
 * block does.
 *
 * The mutex also keeps a struct page in existence. The offline of a block first
 * marks its sections, then notifies MEM_OFFLINE, and only then may free the
 * memmap; our notifier takes the mutex. So if pfn_to_online_page() found a page
 * under memras_mutex, the struct page can be read until the mutex is released,
 * though the page may change hands.
 *
 * Work on long ranges drops the mutex between steps.
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
 * struct memras_owner - an open descriptor; its address identifies the owner of a claim
 * @mapping: address space of its mappings, NULL until it has one
 * @mappers: link in the list of owners with mappings
 */
struct memras_owner {
	struct address_space *mapping;
	struct list_head mappers;
};

/* Offsets of a mapping are physical addresses, which must fit in loff_t */
#define MEMRAS_CAN_MAP	(BITS_PER_LONG == 64)

/*
 * States of an extent. One without any of these is held: its pages are out of
 * the page allocator, frozen (without a reference), PageOffline and unmanaged.
 *
 *	          taken        going offline            offline
 *	CLAIMING ------> held ----------------> DROPPED --------> forgotten, or if KEPT
 *	                  ^  <----------------   |                AWAY
 *	                  |      cancelled       | release         |
 *	                  |                      v                 | online
 *	                  |                   DOOMED               v
 *	                  +----------------------------- CLAIMING: held, else LOST
 *
 * AWAY and LOST extents belong to quarantines and have no pages. A LOST extent is
 * taken again by a claim over it, or when its block comes back after another
 * offline, if that is possible; it is also CLAIMING meanwhile.
 */
#define MEMRAS_EXT_KEPT		BIT(0)		/* quarantine: no owner, outlives descriptors */
#define MEMRAS_EXT_DROPPED	BIT(1)		/* its block is going offline */
#define MEMRAS_EXT_DOOMED	BIT(2)		/* released while DROPPED */
#define MEMRAS_EXT_AWAY		BIT(3)		/* its block is offline */
#define MEMRAS_EXT_LOST		BIT(4)		/* its block came back without the pages */
#define MEMRAS_EXT_CLAIMING	BIT(5)		/* the pages are being taken, see above */

/**
 * struct memras_extent - neighbouring pages held, or to be held again
 * @node: in the tree of all extents, which never overlap, by @start
 * @start: the first pfn
 * @nr: number of pages; never past the end of their memory block
 * @owner: the descriptor that claimed them, NULL for KEPT and DOOMED ones
 * @claim: number of the call that claimed them
 * @since: time of the claim, in seconds since the epoch
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

/* True if its pages are out of the page allocator */
static inline bool memras_extent_holds(const struct memras_extent *ext)
{
	return !(ext->state & (MEMRAS_EXT_AWAY | MEMRAS_EXT_LOST | MEMRAS_EXT_CLAIMING));
}

/* True if it is about to be held for the first time, not again for a quarantine */
static inline bool memras_extent_new(const struct memras_extent *ext)
{
	return ext->state & MEMRAS_EXT_CLAIMING &&
	       !(ext->state & (MEMRAS_EXT_AWAY | MEMRAS_EXT_LOST));
}

/* The origin of a claim, as recorded in its extents */
struct memras_origin {
	struct memras_owner *owner;	/* NULL for a quarantine */
	u64 claim;
	time64_t since;
};

/* Counts of released pages */
struct memras_released {
	unsigned long freed;		/* given back */
	unsigned long poisoned;		/* poisoned while held, left retired */
	unsigned long forgotten;	/* of AWAY and LOST extents */
};

/* A guarded page: claims and the offline of its block fail with -EBUSY */
struct memras_guard {
	struct list_head link;
	unsigned long pfn;
};

/* extent.c */
void memras_pin(void);
void memras_unpin(void);
struct memras_extent *memras_extent_first(unsigned long pfn);
struct memras_extent *memras_extent_next(const struct memras_extent *ext);
struct memras_extent *memras_extent_of(unsigned long pfn);
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

/* take.c */
int memras_contig_take(unsigned long start, unsigned long end);
int memras_pages_take(unsigned long start, unsigned long end);
void memras_pages_free(unsigned long start, unsigned long nr, struct memras_released *rel);
bool memras_page_frozen(unsigned long pfn);
void memras_guard_add(struct memras_guard *guard, unsigned long pfn);
void memras_guard_remove(struct memras_guard *guard);
bool memras_guarded(unsigned long start, unsigned long end);

/* hold.c */
struct memras_extent *memras_extent_alloc(const struct memras_origin *origin);
int memras_hold_fill(struct memras_extent *ext);
int memras_hold_retake(unsigned long start, unsigned long end);
int memras_hold_release(unsigned long start, unsigned long end, struct memras_owner *owner,
			struct memras_released *rel);
void memras_hold_undo(unsigned long start, unsigned long end, u64 claim);
void memras_hold_close(struct memras_owner *owner);
long memras_ioctl_release(struct memras_owner *owner, void __user *arg);
long memras_ioctl_holds(struct memras_owner *owner, void __user *arg);
long memras_ioctl_keep(struct memras_owner *owner, void __user *arg);

/* hotplug.c */
bool memras_hotplug_busy(unsigned long start, unsigned long end);
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
 * typedef memras_list_fn - fill a buffer with the next records of a list
 * @ctx: position in the list, advanced
 * @buf: room for @max records
 *
 * Return: number of records, 0 at the end, or a negative errno.
 */
typedef int (*memras_list_fn)(void *ctx, void *buf, u32 max);

/* list.c */
long memras_list_copy(u64 to, u32 *nr, size_t size, memras_list_fn fill, void *ctx);

/* claim.c */
long memras_ioctl_claim(struct memras_owner *owner, void __user *arg);

/* page.c */
u32 memras_page_kind(unsigned long pfn, struct page *page, unsigned long *nr, bool *poisoned);
bool memras_page_nowhere(unsigned long pfn);
bool memras_page_memmap(unsigned long pfn, struct page *page);
long memras_ioctl_describe(struct memras_owner *owner, void __user *arg);

/* scan.c */
long memras_ioctl_scan(struct memras_owner *owner, void __user *arg);

/* poison.c */
long memras_ioctl_offline(struct memras_owner *owner, void __user *arg);
long memras_ioctl_unpoison(struct memras_owner *owner, void __user *arg);

/**
 * memras_range_end - check a range from user space, and compute its end
 * @start: the first page
 * @nr: number of pages, 1 to @max
 * @max: limit of the call
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
