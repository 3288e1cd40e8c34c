/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A map of physical memory as text and as a picture. */
#ifndef MR_REPORT_MAP_H
#define MR_REPORT_MAP_H

#include <stdbool.h>

#include "lib/block/map.h"

/* The look of a cell: the last of these that applies to it. */
enum mr_map_look {
	MR_MAP_HOLE,
	MR_MAP_OFFLINE,
	MR_MAP_PARTLY,		/* partly offline */
	MR_MAP_DMA,
	MR_MAP_DMA32,
	MR_MAP_NORMAL,
	MR_MAP_MOVABLE,
	MR_MAP_OTHER,		/* online, in another zone, an unknown one, or several */
	MR_MAP_HUGEPAGES,
	MR_MAP_QUARANTINED,
	MR_MAP_POISONED,
	MR_MAP_LOOKS,
};

struct mr_map_style {
	const char *name;	/* in the legend */
	const char *ascii;
	const char *unicode;	/* one column wide, distinct without color */
	const char *sgr;	/* ECMA-48 parameters of its color */
	const char *fill;	/* color in SVG */
};

extern const struct mr_map_style mr_map_styles[MR_MAP_LOOKS];

enum mr_map_look mr_map_look(const struct mr_map_cell *cell);

/* The facts of the title. */
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

/*
 * Returns the number of cells, a power of two, that fit on a line of @columns beside the
 * address.
 */
unsigned int mr_map_per_line(unsigned int columns);

/* Prints the map to stdout, by node, with a legend of the looks in it. */
void mr_map_print_text(const struct mr_map *map, const struct mr_map_title *title,
		       const struct mr_map_page *page);

/* Prints the same as SVG; a tooltip describes each run of cells. */
void mr_map_print_svg(const struct mr_map *map, const struct mr_map_title *title,
		      unsigned int per_line);

/*
 * Iterates over the lines of a map: each is of one node and aligned to @per_line cells;
 * those without memory are left out. Start with a zeroed line; returns false after the
 * last.
 */
struct mr_map_line {
	const struct mr_map_cell *cells;
	size_t nr;
	uint64_t start;		/* physical address of the line's start, bytes */
	uint64_t gap;		/* bytes without memory before it, if lines were left out there */
	bool new_node;		/* the first line of its node */
};

bool mr_map_next_line(const struct mr_map *map, unsigned int per_line, struct mr_map_line *line);

/* Returns the number of cells from cell @i on that have the same look. */
size_t mr_map_run(const struct mr_map *map, const struct mr_map_line *line, size_t i);

/* Formats "24G in 192 blocks of 128M, 16M a cell"; @buf has MR_MAP_TITLE_TEXT bytes. */
#define MR_MAP_TITLE_TEXT 192
void mr_map_title_text(const struct mr_map *map, const struct mr_map_title *title, char *buf);

#endif
