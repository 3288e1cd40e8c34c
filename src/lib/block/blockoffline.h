/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory blocks taken offline, in bounded time.
 *
 * One that is free or nearly free the kernel takes at once. With the module others
 * are evacuated first (see evacuate.h), which stops at any moment and gives everything
 * back, and the kernel's own offlining then finds nothing to move. Without it a child
 * process writes the state and is signalled at the timeout.
 */
#ifndef MR_LIB_BLOCK_BLOCKOFFLINE_H
#define MR_LIB_BLOCK_BLOCKOFFLINE_H

#include "lib/block/blockstate.h"

/*
 * Takes @block offline. "Done" means that its state reads offline. On any
 * other outcome the block is online and whole, err says why, and blockers what
 * was in the way; of a dry run without their owners, which are best looked for
 * once for all blocks. Free the result by mr_block_result_free().
 */
void mr_block_offline(const struct mr_machine *m, const struct mr_block *block,
		      const struct mr_block_policy *policy, struct mr_block_result *result);

#endif
