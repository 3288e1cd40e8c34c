// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/hugetlb/replacesnap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/grow.h"

static int add(struct mr_replace_snap *snap, const struct mr_replace_item *item)
{
	if (mr_make_room(snap->items, snap->nr, snap->room))
		return -ENOMEM;
	snap->items[snap->nr++] = *item;
	return 0;
}

static uint64_t block_of(const struct mr_machine *m, uint64_t pfn)
{
	return mr_block_pages(m) ? pfn / mr_block_pages(m) : UINT64_MAX;
}

static int add_hugepage(struct mr_replace_snap *snap, const struct mr_machine *m,
			const struct mr_hugepage *h, const char *word)
{
	return add(snap, &(struct mr_replace_item){
		.h = *h, .word = word, .block = block_of(m, h->pfn),
		.kind = h->gigantic ? MEMRAS_KIND_GIGANTIC :
			h->state == MR_HUGEPAGE_FREE ? MEMRAS_KIND_HUGETLB_FREE : MEMRAS_KIND_HUGETLB,
	});
}

/* Adds a page that is not in a hugepage, with its kind. */
static int add_other(struct mr_replace_snap *snap, struct mr_inspector *ins, uint64_t pfn,
		     const char *word, struct mr_err *err)
{
	struct mr_replace_item it = { .word = word };
	struct mr_snap s;
	int rc = mr_inspect_many(ins, &pfn, 1, &s, err);

	if (rc)
		return rc;
	it.h.pfn = pfn;
	it.h.phys = mr_pfn_phys(ins->m, pfn);
	it.h.node = s.node;
	it.block = s.block;
	it.kind = s.kind;
	return add(snap, &it) ? mr_err_set(err, -ENOMEM, "", "no memory for the hugepages") : 0;
}

/* Adds the hugepages of @span. */
static int add_span(struct mr_replace_snap *snap, struct mr_hugepages *h,
		    const struct mr_span *span, struct mr_err *err)
{
	const struct mr_machine *m = h->inspector.m;
	const char *word = span->word ? span->word : MR_REPLACE_ALL_FREE;
	const struct mr_hugepage *last;
	const size_t before = h->nr;
	int rc = mr_hugepages_add(h, span->pfn, span->nr, err);

	for (size_t i = before; !rc && i < h->nr; i++)
		if (add_hugepage(snap, m, &h->list[i], word))
			rc = mr_err_set(err, -ENOMEM, "", "no memory for the hugepages");
	if (rc || h->nr > before || snap->only_free)
		return rc;
	/* The page may be in the hugepage that was added last. */
	last = h->nr ? &h->list[h->nr - 1] : NULL;
	if (last && span->pfn >= last->pfn && span->pfn - last->pfn < last->size >> m->page_shift)
		return 0;
	return add_other(snap, &h->inspector, span->pfn, word, err);
}

static int by_pfn(const void *pa, const void *pb)
{
	const struct mr_replace_item *a = *(struct mr_replace_item *const *)pa;
	const struct mr_replace_item *b = *(struct mr_replace_item *const *)pb;

	if (a->h.pfn != b->h.pfn)
		return a->h.pfn > b->h.pfn ? 1 : -1;
	return a > b ? 1 : -1;
}

/* Drops repeated hugepages; each stays where it was named first. */
static int drop_twins(struct mr_replace_snap *snap)
{
	size_t n = 0;

	snap->open = calloc(snap->nr + 1, sizeof(*snap->open));
	if (!snap->open)
		return -ENOMEM;
	for (size_t i = 0; i < snap->nr; i++)
		snap->open[i] = &snap->items[i];
	qsort(snap->open, snap->nr, sizeof(*snap->open), by_pfn);
	for (size_t i = 1; i < snap->nr; i++)
		if (snap->open[i]->h.size && snap->open[i]->h.pfn == snap->open[i - 1]->h.pfn)
			snap->open[i]->step = MR_REPLACE_LEAVE;
	for (size_t i = 0; i < snap->nr; i++)
		if (snap->items[i].step != MR_REPLACE_LEAVE)
			snap->items[n++] = snap->items[i];
	snap->nr = n;
	return 0;
}

/* Returns how much memory @node could provide: free, page cache, or reclaimable from processes. */
static uint64_t room_of(const struct mr_machine *m, int32_t node)
{
	static const char *const fields[] = { "MemFree", "Active", "Inactive", "SReclaimable" };
	uint64_t sum = 0;

	for (size_t i = 0; node >= 0 && i < sizeof(fields) / sizeof(fields[0]); i++) {
		mr_autofree char *line = NULL;
		char start[48];

		snprintf(start, sizeof(start), "Node %" PRId32 " %s:", node, fields[i]);
		if (mr_root_find_line(&m->root, start, &line,
				      "sys/devices/system/node/node%" PRId32 "/meminfo", node)) {
			if (!i)
				return UINT64_MAX;
			continue;
		}
		sum += strtoull(line + strlen(start), NULL, 10) << 10;
	}
	return node < 0 ? UINT64_MAX : sum;
}

static int read_pools(struct mr_replace_snap *snap, const struct mr_machine *m)
{
	mr_autofree struct mr_hugepool *pools = NULL;
	size_t nr = 0;

	if (mr_hugepool_list(m, &pools, &nr))
		return 0;
	snap->pools = calloc(nr + 1, sizeof(*snap->pools));
	if (!snap->pools)
		return -ENOMEM;
	snap->nr_pools = nr;
	for (size_t i = 0; i < nr; i++)
		snap->pools[i] = (struct mr_replace_pool){ pools[i], room_of(m, pools[i].node) };
	return 0;
}

int mr_replace_look(const struct mr_machine *m, const struct mr_spans *spans, bool only_free,
		    struct mr_replace_snap *snap, struct mr_err *err)
{
	struct mr_hugepages h;
	int rc;

	*snap = (struct mr_replace_snap){ .only_free = only_free };
	rc = mr_hugepages_open(&h, m, err);
	for (size_t i = 0; !rc && i < spans->nr; i++)
		rc = add_span(snap, &h, &spans->list[i], err);
	mr_hugepages_close(&h);
	if (!rc && (drop_twins(snap) || read_pools(snap, m)))
		rc = mr_err_set(err, -ENOMEM, "", "no memory for the hugepages");
	if (rc)
		mr_replace_snap_free(snap);
	return rc;
}

void mr_replace_snap_free(struct mr_replace_snap *snap)
{
	free(snap->items);
	free(snap->open);
	free(snap->pools);
	*snap = (struct mr_replace_snap){ 0 };
}
