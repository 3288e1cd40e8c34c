// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "report/blockrows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/inspect/poison.h"
#include "lib/target/blocksel.h"
#include "report/begin.h"

static bool alike(const struct mr_block *a, const struct mr_block *b, unsigned int split)
{
	if (a->id + 1 != b->id || (split & MR_SPLIT_EACH))
		return false;
	if (((split & MR_SPLIT_STATE) && a->state != b->state) ||
	    ((split & MR_SPLIT_REMOVABLE) && a->removable != b->removable) ||
	    ((split & MR_SPLIT_NODE) && a->node != b->node) ||
	    ((split & MR_SPLIT_PERMANENT) && a->permanent != b->permanent))
		return false;
	return !(split & MR_SPLIT_ZONES) || !memcmp(a->zones, b->zones, sizeof(a->zones));
}

/*
 * True if /proc/meminfo shows that no page is poisoned, so that page flags need not be
 * read: its sum is 0, or it has none, as the kernel cannot poison (without
 * CONFIG_MEMORY_FAILURE).
 */
static bool no_poison(const struct mr_machine *m)
{
	uint64_t bytes, total;

	if (!mr_machine_meminfo(m, "HardwareCorrupted", &bytes))
		return !bytes;
	return !mr_machine_meminfo(m, "MemTotal", &total);
}

void mr_poison_counts_read(const struct mr_machine *m, const struct mr_block *const *blocks,
			   size_t nr, struct mr_poison_counts *p)
{
	*p = (struct mr_poison_counts){ .known = true };
	if (no_poison(m))
		return;
	for (size_t i = 0, n; p->known && i < nr; i += n) {
		uint64_t *found, *all;
		size_t count;

		for (n = 1; i + n < nr && blocks[i + n - 1]->id + 1 == blocks[i + n]->id;)
			n++;
		p->known = !mr_poison_list(m, blocks[i]->start >> m->page_shift,
					   n * mr_block_pages(m), &found, &count);
		if (!p->known || !count)
			continue;
		all = reallocarray(p->list, p->nr + count, sizeof(*all));
		if (all) {
			memcpy(all + p->nr, found, count * sizeof(*all));
			p->list = all;
			p->nr += count;
		}
		p->known = all;
		free(found);
	}
}

/* Counts the poisoned pages below PFN @end that are not counted yet; rows come in order. */
static uint64_t count_poison(struct mr_poison_counts *p, uint64_t end)
{
	size_t first = p->next;

	if (!p->known)
		return UINT64_MAX;
	while (p->next < p->nr && p->list[p->next] < end)
		p->next++;
	return p->next - first;
}

void mr_block_row_make(const struct mr_machine *m, const struct mr_block *const *blocks,
		       size_t nr, unsigned int split, struct mr_poison_counts *p, size_t *i,
		       struct mr_block_row *r, struct mr_block_text *text)
{
	const struct mr_block *first = blocks[*i];
	size_t n = 1;

	while (*i + n < nr && alike(blocks[*i + n - 1], blocks[*i + n], split))
		n++;
	*r = (struct mr_block_row){
		.range = text->range, .start = first->start, .size = first->size * n,
		.state = mr_block_state_name(first->state), .removable = first->removable,
		.block = text->block, .node = first->node, .zones = first->zones,
	};
	snprintf(text->range, sizeof(text->range), "0x%016" PRIx64 "-0x%016" PRIx64, r->start,
		 r->start + r->size - 1);
	if (n > 1)
		snprintf(text->block, sizeof(text->block), "%" PRIu64 "-%" PRIu64, first->id,
			 first->id + n - 1);
	else
		snprintf(text->block, sizeof(text->block), "%" PRIu64, first->id);
	r->permanent = true;
	for (size_t k = 0; k < n; k++)
		r->permanent &= blocks[*i + k]->permanent;
	r->poisoned = count_poison(p, (r->start + r->size) >> m->page_shift);
	*i += n;
}

int mr_block_rows_choose(struct mr_run *run, struct mr_machine *m, unsigned int want, int nr,
			 char **words, struct mr_blocks *blocks,
			 const struct mr_block ***chosen, size_t *nr_chosen, struct mr_err *err)
{
	int rc = mr_begin(run, m, MR_NEED_BLOCKS | MR_WANT_MODULE, err);

	if (rc)
		return rc;
	rc = mr_block_list_of(m, want, blocks, err);
	if (!rc) {
		rc = mr_blocksel_choose(blocks, nr, words, MR_BLOCKSEL_LIST, chosen, nr_chosen, err);
		if (rc)
			mr_blocks_free(blocks);
	}
	if (rc)
		mr_machine_close(m);
	return rc;
}
