// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/block.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/cleanup.h"
#include "util/grow.h"
#include "util/num.h"

#define MEMORY "sys/devices/system/memory"

static const char *const state_names[] = {
	[MR_BLOCK_UNKNOWN] = "unknown",
	[MR_BLOCK_ONLINE] = "online",
	[MR_BLOCK_OFFLINE] = "offline",
	[MR_BLOCK_GOING_OFFLINE] = "going-offline",
};

/* mm/page_alloc.c:zone_names, and what valid_zones_show() says, with lsmem's capital */
static const char *const zone_names[] = { "DMA", "DMA32", "Normal", "HighMem", "Movable",
					  "Device", "None" };

const char *mr_block_state_name(enum mr_block_state state)
{
	return state_names[state];
}

bool mr_block_in_zone(const struct mr_block *block, const char *zone)
{
	for (const char *const *z = block->zones; *z; z++)
		if (!strcmp(*z, zone))
			return true;
	return false;
}

int mr_block_read_state(const struct mr_machine *m, uint64_t id, enum mr_block_state *state)
{
	char text[32];
	ssize_t n;

	n = mr_root_read(&m->root, text, sizeof(text), MEMORY "/memory%llu/state",
			 (unsigned long long)id);
	if (n < 0)
		return (int)n;
	*state = MR_BLOCK_UNKNOWN;
	for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++)
		if (!strcmp(text, state_names[i]))
			*state = (enum mr_block_state)i;
	return 0;
}

static void read_zones(const struct mr_machine *m, struct mr_block *b)
{
	char text[96], *save = NULL;
	size_t n = 0;

	if (mr_root_read(&m->root, text, sizeof(text), MEMORY "/memory%llu/valid_zones",
			 (unsigned long long)b->id) < 0)
		return;
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		for (size_t i = 0; i < sizeof(zone_names) / sizeof(zone_names[0]); i++)
			if (!strcasecmp(w, zone_names[i]) && n < MR_BLOCK_ZONES)
				b->zones[n++] = zone_names[i];
}

/* The block's folder has a link "nodeN" to its node. */
static int32_t read_node(const struct mr_machine *m, uint64_t id)
{
	mr_autoclosedir DIR *dir = NULL;
	struct dirent *d;
	uint64_t node;

	if (mr_root_opendir(&m->root, &dir, MEMORY "/memory%llu", (unsigned long long)id))
		return -1;
	while ((d = readdir(dir)))
		if (!strncmp(d->d_name, "node", 4) && !mr_num_parse(d->d_name + 4, &node) &&
		    node <= INT32_MAX)
			return (int32_t)node;
	return -1;
}

int mr_block_read(const struct mr_machine *m, uint64_t id, struct mr_block *block)
{
	struct mr_block b = { .id = id, .size = m->block_size };
	uint64_t removable = 0;
	int rc;

	if (__builtin_mul_overflow(id, m->block_size, &b.start))
		return -ENOENT;
	rc = mr_block_read_state(m, id, &b.state);
	if (rc)
		return rc;
	if (!mr_root_read_u64(&m->root, 10, &removable, MEMORY "/memory%llu/removable",
			      (unsigned long long)id))
		b.removable = removable != 0;
	b.node = read_node(m, id);
	read_zones(m, &b);
	*block = b;
	return 0;
}

static int by_id(const void *pa, const void *pb)
{
	const struct mr_block *a = pa, *b = pb;

	return a->id > b->id ? 1 : a->id < b->id ? -1 : 0;
}

int mr_block_list(const struct mr_machine *m, struct mr_blocks *blocks, struct mr_err *err)
{
	mr_autoclosedir DIR *dir = NULL;
	size_t room = 0;
	struct dirent *d;
	int rc;

	*blocks = (struct mr_blocks){ 0 };
	rc = mr_machine_need_blocks(m, err);
	if (rc)
		return rc;
	rc = mr_root_opendir(&m->root, &dir, MEMORY);
	if (rc)
		return mr_err_set(err, rc, "/" MEMORY, "the memory blocks cannot be listed");
	while ((d = readdir(dir))) {
		uint64_t id;

		/* "memory_failure" and the like live here too. */
		if (strncmp(d->d_name, "memory", 6) || mr_num_parse(d->d_name + 6, &id))
			continue;
		if (mr_make_room(blocks->list, blocks->nr, room)) {
			mr_blocks_free(blocks);
			return mr_err_set(err, -ENOMEM, "", "no memory for the blocks");
		}
		/* A block that was removed since the folder was read is not there. */
		if (!mr_block_read(m, id, &blocks->list[blocks->nr]))
			blocks->nr++;
	}
	qsort(blocks->list, blocks->nr, sizeof(*blocks->list), by_id);
	return 0;
}

int mr_blocks_need_removable(const struct mr_machine *m, const struct mr_blocks *blocks,
			     struct mr_err *err)
{
	for (size_t i = 0; i < blocks->nr; i++)
		if (blocks->list[i].removable ||
		    !mr_root_exists(&m->root, MEMORY "/memory%llu/removable",
				    (unsigned long long)blocks->list[i].id))
			return 0;
	mr_err_machine(err, -EOPNOTSUPP, "",
		       "this kernel takes no memory offline (CONFIG_MEMORY_HOTREMOVE)");
	mr_err_hint(err, "boot a kernel built with it");
	return -EOPNOTSUPP;
}

void mr_blocks_free(struct mr_blocks *blocks)
{
	free(blocks->list);
	*blocks = (struct mr_blocks){ 0 };
}

int mr_block_write_state(const struct mr_machine *m, uint64_t id, const char *word)
{
	return mr_root_write(&m->root, word, MEMORY "/memory%llu/state", (unsigned long long)id);
}
