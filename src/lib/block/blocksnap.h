/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A snapshot of a memory block before it goes offline, for plan and report. */
#ifndef MR_LIB_BLOCK_BLOCKSNAP_H
#define MR_LIB_BLOCK_BLOCKSNAP_H

#include "backend/block.h"
#include "lib/hugetlb/hugepage.h"
#include "lib/range/ranges.h"

#define MR_BLOCKSNAP_KINDS (MEMRAS_KIND_MEMMAP + 1)

#define MR_BLOCKSNAP_FEW 1024	/* limit of pages in use of a nearly free block */

struct mr_block_snap {
	uint64_t id;
	struct mr_range all;		/* its PFNs */
	enum mr_block_state state;
	bool permanent;			/* boot memory that never goes offline */
	unsigned int page_shift;
	uint64_t pageblock;		/* in pages */
	bool claims;			/* the module can evacuate the block */
	bool replaces;			/* ... and replace its hugepages */
	bool seen;			/* the fields below could be read; otherwise they are 0 */
	/*
	 * Pages by kind, without poisoned, held and free ones. Pages on per-cpu lists count as
	 * free if the module reports them.
	 */
	uint64_t of_kind[MR_BLOCKSNAP_KINDS];
	/* The module says: at most MR_BLOCKSNAP_FEW pages need migration, and can migrate. */
	bool few;
	uint64_t out_of_use;		/* poisoned, held or missing pages */
	/*
	 * Pages that the kernel's offline skips and that cannot be claimed: a driver's
	 * PageOffline pages and the memmap of the block.
	 */
	struct mr_ranges skipped;
	struct mr_hugepage *hugepages;
	size_t nr_hugepages;
	uint64_t *poison;		/* PFNs, ascending */
	size_t nr_poison;
	bool other_nodes;		/* other nodes have memory */
	uint64_t available;		/* bytes that the system can spare */
};

/*
 * Looks at @block by the module's scan, or by page flags without the module. Leaves out what
 * cannot be read, and without the module also the pages if the plan does not depend on them;
 * @going bytes of other blocks go offline before. Free it by mr_block_snap_free().
 */
void mr_block_snap_take(const struct mr_machine *m, const struct mr_block *block, uint64_t going,
			struct mr_block_snap *snap);
void mr_block_snap_free(struct mr_block_snap *snap);

/* Returns the number of pages that the system loses with the block. */
uint64_t mr_block_snap_resident(const struct mr_block_snap *snap);

#endif
