// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets of PFNs as ranges, compared with the same sets as arrays of bool. */
#include "lib/range/ranges.h"

#include <stdbool.h>
#include <stdlib.h>

#include "check.h"

#define PAGES	97
#define ROUNDS	20000

struct pair {
	struct mr_ranges ranges;
	bool in[PAGES];
};

/* An LCG: the sets are the same in each run. */
static uint32_t seed = 1;

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void make(struct pair *p)
{
	uint32_t parts = below(9);

	memset(p, 0, sizeof(*p));
	for (uint32_t i = 0; i < parts; i++) {
		uint32_t pfn = below(PAGES), nr = below(below(2) ? 4 : PAGES - pfn + 1);

		if (pfn + nr > PAGES)
			nr = PAGES - pfn;
		CHECK_INT(mr_ranges_add(&p->ranges, pfn, nr), 0);
		for (uint32_t k = 0; k < nr; k++)
			p->in[pfn + k] = true;
	}
	mr_ranges_normalise(&p->ranges);
}

static bool normal(const struct mr_ranges *r)
{
	for (size_t i = 0; i < r->nr; i++)
		if (!r->list[i].nr ||
		    (i && r->list[i].pfn <= r->list[i - 1].pfn + r->list[i - 1].nr))
			return false;
	return true;
}

static bool same(const struct pair *p)
{
	bool in[PAGES] = { false };
	uint64_t pages = 0;

	for (size_t i = 0; i < p->ranges.nr; i++)
		for (uint64_t k = 0; k < p->ranges.list[i].nr; k++)
			in[p->ranges.list[i].pfn + k] = true;
	for (size_t i = 0; i < PAGES; i++)
		pages += in[i];
	return normal(&p->ranges) && !memcmp(in, p->in, sizeof(in)) &&
	       mr_ranges_pages(&p->ranges) == pages;
}

static void random_sets(void)
{
	uint32_t bad = 0;

	for (uint32_t round = 0; round < ROUNDS && !bad; round++) {
		struct pair a, b, less = { 0 }, both = { 0 };

		make(&a);
		make(&b);
		for (size_t i = 0; i < PAGES; i++) {
			less.in[i] = a.in[i] && !b.in[i];
			both.in[i] = a.in[i] && b.in[i];
		}
		CHECK_INT(mr_ranges_subtract(&a.ranges, &b.ranges, &less.ranges), 0);
		CHECK_INT(mr_ranges_intersect(&a.ranges, &b.ranges, &both.ranges), 0);
		bad += !same(&a) + !same(&b) + !same(&less) + !same(&both);
		CHECK_INT(bad, 0);
		mr_ranges_free(&a.ranges);
		mr_ranges_free(&b.ranges);
		mr_ranges_free(&less.ranges);
		mr_ranges_free(&both.ranges);
	}
}

static void ends_of_the_number_range(void)
{
	struct mr_ranges all = { 0 }, hole = { 0 }, left = { 0 };

	mr_ranges_add(&all, 0, UINT64_MAX);
	mr_ranges_add(&hole, UINT64_MAX - 5, 3);
	CHECK_INT(mr_ranges_subtract(&all, &hole, &left), 0);
	CHECK_INT(left.nr, 2);
	CHECK(left.nr == 2 && left.list[1].pfn == UINT64_MAX - 2 && left.list[1].nr == 2);
	CHECK(mr_ranges_pages(&left) == UINT64_MAX - 3);
	mr_ranges_free(&all);
	mr_ranges_free(&hole);
	mr_ranges_free(&left);
}

/* Neighbours are joined if added in order, otherwise only by sorting. */
static void joins_neighbours(void)
{
	struct mr_ranges r = { 0 };

	mr_ranges_add(&r, 8, 4);
	mr_ranges_add(&r, 12, 4);
	CHECK_INT(r.nr, 1);
	mr_ranges_add(&r, 4, 4);
	CHECK_INT(r.nr, 2);
	mr_ranges_normalise(&r);
	CHECK_INT(r.nr, 1);
	CHECK(r.list[0].pfn == 4 && r.list[0].nr == 12);
	mr_ranges_add(&r, 99, 0);
	CHECK_INT(r.nr, 1);
	mr_ranges_free(&r);
	CHECK(!r.list && !r.nr);
}

int main(void)
{
	random_sets();
	ends_of_the_number_range();
	joins_neighbours();
	return CHECK_RESULT;
}
