// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/hugetlb/blockpool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/hugetlb/hugepage.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define ROUNDS		8	/* new hugepages may land in the block itself and leave with it */

/* Counts the hugepages of @size bytes in the block that can leave it, free or in use. */
static uint64_t count(const struct mr_machine *m, const struct mr_block *b, uint64_t size)
{
	mr_autofree struct mr_hugepage *list = NULL;
	uint64_t found = 0;
	struct mr_err ignored;
	size_t nr = 0;

	if (mr_hugepage_list(m, b->start >> m->page_shift, b->size >> m->page_shift, &list, &nr,
			     &ignored))
		return 0;
	for (size_t i = 0; i < nr; i++)
		found += mr_hugepage_can_leave(&list[i]) && list[i].size == size;
	return found;
}

/* Grows the pool of one size by as many hugepages as the block has. */
static int grow(const struct mr_machine *m, const struct mr_block *b, uint64_t size,
		uint64_t deadline_us, struct mr_blockpool *pools)
{
	struct mr_growth *g = &pools->growth[pools->nr];
	const uint64_t now = mr_clock_us();
	uint64_t in_block = count(m, b, size);
	int rc;

	if (!in_block)
		return 0;
	rc = mr_growth_begin_many(m, size, b->node, in_block, b->size / size * 2,
				  deadline_us > now ? (deadline_us - now) / 1000 : 0, g);
	if (rc)
		return rc;
	pools->nr++;
	for (int i = 0; !rc && i < ROUNDS; i++) {
		in_block = count(m, b, size);
		if (in_block <= g->by)
			return 0;
		rc = mr_growth_more(m, g, in_block - g->by);
	}
	return -ENOMEM;
}

int mr_blockpool_begin(const struct mr_machine *m, const struct mr_block *block,
		       uint64_t deadline_us, struct mr_blockpool *pools, struct mr_err *err)
{
	mr_autofree struct mr_hugepool *totals = NULL;
	char object[32];
	size_t nr = 0;
	int rc = 0;

	pools->nr = 0;
	if (mr_hugepool_totals(m, &totals, &nr))
		return 0;
	for (size_t i = 0; !rc && i < nr && pools->nr < MR_BLOCKPOOL_SIZES; i++)
		if (totals[i].total && totals[i].size <= block->size)
			rc = grow(m, block, totals[i].size, deadline_us, pools);
	if (!rc)
		return 0;
	mr_blockpool_end(m, pools);
	snprintf(object, sizeof(object), "memory%" PRIu64, block->id);
	if (rc == -ENOMEM) {
		mr_err_set(err, rc, object,
			   "the node has no room for the hugepages that are in it");
		mr_err_hint(err, "free some memory there, or make the pool smaller first (nr_hugepages)");
		return rc;
	}
	return mr_err_set(err, rc, object, rc == -EINTR ?
			  "interrupted; the block is online and whole" : rc == -EBUSY ?
			  "another memras is changing the hugepage pool" :
			  "cannot lock the hugepage pool in /run/memras, or start the helper process that restores it");
}

uint64_t mr_blockpool_end(const struct mr_machine *m, struct mr_blockpool *pools)
{
	uint64_t lacking = 0;

	for (size_t i = 0; i < pools->nr; i++) {
		struct mr_growth *g = &pools->growth[i];

		mr_growth_end(m, g);
		if (g->total_after < g->total_before)
			lacking += g->total_before - g->total_after;
	}
	pools->nr = 0;
	return lacking;
}
