/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The retired list as commands open it, and the pages that a run records in it. */
#ifndef MR_REPORT_RETNOTES_H
#define MR_REPORT_RETNOTES_H

#include "cli/run.h"
#include "lib/page/batch.h"
#include "lib/retired/list.h"

/*
 * Opens the retired list in @run's state directory; with @write for saving, unless it is
 * a dry run: waits up to @wait_ms for another process that is changing it. Returns 0, or
 * -errno with @err set and @list closed.
 */
int mr_retired_open(const struct mr_run *run, const struct mr_machine *m, bool write,
		    uint64_t wait_ms, struct mr_retlist *list, struct mr_err *err);

/*
 * Calls mr_begin() with @needs, then mr_retired_open(). Returns 0, or -errno with @err
 * set and nothing open; mr_retired_end() closes both.
 */
int mr_retired_begin(const struct mr_run *run, unsigned int needs, bool write,
		     struct mr_machine *m, struct mr_retlist *list, struct mr_err *err);
void mr_retired_end(struct mr_machine *m, struct mr_retlist *list);

/*
 * What a run records in the list. Pages to retire are added as pending before the first
 * is touched, so that none is forgotten whatever happens; at the end they are settled by
 * their HWPoison flags. The list is locked only at these two moments.
 */
struct mr_retnotes {
	const char *cause;	/* for the list; NULL: forget the pages instead */
	uint64_t wait_ms;	/* for the lock of the list, each time */
	struct mr_note *list;	/* pages that the run acts on, ascending */
	size_t nr;
	uint64_t recorded;	/* pages of the run that are on the list as retired */
	struct mr_err err;	/* why the list could not be updated */
};

/*
 * Puts the @nr pages of @list on the retired list and syncs it. To forget, only checks
 * that the list can be read. -errno with @err set: no page may be touched.
 */
int mr_retnotes_intend(struct mr_retnotes *notes, const struct mr_run *run,
		       const struct mr_machine *m, const struct mr_intent *list, size_t nr,
		       struct mr_err *err);

/*
 * Updates the list: pages that are poisoned now become retired; others that this run
 * added are removed. To forget, removes pages that are not poisoned any more. A failure
 * is reported on stderr and kept in notes->err. Returns MR_EXIT_PART then, else 0.
 */
int mr_retnotes_settle(struct mr_retnotes *notes, const struct mr_run *run,
		       const struct mr_machine *m);

void mr_retnotes_free(struct mr_retnotes *notes);

#endif
