/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Apply: tries a planned step once for one page. */
#ifndef MR_LIB_PAGE_APPLY_H
#define MR_LIB_PAGE_APPLY_H

#include "lib/page/plan.h"
#include "lib/target/resolve.h"

/* Files that stay open between pages. */
struct mr_applier {
	struct mr_machine *m;
	int soft, hard;		/* attributes; -1 until needed */
};

void mr_applier_open(struct mr_applier *applier, struct mr_machine *m);
void mr_applier_close(struct mr_applier *applier);

/*
 * Applies @step to the page of @snap, found at @spot. Returns 0 if nothing failed, which does
 * not mean success: the caller reads the flag back. Otherwise -errno with @err set.
 */
int mr_apply(struct mr_applier *applier, const struct mr_snap *snap, const struct mr_step *step,
	     const struct mr_spot *spot, const struct mr_offline_policy *policy,
	     struct mr_err *err);

/* The same for a step that unpoisons. */
int mr_apply_unpoison(struct mr_applier *applier, const struct mr_snap *snap,
		      const struct mr_step *step, struct mr_err *err);

#endif
