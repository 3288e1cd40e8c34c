/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Restores hugepage pools that shrank because a page was retired: soft offline and memory failure
 * dissolve the hugepage of the page (mm/hugetlb.c, dissolve_free_hugetlb_folio()), which leaves
 * the pool smaller by one.
 */
#ifndef MR_LIB_WATCH_POOLS_H
#define MR_LIB_WATCH_POOLS_H

#include "backend/hugepool.h"

/* A loss of hugepages, and what was done about it. */
struct mr_pool_event {
	uint64_t size;			/* bytes of a hugepage */
	int32_t node;			/* -1 if the kernel has no pools per node */
	uint64_t before, after;		/* persistent hugepages, before the loss and now */
	bool restored;
	struct mr_err err;		/* of an attempt to restore it */
};

/* The expected state of a pool. */
struct mr_pool_seen {
	uint64_t size;
	int32_t node;
	uint64_t persistent;
	uint64_t pages;			/* pages retired on its node that explain no loss yet */
	uint64_t until_us;		/* time by which loss and pages have to match, or 0 */
};

#define MR_POOLS_COUNTED 256

struct mr_watch_pools {
	const struct mr_machine *m;
	bool restore;			/* otherwise a loss is only reported */
	bool dry_run;
	bool unexplained;		/* there may be retired pages that are not known yet */
	void (*event)(const struct mr_pool_event *event, void *data);
	void *data;
	struct mr_pool_seen *list;
	size_t nr;
	uint64_t counted[MR_POOLS_COUNTED];	/* ring of the last pages, as pfn + 1 */
	size_t nr_counted;
};

/* What to do about a pool. */
enum mr_pool_verdict {
	MR_POOL_AS_IS,		/* nothing is lost, or another process resizes the pool */
	MR_POOL_WAIT,		/* undecided: look again */
	MR_POOL_LOST,		/* retired pages explain all missing hugepages */
};

/*
 * Judges a pool that has @now persistent hugepages at @now_us. Updates @seen for the next time,
 * except for MR_POOL_LOST, which leaves that to the caller. Pure.
 */
enum mr_pool_verdict mr_pool_judge(struct mr_pool_seen *seen, uint64_t now, uint64_t now_us);

/* Reads the pools and expects them to stay so. A kernel without hugetlb has none. */
void mr_watch_pools_open(struct mr_watch_pools *p);
void mr_watch_pools_close(struct mr_watch_pools *p);

/*
 * Notes that @pfn was found retired on @node (-1 if unknown). The page explains the loss of one
 * hugepage at most, however often it is found.
 */
void mr_watch_pools_page(struct mr_watch_pools *p, uint64_t pfn, int32_t node);

/*
 * Looks for lost hugepages, and restores the pools on their nodes if that is wanted. Skips pools
 * that another memras has locked. True if a pool needs another look soon.
 */
bool mr_watch_pools_look(struct mr_watch_pools *p);

#endif
