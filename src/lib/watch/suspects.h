/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Suspects: pages that may have been retired, kept until their flags say so or their time is up;
 * and the last errors, to find causes. Both lists are bounded.
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
	uint64_t pfn;			/* first: the key of mr_u64_place() */
	int64_t time;			/* of the claim, seconds since 1970 */
	uint64_t until_us;		/* monotonic; if not poisoned by then, not retired */
	char why[MR_WATCH_WHY];		/* the kernel's words, or "" */
};

struct mr_error_seen {
	uint64_t pfn;
	int64_t time;
	enum mr_watch_cause cause;
};

struct mr_suspects {
	struct mr_suspect *list;	/* ascending by pfn, each once */
	size_t nr, room;
	bool overrun;			/* the list was full: scan all memory */
	struct mr_error_seen *errors;	/* a ring */
	size_t nr_errors;		/* number ever added */
};

/* Returns 0 or -ENOMEM. Free @s by mr_suspects_free() in any case. */
int mr_suspects_init(struct mr_suspects *s);
void mr_suspects_free(struct mr_suspects *s);

/*
 * Adds what a line of the log says at @time. A claim makes its page a suspect until @until_us
 * (not 0), which later claims do not extend.
 */
void mr_suspects_hear(struct mr_suspects *s, const struct mr_kernlog *log, int64_t time,
		      uint64_t until_us);

/* Drops the suspect at @index. */
void mr_suspects_drop(struct mr_suspects *s, size_t index);

/*
 * Returns the last error of the page. If several reports are of one error, returns that of the
 * part that acted on it. NULL if none is known.
 */
const struct mr_error_seen *mr_suspects_error(const struct mr_suspects *s, uint64_t pfn);

#endif
