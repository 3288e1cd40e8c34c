/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inspect: from page frame numbers to snapshots of what is there. */
#ifndef MR_LIB_INSPECT_INSPECT_H
#define MR_LIB_INSPECT_INSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/block.h"
#include "backend/hugepool.h"
#include "backend/machine.h"
#include "lib/inspect/blockfacts.h"
#include "lib/inspect/kind.h"

struct mr_snap {
	uint64_t pfn;
	uint64_t flags;			/* /proc/kpageflags */
	uint64_t block;			/* UINT64_MAX: no block interface */
	uint64_t huge_head;		/* hugetlb: its first page, and */
	uint64_t huge_pages;		/* how many there are; else 0 */
	const char *device;		/* device memory: its name in /proc/iomem, or NULL */
	uint32_t kind;			/* enum memras_kind, or MR_KIND_NONE */
	int32_t refcount;		/* -1: not known without the module */
	int32_t mapcount;		/* -1: not known */
	int32_t extra_refs;		/* -1: not known; see struct memras_page */
	int32_t node;			/* -1: not known */
	enum mr_block_state block_state;
	bool poisoned;
	bool held;			/* by a claim or quarantine of the module's */
	bool exact;			/* from the module; else by flags alone */
	char zone[16];			/* "" when it cannot be told */
};

/* What inspecting many pages reads only once; it lives as long as a run does. */
struct mr_inspector {
	const struct mr_machine *m;
	struct mr_block_facts blocks;
	struct mr_hugepool *pools;	/* by size; read when the first hugetlb page is met */
	size_t nr_pools;
	uint64_t pmd_size;		/* bytes that an entry of the second level maps, or 0 */
	bool sizes_read;
};

/* 0; or -errno with @err set when page flags cannot be read at all. */
int mr_inspector_open(struct mr_inspector *ins, const struct mr_machine *m, struct mr_err *err);
void mr_inspector_close(struct mr_inspector *ins);

/* Reads ->pools and ->pmd_size, once; none and 0 where they are not told. */
void mr_inspector_sizes(struct mr_inspector *ins);

/*
 * Looks at the @nr pages @pfns, in any order, now: snaps[i] is of pfns[i]. A pfn
 * without memory is of kind MR_KIND_NONE and no error. Flags and counts are read in
 * runs of neighbours, and the module is asked of MEMRAS_DESCRIBE_MAX pages at once.
 * -ENOMEM, or -errno of reading, with @err set.
 */
int mr_inspect_many(struct mr_inspector *ins, const uint64_t *pfns, size_t nr,
		    struct mr_snap *snaps, struct mr_err *err);

/* One page, by an inspector of its own. */
int mr_inspect(const struct mr_machine *m, uint64_t pfn, struct mr_snap *snap, struct mr_err *err);

static inline bool mr_snap_is_hugetlb(const struct mr_snap *s)
{
	return s->kind == MEMRAS_KIND_HUGETLB || s->kind == MEMRAS_KIND_HUGETLB_FREE;
}

#endif
