// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/range/ranges.h"

#include <stdlib.h>

#include "util/grow.h"

static uint64_t end_of(const struct mr_range *r)
{
	return r->pfn + r->nr;
}

int mr_ranges_add(struct mr_ranges *r, uint64_t pfn, uint64_t nr)
{
	struct mr_range *last = r->nr ? &r->list[r->nr - 1] : NULL;

	if (!nr)
		return 0;
	if (last && pfn >= last->pfn && pfn <= end_of(last)) {
		if (pfn + nr > end_of(last))
			last->nr = pfn + nr - last->pfn;
		return 0;
	}
	if (mr_make_room(r->list, r->nr, r->room))
		return -ENOMEM;
	r->list[r->nr++] = (struct mr_range){ .pfn = pfn, .nr = nr };
	return 0;
}

static int by_pfn(const void *pa, const void *pb)
{
	const struct mr_range *a = pa, *b = pb;

	return a->pfn > b->pfn ? 1 : a->pfn < b->pfn ? -1 : 0;
}

void mr_ranges_normalise(struct mr_ranges *r)
{
	size_t nr = r->nr;

	if (nr < 2)
		return;
	qsort(r->list, nr, sizeof(*r->list), by_pfn);
	r->nr = 0;
	/* There is room for as many ranges as before. */
	for (size_t i = 0; i < nr; i++)
		mr_ranges_add(r, r->list[i].pfn, r->list[i].nr);
}

int mr_ranges_subtract(const struct mr_ranges *a, const struct mr_ranges *b,
		       struct mr_ranges *out)
{
	size_t first = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < a->nr; i++) {
		uint64_t pfn = a->list[i].pfn, end = end_of(&a->list[i]);

		while (first < b->nr && end_of(&b->list[first]) <= pfn)
			first++;
		for (size_t k = first; !rc && k < b->nr && b->list[k].pfn < end; k++) {
			if (b->list[k].pfn > pfn)
				rc = mr_ranges_add(out, pfn, b->list[k].pfn - pfn);
			pfn = end_of(&b->list[k]);
		}
		if (!rc && pfn < end)
			rc = mr_ranges_add(out, pfn, end - pfn);
	}
	return rc;
}

int mr_ranges_intersect(const struct mr_ranges *a, const struct mr_ranges *b,
			struct mr_ranges *out)
{
	size_t i = 0, k = 0;
	int rc = 0;

	while (!rc && i < a->nr && k < b->nr) {
		const struct mr_range *x = &a->list[i], *y = &b->list[k];
		uint64_t pfn = x->pfn > y->pfn ? x->pfn : y->pfn;
		uint64_t end = end_of(x) < end_of(y) ? end_of(x) : end_of(y);

		if (pfn < end)
			rc = mr_ranges_add(out, pfn, end - pfn);
		if (end_of(x) <= end_of(y))
			i++;
		else
			k++;
	}
	return rc;
}

uint64_t mr_ranges_pages(const struct mr_ranges *r)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < r->nr; i++)
		pages += r->list[i].nr;
	return pages;
}

void mr_ranges_free(struct mr_ranges *r)
{
	free(r->list);
	*r = (struct mr_ranges){ 0 };
}
