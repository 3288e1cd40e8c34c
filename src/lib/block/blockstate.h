/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parameters and result of a change of a memory block's state. */
#ifndef MR_LIB_BLOCK_BLOCKSTATE_H
#define MR_LIB_BLOCK_BLOCKSTATE_H

#include "backend/block.h"
#include "lib/block/blockplan.h"
#include "lib/block/zones.h"
#include "lib/inspect/blockers.h"
#include "lib/range/holds.h"
#include "lib/result.h"

/* Progress of an evacuation; reported after each claim and while the kernel works. */
struct mr_progress {
	uint64_t block;
	uint64_t done;		/* pages claimed or skipped */
	uint64_t total;		/* pages of the block */
	uint64_t busy;		/* pageblocks that could not be claimed in this pass */
	const struct mr_blocker *obstacle;	/* the first blocker, or NULL */
	bool by_kernel;		/* the state is being written: the kernel does the rest */
};
typedef void (*mr_progress_fn)(const struct mr_progress *progress, void *data);

struct mr_block_policy {
	uint64_t timeout_ms;		/* for one block */
	uint64_t retries;		/* offline: limit of passes after the first */
	bool dry_run;
	enum mr_move_to move_to;	/* offline */
	uint64_t going;			/* offline, dry run: bytes of the blocks planned before */
	enum mr_online_zone zone;	/* online */
	const struct mr_zones *zones;	/* online: zones before offline, or NULL */
	struct mr_block_writer *writer;	/* of all blocks of a command */
	mr_progress_fn progress;	/* may be NULL */
	void *progress_data;
};

enum mr_block_poison_state {
	/* After offline: does the module remember it? Otherwise kernels before 6.2 forget it. */
	MR_BLOCK_POISON_REMEMBERED,
	MR_BLOCK_POISON_NOT_REMEMBERED,
	/* After online */
	MR_BLOCK_POISON_RETIRED,	/* poisoned again */
	MR_BLOCK_POISON_LOST,		/* could not be poisoned again */
	MR_BLOCK_POISON_KEPT_OFFLINE,	/* the kernel keeps the block offline */
};

/* "remembered", "not-remembered", "retired", "lost", "kept-offline" */
extern const char *const mr_block_poison_names[];

/* A poisoned page of a block that went offline or came online. */
struct mr_block_poison {
	uint64_t pfn;
	uint64_t phys;		/* bytes */
	enum mr_block_poison_state state;
};

struct mr_block_result {
	uint64_t block;
	enum mr_outcome outcome;
	enum mr_via via;		/* MR_VIA_AUTO: none was used */
	uint64_t attempts;		/* passes over the block */
	uint64_t elapsed_us;
	uint64_t evacuated_pages;
	uint64_t poisoned_pages;	/* skipped */
	uint64_t going;			/* dry run: bytes that the system would lose */
	enum mr_move_to move_to;	/* where its pages went; DEFAULT: only one node */
	enum mr_pool_way pool;		/* how the pools of its hugepages kept their sizes */
	struct mr_block_poison *poison;	/* poisoned pages of the block, ascending */
	size_t nr_poison;
	struct mr_quarantine *quarantine;	/* those in the block after the change */
	size_t nr_quarantine;
	struct mr_blockers blockers;
	struct mr_err err;
};

/* Adds a poisoned page; the caller adds in ascending order. Returns 0 or -ENOMEM. */
int mr_block_result_add_poison(struct mr_block_result *result, const struct mr_machine *m,
			       uint64_t pfn, enum mr_block_poison_state state);

/* Fills in the quarantines of @block. */
void mr_block_result_see_quarantine(struct mr_block_result *result, const struct mr_machine *m,
				    const struct mr_block *block);

void mr_block_result_free(struct mr_block_result *result);

#endif
