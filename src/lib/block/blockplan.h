/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be done to take a memory block offline, or to bring it back. Pure. */
#ifndef MR_LIB_BLOCK_BLOCKPLAN_H
#define MR_LIB_BLOCK_BLOCKPLAN_H

#include "lib/block/blocksnap.h"
#include "lib/result.h"

/* The zone that a block is brought online to. */
enum mr_online_zone {
	MR_ONLINE_BACK,		/* the one that it was in, as far as that is known */
	MR_ONLINE_AUTO,		/* left to the kernel */
	MR_ONLINE_MOVABLE,
	MR_ONLINE_KERNEL,
};

/* The words of --zone, NULL-terminated, in the order of the enum; and back from one of them. */
extern const char *const mr_online_zone_choices[];
enum mr_online_zone mr_online_zone_of(const char *word);

enum mr_block_action {
	MR_BLOCK_NOTHING,	/* it is so already */
	MR_BLOCK_REFUSE,	/* plan.err says why */
	MR_BLOCK_BLOCKED,	/* it cannot go as it is now: something in it cannot be moved */
	MR_BLOCK_WRITE,		/* free, or nearly: the kernel does it at once */
	MR_BLOCK_EVACUATE,	/* the module claims plan.want, then the kernel does it */
	MR_BLOCK_KERNEL,	/* the kernel alone moves what is in it */
};

struct mr_block_plan {
	enum mr_block_action action;
	/* Offline: the pages to claim, also should MR_BLOCK_WRITE not do. */
	struct mr_ranges want;
	/* How the pools with hugepages in the block keep their sizes. */
	enum mr_pool_way pool;
	const char *word;	/* to be written to its state */
	enum mr_online_zone zone;	/* online: what the word asks for */
	struct mr_err err;
};

/*
 * Plans to take the block of the snapshot offline, of a request whose other blocks
 * take @going bytes before. 0, or -ENOMEM without a plan.
 */
int mr_block_plan_offline(const struct mr_block_snap *snap, uint64_t going,
			  struct mr_block_plan *plan);

/* Plans to bring a block online that is in @state, and was in @last, a zone's name or NULL. */
void mr_block_plan_online(enum mr_block_state state, enum mr_online_zone zone, const char *last,
			  struct mr_block_plan *plan);

void mr_block_plan_free(struct mr_block_plan *plan);

#endif
