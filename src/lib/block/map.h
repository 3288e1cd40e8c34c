/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory cut into equal cells, with what is in each of them. */
#ifndef MR_LIB_BLOCK_MAP_H
#define MR_LIB_BLOCK_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/block.h"
#include "util/err.h"

/* A run of pages that a cell is marked for. */
struct mr_map_mark {
	uint64_t pfn;
	uint64_t pages;
};

/* Ascending by pfn, without overlaps. */
struct mr_map_marks {
	const struct mr_map_mark *list;
	size_t nr;
};

/* What is known of the memory besides its blocks. */
struct mr_map_known {
	struct mr_map_marks poisoned;
	struct mr_map_marks quarantined;
	struct mr_map_marks hugepages;
};

struct mr_map_cell {
	uint64_t start;			/* physical address, bytes; a multiple of the cell size */
	uint64_t present;		/* bytes of it that memory blocks cover */
	uint64_t online;		/* bytes of these that are online */
	const char *zone;		/* of the online ones; NULL: none, or "None" for several */
	int32_t node;			/* of the first; -1: not known */
	uint64_t poisoned;		/* pages */
	uint64_t quarantined;		/* pages */
	uint64_t hugepages;		/* pages in hugetlb pages */
};

struct mr_map {
	uint64_t cell_size;		/* bytes, a power of two */
	struct mr_map_cell *cells;	/* ascending; where no block is, there is none */
	size_t nr;
};

/*
 * The cell size for @nr blocks (ascending), so that the cells fill at most @most
 * places: a sixteenth of a block or more, a power of two. A place is a cell, or
 * one that is left blank beside a cell in a line of @per_line.
 */
uint64_t mr_map_cell_size(const struct mr_block *const *blocks, size_t nr, unsigned int per_line,
			  size_t most);

/*
 * Cuts the @nr blocks, which are ascending, into cells of @cell_size bytes, and
 * counts the marks of @known in them. Pages have 1 << @page_shift bytes. Linear
 * in blocks, marks and cells. -ENOMEM with @err set. Free it by mr_map_free().
 */
int mr_map_make(const struct mr_block *const *blocks, size_t nr, unsigned int page_shift,
		uint64_t cell_size, const struct mr_map_known *known, struct mr_map *map,
		struct mr_err *err);

void mr_map_free(struct mr_map *map);

#endif
