/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory blocks taken offline and brought back, in bounded time.
 *
 * With the module a block is evacuated first: claimed pageblock by pageblock
 * (mm/page_alloc.c, alloc_contig_range()), which stops at any moment and gives
 * everything back, and the kernel's own offlining then finds nothing to move.
 * Without it a child process writes the state and is signalled at the timeout.
 */
#ifndef MR_LIB_BLOCK_BLOCKSTATE_H
#define MR_LIB_BLOCK_BLOCKSTATE_H

#include "backend/block.h"
#include "lib/inspect/blockers.h"
#include "lib/range/holds.h"
#include "lib/result.h"

/* How far an evacuation is; called after each pageblock, and while the kernel works. */
struct mr_progress {
	uint64_t block;
	uint64_t done;		/* pages claimed or stepped over */
	uint64_t total;		/* pages of the block */
	uint64_t busy;		/* pageblocks that could not be had in this pass */
	const struct mr_blocker *obstacle;	/* the first that is in the way, or NULL */
	bool by_kernel;		/* the state is written: the kernel does the rest */
};
typedef void (*mr_progress_fn)(const struct mr_progress *progress, void *data);

struct mr_block_policy {
	uint64_t timeout_ms;		/* for one block */
	uint64_t retries;		/* offline: passes over it after the first, at most */
	bool dry_run;
	const char *zone;		/* online: "movable", "kernel" or "auto" */
	mr_progress_fn progress;	/* may be NULL */
	void *progress_data;
};

/* A poisoned page of a block that went offline or came back. */
struct mr_block_poison {
	uint64_t pfn;
	uint64_t phys;		/* bytes */
	/*
	 * After offline: "remembered" by the module, or "not-remembered", so that a
	 * kernel that forgets it does. After online: "retired" again, "lost" when
	 * that failed, "kept-offline" when the kernel does not bring the block back.
	 */
	const char *state;
};

struct mr_block_result {
	uint64_t block;
	enum mr_outcome outcome;
	const char *via;		/* "module" or "sysfs"; NULL: nothing was called */
	uint64_t attempts;		/* passes over the block */
	uint64_t elapsed_us;
	uint64_t evacuated_pages;
	uint64_t poisoned_pages;	/* gone round */
	/*
	 * How the pools kept their sizes that have hugepages in the block: "replaced"
	 * by the module, "grown" first, or "shrunk" where they did not; NULL: it has none.
	 */
	const char *pool;
	struct mr_block_poison *poison;	/* its poisoned pages, ascending */
	size_t nr_poison;
	struct mr_quarantine *quarantine;	/* those in it, after it changed its state */
	size_t nr_quarantine;
	struct mr_blockers blockers;
	struct mr_err err;
};

/*
 * Takes @block offline. "Done" means that its state reads offline. On any
 * other outcome the block is online and whole, err says why, and blockers what
 * was in the way; of a dry run without their owners, which are best looked for
 * once for all blocks. Free the result by mr_block_result_free().
 */
void mr_block_offline(const struct mr_machine *m, const struct mr_block *block,
		      const struct mr_block_policy *policy, struct mr_block_result *result);

/*
 * Brings @block back, into the zone that the policy names. Pages that were
 * poisoned when it went offline, and that the module remembers, are poisoned
 * again when this returns, or it failed; so it has if quarantines of the block
 * could not have all of their pages again.
 */
void mr_block_online(struct mr_machine *m, const struct mr_block *block,
		     const struct mr_block_policy *policy, struct mr_block_result *result);

void mr_block_result_free(struct mr_block_result *result);

#endif
