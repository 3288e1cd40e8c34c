/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What quarantines have: listed for people, and as sets of pages. */
#ifndef MR_LIB_RANGE_HOLDS_H
#define MR_LIB_RANGE_HOLDS_H

#include "backend/machine.h"
#include "lib/range/ranges.h"

enum mr_hold_state {
	MR_HOLD_HELD,
	MR_HOLD_AWAY,	/* its block is offline, and it is claimed again with that */
	MR_HOLD_LOST,	/* its block came back, and others have the pages */
};
#define MR_HOLD_STATES 3

/* "held", "away", "lost" */
extern const char *const mr_hold_state_names[MR_HOLD_STATES];

/* Neighbouring pages that were put aside at the same moment. */
struct mr_quarantine {
	uint64_t pfn;
	uint64_t phys;		/* bytes */
	uint64_t pages;
	uint64_t held;		/* pages: all of them, or 0 when away or lost */
	int32_t node;		/* -1: not known */
	enum mr_hold_state state;
	char since[24];		/* ISO 8601, UTC */
};

/*
 * The quarantines in @pages pages from @pfn on, which are all (0 and UINT64_MAX) or
 * whole memory blocks, ascending, into *@list (free() it) and *@nr: none where
 * the module is not loaded. -errno with @err set when they cannot be told.
 */
int mr_quarantine_list(const struct mr_machine *m, uint64_t pfn, uint64_t pages,
		       struct mr_quarantine **list, size_t *nr, struct mr_err *err);

/* Pages in quarantine, by state. */
struct mr_kept {
	struct mr_ranges of[MR_HOLD_STATES];
};

/*
 * Which pages of @all, which is normal, are in quarantine; none where the module is not
 * loaded. 0 or -errno. To be freed by mr_kept_free(), also on an error.
 */
int mr_kept_read(const struct mr_machine *m, const struct mr_ranges *all, struct mr_kept *kept);
void mr_kept_free(struct mr_kept *kept);

#endif
