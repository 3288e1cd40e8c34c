/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts corrected errors by page. A page that has had a number of them within a time is due
 * to be retired. The number of pages and times is bounded.
 */
#ifndef MR_LIB_WATCH_ERRPAGES_H
#define MR_LIB_WATCH_ERRPAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/edac.h"
#include "lib/watch/errdimms.h"

#define MR_ERRPAGES_MAX	4096
#define MR_ERRORS_OF_PAGE 100	/* largest threshold */

struct mr_errpage {
	uint64_t pfn;			/* first: the key of mr_u64_place() */
	char label[MR_EDAC_TEXT];	/* DIMM of the last error, or "" */
	bool due;
	int64_t last;			/* time of the last error, also of one that is not kept */
	int64_t rests;			/* not due before, see mr_errpages_rest() */
	size_t nr;
	int64_t *times;			/* ascending, seconds since 1970; room for the threshold */
};

struct mr_errpages {
	struct mr_errpage *list;	/* ascending by pfn, each once */
	size_t nr, room;
	size_t nr_due;
	size_t threshold;		/* errors until a page is due; 0: no page ever is */
	int64_t window_s;		/* time in which they have to occur, seconds */
	bool changed;			/* since the last save */
};

void mr_errpages_free(struct mr_errpages *e);

/*
 * Adds @count errors of one page at @time, of the DIMM @label ("" if unknown). If the list is
 * full, a new page replaces the quarter of the pages whose last errors are oldest, except pages
 * that are due. Returns 0 or -ENOMEM.
 */
int mr_errpages_add(struct mr_errpages *e, uint64_t pfn, uint64_t count, int64_t time,
		    const char *label);

/* Returns the page, or NULL. */
struct mr_errpage *mr_errpages_find(const struct mr_errpages *e, uint64_t pfn);

/* Returns the first page that is due, or NULL. */
struct mr_errpage *mr_errpages_due(const struct mr_errpages *e);

/* Sets the count of the page to 0; its label stays. */
void mr_errpages_reset(struct mr_errpages *e, struct mr_errpage *page);

/*
 * The same for a page that could not be retired at @time: it is not due again within the window,
 * so that a page with constant errors is not reported at every error.
 */
void mr_errpages_rest(struct mr_errpages *e, struct mr_errpage *page, int64_t time);

#define MR_ERRPAGES_FILE "corrected-errors"

/*
 * Reads the counts: the file of that name in the directory @dir, with the lines of
 * mr_errdimms_write() and a line "PFN TIME..." for each page. Damaged lines are ignored, a missing
 * file is empty. Returns 0; or -ESTALE with @err set and no counts if the DIMMs were others than
 * @dimms.
 */
int mr_errpages_load(struct mr_errpages *e, int dir, const struct mr_errdimms *dimms,
		     struct mr_err *err);

/* Writes it, synced. Returns 0 or -errno with @err set; it is to be written again then. */
int mr_errpages_save(struct mr_errpages *e, int dir, const struct mr_errdimms *dimms,
		     struct mr_err *err);

#endif
