/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be done to put pages into quarantine, or to release them. Pure. */
#ifndef MR_LIB_RANGE_QUARANTINEPLAN_H
#define MR_LIB_RANGE_QUARANTINEPLAN_H

#include "lib/range/holds.h"

/* How things are before it: read once. All sets are normal. */
struct mr_quarantine_snap {
	struct mr_ranges all;		/* the pages that were named */
	struct mr_kept kept;		/* those of them in quarantine */
	struct mr_ranges offline;	/* those of them in memory blocks that are offline */
	uint64_t available;		/* bytes that the system can do without */
	unsigned int page_shift;
	bool lasting;			/* something is in the way that waiting does not remove */
};

enum mr_quarantine_action {
	MR_QUARANTINE_NOTHING,		/* it is so already */
	MR_QUARANTINE_REFUSE,		/* plan.err says why */
	MR_QUARANTINE_BLOCKED,		/* cannot be claimed as it is now */
	MR_QUARANTINE_CLAIM,		/* plan.want */
	MR_QUARANTINE_RELEASE,		/* all that is in quarantine of it */
};

struct mr_quarantine_plan {
	enum mr_quarantine_action action;
	struct mr_ranges want;		/* to be claimed: what is neither held nor away */
	struct mr_ranges fresh;		/* of that, what no quarantine had before */
	struct mr_err err;
};

/* Both plan for the snapshot; messages are about @object. 0, or -ENOMEM without a plan. */
int mr_quarantine_plan_add(const struct mr_quarantine_snap *snap, const char *object,
			   struct mr_quarantine_plan *plan);
void mr_quarantine_plan_release(const struct mr_quarantine_snap *snap,
				struct mr_quarantine_plan *plan);

void mr_quarantine_plan_free(struct mr_quarantine_plan *plan);

#endif
