/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory blocks brought back online. */
#ifndef MR_LIB_BLOCK_BLOCKONLINE_H
#define MR_LIB_BLOCK_BLOCKONLINE_H

#include "lib/block/blockstate.h"

/*
 * Brings @block back, into the zone that the policy names. Pages that were
 * poisoned when it went offline, and that the module remembers, are poisoned
 * again when this returns, or it failed; so it has if quarantines of the block
 * could not have all of their pages again. Free the result by mr_block_result_free().
 */
void mr_block_online(struct mr_machine *m, const struct mr_block *block,
		     const struct mr_block_policy *policy, struct mr_block_result *result);

#endif
