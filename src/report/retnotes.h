/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The retired list as commands open it, and the pages that a run writes into it. */
#ifndef MR_REPORT_RETNOTES_H
#define MR_REPORT_RETNOTES_H

#include "cli/run.h"
#include "lib/result.h"
#include "lib/retired/list.h"

/*
 * Opens the retired list of @run's state folder; with @write to be saved, which a dry run
 * never does. 0, or -errno with @err set and @list closed.
 */
int mr_retired_open(const struct mr_run *run, const struct mr_machine *m, bool write,
		    struct mr_retlist *list, struct mr_err *err);

/*
 * mr_begin() with @needs, then mr_retired_open(). 0, or -errno with @err set and nothing
 * open; mr_retired_end() closes both.
 */
int mr_retired_begin(const struct mr_run *run, unsigned int needs, bool write,
		     struct mr_machine *m, struct mr_retlist *list, struct mr_err *err);
void mr_retired_end(struct mr_machine *m, struct mr_retlist *list);

/* Pages that a run did something to, to be written into the list at its end. */
struct mr_retnotes {
	struct mr_retlist pages;
	bool lost;		/* there was no memory for one */
};

/* Notes @result's page as retired, unless it is not. */
void mr_retnotes_add(struct mr_retnotes *notes, const struct mr_result *result);

/*
 * Writes them into the list, as of @cause; with @forget takes them out of it. A
 * dry run does neither. Returns @code, or MR_EXIT_PART when that is 0 and the list could not be
 * changed, which is said on stderr. Frees @notes.
 */
int mr_retnotes_record(struct mr_retnotes *notes, const struct mr_run *run,
		       const struct mr_machine *m, const char *cause, bool forget, int code);

#endif
