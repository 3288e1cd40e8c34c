/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The zones that memory blocks were in when they were last seen online, in
 * /run/memras/zones: lines of "BLOCK ZONE" or "FIRST-LAST ZONE". The kernel forgets the
 * zone of a block that is offline, and may bring one of Movable back into Normal, where
 * the next allocation keeps it for good.
 */
#ifndef MR_LIB_BLOCK_ZONES_H
#define MR_LIB_BLOCK_ZONES_H

#include "backend/block.h"

struct mr_zone_run {
	uint64_t first, last;	/* numbers of blocks */
	const char *zone;	/* as in struct mr_block; a constant */
};

struct mr_zones {
	struct mr_zone_run *list;	/* ascending */
	size_t nr, room;
};

/* What is remembered; what cannot be read is not. To be freed in any case. */
void mr_zones_read(const struct mr_machine *m, struct mr_zones *zones);

/* The zone that block @id was in, or NULL. */
const char *mr_zones_last(const struct mr_zones *zones, uint64_t id);

/*
 * Remembers the zones of the blocks that are online now; of the others what is known
 * stays. The file is replaced as a whole, and is for root alone. 0 or -errno.
 */
int mr_zones_remember(const struct mr_machine *m, const struct mr_blocks *blocks);

/* What mr_zones_remember() writes: @now is @before, brought up to date by @blocks. Pure. */
int mr_zones_update(const struct mr_zones *before, const struct mr_blocks *blocks,
		    struct mr_zones *now);

void mr_zones_free(struct mr_zones *zones);

#endif
