/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans how to take a memory block offline or bring it online. Pure. */
#ifndef MR_LIB_BLOCK_BLOCKPLAN_H
#define MR_LIB_BLOCK_BLOCKPLAN_H

#include "lib/block/blocksnap.h"
#include "lib/result.h"

/* The zone that a block is onlined to. */
enum mr_online_zone {
	MR_ONLINE_BACK,		/* the one before, if known */
	MR_ONLINE_AUTO,		/* the kernel decides */
	MR_ONLINE_MOVABLE,
	MR_ONLINE_KERNEL,
};

/* The words of --zone, NULL-terminated, in the order of the enum. */
extern const char *const mr_online_zone_choices[];
enum mr_online_zone mr_online_zone_of(const char *word);

/* The nodes that the pages of a block may move to. */
enum mr_move_to {
	MR_MOVE_DEFAULT,	/* near if possible */
	MR_MOVE_NEAR,	/* the block's own node while it has room */
	MR_MOVE_ANY,		/* other nodes first, as the kernel's offline does */
};

/* The words of --target-node, NULL-terminated; the second converts one of them, or NULL. */
extern const char *const mr_move_to_choices[];
enum mr_move_to mr_move_to_of(const char *word);

enum mr_block_action {
	MR_BLOCK_NOTHING,	/* the state is already so */
	MR_BLOCK_REFUSE,	/* plan.err says why */
	MR_BLOCK_BLOCKED,	/* the block has pages that cannot be moved */
	MR_BLOCK_WRITE,		/* free or nearly free: the kernel takes it offline at once */
	MR_BLOCK_EVACUATE,	/* the module claims plan.want, then the kernel takes it offline */
	MR_BLOCK_KERNEL,	/* the kernel alone migrates the pages */
};

struct mr_block_plan {
	enum mr_block_action action;
	/* Offline: the pages to claim, also if MR_BLOCK_WRITE fails. */
	struct mr_ranges want;
	enum mr_move_to move_to;	/* NEAR or ANY; DEFAULT if there is only one node */
	/* How the pools with hugepages in the block keep their sizes. */
	enum mr_pool_way pool;
	const char *word;	/* to write to its state */
	enum mr_online_zone zone;	/* online: the zone of that word */
	struct mr_err err;
};

/*
 * Plans to take the block of the snapshot offline. @going is the number of bytes that earlier
 * blocks of the same request take away. Returns 0, or -ENOMEM without a plan.
 */
int mr_block_plan_offline(const struct mr_block_snap *snap, enum mr_move_to move_to,
			  uint64_t going, struct mr_block_plan *plan);

/* Plans to bring a block online that is in @state. @last names its zone before, or is NULL. */
void mr_block_plan_online(enum mr_block_state state, enum mr_online_zone zone, const char *last,
			  struct mr_block_plan *plan);

void mr_block_plan_free(struct mr_block_plan *plan);

#endif
