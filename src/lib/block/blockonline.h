/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bringing memory blocks online. */
#ifndef MR_LIB_BLOCK_BLOCKONLINE_H
#define MR_LIB_BLOCK_BLOCKONLINE_H

#include "lib/block/blockstate.h"

/*
 * Brings @block online, into the zone that the policy names. Fails if pages that were poisoned
 * at offline, and that the module remembers, could not be poisoned again, or if a quarantine of
 * the block could not claim all of its pages again. Free the result by mr_block_result_free().
 */
void mr_block_online(struct mr_machine *m, const struct mr_block *block,
		     const struct mr_block_policy *policy, struct mr_block_result *result);

#endif
