/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Apply: one try at one page, by the step that was planned for it. */
#ifndef MR_LIB_PAGE_APPLY_H
#define MR_LIB_PAGE_APPLY_H

#include "lib/page/plan.h"
#include "lib/target/resolve.h"

/* What stays open from one page to the next. */
struct mr_applier {
	struct mr_machine *m;
	int soft, hard;		/* attributes, -1 until they are needed */
};

void mr_applier_open(struct mr_applier *applier, struct mr_machine *m);
void mr_applier_close(struct mr_applier *applier);

/*
 * Does what @step says to the page of @snap, found at @spot. 0 says only that nothing
 * failed: the caller reads the flag back. Else -errno with @err set.
 */
int mr_apply(struct mr_applier *applier, const struct mr_snap *snap, const struct mr_step *step,
	     const struct mr_spot *spot, const struct mr_offline_policy *policy,
	     struct mr_err *err);

/* The same for a step that takes poison away. */
int mr_apply_unpoison(struct mr_applier *applier, const struct mr_snap *snap,
		      const struct mr_step *step, struct mr_err *err);

#endif
