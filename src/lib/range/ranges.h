/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of page frames, as sorted lists of ranges. */
#ifndef MR_LIB_RANGE_RANGES_H
#define MR_LIB_RANGE_RANGES_H

#include <stddef.h>
#include <stdint.h>

struct mr_range {
	uint64_t pfn;
	uint64_t nr;		/* pages; pfn + nr does not wrap */
};

/*
 * Normal: ascending, with a gap between each and the next, none empty. All zero is
 * the empty set. Free it by mr_ranges_free().
 */
struct mr_ranges {
	struct mr_range *list;
	size_t nr, room;
};

/*
 * Adds a range, which is joined to the last where it begins in it or right behind it.
 * Ranges that come in ascending order stay normal. 0 or -ENOMEM.
 */
int mr_ranges_add(struct mr_ranges *r, uint64_t pfn, uint64_t nr);

/* Brings ranges that were added in any order into normal form. */
void mr_ranges_normalise(struct mr_ranges *r);

/*
 * Adds to @out what is in @a and not in @b, or what is in both. Both are normal, and
 * so is @out if it was empty. 0 or -ENOMEM.
 */
int mr_ranges_subtract(const struct mr_ranges *a, const struct mr_ranges *b,
		       struct mr_ranges *out);
int mr_ranges_intersect(const struct mr_ranges *a, const struct mr_ranges *b,
			struct mr_ranges *out);

/* How many pages are in it. */
uint64_t mr_ranges_pages(const struct mr_ranges *r);

void mr_ranges_free(struct mr_ranges *r);

#endif
