// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/hugetlb/hugepage.h"

#include <stdlib.h>

#include "backend/hugepool.h"
#include "backend/kpage.h"
#include "lib/inspect/poison.h"
#include "util/cleanup.h"
#include "util/grow.h"

#define BEYOND		UINT64_MAX	/* past the last PFN, where there are no flags */
#define PLACES		1024	/* read together */

const char *const mr_hugepage_states[] = {
	[MR_HUGEPAGE_FREE] = "free",
	[MR_HUGEPAGE_IN_USE] = "in-use",
};

int mr_hugepages_open(struct mr_hugepages *h, const struct mr_machine *m, struct mr_err *err)
{
	int rc;

	*h = (struct mr_hugepages){ 0 };
	rc = mr_inspector_open(&h->inspector, m, err);
	if (rc)
		return rc;
	mr_inspector_sizes(&h->inspector);
	for (size_t i = 0; i < h->inspector.nr_pools; i++) {
		const struct mr_hugepool *pool = &h->inspector.pools[i];
		const uint64_t pages = pool->size >> m->page_shift;

		if (pool->total && pages && (!h->step || pages < h->step))
			h->step = pages;
	}
	h->poison = h->step && mr_poison_counted(m);
	return 0;
}

void mr_hugepages_close(struct mr_hugepages *h)
{
	mr_inspector_close(&h->inspector);
	free(h->list);
	*h = (struct mr_hugepages){ 0 };
}

static int add(struct mr_hugepages *h, const struct mr_snap *s)
{
	const struct mr_machine *m = h->inspector.m;
	/* A gigantic hugepage shows by its counts alone whether it is free. */
	const bool free = s->kind == MEMRAS_KIND_HUGETLB_FREE ||
			  (s->kind == MEMRAS_KIND_GIGANTIC && s->mapcount <= 0 && s->refcount <= 0);

	if (mr_make_room(h->list, h->nr, h->room))
		return -ENOMEM;
	h->list[h->nr++] = (struct mr_hugepage){
		.pfn = s->huge_head,
		.phys = mr_pfn_phys(m, s->huge_head),
		.size = s->huge_pages << m->page_shift,
		.node = s->node,
		.gigantic = s->kind == MEMRAS_KIND_GIGANTIC,
		.state = free ? MR_HUGEPAGE_FREE : MR_HUGEPAGE_IN_USE,
		.poisoned = h->poison && mr_poison_count(m, s->huge_head, s->huge_pages) > 0,
	};
	return 0;
}

/* Inspects these pages together; each is in another hugepage. */
static int look_at(struct mr_hugepages *h, const uint64_t *pfns, size_t nr, struct mr_err *err)
{
	mr_autofree struct mr_snap *snaps = calloc(nr, sizeof(*snaps));
	int rc;

	if (!snaps)
		return mr_err_set(err, -ENOMEM, "", "no memory for the list of hugepages");
	rc = mr_inspect_many(&h->inspector, pfns, nr, snaps, err);
	for (size_t i = 0; !rc && i < nr; i++) {
		/* Two ranges may touch the same hugepage; list it once. */
		if (!snaps[i].huge_pages ||
		    (h->nr && h->list[h->nr - 1].pfn == snaps[i].huge_head))
			continue;
		if (add(h, &snaps[i]))
			rc = mr_err_set(err, -ENOMEM, "", "no memory for the list of hugepages");
	}
	return rc;
}

/*
 * Moves to the front those of the @nr PFNs @pfns where a hugepage begins, and returns how many.
 * The first hugepage of a range may begin before it; then a page inside stands for it.
 */
static size_t where_they_begin(uint64_t *pfns, const uint64_t *flags, size_t nr, bool *any)
{
	size_t n = 0;

	for (size_t i = 0; i < nr; i++) {
		if (!(flags[i] & MR_KPF(KPF_HUGE)) || (flags[i] & MR_KPF(KPF_NOPAGE)))
			continue;
		if (!*any || (flags[i] & MR_KPF(KPF_COMPOUND_HEAD)))
			pfns[n++] = pfns[i];
		*any = true;
	}
	return n;
}

int mr_hugepages_add(struct mr_hugepages *h, uint64_t pfn, uint64_t nr, struct mr_err *err)
{
	const struct mr_machine *m = h->inspector.m;
	uint64_t pfns[PLACES], flags[PLACES], end, place;
	bool any = false;
	int rc = 0;

	if (!h->step || !nr)
		return 0;
	if (__builtin_add_overflow(pfn, nr, &end))
		end = UINT64_MAX;
	place = pfn - pfn % h->step;
	while (!rc && place < end) {
		size_t n = 0;

		for (; n < PLACES && place < end; place += h->step)
			pfns[n++] = place;
		rc = mr_kpage_gather(m->kpageflags, pfns, n, BEYOND, flags);
		if (rc)
			return mr_err_set(err, rc, "/proc/kpageflags", "cannot be read");
		if (flags[n - 1] == BEYOND)
			end = place;
		n = where_they_begin(pfns, flags, n, &any);
		if (n)
			rc = look_at(h, pfns, n, err);
	}
	return rc;
}

int mr_hugepage_list(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
		     struct mr_hugepage **list, size_t *count, struct mr_err *err)
{
	struct mr_hugepages h;
	int rc = mr_hugepages_open(&h, m, err);

	if (!rc)
		rc = mr_hugepages_add(&h, pfn, nr, err);
	*list = rc ? NULL : h.list;
	*count = rc ? 0 : h.nr;
	if (!rc)
		h.list = NULL;
	mr_hugepages_close(&h);
	return rc;
}
