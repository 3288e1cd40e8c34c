/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hugepages replaced in their pools: one, and those of a plan. */
#ifndef MR_LIB_HUGETLB_REPLACE_H
#define MR_LIB_HUGETLB_REPLACE_H

#include "lib/hugetlb/replaceplan.h"

/*
 * Replaces the hugepage of @pages pages at @pfn on its @node, so that its pool keeps its
 * size and the old range becomes ordinary memory: the module claims the range
 * (mm/hugetlb.c, isolate_or_dissolve_huge_page()) and gives it back. One in use is
 * migrated. Needs MEMRAS_FEAT_REPLACE. What is busy is tried again for @timeout_ms.
 * -ENOMEM: the node has no room for a replacement; -EBUSY: it cannot be moved;
 * -EHWPOISON; -EINTR: nothing is changed then. -EIO: the pool or the range is not as it
 * should be, which is read back.
 */
int mr_hugepage_replace(const struct mr_machine *m, uint64_t pfn, uint64_t pages, int32_t node,
			uint64_t timeout_ms, struct mr_err *err);

/* What the caller of a run hears of it. */
struct mr_replace_hooks {
	/* Called for each item that is settled; the result is the caller's. */
	void (*settled)(const struct mr_result *result, void *data);
	void (*tick)(uint64_t done, uint64_t total, const char *waiting_for, void *data);
	void *data;
};

/* Tells what is planned for each item of @snap, for a dry run. */
void mr_replace_show(const struct mr_replace_snap *snap, const struct mr_replace_hooks *hooks);

/*
 * Does what is planned, one after the other, each read back; what is busy is tried again,
 * all in turns with back-off, for @timeout_ms. A signal ends it between two tries, and
 * what was not reached has no result.
 */
void mr_replace_apply(const struct mr_machine *m, struct mr_replace_snap *snap,
		      uint64_t timeout_ms, const struct mr_replace_hooks *hooks);

#endif
