/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hugetlb pools by size and node: Documentation/admin-guide/mm/hugetlbpage.rst.
 */
#ifndef MR_BACKEND_HUGEPOOL_H
#define MR_BACKEND_HUGEPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "backend/machine.h"

struct mr_hugepool {
	uint64_t size;		/* bytes of one hugepage */
	int32_t node;		/* -1: the kernel has no per-node pools */
	uint64_t total;		/* hugepages, surplus ones included */
	uint64_t free;
	uint64_t surplus;
	uint64_t reserved;	/* reserved, not yet faulted in; UINT64_MAX for a node */
};

/* Returns 0 if the kernel has hugetlb; else -EOPNOTSUPP with @err set. */
int mr_hugepool_need(const struct mr_machine *m, struct mr_err *err);

/* Lists all pools, by size and then node. -ENOENT if the kernel has no hugetlb. */
int mr_hugepool_list(const struct mr_machine *m, struct mr_hugepool **pools, size_t *nr);

/* Lists the system's totals, one for each size; only they have reservations. */
int mr_hugepool_totals(const struct mr_machine *m, struct mr_hugepool **totals, size_t *nr);

/* Reads one pool; @node -1 for the system's. */
int mr_hugepool_read(const struct mr_machine *m, uint64_t size, int32_t node,
		     struct mr_hugepool *pool);

/*
 * Sets the number of persistent hugepages of a pool and reads it back into *@got. Returns
 * 0 even if the kernel could not allocate all.
 */
int mr_hugepool_resize(const struct mr_machine *m, uint64_t size, int32_t node, uint64_t wanted,
		       uint64_t *got);

#endif
