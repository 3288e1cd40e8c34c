/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blockers: the pages that prevent a range from being emptied, and why. */
#ifndef MR_LIB_INSPECT_BLOCKERS_H
#define MR_LIB_INSPECT_BLOCKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/inspect/owners.h"

/* A run of pages that are blockers for the same reason. */
struct mr_blocker {
	uint64_t pfn;
	uint64_t pages;
	uint32_t kind;
	const char *kind_name;
	const char *reason;	/* a constant */
	bool lasting;		/* will not go away by waiting */
	const struct mr_owner *owners;	/* processes that map its pages, in mr_blockers.owners */
	size_t nr_owners;
	char *cgroup;		/* cgroup of the first page, or NULL */
};

struct mr_blockers {
	struct mr_blocker *list;
	size_t nr;
	uint64_t pages;		/* all blocking pages, including those not listed */
	bool lasting;		/* at least one is */
	bool around;		/* not in the range itself, but elsewhere in its pageblocks */
	struct mr_owners owners;	/* filled in by mr_blockers_find_owners() */
};

#define MR_BLOCKERS_MAX 64	/* limit of listed runs */

/* True if pages of @kind (MEMRAS_KIND_*) do not go away by waiting. */
bool mr_blocker_lasting(uint32_t kind);

/* Returns why the page that the module described is a blocker; NULL if it is not. */
const char *mr_blocker_reason(const struct memras_page *page);

/*
 * Adds the blockers in [@pfn, @pfn + @nr) to @out: by the module's description if it is loaded,
 * which alone can tell a pinned page, otherwise by page flags. Free, movable, poisoned and held
 * pages are not blockers. Returns 0, or -errno with @err set.
 */
int mr_blockers_find(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
		     struct mr_blockers *out, struct mr_err *err);

/* The same, but only lasting blockers, which the kinds of the pages tell. */
int mr_blockers_find_lasting(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
			     struct mr_blockers *out, struct mr_err *err);

/*
 * Adds those of the whole pageblocks of [@pfn, @pfn + @nr), if they are larger than it. The
 * kernel isolates whole pageblocks (mm/page_isolation.c, isolate_single_pageblock()), so what is
 * elsewhere in them may make a range busy that has no blocker itself. Returns as
 * mr_blockers_find(), and sets @out->around if there are any.
 */
int mr_blockers_find_around(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
			    struct mr_blockers *out, struct mr_err *err);

/*
 * Finds the processes that map the blockers of the @nr @lists, which cover different ranges,
 * and the cgroups that these are charged to. Searches for all lists at once, because the search
 * takes seconds on a machine with many processes; unknown owners are left out. The lists must
 * be complete.
 */
void mr_blockers_find_owners(const struct mr_machine *m, struct mr_blockers *const *lists,
			     size_t nr);

/*
 * Sets @err to a summary of the blockers @b, of which there must be at least one: the number of
 * pages, the first page, its reason, and its owners if known.
 */
int mr_blockers_explain(const struct mr_blockers *b, int rc, const char *object,
			struct mr_err *err);

void mr_blockers_free(struct mr_blockers *b);

#endif
