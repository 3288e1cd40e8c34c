/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A memory block emptied by the module, and kept so until the kernel takes it. */
#ifndef MR_LIB_BLOCK_EVACUATE_H
#define MR_LIB_BLOCK_EVACUATE_H

#include "lib/block/blockstate.h"

/*
 * Claims what @plan wants of the block, until @deadline_us on the monotonic clock. 0:
 * nothing is left that the kernel would have to move; the claims are held. Else -errno,
 * result->err and result->blockers say why, and nothing is held: -EBUSY, -ENOMEM,
 * -ETIMEDOUT, -EINVAL, -ENXIO, or -EINTR after a signal.
 */
int mr_evacuate(const struct mr_machine *m, const struct mr_block_snap *snap,
		const struct mr_block_plan *plan, const struct mr_block_policy *policy,
		uint64_t deadline_us, struct mr_block_result *result);

/* Says in result->err why a block could not be evacuated, with its blockers found. */
void mr_evacuate_explain(const struct mr_machine *m, int rc, struct mr_block_result *result);

/* Gives back what is still held of the block; none is no error. */
int mr_evacuate_undo(const struct mr_machine *m, const struct mr_block_snap *snap);

#endif
