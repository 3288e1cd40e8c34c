// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/block/map.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "util/grow.h"

#define PARTS_OF_A_BLOCK 16

/*
 * Returns how many places the lines take, with @per_line cells of @size bytes each. Lines
 * without memory take none.
 */
static size_t places(const struct mr_block *const *blocks, size_t nr, uint64_t size,
		     unsigned int per_line)
{
	const uint64_t line = size * per_line;
	uint64_t behind = 0;		/* the first line not counted yet */
	size_t lines = 0;
	int32_t node = -1;

	for (size_t i = 0; i < nr; i++) {
		uint64_t first = blocks[i]->start / line;
		uint64_t last = (blocks[i]->start + blocks[i]->size - 1) / line;

		/* Each node starts a new line. */
		if (blocks[i]->node != node)
			behind = first;
		node = blocks[i]->node;
		if (last < behind)
			continue;
		lines += last - (first > behind ? first : behind) + 1;
		behind = last + 1;
	}
	return lines * per_line;
}

uint64_t mr_map_cell_size(const struct mr_block *const *blocks, size_t nr, unsigned int per_line,
			  size_t most)
{
	uint64_t size = 1;

	while (nr && size < blocks[0]->size / PARTS_OF_A_BLOCK)
		size *= 2;
	while (size < UINT64_MAX / 2 / per_line && places(blocks, nr, size, per_line) > most)
		size *= 2;
	return size;
}

/* Adds the part of block @b, @bytes long, that is in the cell. */
static void add_part(struct mr_map_cell *c, const struct mr_block *b, uint64_t bytes)
{
	const char *zone = b->zones[0] ? b->zones[0] : "None";

	if (!c->present)
		c->node = b->node;
	c->present += bytes;
	if (b->state == MR_BLOCK_OFFLINE)
		return;
	if (!c->online)
		c->zone = zone;
	else if (strcmp(c->zone, zone))
		c->zone = "None";
	c->online += bytes;
}

static int add_block(struct mr_map *map, size_t *room, const struct mr_block *b)
{
	uint64_t end = b->start + b->size;

	for (uint64_t at = b->start; at < end;) {
		uint64_t start = at & ~(map->cell_size - 1);
		uint64_t next = end - start > map->cell_size ? start + map->cell_size : end;
		struct mr_map_cell *last = map->nr ? &map->cells[map->nr - 1] : NULL;

		if (!last || last->start != start) {
			if (mr_make_room(map->cells, map->nr, *room))
				return -ENOMEM;
			last = &map->cells[map->nr++];
			*last = (struct mr_map_cell){ .start = start, .node = -1 };
		}
		add_part(last, b, next - at);
		at = next;
	}
	return 0;
}

/* Adds the pages of @marks to the counter at @offset in each cell that has them. */
static void count(struct mr_map *map, unsigned int page_shift, const struct mr_map_marks *marks,
		  size_t offset)
{
	const uint64_t per_cell = map->cell_size >> page_shift;
	size_t first = 0;

	for (size_t i = 0; i < marks->nr; i++) {
		uint64_t from = marks->list[i].pfn, to = from + marks->list[i].pages;

		while (first < map->nr && (map->cells[first].start >> page_shift) + per_cell <= from)
			first++;
		for (size_t k = first; k < map->nr; k++) {
			uint64_t start = map->cells[k].start >> page_shift, end = start + per_cell;

			if (start >= to)
				break;
			*(uint64_t *)((char *)&map->cells[k] + offset) +=
				(end < to ? end : to) - (start > from ? start : from);
		}
	}
}

int mr_map_make(const struct mr_block *const *blocks, size_t nr, unsigned int page_shift,
		uint64_t cell_size, const struct mr_map_known *known, struct mr_map *map,
		struct mr_err *err)
{
	size_t room = 0;

	*map = (struct mr_map){ .cell_size = cell_size };
	for (size_t i = 0; i < nr; i++) {
		if (add_block(map, &room, blocks[i])) {
			mr_map_free(map);
			return mr_err_set(err, -ENOMEM, "", "no memory for the map");
		}
	}
	count(map, page_shift, &known->poisoned, offsetof(struct mr_map_cell, poisoned));
	count(map, page_shift, &known->quarantined, offsetof(struct mr_map_cell, quarantined));
	count(map, page_shift, &known->hugepages, offsetof(struct mr_map_cell, hugepages));
	return 0;
}

void mr_map_free(struct mr_map *map)
{
	free(map->cells);
	*map = (struct mr_map){ 0 };
}
