/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims of many pages: in large pieces first, the busy ones again and again with
 * longer pauses, until all are claimed or nothing more can be hoped for.
 *
 * A claim of a whole memory block isolates and drains once, where pageblocks one by
 * one do that for each (mm/page_alloc.c, alloc_contig_range()). It is busy as soon as
 * one page of it is, so what is refused is halved, down to a pageblock.
 */
#ifndef MR_LIB_RANGE_CLAIM_H
#define MR_LIB_RANGE_CLAIM_H

#include <stdbool.h>

#include "lib/inspect/blockers.h"
#include "lib/range/ranges.h"
#include "uapi/memras.h"

/* What the loop acts on: mr_claim_device, or in tests something made up. */
struct mr_claim_ops {
	/* As mr_device_claim(). */
	int (*claim)(void *ctx, struct memras_claim *claim);
	/* Drains per-cpu batches, in which pages wait that would be busy else. */
	void (*drain)(void *ctx);
	/* Adds to @out what is in the way. */
	int (*look)(void *ctx, uint64_t pfn, uint64_t nr, struct mr_blockers *out);
	int (*interrupted)(void);
	uint64_t (*clock_us)(void);
	void (*sleep_us)(uint64_t us);
};

/* The module's claims; the context is the struct mr_machine. */
extern const struct mr_claim_ops mr_claim_device;

/* Pages to claim at once there: a memory block, or less of one that is huge. */
uint64_t mr_claim_largest(const struct mr_machine *m);

/*
 * A blocker that seems to be there for good is looked at so often, with this pause,
 * before that is believed.
 */
#define MR_CLAIM_LOOKS		3
#define MR_CLAIM_PAUSE_US	200000

/* How far it is; told after each claim. */
struct mr_claim_progress {
	uint64_t done;		/* pages claimed, or left */
	uint64_t total;		/* pages */
	uint64_t busy;		/* pageblocks that were refused in this pass */
	const struct mr_blocker *obstacle;	/* the first that is in the way, or NULL */
};

struct mr_claims {
	const struct mr_claim_ops *ops;
	void *ctx;
	uint64_t unit;		/* pages of a pageblock */
	uint64_t largest;	/* pages to claim at once, and what such claims are aligned to */
	uint64_t deadline_us;	/* of ops->clock_us() */
	uint64_t retries;	/* passes after the first, at most */
	/*
	 * Where a part of a pageblock is refused, which may be for other pages of it
	 * (mm/page_isolation.c, test_pages_isolated()), claim the whole pageblock.
	 */
	bool around;
	/*
	 * Whether pages that are busy, with @found in the way, need not be claimed.
	 * NULL: all must be.
	 */
	bool (*leave)(void *data, uint64_t pfn, uint64_t nr, const struct mr_blockers *found);
	void (*progress)(const struct mr_claim_progress *progress, void *data);	/* may be NULL */
	void *data;

	/* What came of it. */
	uint64_t attempts;	/* passes */
	uint64_t claimed;	/* pages */
	uint64_t poisoned;	/* pages skipped */
	struct mr_blockers blockers;	/* after an error: what was in the way */
};

/*
 * Claims the pages of @want, which is normal; poisoned pages are skipped, and what is
 * held already counts as claimed. 0: all are claimed or left. -EBUSY: something that
 * waiting does not remove, or no retries are left; -ETIMEDOUT; -ENOMEM; -EINTR after
 * a signal; or what a claim said, -EINVAL or -ENXIO. What was claimed by then still is.
 */
int mr_claims_run(struct mr_claims *c, const struct mr_ranges *want);

#endif
