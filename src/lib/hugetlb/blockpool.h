/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps the hugetlb pools at their sizes while a memory block with hugepages goes offline: the
 * kernel would dissolve these hugepages (mm/hugetlb.c, dissolve_free_huge_pages()).
 */
#ifndef MR_LIB_HUGETLB_BLOCKPOOL_H
#define MR_LIB_HUGETLB_BLOCKPOOL_H

#include "backend/block.h"
#include "lib/hugetlb/growth.h"

#define MR_BLOCKPOOL_SIZES 4	/* hugepage sizes that fit into a block, on any architecture */

struct mr_blockpool {
	struct mr_growth growth[MR_BLOCKPOOL_SIZES];
	size_t nr;
};

/*
 * Grows the pools of @block's node by the hugepages in @block, so that they keep their sizes
 * when these are dissolved. Returns 0; or -ENOMEM if the node has no room for them, -EBUSY if
 * another memras held a pool until @deadline_us of the monotonic clock, -EINTR, or -errno, with
 * @err set and the pools unchanged.
 */
int mr_blockpool_begin(const struct mr_machine *m, const struct mr_block *block,
		       uint64_t deadline_us, struct mr_blockpool *pools, struct mr_err *err);

/*
 * Restores the sizes of the pools, whether or not the block is offline. Returns how many
 * hugepages the system has lost; 0 if none.
 */
uint64_t mr_blockpool_end(const struct mr_machine *m, struct mr_blockpool *pools);

#endif
