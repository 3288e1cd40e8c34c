/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages that may have been retired, until their flags say so or too much time has passed;
 * and what the last errors of pages were, for the cause. However many errors come, no more
 * than a fixed number of either is kept.
 */
#ifndef MR_LIB_WATCH_SUSPECTS_H
#define MR_LIB_WATCH_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/watch/kernlog.h"

#define MR_SUSPECTS_MAX 4096
#define MR_ERRORS_MAX	1024
#define MR_WATCH_WHY	160

struct mr_suspect {
	uint64_t pfn;			/* first, as it is what is compared */
	int64_t time;			/* of the claim, seconds since 1970 */
	uint64_t until_us;		/* monotonic: not poisoned by then, it is not retired */
	char why[MR_WATCH_WHY];		/* the kernel's words, or "" */
};

struct mr_error_seen {
	uint64_t pfn;
	int64_t time;
	enum mr_watch_cause cause;
};

struct mr_suspects {
	struct mr_suspect *list;	/* in order of pfn, each once */
	size_t nr, room;
	bool overrun;			/* there were more: look through all memory */
	struct mr_error_seen *errors;	/* a ring */
	size_t nr_errors;		/* that were ever put in */
};

/* -ENOMEM; mr_suspects_free() is due in any case. */
int mr_suspects_init(struct mr_suspects *s);
void mr_suspects_free(struct mr_suspects *s);

/*
 * Takes in what a line of the log said at @time. The page of a claim is a suspect until
 * @until_us (not 0), which further claims make no later.
 */
void mr_suspects_hear(struct mr_suspects *s, const struct mr_kernlog *log, int64_t time,
		      uint64_t until_us);

/* Drops the suspect at @index. */
void mr_suspects_drop(struct mr_suspects *s, size_t index);

/* The last error of the page, and of one error what acted upon it; NULL: none is known. */
const struct mr_error_seen *mr_suspects_error(const struct mr_suspects *s, uint64_t pfn);

#endif
