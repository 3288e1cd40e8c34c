/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inspect: from a page frame number to a snapshot of what is there. */
#ifndef MR_LIB_INSPECT_INSPECT_H
#define MR_LIB_INSPECT_INSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/block.h"
#include "backend/machine.h"
#include "lib/inspect/kind.h"

struct mr_snap {
	uint64_t pfn;
	uint32_t kind;			/* enum memras_kind, or MR_KIND_NONE */
	uint64_t flags;			/* /proc/kpageflags */
	bool poisoned;
	bool held;			/* by a claim or quarantine of the module's */
	bool exact;			/* the module told; else by flags alone */
	int32_t refcount;		/* -1: not known without the module */
	int32_t mapcount;		/* -1: not known */
	int32_t extra_refs;		/* -1: not known; see struct memras_page */
	int32_t node;			/* -1: not known */
	uint64_t block;			/* UINT64_MAX: no block interface */
	enum mr_block_state block_state;
	uint64_t huge_head;		/* hugetlb: its first page, and */
	uint64_t huge_pages;		/* how many there are; else 0 */
	char zone[16];			/* "" when it cannot be told */
	char device[64];		/* device memory: whose, as /proc/iomem names it, or "" */
};

/*
 * Looks at @pfn now. 0 also for a pfn without memory (kind MR_KIND_NONE);
 * -errno with @err set when page flags cannot be read at all.
 */
int mr_inspect(const struct mr_machine *m, uint64_t pfn, struct mr_snap *snap, struct mr_err *err);

static inline bool mr_snap_is_hugetlb(const struct mr_snap *s)
{
	return s->kind == MEMRAS_KIND_HUGETLB || s->kind == MEMRAS_KIND_HUGETLB_FREE;
}

#endif
