// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cost of lists of retired pages, counted and not timed: sorted entries and compared
 * texts grow no faster than the list. The linker wraps the calls (--wrap).
 */
#include <stdlib.h>

#include "check.h"
#include "lib/retired/import.h"

static size_t sorted, compared;

void __real_qsort(void *list, size_t nr, size_t size, int (*order)(const void *, const void *));
void __wrap_qsort(void *list, size_t nr, size_t size, int (*order)(const void *, const void *));
int __real_strcmp(const char *a, const char *b);
int __wrap_strcmp(const char *a, const char *b);

void __wrap_qsort(void *list, size_t nr, size_t size, int (*order)(const void *, const void *))
{
	sorted += nr;
	__real_qsort(list, nr, size, order);
}

int __wrap_strcmp(const char *a, const char *b)
{
	compared++;
	return __real_strcmp(a, b);
}

static struct mr_retlist empty(void)
{
	sorted = 0;
	compared = 0;
	return (struct mr_retlist){ .page_shift = 12, .dir = -1, .lock = -1 };
}

static void intern(size_t nr)
{
	struct mr_retlist l = empty();
	mr_text_id id;
	char text[32];

	for (size_t round = 0; round < 2; round++)
		for (size_t i = 0; i < nr; i++) {
			snprintf(text, sizeof(text), "DIMM %zu", i);
			CHECK_INT(mr_retlist_intern(&l, text, &id), 0);
			CHECK_INT(id, i + 1);
		}
	CHECK_INT(l.nr_texts, nr);
	CHECK(compared >= nr && compared < 8 * nr);
	mr_retlist_close(&l);
}

/* Imports @nr distinct pages, then one of them @again times. */
static void import(size_t nr, size_t again)
{
	struct mr_retlist l = empty();

	for (size_t i = 0; i < nr; i++)
		CHECK_INT(mr_import_add(&l, i * 7919 % nr, 0, 0, 0), 0);
	for (size_t i = 0; i < again; i++)
		CHECK_INT(mr_import_add(&l, 5, 0, 0, 0), 0);
	mr_retlist_settle(&l);
	CHECK_INT(l.nr, nr);
	CHECK(sorted < 6 * (nr + again));
	mr_retlist_close(&l);
}

/* Memory is bounded by the number of distinct pages, not by how often they are named. */
static void repeat(size_t nr, size_t rounds)
{
	struct mr_retlist l = empty();

	for (size_t i = 0; i < nr * rounds; i++)
		CHECK_INT(mr_import_add(&l, i % nr, 0, 0, 0), 0);
	CHECK(l.room <= 65536 * 2);
	CHECK(sorted < 6 * nr * rounds);
	mr_retlist_close(&l);
}

static void forget(size_t nr)
{
	struct mr_retlist l = empty();
	struct mr_pfns *ranges = calloc(nr, sizeof(*ranges));

	for (size_t i = 0; i < nr; i++) {
		mr_retlist_add(&l, &(struct mr_retired){ .pfn = 2 * i });
		ranges[i] = (struct mr_pfns){ 2 * (nr - i), 1 };
	}
	CHECK_INT(mr_retlist_forget(&l, ranges, nr), nr - 1);
	CHECK_INT(l.nr, 1);
	CHECK_INT(l.list[0].pfn, 0);
	CHECK_INT(sorted, nr);
	free(ranges);
	mr_retlist_close(&l);
}

static void forget_overlapping(void)
{
	struct mr_retlist l = empty();
	struct mr_pfns ranges[] = { { 40, 10 }, { 3, 1 }, { 41, 2 }, { 60, 0 }, { 10, 5 }, { 12, 5 },
				    { UINT64_MAX - 1, 9 } };

	for (uint64_t i = 0; i < 64; i++)
		mr_retlist_add(&l, &(struct mr_retired){ .pfn = i });
	mr_retlist_add(&l, &(struct mr_retired){ .pfn = UINT64_MAX });
	CHECK_INT(mr_retlist_forget(&l, ranges, 7), 1 + 7 + 10 + 1);
	CHECK(!mr_retlist_find(&l, 3) && !mr_retlist_find(&l, 10) && !mr_retlist_find(&l, 16));
	CHECK(mr_retlist_find(&l, 17) && mr_retlist_find(&l, 39) && !mr_retlist_find(&l, 49));
	CHECK(mr_retlist_find(&l, 60) && !mr_retlist_find(&l, UINT64_MAX));
	mr_retlist_close(&l);
}

int main(void)
{
	intern(1000);
	intern(40000);
	import(65535, 5000);
	import(65536, 50000);
	import(200000, 100);
	repeat(60000, 20);
	forget(80000);
	forget_overlapping();
	return CHECK_RESULT;
}
