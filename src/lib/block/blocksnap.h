/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a memory block is before it goes offline: looked at once, for plan and report. */
#ifndef MR_LIB_BLOCK_BLOCKSNAP_H
#define MR_LIB_BLOCK_BLOCKSNAP_H

#include "backend/block.h"
#include "lib/hugetlb/hugepage.h"
#include "lib/range/ranges.h"

#define MR_BLOCKSNAP_KINDS (MEMRAS_KIND_MEMMAP + 1)

#define MR_BLOCKSNAP_FEW 1024	/* pages in use of a block that is nearly free */

struct mr_block_snap {
	uint64_t id;
	struct mr_range all;		/* its page frames */
	enum mr_block_state state;
	unsigned int page_shift;
	uint64_t pageblock;		/* pages of a pageblock */
	bool claims;			/* the module can empty it */
	bool replaces;			/* ... and replace its hugepages */
	bool seen;			/* what follows could be read; else it is 0 */
	/*
	 * Its pages by kind, without poisoned ones, without those that are held, and
	 * without free ones. Pages in per-cpu lists count as free where the module tells
	 * them.
	 */
	uint64_t of_kind[MR_BLOCKSNAP_KINDS];
	/* At most MR_BLOCKSNAP_FEW of them, the module says, may have to be moved, and can be. */
	bool few;
	uint64_t out_of_use;		/* poisoned, held or missing pages */
	/* Pages that the kernel's offlining skips and no claim gets: a driver's PageOffline
	 * pages and the memmap of the block. */
	struct mr_ranges skipped;
	struct mr_hugepage *hugepages;
	size_t nr_hugepages;
	uint64_t *poison;		/* page frames, ascending */
	size_t nr_poison;
	uint64_t available;		/* bytes that the system can do without */
};

/*
 * Looks at @block, by the module's scan where it is there, else by page flags. What
 * cannot be read is left out. Free it by mr_block_snap_free().
 */
void mr_block_snap_take(const struct mr_machine *m, const struct mr_block *block,
			struct mr_block_snap *snap);
void mr_block_snap_free(struct mr_block_snap *snap);

/* Pages that the system loses with the block. */
uint64_t mr_block_snap_resident(const struct mr_block_snap *snap);

#endif
