/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hugetlb pages: replaced in their pool, and listed. */
#ifndef MR_LIB_HUGETLB_HUGEPAGE_H
#define MR_LIB_HUGETLB_HUGEPAGE_H

#include "lib/inspect/inspect.h"

/*
 * Replaces the hugepage of @snap on its node, so that its pool keeps its size
 * and the old range becomes ordinary memory: the module claims the range
 * (mm/hugetlb.c, isolate_or_dissolve_huge_page()) and gives it back. One in
 * use is migrated. Needs MEMRAS_FEAT_REPLACE. Ends within @timeout_ms.
 * -ENOMEM: the node has no room for a replacement; -EBUSY: it cannot be moved.
 * Nothing is changed on an error.
 */
int mr_hugepage_replace(const struct mr_machine *m, const struct mr_snap *snap,
			uint64_t timeout_ms, struct mr_err *err);

struct mr_hugepage {
	uint64_t pfn;
	uint64_t phys;		/* bytes */
	uint64_t size;		/* bytes */
	int32_t node;
	bool free;
	bool gigantic;		/* too big for the buddy allocator: cannot be replaced */
	bool poisoned;		/* any page of it */
};

/*
 * Lists the hugepages that have a page in [@pfn, @pfn + @nr), by the flags of
 * each page, into *@list (free() it) and *@count. Holes are stepped over.
 */
int mr_hugepage_list(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
		     struct mr_hugepage **list, size_t *count, struct mr_err *err);

#endif
