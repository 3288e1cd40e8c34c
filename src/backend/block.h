/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory blocks in sysfs: Documentation/admin-guide/mm/memory-hotplug.rst and
 * drivers/base/memory.c.
 */
#ifndef MR_BACKEND_BLOCK_H
#define MR_BACKEND_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/machine.h"

enum mr_block_state {
	MR_BLOCK_UNKNOWN,
	MR_BLOCK_ONLINE,
	MR_BLOCK_OFFLINE,
	MR_BLOCK_GOING_OFFLINE,
};

#define MR_BLOCK_ZONES 4

/* The attributes of a block to read; each is a file of its own in sysfs. */
#define MR_BLOCK_WANT_STATE	(1U << 0)
#define MR_BLOCK_WANT_REMOVABLE	(1U << 1)
#define MR_BLOCK_WANT_NODE	(1U << 2)
#define MR_BLOCK_WANT_ZONES	(1U << 3)
#define MR_BLOCK_WANT_PERMANENT	(1U << 4)
#define MR_BLOCK_WANT_ALL	(MR_BLOCK_WANT_STATE | MR_BLOCK_WANT_REMOVABLE | \
				 MR_BLOCK_WANT_NODE | MR_BLOCK_WANT_ZONES | \
				 MR_BLOCK_WANT_PERMANENT)

struct mr_block {
	uint64_t id;			/* N of memoryN */
	uint64_t start;			/* physical address, bytes */
	uint64_t size;			/* bytes */
	enum mr_block_state state;
	bool removable;			/* the value of the attribute; no promise */
	bool permanent;			/* known to be boot memory that never goes offline */
	int32_t node;			/* -1 if unknown */
	/*
	 * Online: the zone of the block, or "None" if it spans several. Offline: the zones
	 * that it can go to, the default first. NULL-terminated.
	 */
	const char *zones[MR_BLOCK_ZONES + 1];
};

struct mr_blocks {
	struct mr_block *list;		/* ascending by id */
	size_t nr;
};

const char *mr_block_state_name(enum mr_block_state state);

/* Returns the constant zone name for @word in any case, as in struct mr_block; NULL if unknown. */
const char *mr_block_zone_name(const char *word);
bool mr_block_in_zone(const struct mr_block *block, const char *zone);

/*
 * Lists all blocks with the attributes in @want (MR_BLOCK_WANT_*). The others get the
 * values of unreadable ones: an unknown state, not removable, not permanent, node -1, no
 * zones. -ENODEV with @err set (blames the machine) if the kernel has no memory block
 * interface.
 */
int mr_block_list_of(const struct mr_machine *m, unsigned int want, struct mr_blocks *blocks,
		     struct mr_err *err);

/* As mr_block_list_of(), with all attributes. */
int mr_block_list(const struct mr_machine *m, struct mr_blocks *blocks, struct mr_err *err);
void mr_blocks_free(struct mr_blocks *blocks);

/*
 * Returns 0 if the kernel can offline memory; else -EOPNOTSUPP with @err set. Relies on
 * "removable", which since 5.10 says just this, for every block (drivers/base/memory.c,
 * removable_show()). Reads it of one block, and of the next ones only if it is 0.
 */
int mr_blocks_need_removable(const struct mr_machine *m, const struct mr_blocks *blocks,
			     struct mr_err *err);

/* Reads one block. -ENOENT if there is no such block. */
int mr_block_read(const struct mr_machine *m, uint64_t id, struct mr_block *block);

/*
 * Reads only its state, cheap enough for a check of each page. -ENOENT if there is no
 * such block.
 */
int mr_block_read_state(const struct mr_machine *m, uint64_t id, enum mr_block_state *state);

/*
 * Writes @word ("offline", "online", "online_movable", "online_kernel") to the block's
 * state. The write may take long, for "offline" forever: a signal ends it with -EINTR.
 */
int mr_block_write_state(const struct mr_machine *m, uint64_t id, const char *word);

#endif
