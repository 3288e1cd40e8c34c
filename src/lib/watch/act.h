/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Retires pages that have had too many corrected errors. */
#ifndef MR_LIB_WATCH_ACT_H
#define MR_LIB_WATCH_ACT_H

#include "lib/watch/event.h"
#include "lib/watch/policy.h"
#include "lib/watch/record.h"

struct mr_actor {
	struct mr_machine *m;
	const struct mr_watch_policy *policy;
	const struct mr_watch_hooks *hooks;
	struct mr_recorder *recorder;
	struct mr_founds *found;	/* gets the retired pages, to be recorded */
	bool no_module;
	struct mr_errdimms dimms;
	struct mr_errpages errors;
	uint64_t heard;			/* corrected errors in all */
	uint64_t save_after_us, try_after_us;
	int save_rc, try_rc;		/* of the last tries: a repeated error is not reported */
};

/* Reads the counts of an earlier watch, if the policy counts errors. */
void mr_actor_open(struct mr_actor *a);
void mr_actor_close(struct mr_actor *a);

/* Counts @count corrected errors at the address @addr, of the DIMM @label ("" if unknown). */
void mr_actor_hear(struct mr_actor *a, uint64_t addr, uint64_t count, const char *label);

/* Returns the label of the DIMM that the errors of a page came from, or "". */
const char *mr_actor_label(const struct mr_actor *a, uint64_t pfn);

/*
 * Retires some of the pages that are due, after putting each on the list as pending. A dry
 * run reports them as planned. True if more pages are due.
 */
bool mr_actor_step(struct mr_actor *a);

/* Saves the counts for the next watch: at once with @now, else once a second at most. */
void mr_actor_save(struct mr_actor *a, bool now);

#endif
