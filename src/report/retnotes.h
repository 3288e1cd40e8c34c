/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The retired list as commands open it, and the pages that a run writes into it. */
#ifndef MR_REPORT_RETNOTES_H
#define MR_REPORT_RETNOTES_H

#include "cli/run.h"
#include "lib/page/batch.h"
#include "lib/retired/list.h"

/*
 * Opens the retired list of @run's state folder; with @write to be saved, which a dry run
 * never does: another memras that is changing it is waited for @wait_ms. 0, or -errno with
 * @err set and @list closed.
 */
int mr_retired_open(const struct mr_run *run, const struct mr_machine *m, bool write,
		    uint64_t wait_ms, struct mr_retlist *list, struct mr_err *err);

/*
 * mr_begin() with @needs, then mr_retired_open(). 0, or -errno with @err set and nothing
 * open; mr_retired_end() closes both.
 */
int mr_retired_begin(const struct mr_run *run, unsigned int needs, bool write,
		     struct mr_machine *m, struct mr_retlist *list, struct mr_err *err);
void mr_retired_end(struct mr_machine *m, struct mr_retlist *list);

/*
 * What a run writes into the list. Pages that it is about to retire are on the list as
 * pending before the first is touched, so that nothing that happens on the way is
 * forgotten; at its end they are settled by their HWPoison flags. The lock of the list
 * is held for these two moments only.
 */
struct mr_retnotes {
	const char *cause;	/* for the list; NULL: the pages are forgotten, not recorded */
	uint64_t wait_ms;	/* for the lock of the list, at each of the two */
	struct mr_note *list;	/* pages that the run tries, ascending */
	size_t nr;
	uint64_t recorded;	/* how many of them are on the list as retired now */
	struct mr_err err;	/* why the list could not be brought up to date */
};

/*
 * Puts the @nr pages of @list on the retired list, and makes that last. To forget, only
 * checks that the list can be read. -errno with @err set: nothing may be touched then.
 */
int mr_retnotes_intend(struct mr_retnotes *notes, const struct mr_run *run,
		       const struct mr_machine *m, const struct mr_intent *list, size_t nr,
		       struct mr_err *err);

/*
 * Brings the list up to date: retired are those that are poisoned now; what is not, and
 * was put there by this run, is taken off again. To forget, takes off what is poisoned no
 * more. A failure is reported on stderr and kept in notes->err; MR_EXIT_PART then, else 0.
 */
int mr_retnotes_settle(struct mr_retnotes *notes, const struct mr_run *run,
		       const struct mr_machine *m);

void mr_retnotes_free(struct mr_retnotes *notes);

#endif
