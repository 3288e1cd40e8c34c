// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/retired/badram.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "util/cleanup.h"
#include "util/num.h"

enum { KEEP, GROW, GONE };

static int by_mask(const void *a, const void *b)
{
	const struct mr_badram *x = a, *y = b;

	if (x->open != y->open)
		return x->open < y->open ? -1 : 1;
	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

/*
 * Joins all pairs that differ in @bit only. @list is sorted by by_mask(); @fate has room
 * for one byte each. Returns the number left.
 */
static size_t join(struct mr_badram *list, size_t nr, uint64_t bit, char *fate)
{
	bool joined = false;
	size_t n = 0;

	for (size_t i = 0; i < nr; i++)
		fate[i] = KEEP;
	for (size_t i = 0; i < nr; i++) {
		struct mr_badram key = { list[i].pfn | bit, list[i].open }, *other = NULL;

		if (!(list[i].pfn & bit))
			other = bsearch(&key, list, nr, sizeof(key), by_mask);
		if (!other)
			continue;
		fate[i] = GROW;
		fate[other - list] = GONE;
		joined = true;
	}
	if (!joined)
		return nr;
	for (size_t i = 0; i < nr; i++) {
		if (fate[i] == GONE)
			continue;
		list[n] = list[i];
		if (fate[i] == GROW)
			list[n].open |= bit;
		n++;
	}
	qsort(list, n, sizeof(*list), by_mask);
	return n;
}

int mr_badram_merge(const uint64_t *pfns, size_t nr, struct mr_badram **out, size_t *count)
{
	struct mr_badram *list = calloc(nr + 1, sizeof(*list));
	mr_autofree char *fate = malloc(nr + 1);
	uint64_t differ = 0;

	if (!list || !fate) {
		free(list);
		return -ENOMEM;
	}
	for (size_t i = 0; i < nr; i++) {
		list[i].pfn = pfns[i];
		differ |= pfns[i] ^ pfns[0];
	}
	for (unsigned int b = 0; b < 64; b++)
		if (differ & (1ULL << b))
			nr = join(list, nr, 1ULL << b, fate);
	qsort(list, nr, sizeof(*list), mr_u64_order);
	*out = list;
	*count = nr;
	return 0;
}
