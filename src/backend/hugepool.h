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
	uint64_t reserved;	/* promised, not yet faulted; per system, UINT64_MAX per node */
};

/* 0 when the kernel has hugetlb; else -EOPNOTSUPP with @err set. */
int mr_hugepool_need(const struct mr_machine *m, struct mr_err *err);

/* Every pool, by size and then node. -ENOENT: the kernel has no hugetlb. */
int mr_hugepool_list(const struct mr_machine *m, struct mr_hugepool **pools, size_t *nr);

/* The system's totals, one for each size, which alone tell reservations. */
int mr_hugepool_totals(const struct mr_machine *m, struct mr_hugepool **totals, size_t *nr);

/* One pool anew; @node -1 for the system's. */
int mr_hugepool_read(const struct mr_machine *m, uint64_t size, int32_t node,
		     struct mr_hugepool *pool);

/*
 * Sets the number of persistent hugepages of a pool, and reads back how many
 * there are: *@got. 0 even when the kernel could not make them all.
 */
int mr_hugepool_resize(const struct mr_machine *m, uint64_t size, int32_t node, uint64_t wanted,
		       uint64_t *got);

#endif
