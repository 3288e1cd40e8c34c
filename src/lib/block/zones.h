/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The zones that memory blocks were in when last seen online, kept in /run/memras/zones as
 * lines of "BLOCK ZONE" or "FIRST-LAST ZONE". The kernel forgets the zone of an offline block.
 * It may online a former Movable block to Normal, where the next kernel allocation can keep it
 * online forever.
 */
#ifndef MR_LIB_BLOCK_ZONES_H
#define MR_LIB_BLOCK_ZONES_H

#include "backend/block.h"

struct mr_zone_run {
	uint64_t first, last;	/* block numbers */
	const char *zone;	/* as in struct mr_block; a constant */
};

struct mr_zones {
	struct mr_zone_run *list;	/* ascending */
	size_t nr, room;
};

/* Reads the file; what cannot be read is left out. Free @zones in any case. */
void mr_zones_read(const struct mr_machine *m, struct mr_zones *zones);

/* Returns the zone that block @id was in, or NULL. */
const char *mr_zones_last(const struct mr_zones *zones, uint64_t id);

/*
 * Records the zones of all online blocks, and keeps the recorded zones of the others. Replaces
 * the file as a whole, readable by root only. Returns 0 or -errno.
 */
int mr_zones_remember(const struct mr_machine *m, const struct mr_blocks *blocks);

/* Computes what mr_zones_remember() writes: @before updated with @blocks. Pure. */
int mr_zones_update(const struct mr_zones *before, const struct mr_blocks *blocks,
		    struct mr_zones *now);

void mr_zones_free(struct mr_zones *zones);

#endif
