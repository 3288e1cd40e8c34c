/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A memory block emptied by the module, pageblock by pageblock. */
#ifndef MR_LIB_BLOCK_EVACUATE_H
#define MR_LIB_BLOCK_EVACUATE_H

#include "lib/block/blockstate.h"

/*
 * Claims all of @block that can be claimed, until @deadline_us on the monotonic
 * clock. 0: nothing is left that the kernel would have to move; the claims are
 * held. Else -errno, result->err and result->blockers say why, and nothing is
 * held: -EBUSY, -ENOMEM, -ETIMEDOUT, or -EINTR after a signal.
 */
int mr_evacuate(const struct mr_machine *m, const struct mr_block *block,
		const struct mr_block_policy *policy, uint64_t deadline_us,
		struct mr_block_result *result);

/* Gives back what is still held of @block; none is no error. */
int mr_evacuate_undo(const struct mr_machine *m, const struct mr_block *block);

#endif
