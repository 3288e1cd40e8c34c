/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of PFNs, as sorted lists of ranges. */
#ifndef MR_LIB_RANGE_RANGES_H
#define MR_LIB_RANGE_RANGES_H

#include <stddef.h>
#include <stdint.h>

struct mr_range {
	uint64_t pfn;
	uint64_t nr;		/* pages; pfn + nr does not wrap */
};

/*
 * A set is normal if its ranges are ascending, not empty, and have gaps in between. All zero is
 * the empty set. Free it by mr_ranges_free().
 */
struct mr_ranges {
	struct mr_range *list;
	size_t nr, room;
};

/*
 * Adds a range; joins it to the last one if it begins in it or right after it. Ranges added in
 * ascending order stay normal. Returns 0 or -ENOMEM.
 */
int mr_ranges_add(struct mr_ranges *r, uint64_t pfn, uint64_t nr);

/* Makes ranges normal that were added in any order. */
void mr_ranges_normalise(struct mr_ranges *r);

/*
 * Adds to @out the pages that are in @a and not in @b, or in both. Both are normal, and @out is
 * normal too if it was empty. Return 0 or -ENOMEM.
 */
int mr_ranges_subtract(const struct mr_ranges *a, const struct mr_ranges *b,
		       struct mr_ranges *out);
int mr_ranges_intersect(const struct mr_ranges *a, const struct mr_ranges *b,
			struct mr_ranges *out);

/* Returns the number of pages in the set. */
uint64_t mr_ranges_pages(const struct mr_ranges *r);

void mr_ranges_free(struct mr_ranges *r);

#endif
