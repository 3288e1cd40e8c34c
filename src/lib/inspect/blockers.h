/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages keep a range from being emptied, and why. */
#ifndef MR_LIB_INSPECT_BLOCKERS_H
#define MR_LIB_INSPECT_BLOCKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/inspect/owners.h"

/* Neighbouring pages that are in the way for the same reason. */
struct mr_blocker {
	uint64_t pfn;
	uint64_t pages;
	uint32_t kind;
	const char *kind_name;
	const char *reason;	/* a constant */
	bool lasting;		/* it will not go away by waiting */
	const struct mr_owner *owners;	/* who maps any of them, in mr_blockers.owners */
	size_t nr_owners;
	char *cgroup;		/* what the first page is charged to, or NULL */
};

struct mr_blockers {
	struct mr_blocker *list;
	size_t nr;
	uint64_t pages;		/* in all, also those beyond the bound */
	bool lasting;		/* one of them is */
	struct mr_owners owners;	/* by mr_blockers_find_owners() */
};

#define MR_BLOCKERS_MAX 64	/* runs that are listed */

/* Whether waiting does not remove pages of @kind (MEMRAS_KIND_*). */
bool mr_blocker_lasting(uint32_t kind);

/* Why the page that the module described is in the way; NULL: it is not. */
const char *mr_blocker_reason(const struct memras_page *page);

/*
 * Adds what is in the way in [@pfn, @pfn + @nr) to @out, by the module's
 * description where it is there (which alone can tell a pinned page), else by
 * page flags. Free, movable, poisoned and held pages are not in the way.
 */
int mr_blockers_find(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
		     struct mr_blockers *out, struct mr_err *err);

/* The same, but only what waiting does not remove: by a look at their kinds alone. */
int mr_blockers_find_lasting(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
			     struct mr_blockers *out, struct mr_err *err);

/*
 * Finds who maps the pages that are in the @nr @lists, which are of different
 * ranges, and what they are charged to. All are looked for at once, as that is a
 * matter of seconds where there are many processes; what cannot be found out is
 * left out. To be called when the lists are complete.
 */
void mr_blockers_find_owners(const struct mr_machine *m, struct mr_blockers *const *lists,
			     size_t nr);

/*
 * Says in @err that @b, which is not empty, is in the way: how many pages, the
 * first, why, and who maps it where that is known.
 */
int mr_blockers_explain(const struct mr_blockers *b, int rc, const char *object,
			struct mr_err *err);

void mr_blockers_free(struct mr_blockers *b);

#endif
