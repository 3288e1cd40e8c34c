/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing the state of a memory block, in bounded time. */
#ifndef MR_LIB_BLOCK_BLOCKWRITE_H
#define MR_LIB_BLOCK_BLOCKWRITE_H

#include <sys/types.h>

#include "lib/block/blockstate.h"

/*
 * The child that writes, as it can be killed: the kernel's offline checks for signals only
 * between its passes, and without a signal it may never end. Starts out as zeros. The first
 * write starts it, and it stays for the next ones, because a fork takes longer than the offline
 * of a free block.
 */
struct mr_block_writer {
	pid_t pid;		/* 0: there is none */
	int fd;			/* requests and answers */
};

void mr_block_writer_end(struct mr_block_writer *writer);

/*
 * Writes @word to the state by the policy's writer. @done is the number of pages that are out
 * of the way already, for the progress. Returns the result of the write, -ETIMEDOUT after
 * @deadline_us, or -EINTR.
 */
int mr_block_write(const struct mr_machine *m, const struct mr_block *block, const char *word,
		   const struct mr_block_policy *policy, uint64_t deadline_us, uint64_t done);

/* Returns the current state, or MR_BLOCK_UNKNOWN if it cannot be read. */
enum mr_block_state mr_block_state_now(const struct mr_machine *m, uint64_t id);

/* Writes the name of the block, such as "memory32". */
#define MR_BLOCK_NAME 32
void mr_block_name(char name[MR_BLOCK_NAME], uint64_t id);

#endif
