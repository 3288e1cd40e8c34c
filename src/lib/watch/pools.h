/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hugepage pools that lose hugepages because pages in them are retired: soft offline and
 * memory failure dissolve the hugepage around the page (mm/hugetlb.c,
 * dissolve_free_hugetlb_folio()), and leave the pool smaller by one.
 */
#ifndef MR_LIB_WATCH_POOLS_H
#define MR_LIB_WATCH_POOLS_H

#include "backend/hugepool.h"

/* What is told of a pool. */
struct mr_pool_event {
	uint64_t size;			/* bytes of a hugepage */
	int32_t node;			/* -1: the kernel has no pools by node */
	uint64_t before, after;		/* persistent hugepages, before the loss and now */
	bool restored;
	struct mr_err err;		/* of an attempt to restore it */
};

/* A pool as it was when all was well, and since when it is not. */
struct mr_pool_seen {
	uint64_t size;
	int32_t node;
	uint64_t persistent;
	uint64_t pages;			/* retired on its node since */
	uint64_t until_us;		/* loss and pages must meet by then; 0: neither is there */
};

#define MR_POOLS_COUNTED 256

struct mr_watch_pools {
	const struct mr_machine *m;
	bool restore;			/* else a loss is only told */
	bool dry_run;
	bool unexplained;		/* pages may have been retired that are not known yet */
	void (*event)(const struct mr_pool_event *event, void *data);
	void *data;
	struct mr_pool_seen *list;
	size_t nr;
	uint64_t counted[MR_POOLS_COUNTED];	/* the last pages, a ring of pfn + 1 */
	size_t nr_counted;
};

/* What a pool is to be given back. Pure. */
enum mr_pool_verdict {
	MR_POOL_AS_IS,		/* nothing is lost, or it is the doing of others */
	MR_POOL_WAIT,		/* may be either: look again */
	MR_POOL_LOST,		/* as many as are missing, by pages that were retired */
};

/*
 * What is so of a pool that has @now persistent hugepages at @now_us. Changes @seen to what
 * the pool is measured by the next time; of one that is lost only the caller does.
 */
enum mr_pool_verdict mr_pool_judge(struct mr_pool_seen *seen, uint64_t now, uint64_t now_us);

/* Reads the pools, as a measure. A kernel without hugetlb has none. */
void mr_watch_pools_open(struct mr_watch_pools *p);
void mr_watch_pools_close(struct mr_watch_pools *p);

/*
 * The page @pfn was found retired on @node (-1: not known). It costs one hugepage at most,
 * however often it is found.
 */
void mr_watch_pools_page(struct mr_watch_pools *p, uint64_t pfn, int32_t node);

/*
 * Looks whether a pool has lost hugepages, and gives them back on its node if it is to.
 * Pools that another memras works on are left for the next time. Returns whether a
 * pool waits for a look soon.
 */
bool mr_watch_pools_look(struct mr_watch_pools *p);

#endif
