// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/hugetlb/hugepage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/device.h"
#include "backend/hugepool.h"
#include "backend/kpage.h"
#include "lib/inspect/poison.h"
#include "util/clock.h"
#include "util/grow.h"
#include "util/interrupt.h"

#define TRIES_AT_ONCE 4

/* The pool's total, or UINT64_MAX where it is not told. */
static uint64_t pool_total(const struct mr_machine *m, const struct mr_snap *s)
{
	struct mr_hugepool pool;

	if (mr_hugepool_read(m, s->huge_pages << m->page_shift, s->node, &pool))
		return UINT64_MAX;
	return pool.total;
}

static int explain(int rc, const char *object, const struct mr_snap *s, struct mr_err *err)
{
	switch (rc) {
	case -ENOMEM:
		mr_err_set(err, rc, object, "node %d has no memory for a replacement", s->node);
		mr_err_hint(err, "free some there, or --dissolve lets the pool shrink");
		return rc;
	case -EHWPOISON:
		return mr_err_set(err, rc, object, "the hugepage is poisoned already");
	case -EINTR:
		return mr_err_set(err, rc, object, "interrupted; the hugepage is as it was");
	default:
		return mr_err_set(err, rc, object, "the hugepage is in use and cannot be moved now");
	}
}

int mr_hugepage_replace(const struct mr_machine *m, const struct mr_snap *snap,
			uint64_t timeout_ms, struct mr_err *err)
{
	struct memras_claim claim = { .start_pfn = snap->huge_head, .nr_pages = snap->huge_pages };
	struct memras_release release = { .start_pfn = snap->huge_head,
					  .nr_pages = snap->huge_pages };
	uint64_t end = mr_clock_us() + timeout_ms * 1000;
	uint64_t before = pool_total(m, snap), after;
	char object[24];
	uint64_t flags;
	int rc;

	snprintf(object, sizeof(object), "0x%" PRIx64, snap->huge_head);
	do {
		rc = mr_device_claim_drained(m, &claim, TRIES_AT_ONCE);
		if (mr_interrupted())
			rc = rc ? -EINTR : 0;
	} while (rc == -EBUSY && mr_clock_us() < end);
	if (rc)
		return explain(rc, object, snap, err);
	rc = mr_device_release(m, &release);
	if (rc)
		return mr_err_set(err, rc, object,
				  "the hugepage was replaced, but its old range is still held");

	after = pool_total(m, snap);
	if (before != UINT64_MAX && after != before)
		return mr_err_set(err, -EIO, object,
				  "the pool had %" PRIu64 " hugepages and now has %" PRIu64, before,
				  after);
	if (mr_kpage_flags(m, snap->huge_head, &flags, 1) == 1 && (flags & MR_KPF(KPF_HUGE)))
		return mr_err_set(err, -EIO, object, "the range is a hugepage again");
	return 0;
}

struct lister {
	struct mr_hugepage *list;
	size_t nr, room;
};

static int add(struct lister *l, const struct mr_machine *m, const struct mr_snap *s)
{
	if (mr_make_room(l->list, l->nr, l->room))
		return -ENOMEM;
	l->list[l->nr++] = (struct mr_hugepage){
		.pfn = s->huge_head,
		.phys = mr_pfn_phys(m, s->huge_head),
		.size = s->huge_pages << m->page_shift,
		.node = s->node,
		/* A gigantic one is told by its map count alone. */
		.gigantic = s->kind == MEMRAS_KIND_GIGANTIC,
		.free = s->kind == MEMRAS_KIND_HUGETLB_FREE ||
			(s->kind == MEMRAS_KIND_GIGANTIC && s->mapcount <= 0 && s->refcount <= 0),
		.poisoned = mr_poison_count(m, s->huge_head, s->huge_pages) > 0,
	};
	return 0;
}

int mr_hugepage_list(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
		     struct mr_hugepage **list, size_t *count, struct mr_err *err)
{
	struct lister l = { 0 };
	uint64_t flags[1024];
	uint64_t p = pfn;
	int rc = mr_kpage_need(m, err);

	while (!rc && p - pfn < nr) {
		uint64_t want = nr - (p - pfn);
		uint64_t next = p;
		ssize_t n = mr_kpage_flags(m, p, flags, want < 1024 ? want : 1024);

		if (n < 0)
			rc = mr_err_set(err, (int)n, "/proc/kpageflags", "cannot be read");
		if (n <= 0)
			break;
		next = p + (uint64_t)n;
		for (uint64_t i = p; !rc && i < p + (uint64_t)n; i++) {
			struct mr_snap s;

			if (!(flags[i - p] & MR_KPF(KPF_HUGE)) ||
			    (flags[i - p] & MR_KPF(KPF_NOPAGE)))
				continue;
			rc = mr_inspect(m, i, &s, err);
			if (rc || !s.huge_pages)
				continue;
			rc = add(&l, m, &s);
			if (rc)
				mr_err_set(err, rc, "", "no memory for the list of hugepages");
			/* On to what follows this hugepage. */
			i = s.huge_head + s.huge_pages - 1;
			if (i + 1 > next)
				next = i + 1;
		}
		p = next;
	}
	if (rc) {
		free(l.list);
		return rc;
	}
	*list = l.list;
	*count = l.nr;
	return 0;
}
