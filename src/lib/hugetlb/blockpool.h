/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hugetlb pools that have hugepages in a memory block which goes offline,
 * kept at their sizes where the kernel would dissolve those hugepages with it:
 * mm/hugetlb.c, dissolve_free_huge_pages().
 */
#ifndef MR_LIB_HUGETLB_BLOCKPOOL_H
#define MR_LIB_HUGETLB_BLOCKPOOL_H

#include "backend/block.h"
#include "lib/hugetlb/growth.h"

#define MR_BLOCKPOOL_SIZES 4	/* sizes of hugepages that fit into a block, on any architecture */

struct mr_blockpool {
	struct mr_growth growth[MR_BLOCKPOOL_SIZES];
	size_t nr;
};

/*
 * Grows the pools of @block's node by the hugepages that are in @block, so that
 * they have their sizes when those are dissolved. -ENOMEM with @err set when the
 * node has no room for them, -EINTR, or -errno; nothing is changed then.
 */
int mr_blockpool_begin(const struct mr_machine *m, const struct mr_block *block,
		       struct mr_blockpool *pools, struct mr_err *err);

/*
 * Gives the pools their sizes again, whatever became of the block. Returns how
 * many hugepages the system lacks since; 0 when all is as it was.
 */
uint64_t mr_blockpool_end(const struct mr_machine *m, struct mr_blockpool *pools);

#endif
