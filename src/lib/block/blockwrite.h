/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing the state of a memory block, in bounded time. */
#ifndef MR_LIB_BLOCK_BLOCKWRITE_H
#define MR_LIB_BLOCK_BLOCKWRITE_H

#include "lib/block/blockstate.h"

/*
 * Writes @word to the state from a child, which can be killed: the kernel's offline checks for
 * signals only between its passes, and without a signal it may never end. @done is the number
 * of pages that are out of the way already, for the progress. Returns the result of the write,
 * -ETIMEDOUT after @deadline_us, or -EINTR.
 */
int mr_block_write(const struct mr_machine *m, const struct mr_block *block, const char *word,
		   const struct mr_block_policy *policy, uint64_t deadline_us, uint64_t done);

/* Returns the current state, or MR_BLOCK_UNKNOWN if it cannot be read. */
enum mr_block_state mr_block_state_now(const struct mr_machine *m, uint64_t id);

/* Writes the name of the block, such as "memory32". */
#define MR_BLOCK_NAME 32
void mr_block_name(char name[MR_BLOCK_NAME], uint64_t id);

#endif
