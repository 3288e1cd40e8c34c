/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A map of physical memory as text and as a picture. */
#ifndef MR_REPORT_MAP_H
#define MR_REPORT_MAP_H

#include <stdbool.h>

#include "lib/block/map.h"

/* How a cell is shown: the most urgent thing that is true of it, the last first. */
enum mr_map_look {
	MR_MAP_HOLE,
	MR_MAP_OFFLINE,
	MR_MAP_PARTLY,		/* some of it is offline */
	MR_MAP_DMA,
	MR_MAP_DMA32,
	MR_MAP_NORMAL,
	MR_MAP_MOVABLE,
	MR_MAP_OTHER,		/* online in a zone that is none of these, not told, or several */
	MR_MAP_HUGEPAGES,
	MR_MAP_QUARANTINED,
	MR_MAP_POISONED,
	MR_MAP_LOOKS,
};

struct mr_map_style {
	const char *name;	/* in the legend */
	const char *ascii;
	const char *unicode;	/* one column wide, told apart without color */
	const char *sgr;	/* ECMA-48 parameters of its color */
	const char *fill;	/* color in SVG */
};

extern const struct mr_map_style mr_map_styles[MR_MAP_LOOKS];

enum mr_map_look mr_map_look(const struct mr_map_cell *cell);

/* What stands above both: "24G in 192 blocks of 128M, 16M a cell". */
struct mr_map_title {
	uint64_t present;	/* bytes */
	uint64_t blocks;
	uint64_t block_size;	/* bytes */
};

struct mr_map_page {
	unsigned int per_line;	/* cells */
	bool unicode;
	bool color;
};

/* Cells that a line of @columns has room for beside the address: a power of two. */
unsigned int mr_map_per_line(unsigned int columns);

/* Prints the map to stdout, by node, with a legend of what is in it. */
void mr_map_print_text(const struct mr_map *map, const struct mr_map_title *title,
		       const struct mr_map_page *page);

/* The same as a picture; the mouse over a run of cells tells what it is. */
void mr_map_print_svg(const struct mr_map *map, const struct mr_map_title *title,
		      unsigned int per_line);

/*
 * Walks the lines of a map: lines of one node, aligned to @per_line cells, those
 * without memory left out. Begin with a zeroed line; false behind the last.
 */
struct mr_map_line {
	const struct mr_map_cell *cells;
	size_t nr;
	uint64_t start;		/* physical address of its first place, bytes */
	uint64_t gap;		/* bytes without memory before it, if lines are left out there */
	bool new_node;		/* the first line of its node */
};

bool mr_map_next_line(const struct mr_map *map, unsigned int per_line, struct mr_map_line *line);

/* How many neighbours from cell @i of the line on look the same. */
size_t mr_map_run(const struct mr_map *map, const struct mr_map_line *line, size_t i);

/* "24G in 192 blocks of 128M, 16M a cell"; @buf has MR_MAP_TITLE_TEXT bytes. */
#define MR_MAP_TITLE_TEXT 192
void mr_map_title_text(const struct mr_map *map, const struct mr_map_title *title, char *buf);

#endif
