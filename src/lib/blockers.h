/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages keep a range from being emptied, and why. */
#ifndef MR_LIB_BLOCKERS_H
#define MR_LIB_BLOCKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/machine.h"

/* Neighbouring pages that are in the way for the same reason. */
struct mr_blocker {
	uint64_t pfn;
	uint64_t pages;
	uint32_t kind;
	const char *kind_name;
	const char *reason;	/* a constant */
	bool lasting;		/* it will not go away by waiting */
};

struct mr_blockers {
	struct mr_blocker *list;
	size_t nr;
	uint64_t pages;		/* in all, also those beyond the bound */
	bool lasting;		/* one of them is */
};

#define MR_BLOCKERS_MAX 64	/* runs that are listed */

/*
 * Adds what is in the way in [@pfn, @pfn + @nr) to @out, by the module's
 * description where it is there (which alone can tell a pinned page), else by
 * page flags. Free, movable, poisoned and held pages are not in the way.
 */
int mr_blockers_find(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
		     struct mr_blockers *out, struct mr_err *err);

void mr_blockers_free(struct mr_blockers *b);

#endif
