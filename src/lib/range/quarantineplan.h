/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans how to quarantine pages or release them. Pure. */
#ifndef MR_LIB_RANGE_QUARANTINEPLAN_H
#define MR_LIB_RANGE_QUARANTINEPLAN_H

#include "lib/range/holds.h"

/* A snapshot of the state before. All sets are normal. */
struct mr_quarantine_snap {
	struct mr_ranges all;		/* the target's pages */
	struct mr_kept kept;		/* those in quarantine */
	struct mr_ranges offline;	/* memory blocks of the target that are offline */
	uint64_t available;		/* bytes that the system can spare */
	unsigned int page_shift;
	bool lasting;			/* a blocker does not go away by waiting */
};

enum mr_quarantine_action {
	MR_QUARANTINE_NOTHING,		/* the state is already so */
	MR_QUARANTINE_REFUSE,		/* plan.err says why */
	MR_QUARANTINE_BLOCKED,		/* has pages that cannot be claimed */
	MR_QUARANTINE_CLAIM,		/* claim plan.want */
	MR_QUARANTINE_RELEASE,		/* release all that is in quarantine */
};

struct mr_quarantine_plan {
	enum mr_quarantine_action action;
	struct mr_ranges want;		/* pages to claim: neither held nor away */
	struct mr_ranges fresh;		/* those of .want that were in no quarantine before */
	struct mr_err err;
};

/* Both plan for the snapshot; messages name @object. Returns 0, or -ENOMEM without a plan. */
int mr_quarantine_plan_add(const struct mr_quarantine_snap *snap, const char *object,
			   struct mr_quarantine_plan *plan);
void mr_quarantine_plan_release(const struct mr_quarantine_snap *snap,
				struct mr_quarantine_plan *plan);

void mr_quarantine_plan_free(struct mr_quarantine_plan *plan);

#endif
