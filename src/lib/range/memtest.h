/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory patterns over pages in quarantine, mapped from the module's device. */
#ifndef MR_LIB_RANGE_MEMTEST_H
#define MR_LIB_RANGE_MEMTEST_H

#include "lib/target/resolve.h"

/* A page that did not keep what was written to it: the first wrong word. */
struct mr_memtest_bad {
	uint64_t pfn;
	uint64_t phys;		/* of the page, bytes */
	uint64_t offset;	/* of the word in the page, bytes */
	uint64_t wrote, read;
	uint64_t words;		/* wrong words, over all patterns */
	const char *pattern;	/* "solid", "walking", "address", "random", "machine-check" */
	bool retired;		/* set by mr_memtest_retire() */
};

struct mr_memtest {
	uint64_t seed;
	uint64_t pages;		/* that were tested */
	uint64_t bytes;		/* written and read */
	uint64_t elapsed_us;
	bool complete;		/* every pattern over every page */
	struct mr_memtest_bad *bad;
	size_t nr_bad, bad_room;
};

/* Bytes done and to do; called after each MiB at most. May be NULL. */
typedef void (*mr_memtest_progress_fn)(uint64_t done, uint64_t total, void *data);

/*
 * Tests what quarantines hold of the @nr spans with the patterns of
 * lib/pattern.h; @test->seed is an input. 0 when all was tested, good or bad. A page
 * in which the machine finds an error is bad ("machine-check", no words), and what is
 * around it is tested anew. -EINTR after a signal; -EFAULT when a page was released, or
 * its block taken offline, in the midst of it: other parts are tested. Both with @err
 * set and what was found. Needs MEMRAS_FEAT_MAP.
 */
int mr_memtest_run(const struct mr_machine *m, const struct mr_span *spans, size_t nr,
		   mr_memtest_progress_fn progress, void *data, struct mr_memtest *test,
		   struct mr_err *err);

/*
 * Retires the bad pages: hard-offlines each while it is held, so that no allocator has it
 * in between, and then releases it, which leaves it retired. Returns how many of them
 * could not be poisoned: these stay held.
 */
size_t mr_memtest_retire(struct mr_machine *m, struct mr_memtest *test);

void mr_memtest_free(struct mr_memtest *test);

#endif
