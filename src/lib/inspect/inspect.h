/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inspect: takes snapshots of pages. */
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
	uint64_t block;			/* UINT64_MAX without a block interface */
	uint64_t huge_head;		/* hugetlb: its first page, */
	uint64_t huge_pages;		/* and its number of pages; otherwise 0 */
	const char *device;		/* device memory: its name in /proc/iomem, or NULL */
	uint32_t kind;			/* enum memras_kind, or MR_KIND_NONE */
	int32_t refcount;		/* -1 if unknown (without the module) */
	int32_t mapcount;		/* -1 if unknown */
	int32_t extra_refs;		/* -1 if unknown; see struct memras_page */
	int32_t node;			/* -1 if unknown */
	enum mr_block_state block_state;
	bool poisoned;
	bool held;			/* claimed or held by the module */
	bool exact;			/* from the module; otherwise from page flags */
	char zone[16];			/* "" if unknown */
};

/* Data that many inspections of a run share. */
struct mr_inspector {
	const struct mr_machine *m;
	struct mr_block_facts blocks;
	struct mr_hugepool *pools;	/* by size; read for the first hugetlb page */
	size_t nr_pools;
	uint64_t pmd_size;		/* bytes that a PMD maps, or 0 */
	bool sizes_read;
};

/* Returns 0, or -errno with @err set if page flags cannot be read. */
int mr_inspector_open(struct mr_inspector *ins, const struct mr_machine *m, struct mr_err *err);
void mr_inspector_close(struct mr_inspector *ins);

/* Reads ->pools and ->pmd_size, once. They are empty and 0 if unknown. */
void mr_inspector_sizes(struct mr_inspector *ins);

/*
 * Inspects the @nr pages @pfns, in any order: snaps[i] is for pfns[i]. A PFN without memory has
 * kind MR_KIND_NONE, and is not an error. Flags and counts are read in runs of adjacent pages,
 * and the module describes MEMRAS_DESCRIBE_MAX pages per call. Returns 0, or -ENOMEM or the
 * -errno of a read with @err set.
 */
int mr_inspect_many(struct mr_inspector *ins, const uint64_t *pfns, size_t nr,
		    struct mr_snap *snaps, struct mr_err *err);

/* Inspects one page, with its own inspector. */
int mr_inspect(const struct mr_machine *m, uint64_t pfn, struct mr_snap *snap, struct mr_err *err);

static inline bool mr_snap_is_hugetlb(const struct mr_snap *s)
{
	return s->kind == MEMRAS_KIND_HUGETLB || s->kind == MEMRAS_KIND_HUGETLB_FREE;
}

#endif
