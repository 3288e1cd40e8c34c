/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests pages in quarantine with memory patterns, mapped through the module's device. */
#ifndef MR_LIB_RANGE_MEMTEST_H
#define MR_LIB_RANGE_MEMTEST_H

#include "lib/target/resolve.h"

/* A page that did not keep its data: the first wrong word. */
struct mr_memtest_bad {
	uint64_t pfn;
	uint64_t phys;		/* of the page, in bytes */
	uint64_t offset;	/* of the word in the page, in bytes */
	uint64_t wrote, read;
	uint64_t words;		/* wrong words in all patterns */
	const char *pattern;	/* "solid", "walking", "address", "random", "machine-check" */
	bool retired;		/* set by mr_memtest_retire() */
};

struct mr_memtest {
	uint64_t seed;
	uint64_t pages;		/* pages tested */
	uint64_t bytes;		/* bytes written and read */
	uint64_t elapsed_us;
	bool complete;		/* every pattern was run on every page */
	struct mr_memtest_bad *bad;
	size_t nr_bad, bad_room;
};

/* Reports bytes done and bytes in all, at least once per MiB. May be NULL. */
typedef void (*mr_memtest_progress_fn)(uint64_t done, uint64_t total, void *data);

/*
 * Tests the quarantined pages of the @nr spans with the patterns of lib/range/pattern.h;
 * test->seed is an input. A page with a machine check is bad ("machine-check", no words), and
 * the pages around it are tested again. Returns 0 if all pages were tested, good or bad.
 * Returns -EINTR after a signal, or -EFAULT if a page was released or its block went offline
 * during the test, which does not stop the tests of other parts; @err is set, and @test has
 * what was found until then. Needs MEMRAS_FEAT_MAP.
 */
int mr_memtest_run(const struct mr_machine *m, const struct mr_span *spans, size_t nr,
		   mr_memtest_progress_fn progress, void *data, struct mr_memtest *test,
		   struct mr_err *err);

/*
 * Retires the bad pages: hard offlines each page while it is held, so that no allocator gets it
 * in between, and then releases it, which leaves it retired. Returns how many pages could not
 * be poisoned and stay held.
 */
size_t mr_memtest_retire(struct mr_machine *m, struct mr_memtest *test);

void mr_memtest_free(struct mr_memtest *test);

#endif
