/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory patterns: writes them, reads them back, and compares. Works on any buffer, whatever
 * memory it is.
 */
#ifndef MR_LIB_RANGE_PATTERN_H
#define MR_LIB_RANGE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first wrong word of a page, and the number of wrong words. */
struct mr_pattern_bad {
	uint64_t page;		/* index in the buffer */
	uint64_t offset;	/* of the word in the page, in bytes */
	uint64_t wrote, read;
	uint64_t words;		/* wrong words in all steps */
	const char *pattern;	/* "solid", "walking", "address", "random" */
};

/* The findings; complete also if a run is left by a jump out of the buffer. */
struct mr_pattern_found {
	struct mr_pattern_bad *bad;	/* ascending after a run that was not cut short */
	size_t nr, room;
	uint32_t *slot;			/* by page: 1 + index in bad, or 0; used during a run */
};

struct mr_pattern {
	volatile uint64_t *mem;	/* the buffer */
	size_t pages;
	size_t page_size;	/* bytes */
	uint64_t address;	/* physical address of the first byte, for the address pattern */
	uint64_t seed;		/* of the random pattern */
	/*
	 * Called after each stretch of at most 1 MiB was written (@verify is false) or read
	 * back, with the bytes done so far in all steps. True ends the run.
	 */
	bool (*progress)(uint64_t done, uint64_t total, bool verify, void *data);
	void *progress_data;
};

/* Returns the number of bytes that a whole run writes and reads. */
uint64_t mr_pattern_bytes(const struct mr_pattern *p);

/*
 * Runs every pattern, each in both polarities: solid (0, 0x55...), walking ones (each bit of
 * each word, adjacent words at different places), the word's own address, and random. Adds
 * wrong pages to @found, which must be all zero before; free it by mr_pattern_found_free().
 * Returns 0, -ENOMEM, or -EINTR if progress() ended the run; @found has what was found until
 * then. A signal handler may jump out of an access to the buffer: no resources are lost.
 */
int mr_pattern_run(const struct mr_pattern *p, struct mr_pattern_found *found);
void mr_pattern_found_free(struct mr_pattern_found *found);

#endif
