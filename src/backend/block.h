/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory blocks, by sysfs: Documentation/admin-guide/mm/memory-hotplug.rst and
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

/* What to read of a block: each is a file of its own, in sysfs. */
#define MR_BLOCK_WANT_STATE	(1U << 0)
#define MR_BLOCK_WANT_REMOVABLE	(1U << 1)
#define MR_BLOCK_WANT_NODE	(1U << 2)
#define MR_BLOCK_WANT_ZONES	(1U << 3)
#define MR_BLOCK_WANT_ALL	(MR_BLOCK_WANT_STATE | MR_BLOCK_WANT_REMOVABLE | \
				 MR_BLOCK_WANT_NODE | MR_BLOCK_WANT_ZONES)

struct mr_block {
	uint64_t id;			/* N of memoryN */
	uint64_t start;			/* physical address, bytes */
	uint64_t size;			/* bytes */
	enum mr_block_state state;
	bool removable;			/* what the attribute says; no promise */
	int32_t node;			/* -1: not told */
	/*
	 * Online: the zone it is in, or "None" when it spans several. Offline:
	 * those that it could go to, the default first. NULL-terminated.
	 */
	const char *zones[MR_BLOCK_ZONES + 1];
};

struct mr_blocks {
	struct mr_block *list;		/* ascending by id */
	size_t nr;
};

const char *mr_block_state_name(enum mr_block_state state);

/* The name of a zone as struct mr_block has it, a constant, for a word in any case; or NULL. */
const char *mr_block_zone_name(const char *word);
bool mr_block_in_zone(const struct mr_block *block, const char *zone);

/*
 * All blocks, and of each what @want says (MR_BLOCK_WANT_*). What is not wanted
 * is as if it could not be read: an unknown state, not removable, node -1, no
 * zones. -ENODEV with @err set (the machine is to blame) where the kernel has no
 * memory block interface.
 */
int mr_block_list_of(const struct mr_machine *m, unsigned int want, struct mr_blocks *blocks,
		     struct mr_err *err);

/* The same, with all that can be read. */
int mr_block_list(const struct mr_machine *m, struct mr_blocks *blocks, struct mr_err *err);
void mr_blocks_free(struct mr_blocks *blocks);

/*
 * 0 when the kernel can take memory offline; else -EOPNOTSUPP with @err set. It
 * tells by "removable", which since 5.10 says no more than that of any block
 * (drivers/base/memory.c, removable_show()).
 */
int mr_blocks_need_removable(const struct mr_machine *m, const struct mr_blocks *blocks,
			     struct mr_err *err);

/* One block. -ENOENT when there is none such. */
int mr_block_read(const struct mr_machine *m, uint64_t id, struct mr_block *block);

/* Only its state, for a look at each page. -ENOENT when there is none such. */
int mr_block_read_state(const struct mr_machine *m, uint64_t id, enum mr_block_state *state);

/*
 * Writes @word ("offline", "online", "online_movable", "online_kernel") to its
 * state. The write itself may take long, and for "offline" without end: a
 * signal ends it with -EINTR.
 */
int mr_block_write_state(const struct mr_machine *m, uint64_t id, const char *word);

#endif
