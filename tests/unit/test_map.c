// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/map.h"

#include <stdlib.h>

#include "check.h"

#define MIB	(1ULL << 20)
#define BLOCK	(128 * MIB)
#define MANY	131072

static struct mr_block list[MANY];
static const struct mr_block *blocks[MANY];

static struct mr_block *block(size_t i, uint64_t id, int32_t node, const char *zone)
{
	list[i] = (struct mr_block){
		.id = id, .start = id * BLOCK, .size = BLOCK, .node = node,
		.state = zone ? MR_BLOCK_ONLINE : MR_BLOCK_OFFLINE,
		.zones = { zone ? zone : "Normal" },
	};
	blocks[i] = &list[i];
	return &list[i];
}

/* Returns the lines of the map as letters, each line in brackets. */
static const char *drawn(const struct mr_map *map, unsigned int per_line)
{
	static char text[1024];
	struct mr_map_line line = { 0 };
	size_t n = 0;

	while (mr_map_next_line(map, per_line, &line)) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%d[", line.gap ? "~" : "",
				      line.cells->node);
		for (size_t i = 0; i < line.nr; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s",
					      mr_map_styles[mr_map_look(&line.cells[i])].ascii);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "]");
	}
	return text;
}

static void what_is_in_a_cell(void)
{
	const struct mr_map_mark bad[] = { { 0x8000, 1 }, { 0x8fff, 2 } };
	const struct mr_map_mark held[] = { { 0x10000, 0x8000 } };
	const struct mr_map_known known = { .poisoned = { bad, 2 }, .quarantined = { held, 1 } };
	struct mr_err err = { 0 };
	struct mr_map map;

	block(0, 0, 0, "DMA32");
	block(1, 1, 0, "Normal");
	block(2, 2, 0, "Movable");
	block(3, 3, 1, NULL);
	/* Cells of 16 MiB, 8 in a block: 0x1000 pages. */
	CHECK(!mr_map_make(blocks, 4, 12, 16 * MIB, &known, &map, &err));
	CHECK_INT(map.nr, 32);
	CHECK_INT(map.cells[8].poisoned, 2);	/* a mark of two pages ends in the next cell */
	CHECK_INT(map.cells[9].poisoned, 1);
	CHECK_INT(map.cells[10].poisoned, 0);
	CHECK_INT(map.cells[16].quarantined, 0x1000);
	CHECK_INT(map.cells[23].quarantined, 0x1000);
	CHECK_INT(map.cells[24].quarantined, 0);
	CHECK_INT(map.cells[24].online, 0);
	CHECK_INT(map.cells[24].present, 16 * MIB);
	CHECK_STR(drawn(&map, 16), "0[DDDDDDDD!!NNNNNN]0[QQQQQQQQ]1[--------]");
	mr_map_free(&map);
}

static void cells_larger_than_blocks(void)
{
	const struct mr_map_known known = { 0 };
	struct mr_err err = { 0 };
	struct mr_map map;

	for (size_t i = 0; i < 8; i++)
		block(i, i, 0, i < 2 ? "DMA32" : i == 5 ? NULL : "Normal");
	block(8, 32, 0, "Normal");
	CHECK(!mr_map_make(blocks, 9, 12, 2 * BLOCK, &known, &map, &err));
	CHECK_STR(drawn(&map, 4), "0[DN/N]~0[N]");
	CHECK_INT(map.cells[4].present, BLOCK);
	mr_map_free(&map);
	/* One cell contains DMA32 and Normal. */
	CHECK(!mr_map_make(blocks, 4, 12, 4 * BLOCK, &known, &map, &err));
	CHECK_STR(map.cells[0].zone, "None");
	CHECK_STR(drawn(&map, 4), "0[+]");
	mr_map_free(&map);
}

static void what_fits(void)
{
	const struct mr_map_known known = { 0 };
	const unsigned int per_line = mr_map_per_line(80);
	struct mr_map_line line = { 0 };
	struct mr_err err = { 0 };
	struct mr_map map;
	size_t lines = 0;

	CHECK_INT(per_line, 64);
	CHECK_INT(mr_map_per_line(200), 128);
	CHECK_INT(mr_map_per_line(1), 16);
	for (size_t i = 0; i < MANY; i++)
		block(i, i, 0, "Normal");
	CHECK_INT(mr_map_cell_size(blocks, 8, per_line, 1024), 8 * MIB);
	/* 16 TiB in 16 lines of 64 cells: 16 GiB a cell. */
	CHECK_INT(mr_map_cell_size(blocks, MANY, per_line, 1024), 128 * BLOCK);
	CHECK(!mr_map_make(blocks, MANY, 12, 128 * BLOCK, &known, &map, &err));
	while (mr_map_next_line(&map, per_line, &line))
		lines++;
	CHECK_INT(lines, 16);
	mr_map_free(&map);
	/* A gap of terabytes takes no lines: two lines suffice. */
	block(0, 0, 0, "Normal");
	block(1, 1ULL << 30, 1, "Normal");
	CHECK_INT(mr_map_cell_size(blocks, 2, per_line, 128), 8 * MIB);
}

int main(void)
{
	what_is_in_a_cell();
	cells_larger_than_blocks();
	what_fits();
	return CHECK_RESULT;
}
