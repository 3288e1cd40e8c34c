// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/block.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backend/bootmem.h"
#include "util/cleanup.h"
#include "util/grow.h"
#include "util/num.h"

#define MEMORY "sys/devices/system/memory"
#define NODES "sys/devices/system/node"

static const char *const state_names[] = {
	[MR_BLOCK_UNKNOWN] = "unknown",
	[MR_BLOCK_ONLINE] = "online",
	[MR_BLOCK_OFFLINE] = "offline",
	[MR_BLOCK_GOING_OFFLINE] = "going-offline",
};

/* mm/page_alloc.c:zone_names, and "None" of valid_zones_show(), with a capital as in lsmem */
static const char *const zone_names[] = { "DMA", "DMA32", "Normal", "HighMem", "Movable",
					  "Device", "None" };

const char *mr_block_state_name(enum mr_block_state state)
{
	return state_names[state];
}

const char *mr_block_zone_name(const char *word)
{
	for (size_t i = 0; i < sizeof(zone_names) / sizeof(zone_names[0]); i++)
		if (!strcasecmp(word, zone_names[i]))
			return zone_names[i];
	return NULL;
}

bool mr_block_in_zone(const struct mr_block *block, const char *zone)
{
	for (const char *const *z = block->zones; *z; z++)
		if (!strcmp(*z, zone))
			return true;
	return false;
}

static enum mr_block_state parse_state(const char *text)
{
	for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++)
		if (!strcmp(text, state_names[i]))
			return (enum mr_block_state)i;
	return MR_BLOCK_UNKNOWN;
}

int mr_block_read_state(const struct mr_machine *m, uint64_t id, enum mr_block_state *state)
{
	char text[32];
	ssize_t n;

	n = mr_root_read(&m->root, text, sizeof(text), MEMORY "/memory%llu/state",
			 (unsigned long long)id);
	if (n < 0)
		return (int)n;
	*state = parse_state(text);
	return 0;
}

static void parse_zones(char *text, struct mr_block *b)
{
	char *save = NULL;
	size_t n = 0;

	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		const char *zone = mr_block_zone_name(w);

		if (zone && n < MR_BLOCK_ZONES)
			b->zones[n++] = zone;
	}
}

/* Returns the number of "nodeN", or -1. */
static int32_t node_number(const char *name)
{
	uint64_t node;

	return !strncmp(name, "node", 4) && !mr_num_parse(name + 4, &node) && node <= INT32_MAX ?
	       (int32_t)node : -1;
}

/* Reads the node from the link "nodeN" in the directory of the block. */
static int32_t read_node(const struct mr_machine *m, uint64_t id)
{
	mr_autoclosedir DIR *dir = NULL;
	struct dirent *d;

	if (mr_root_opendir(&m->root, &dir, MEMORY "/memory%llu", (unsigned long long)id))
		return -1;
	while ((d = readdir(dir)))
		if (node_number(d->d_name) >= 0)
			return node_number(d->d_name);
	return -1;
}

/*
 * Reads attributes of the block @b below the open directory @dir, except its node.
 * -ENOENT if there is no such block.
 */
static int read_attributes(const struct mr_machine *m, int dir, unsigned int want,
			   struct mr_block *b)
{
	char path[64], text[96];
	int n = snprintf(path, sizeof(path), "memory%llu/", (unsigned long long)b->id);
	const size_t room = sizeof(path) - (size_t)n;
	ssize_t rc;

	if (want & MR_BLOCK_WANT_STATE) {
		snprintf(path + n, room, "state");
		rc = mr_root_read_at(&m->root, dir, text, sizeof(text), path);
		if (rc < 0)
			return (int)rc;
		b->state = parse_state(text);
	}
	if (want & MR_BLOCK_WANT_REMOVABLE) {
		snprintf(path + n, room, "removable");
		rc = mr_root_read_at(&m->root, dir, text, sizeof(text), path);
		b->removable = rc > 0 && strcmp(text, "0");
	}
	if (want & MR_BLOCK_WANT_ZONES) {
		snprintf(path + n, room, "valid_zones");
		if (mr_root_read_at(&m->root, dir, text, sizeof(text), path) >= 0)
			parse_zones(text, b);
	}
	return 0;
}

int mr_block_read(const struct mr_machine *m, uint64_t id, struct mr_block *block)
{
	struct mr_block b = { .id = id, .size = m->block_size };
	mr_autoclosedir DIR *dir = NULL;
	int rc;

	if (__builtin_mul_overflow(id, m->block_size, &b.start))
		return -ENOENT;
	rc = mr_root_opendir(&m->root, &dir, MEMORY);
	if (!rc)
		rc = read_attributes(m, dirfd(dir), MR_BLOCK_WANT_ALL, &b);
	if (rc)
		return rc;
	b.node = read_node(m, id);
	b.permanent = mr_bootmem_stays(m) && mr_bootmem_block(m, id);
	*block = b;
	return 0;
}

