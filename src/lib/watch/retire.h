/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a watch retires a page by itself: softly, within a second and within its budget. */
#ifndef MR_LIB_WATCH_RETIRE_H
#define MR_LIB_WATCH_RETIRE_H

#include "lib/page/retire.h"
#include "lib/watch/policy.h"

/*
 * True if the budget of @policy has room for one more page; else @err is set for the page @pfn.
 * @why is what would have it retired: "had 2 corrected errors".
 */
bool mr_watch_may_retire(const struct mr_machine *m, const struct mr_watch_policy *policy,
			 uint64_t pfn, const char *why, struct mr_err *err);

/* Soft offlines the page @pfn, or with @dry_run finds out what would be done; see mr_retire_page(). */
void mr_watch_retire(struct mr_machine *m, uint64_t pfn, bool no_module, bool dry_run,
		     struct mr_result *result);

#endif
