/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists the pages in quarantine: for users, and as sets. */
#ifndef MR_LIB_RANGE_HOLDS_H
#define MR_LIB_RANGE_HOLDS_H

#include "backend/machine.h"
#include "lib/range/ranges.h"

enum mr_hold_state {
	MR_HOLD_HELD,
	MR_HOLD_AWAY,	/* the block is offline; claimed again when it comes online */
	MR_HOLD_LOST,	/* the block came online, and the pages are in use */
};
#define MR_HOLD_STATES 3

/* "held", "away", "lost" */
extern const char *const mr_hold_state_names[MR_HOLD_STATES];

/* Adjacent pages that were quarantined at the same time. */
struct mr_quarantine {
	uint64_t pfn;
	uint64_t phys;		/* bytes */
	uint64_t pages;
	uint64_t held;		/* pages: all of them, or 0 if away or lost */
	int32_t node;		/* -1 if unknown */
	enum mr_hold_state state;
	char since[24];		/* ISO 8601, UTC */
};

/*
 * Lists the quarantines in @pages pages from @pfn on, ascending: all of them (0 and
 * UINT64_MAX), or those in whole memory blocks. The result is in *@list, to be freed by free(),
 * and *@nr; empty if the module is not loaded. Returns 0, or -errno with @err set.
 */
int mr_quarantine_list(const struct mr_machine *m, uint64_t pfn, uint64_t pages,
		       struct mr_quarantine **list, size_t *nr, struct mr_err *err);

/* Pages in quarantine, by state. */
struct mr_kept {
	struct mr_ranges of[MR_HOLD_STATES];
};

/*
 * Finds the pages of @all, which is normal, that are in quarantine; none if the module is not
 * loaded. Returns 0 or -errno. Free @kept by mr_kept_free() in any case.
 */
int mr_kept_read(const struct mr_machine *m, const struct mr_ranges *all, struct mr_kept *kept);
void mr_kept_free(struct mr_kept *kept);

#endif
