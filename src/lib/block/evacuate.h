/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evacuation: the module empties a memory block and holds it until the kernel takes it offline. */
#ifndef MR_LIB_BLOCK_EVACUATE_H
#define MR_LIB_BLOCK_EVACUATE_H

#include "lib/block/blockstate.h"

/*
 * Claims the ranges of the block that @plan wants, until @deadline_us on the monotonic clock.
 * Returns 0 if the kernel has nothing left to migrate; the claims stay. Otherwise returns
 * -EBUSY, -ENOMEM, -ETIMEDOUT, -EINVAL, -ENXIO, or -EINTR after a signal; result->err and
 * result->blockers say why, and no claim stays.
 */
int mr_evacuate(const struct mr_machine *m, const struct mr_block_snap *snap,
		const struct mr_block_plan *plan, const struct mr_block_policy *policy,
		uint64_t deadline_us, struct mr_block_result *result);

/* Finds the owners of the blockers, and says in result->err why the evacuation failed. */
void mr_evacuate_explain(const struct mr_machine *m, int rc, struct mr_block_result *result);

/* Releases all claims in the block. Returns 0 also if there are none. */
int mr_evacuate_undo(const struct mr_machine *m, const struct mr_block_snap *snap);

#endif
