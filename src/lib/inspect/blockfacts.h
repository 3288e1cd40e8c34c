/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts that all pages of a memory block share, read once per block and run. */
#ifndef MR_LIB_INSPECT_BLOCKFACTS_H
#define MR_LIB_INSPECT_BLOCKFACTS_H

#include <stddef.h>
#include <stdint.h>

#include "backend/block.h"

struct mr_block_fact {
	uint64_t id;
	const char *zone;		/* of all its pages; NULL if several or unknown */
	int32_t node;			/* -1 if unknown */
	enum mr_block_state state;
	bool used;			/* this place of the table is taken */
	bool absent;			/* the block does not exist */
};

/* A hash table; all zero is an empty table. */
struct mr_block_facts {
	struct mr_block_fact *table;
	size_t nr, room;
};

/* Returns the facts of block @id, valid until the next call; NULL without memory. */
const struct mr_block_fact *mr_block_facts_get(struct mr_block_facts *facts,
					       const struct mr_machine *m, uint64_t id);
void mr_block_facts_free(struct mr_block_facts *facts);

#endif
