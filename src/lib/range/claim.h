/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims many pages: large pieces first, and busy ones again with longer and longer pauses,
 * until all are claimed or there is no hope left.
 *
 * One claim of a whole memory block isolates and drains once, while claims of its pageblocks do
 * so each time (mm/page_alloc.c, alloc_contig_range()). But one busy page makes the whole claim
 * busy, so a refused piece is halved, down to a pageblock. A pageblock of several hugepages in
 * use is refused for ever where each moves into the place of the one before (mm/hugetlb.c takes
 * the hugepage that was freed last, up to 6.12 also in an isolated pageblock): so it is halved
 * further, down to one of them.
 */
#ifndef MR_LIB_RANGE_CLAIM_H
#define MR_LIB_RANGE_CLAIM_H

#include <stdbool.h>

#include "lib/inspect/blockers.h"
#include "lib/range/ranges.h"
#include "uapi/memras.h"

/* What the loop acts on: mr_claim_device, or a fake in tests. */
struct mr_claim_ops {
	/* Like mr_device_claim(). */
	int (*claim)(void *ctx, struct memras_claim *claim);
	/* Drains per-cpu batches; pages on them are busy otherwise. */
	void (*drain)(void *ctx);
	/* Adds the blockers to @out. */
	int (*look)(void *ctx, uint64_t pfn, uint64_t nr, struct mr_blockers *out);
	int (*interrupted)(void);
	uint64_t (*clock_us)(void);
	void (*sleep_us)(uint64_t us);
};

/* The claims of the module; the context is the struct mr_machine. */
extern const struct mr_claim_ops mr_claim_device;

/* Returns the limit of pages per claim: a memory block, or part of a very large one. */
uint64_t mr_claim_largest(const struct mr_machine *m);

/* A blocker that looks lasting must do so this many times, with this pause, to be believed. */
#define MR_CLAIM_LOOKS		3
#define MR_CLAIM_PAUSE_US	200000

/* Progress; reported after each claim. */
struct mr_claim_progress {
	uint64_t done;		/* pages claimed or left out */
	uint64_t total;		/* pages */
	uint64_t busy;		/* pageblocks that were refused in this pass */
	const struct mr_blocker *obstacle;	/* the first blocker, or NULL */
};

struct mr_claims {
	const struct mr_claim_ops *ops;
	void *ctx;
	uint64_t unit;		/* pages of a pageblock */
	uint64_t least;		/* pages of the smallest part to try alone; 0: a pageblock */
	uint64_t largest;	/* limit and alignment of a claim, in pages */
	uint64_t deadline_us;	/* by ops->clock_us() */
	uint64_t retries;	/* limit of passes after the first */
	/*
	 * If a part of a pageblock is refused, which may be due to its other pages
	 * (mm/page_isolation.c, test_pages_isolated()), claim the whole pageblock.
	 */
	bool around;
	/* True if busy pages, with the blockers @found, need not be claimed. NULL: all must be. */
	bool (*leave)(void *data, uint64_t pfn, uint64_t nr, const struct mr_blockers *found);
	void (*progress)(const struct mr_claim_progress *progress, void *data);	/* may be NULL */
	void *data;

	/* Results. */
	uint64_t attempts;	/* passes */
	uint64_t claimed;	/* pages */
	uint64_t poisoned;	/* pages skipped */
	struct mr_blockers blockers;	/* after an error: the blockers */
};

/*
 * Claims the pages of @want, which is normal. Skips poisoned pages, and counts pages that are
 * held already as claimed. Returns 0 if all are claimed or left out; -EBUSY if a blocker does
 * not go away by waiting, or no retries are left; -ETIMEDOUT; -ENOMEM; -EINTR after a signal;
 * or the -EINVAL or -ENXIO of a claim. On error, what was claimed stays claimed.
 */
int mr_claims_run(struct mr_claims *c, const struct mr_ranges *want);

#endif
