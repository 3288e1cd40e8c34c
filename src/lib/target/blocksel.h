/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of memory block selectors, and the selection of blocks.
 *
 *	7  memory7	one block		7-12	blocks 7 to 12
 *	phys:ADDR[+LEN]	those that contain these bytes
 *	node:N		those of a NUMA node	all	all blocks
 *	size:4G		so much memory: for offline from the highest online block
 *			down, but no boot memory that never goes, for online from
 *			the lowest offline one up
 */
#ifndef MR_LIB_TARGET_BLOCKSEL_H
#define MR_LIB_TARGET_BLOCKSEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/block.h"
#include "util/err.h"

enum mr_blocksel_type {
	MR_BLOCKSEL_RANGE,	/* of block numbers, inclusive */
	MR_BLOCKSEL_PHYS,	/* of byte addresses, inclusive */
	MR_BLOCKSEL_NODE,
	MR_BLOCKSEL_SIZE,
	MR_BLOCKSEL_ALL,
};

struct mr_blocksel {
	const char *word;
	enum mr_blocksel_type type;
	uint64_t first;		/* block, byte address, or node */
	uint64_t last;		/* block or byte address */
	uint64_t bytes;		/* MR_BLOCKSEL_SIZE */
};

/* The use of the chosen blocks: decides their order and the meaning of size:. */
enum mr_blocksel_use {
	MR_BLOCKSEL_LIST,	/* ascending */
	MR_BLOCKSEL_OFFLINE,	/* movable zones first, highest first */
	MR_BLOCKSEL_ONLINE,	/* ascending */
};

/* Parses one word. -EINVAL or -ERANGE with @err naming it. @word must outlive @sel. */
int mr_blocksel_parse(const char *word, struct mr_blocksel *sel, struct mr_err *err);

/*
 * Chooses from @blocks (ascending, from mr_block_list()) by @nr words, each block once,
 * in *@chosen (free() it) and *@nr_chosen, ordered for @use. Without words, all blocks.
 * -ENOENT if a valid word matches no block, or size: exceeds the memory available.
 */
int mr_blocksel_choose(const struct mr_blocks *blocks, int nr, char *const *words,
		       enum mr_blocksel_use use, const struct mr_block ***chosen,
		       size_t *nr_chosen, struct mr_err *err);

#endif
