/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory patterns: written, read back, and compared. Works on any buffer;
 * nothing here knows whose memory it is.
 */
#ifndef MR_LIB_RANGE_PATTERN_H
#define MR_LIB_RANGE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first wrong word of a page, and how many there were. */
struct mr_pattern_bad {
	uint64_t page;		/* index in the buffer */
	uint64_t offset;	/* of the word in the page, bytes */
	uint64_t wrote, read;
	uint64_t words;		/* wrong words, over all steps */
	const char *pattern;	/* "solid", "walking", "address", "random" */
};

/* What was found, whole also when a run is left by a jump out of the buffer. */
struct mr_pattern_found {
	struct mr_pattern_bad *bad;	/* ascending after a run that came to its end */
	size_t nr, room;
	uint32_t *slot;			/* by page: 1 + its index in bad; while a run lasts */
};

struct mr_pattern {
	volatile uint64_t *mem;	/* the buffer */
	size_t pages;
	size_t page_size;	/* bytes */
	uint64_t address;	/* physical address of the first byte: for the pattern of it */
	uint64_t seed;		/* of the random pattern */
	/*
	 * Called after each stretch of at most a MiB was written (@verify false) or
	 * read back, with the bytes dealt with so far over all steps. True ends it.
	 */
	bool (*progress)(uint64_t done, uint64_t total, bool verify, void *data);
	void *progress_data;
};

/* Bytes that a whole run writes and reads. */
uint64_t mr_pattern_bytes(const struct mr_pattern *p);

/*
 * Runs every pattern, each in both polarities: solid (0, 0x55...), walking ones
 * (each bit of each word, neighbouring words in different places), the word's
 * own address, and random. Wrong pages go to *@found, which is all zero before and
 * freed by mr_pattern_found_free(). -EINTR when progress() ended it; what was found
 * until then is told. Touching a page of the buffer may end in a signal handler that
 * jumps out: nothing is left behind by that.
 */
int mr_pattern_run(const struct mr_pattern *p, struct mr_pattern_found *found);
void mr_pattern_found_free(struct mr_pattern_found *found);

#endif
