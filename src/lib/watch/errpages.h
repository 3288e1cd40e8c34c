/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Corrected errors by page: so many of one page within a time, and it is due to be retired.
 * However many come, no more than a fixed number of pages and times is kept.
 */
#ifndef MR_LIB_WATCH_ERRPAGES_H
#define MR_LIB_WATCH_ERRPAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/edac.h"

#define MR_ERRPAGES_MAX	4096
#define MR_ERRORS_OF_PAGE 100	/* the most that can be waited for */

struct mr_errpage {
	uint64_t pfn;			/* first, as it is what is compared */
	char label[MR_EDAC_TEXT];	/* of the DIMM that the last error came from, or "" */
	bool due;
	size_t nr;
	int64_t times[MR_ERRORS_OF_PAGE];	/* ascending, seconds since 1970 */
};

struct mr_errpages {
	struct mr_errpage *list;	/* in order of pfn, each once */
	size_t nr, room;
	size_t threshold;		/* so many errors, at most MR_ERRORS_OF_PAGE; 0: none is due */
	int64_t window_s;		/* within so many seconds */
	bool changed;			/* since it was last saved */
};

void mr_errpages_free(struct mr_errpages *e);

/*
 * @count errors of one page at @time, of the DIMM @label ("": not known). A page that has
 * had them for longest makes room for one that is new. 0 or -ENOMEM.
 */
int mr_errpages_add(struct mr_errpages *e, uint64_t pfn, uint64_t count, int64_t time,
		    const char *label);

/* The page, or NULL. */
struct mr_errpage *mr_errpages_find(const struct mr_errpages *e, uint64_t pfn);

/* The first page that is due, or NULL. */
struct mr_errpage *mr_errpages_due(const struct mr_errpages *e);

/* Begins to count anew for the page, which keeps its label. */
void mr_errpages_reset(struct mr_errpages *e, struct mr_errpage *page);

#define MR_ERRPAGES_FILE "corrected-errors"

/*
 * What was counted until now, from the file of that name in the folder @dir, and to it:
 * a line a page, "PFN TIME...". To read one that is not there, or damaged, is to begin
 * with what can be read. 0, or -errno when it could not be written.
 */
void mr_errpages_load(struct mr_errpages *e, int dir);
int mr_errpages_save(struct mr_errpages *e, int dir);

#endif
