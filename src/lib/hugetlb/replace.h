/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces hugepages in their pools: a single one, or those of a plan. */
#ifndef MR_LIB_HUGETLB_REPLACE_H
#define MR_LIB_HUGETLB_REPLACE_H

#include "lib/hugetlb/replaceplan.h"

/*
 * Replaces the hugepage of @pages pages at @pfn on @node: its pool keeps its size, and the old
 * range becomes ordinary memory. The module claims the range (mm/hugetlb.c,
 * isolate_or_dissolve_huge_page()) and releases it. A hugepage in use is migrated. Needs
 * MEMRAS_FEAT_REPLACE. Retries a busy hugepage for @timeout_ms.
 *
 * Returns 0; -ENOMEM if the node has no room for a replacement, -EBUSY if the hugepage cannot
 * be moved, -EHWPOISON, or -EINTR, with nothing changed; -EIO if the pool or the range reads
 * back wrong.
 */
int mr_hugepage_replace(const struct mr_machine *m, uint64_t pfn, uint64_t pages, int32_t node,
			uint64_t timeout_ms, struct mr_err *err);

/* Callbacks of a run. */
struct mr_replace_hooks {
	/* Called for each finished item; @result is only valid during the call. */
	void (*settled)(const struct mr_result *result, void *data);
	void (*tick)(uint64_t done, uint64_t total, const char *waiting_for, void *data);
	void *data;
};

/* Reports the plan for each item of @snap, for a dry run. */
void mr_replace_show(const struct mr_replace_snap *snap, const struct mr_replace_hooks *hooks);

/*
 * Carries out the plan, one item after the other, and reads each back. Retries busy hugepages
 * in turns, with back-off, for @timeout_ms. A signal ends the run between two tries; items not
 * reached get no result.
 */
void mr_replace_apply(const struct mr_machine *m, struct mr_replace_snap *snap,
		      uint64_t timeout_ms, const struct mr_replace_hooks *hooks);

#endif
