/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking memory blocks offline, in bounded time.
 *
 * The kernel takes a free or nearly free block offline at once. With the module, other blocks
 * are evacuated first (see evacuate.h): this can stop at any moment and give everything back,
 * and the kernel's own offline then has nothing to migrate. Without the module a child process
 * writes the state and is killed at the timeout.
 */
#ifndef MR_LIB_BLOCK_BLOCKOFFLINE_H
#define MR_LIB_BLOCK_BLOCKOFFLINE_H

#include "lib/block/blockstate.h"

/*
 * Takes @block offline. "Done" means that its state reads offline. With any other outcome the
 * block is online and unchanged, err says why, and blockers has the blockers. A dry run leaves
 * out their owners, which the caller best finds once for all blocks. Free the result by
 * mr_block_result_free().
 */
void mr_block_offline(const struct mr_machine *m, const struct mr_block *block,
		      const struct mr_block_policy *policy, struct mr_block_result *result);

#endif
