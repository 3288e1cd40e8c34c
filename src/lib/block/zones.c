// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/block/zones.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/rundir.h"
#include "util/cleanup.h"
#include "util/grow.h"
#include "util/replace.h"

#define NAME	"zones"

/* Adds a block: to the last run if it continues that run. */
static int add(struct mr_zones *z, uint64_t first, uint64_t last, const char *zone)
{
	struct mr_zone_run *run = z->nr ? &z->list[z->nr - 1] : NULL;

	if (run && run->last + 1 == first && run->zone == zone) {
		run->last = last;
		return 0;
	}
	if (mr_make_room(z->list, z->nr, z->room))
		return -ENOMEM;
	z->list[z->nr++] = (struct mr_zone_run){ first, last, zone };
	return 0;
}

void mr_zones_read(const struct mr_machine *m, struct mr_zones *z)
{
	mr_autofclose FILE *f = NULL;
	mr_autofree char *line = NULL;
	size_t room = 0;

	*z = (struct mr_zones){ 0 };
	if (mr_root_fopen(&m->root, &f, "%s/" NAME, &MR_RUNDIR[1]))
		return;
	while (getline(&line, &room, f) > 0) {
		const char *zone = NULL;
		uint64_t first, last;
		char word[16];

		if (sscanf(line, "%" SCNu64 "-%" SCNu64 " %15s", &first, &last, word) != 3) {
			if (sscanf(line, "%" SCNu64 " %15s", &first, word) != 2)
				continue;
			last = first;
		}
		zone = mr_block_zone_name(word);
		if (zone && first <= last && (!z->nr || z->list[z->nr - 1].last < first))
			add(z, first, last, zone);
	}
}

static int compare(const void *key, const void *item)
{
	uint64_t id = *(const uint64_t *)key;
	const struct mr_zone_run *run = item;

	return id < run->first ? -1 : id > run->last ? 1 : 0;
}

const char *mr_zones_last(const struct mr_zones *z, uint64_t id)
{
	const struct mr_zone_run *run = NULL;

	if (z && z->nr)
		run = bsearch(&id, z->list, z->nr, sizeof(*z->list), compare);
	return run ? run->zone : NULL;
}

int mr_zones_update(const struct mr_zones *before, const struct mr_blocks *blocks,
		    struct mr_zones *now)
{
	int rc = 0;

	*now = (struct mr_zones){ 0 };
	for (size_t i = 0; !rc && i < blocks->nr; i++) {
		const struct mr_block *b = &blocks->list[i];
		const char *zone = b->state == MR_BLOCK_ONLINE ? b->zones[0] :
								 mr_zones_last(before, b->id);

		/* A block that spans several zones has none to return to. */
		if (zone && strcmp(zone, "None") != 0)
			rc = add(now, b->id, b->id, zone);
	}
	return rc;
}

static int write_runs(FILE *f, const void *data)
{
	const struct mr_zones *z = data;

	for (size_t i = 0; i < z->nr; i++) {
		const struct mr_zone_run *run = &z->list[i];

		fprintf(f, "%" PRIu64, run->first);
		if (run->last > run->first)
			fprintf(f, "-%" PRIu64, run->last);
		fprintf(f, " %s\n", run->zone);
	}
	return 0;
}

int mr_zones_remember(const struct mr_machine *m, const struct mr_blocks *blocks)
{
	struct mr_zones before, now;
	mr_autoclose int dir = mr_rundir_open(m, true);
	int rc;

	if (dir < 0)
		return dir;
	mr_zones_read(m, &before);
	rc = mr_zones_update(&before, blocks, &now);
	if (!rc)
		rc = mr_replace_file(dir, NAME, 0600, write_runs, &now);
	mr_zones_free(&before);
	mr_zones_free(&now);
	return rc;
}

void mr_zones_free(struct mr_zones *z)
{
	free(z->list);
	*z = (struct mr_zones){ 0 };
}
