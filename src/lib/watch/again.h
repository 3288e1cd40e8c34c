/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Retires the pages of the list in memory blocks that come online: those of a block that was
 * offline at boot are still pending.
 */
#ifndef MR_LIB_WATCH_AGAIN_H
#define MR_LIB_WATCH_AGAIN_H

#include "backend/uevents.h"
#include "lib/watch/event.h"
#include "lib/watch/policy.h"
#include "lib/watch/record.h"

#define MR_AGAIN_BLOCKS 64

struct mr_again {
	struct mr_machine *m;
	const struct mr_watch_policy *policy;
	const struct mr_watch_hooks *hooks;
	struct mr_recorder *recorder;
	struct mr_founds *found;	/* gets the retired pages that the list had as pending */
	bool no_module;
	struct mr_uevents events;
	uint64_t blocks[MR_AGAIN_BLOCKS];	/* came online, to be looked at */
	size_t nr;
	bool all;			/* more came than that: look at the whole list */
};

/* Hears of blocks from now on, if the policy asks for it; an error is reported. */
void mr_again_open(struct mr_again *a);
void mr_again_close(struct mr_again *a);

/* Deals with the blocks that came online since the last call. */
void mr_again_step(struct mr_again *a);

#endif
