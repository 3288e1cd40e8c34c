/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the pages of a memory block have in common, read once for each block of a run. */
#ifndef MR_LIB_INSPECT_BLOCKFACTS_H
#define MR_LIB_INSPECT_BLOCKFACTS_H

#include <stddef.h>
#include <stdint.h>

#include "backend/block.h"

struct mr_block_fact {
	uint64_t id;
	const char *zone;		/* of all its pages; NULL: they are of several, or not told */
	int32_t node;			/* -1: not told */
	enum mr_block_state state;
	bool used;			/* this place of the table is taken */
	bool absent;			/* there is no such block */
};

/* A hash table; all zero is an empty one. */
struct mr_block_facts {
	struct mr_block_fact *table;
	size_t nr, room;
};

/* The facts of block @id, which stay where they are until the next call. NULL: no memory. */
const struct mr_block_fact *mr_block_facts_get(struct mr_block_facts *facts,
					       const struct mr_machine *m, uint64_t id);
void mr_block_facts_free(struct mr_block_facts *facts);

#endif
