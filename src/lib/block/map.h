/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A map of physical memory: equal cells and their contents. */
#ifndef MR_LIB_BLOCK_MAP_H
#define MR_LIB_BLOCK_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/block.h"
#include "util/err.h"

/* A marked run of pages. */
struct mr_map_mark {
	uint64_t pfn;
	uint64_t pages;
};

/* Ascending by pfn, without overlaps. */
struct mr_map_marks {
	const struct mr_map_mark *list;
	size_t nr;
};

/* What is known about the memory, apart from its blocks. */
struct mr_map_known {
	struct mr_map_marks poisoned;
	struct mr_map_marks quarantined;
	struct mr_map_marks hugepages;
};

struct mr_map_cell {
	uint64_t start;			/* physical address in bytes; a multiple of the cell size */
	uint64_t present;		/* bytes that memory blocks cover */
	uint64_t online;		/* bytes of these that are online */
	const char *zone;		/* of the online bytes; NULL if none, "None" if several */
	int32_t node;			/* of the first block; -1 if unknown */
	uint64_t poisoned;		/* pages */
	uint64_t quarantined;		/* pages */
	uint64_t hugepages;		/* pages in hugetlb pages */
};

struct mr_map {
	uint64_t cell_size;		/* bytes, a power of two */
	struct mr_map_cell *cells;	/* ascending; none where there are no blocks */
	size_t nr;
};

/*
 * Returns the smallest cell size with which @nr ascending blocks take at most @most places: a
 * power of two, and at least a sixteenth of a block. A place is a cell, or a blank beside a
 * cell in a line of @per_line.
 */
uint64_t mr_map_cell_size(const struct mr_block *const *blocks, size_t nr, unsigned int per_line,
			  size_t most);

/*
 * Cuts @nr ascending blocks into cells of @cell_size bytes, and counts the marks of @known in
 * each. A page has 1 << @page_shift bytes. Linear in blocks, marks and cells. Returns 0, or
 * -ENOMEM with @err set. Free the map by mr_map_free().
 */
int mr_map_make(const struct mr_block *const *blocks, size_t nr, unsigned int page_shift,
		uint64_t cell_size, const struct mr_map_known *known, struct mr_map *map,
		struct mr_err *err);

void mr_map_free(struct mr_map *map);

#endif
