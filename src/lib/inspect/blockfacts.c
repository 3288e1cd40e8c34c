// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/inspect/blockfacts.h"

#include <stdlib.h>
#include <string.h>

/* Returns the place of @id, or a free one. @room is a power of two; the table is never full. */
static struct mr_block_fact *place(struct mr_block_fact *table, size_t room, uint64_t id)
{
	size_t at = (size_t)(id * 0x9e3779b97f4a7c15ULL >> 32) & (room - 1);

	while (table[at].used && table[at].id != id)
		at = (at + 1) & (room - 1);
	return &table[at];
}

static int grow(struct mr_block_facts *f)
{
	size_t room = f->room ? f->room * 2 : 64;
	struct mr_block_fact *table = calloc(room, sizeof(*table));

	if (!table)
		return -1;
	for (size_t i = 0; i < f->room; i++)
		if (f->table[i].used)
			*place(table, room, f->table[i].id) = f->table[i];
	free(f->table);
	f->table = table;
	f->room = room;
	return 0;
}

static void read_block(const struct mr_machine *m, uint64_t id, struct mr_block_fact *fact)
{
	struct mr_block block;

	*fact = (struct mr_block_fact){ .id = id, .node = -1, .used = true };
	if (mr_block_read(m, id, &block)) {
		fact->absent = true;
		return;
	}
	fact->state = block.state;
	fact->node = block.node;
	/* Only a block in a single zone tells the zone of all its pages. */
	if (block.state == MR_BLOCK_ONLINE && block.zones[0] && strcmp(block.zones[0], "None"))
		fact->zone = block.zones[0];
}

const struct mr_block_fact *mr_block_facts_get(struct mr_block_facts *f,
					       const struct mr_machine *m, uint64_t id)
{
	struct mr_block_fact *fact;

	if (f->nr >= f->room / 2 && grow(f))
		return NULL;
	fact = place(f->table, f->room, id);
	if (!fact->used) {
		read_block(m, id, fact);
		f->nr++;
	}
	return fact;
}

void mr_block_facts_free(struct mr_block_facts *f)
{
	free(f->table);
	*f = (struct mr_block_facts){ 0 };
}