/* Lists the blocks with a directory in @dir, by number; reads no attribute. */
static int list_numbers(const struct mr_machine *m, DIR *dir, struct mr_blocks *blocks)
{
	mr_autofree uint64_t *ids = NULL;
	size_t room = 0, nr = 0;
	struct dirent *d;
	uint64_t id;

	while ((d = readdir(dir))) {
		/* Skip "memory_failure" and the like. */
		if (strncmp(d->d_name, "memory", 6) || mr_num_parse(d->d_name + 6, &id))
			continue;
		if (mr_make_room(ids, nr, room))
			return -ENOMEM;
		ids[nr++] = id;
	}
	blocks->list = calloc(nr ? nr : 1, sizeof(*blocks->list));
	if (!blocks->list)
		return -ENOMEM;
	if (nr)
		qsort(ids, nr, sizeof(*ids), mr_u64_order);
	for (size_t i = 0; i < nr; i++) {
		struct mr_block *b = &blocks->list[blocks->nr];

		*b = (struct mr_block){ .id = ids[i], .size = m->block_size, .node = -1 };
		if (!__builtin_mul_overflow(b->id, m->block_size, &b->start))
			blocks->nr++;
	}
	return 0;
}

/* A block on two nodes (kernels before 5.11): its own directory says which comes first. */
#define NODE_MANY (-2)

/* Sets the node of all its blocks; the directory of a node has a link for each. */
static void note_node(const struct mr_machine *m, int32_t node, struct mr_blocks *blocks)
{
	mr_autoclosedir DIR *dir = NULL;
	struct dirent *d;
	uint64_t id;

	if (mr_root_opendir(&m->root, &dir, NODES "/node%d", node))
		return;
	while ((d = readdir(dir))) {
		struct mr_block *b;

		if (strncmp(d->d_name, "memory", 6) || mr_num_parse(d->d_name + 6, &id))
			continue;
		b = bsearch(&id, blocks->list, blocks->nr, sizeof(*b), mr_u64_order);
		if (b)
			b->node = b->node == -1 ? node : NODE_MANY;
	}
}

static void read_nodes(const struct mr_machine *m, struct mr_blocks *blocks)
{
	mr_autoclosedir DIR *dir = NULL;
	struct dirent *d;
	int rc = mr_root_opendir(&m->root, &dir, NODES);

	while (!rc && (d = readdir(dir)))
		if (node_number(d->d_name) >= 0)
			note_node(m, node_number(d->d_name), blocks);
	/*
	 * A kernel without nodes has none for a block; a captured machine may lack the
	 * directory.
	 */
	if (rc && m->root.live)
		return;
	for (size_t i = 0; i < blocks->nr; i++)
		if (blocks->list[i].node < 0)
			blocks->list[i].node = read_node(m, blocks->list[i].id);
}

int mr_block_list_of(const struct mr_machine *m, unsigned int want, struct mr_blocks *blocks,
		     struct mr_err *err)
{
	mr_autoclosedir DIR *dir = NULL;
	size_t kept = 0;
	bool stays;
	int rc;

	*blocks = (struct mr_blocks){ 0 };
	rc = mr_machine_need_blocks(m, err);
	if (rc)
		return rc;
	rc = mr_root_opendir(&m->root, &dir, MEMORY);
	if (rc)
		return mr_err_set(err, rc, "/" MEMORY, "the memory blocks cannot be listed");
	if (list_numbers(m, dir, blocks))
		return mr_err_set(err, -ENOMEM, "", "no memory for the blocks");
	if (want & MR_BLOCK_WANT_NODE)
		read_nodes(m, blocks);
	stays = (want & MR_BLOCK_WANT_PERMANENT) && mr_bootmem_stays(m);
	for (size_t i = 0; i < blocks->nr; i++) {
		struct mr_block b = blocks->list[i];

		b.permanent = stays && mr_bootmem_block(m, b.id);
		/* Skip blocks that were removed since the directory was read. */
		if (!read_attributes(m, dirfd(dir), want, &b))
			blocks->list[kept++] = b;
	}
	blocks->nr = kept;
	return 0;
}

int mr_block_list(const struct mr_machine *m, struct mr_blocks *blocks, struct mr_err *err)
{
	return mr_block_list_of(m, MR_BLOCK_WANT_ALL, blocks, err);
}

int mr_blocks_need_removable(const struct mr_machine *m, const struct mr_blocks *blocks,
			     struct mr_err *err)
{
	char text[8];

	for (size_t i = 0; i < blocks->nr; i++)
		if (mr_root_read(&m->root, text, sizeof(text), MEMORY "/memory%llu/removable",
				 (unsigned long long)blocks->list[i].id) < 0 || strcmp(text, "0"))
			return 0;
	mr_err_machine(err, -EOPNOTSUPP, "",
		       "this kernel cannot offline memory (CONFIG_MEMORY_HOTREMOVE)");
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
