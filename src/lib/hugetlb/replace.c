// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/hugetlb/replace.h"

#include <inttypes.h>
#include <stdio.h>

#include "backend/device.h"
#include "backend/kpage.h"
#include "lib/inspect/blockers.h"
#include "util/clock.h"
#include "util/interrupt.h"

#define TRIES_AT_ONCE		4
#define BACKOFF_FIRST_US	10000
#define BACKOFF_LAST_US		200000

/* Returns the persistent hugepages of the pool, or UINT64_MAX if unknown. */
static uint64_t pool_size(const struct mr_machine *m, uint64_t size, int32_t node)
{
	struct mr_hugepool pool;

	/* A surplus hugepage may be freed when its data moves; the kernel does not replace it. */
	return mr_hugepool_read(m, size, node, &pool) ? UINT64_MAX : pool.total - pool.surplus;
}

static int explain(int rc, uint64_t pfn, int32_t node, struct mr_err *err)
{
	char object[24];

	snprintf(object, sizeof(object), "0x%" PRIx64, pfn);
	switch (rc) {
	case -ENOMEM:
		mr_err_set(err, rc, object, "node %d has no memory for a replacement", node);
		mr_err_hint(err, "free some there");
		return rc;
	case -EHWPOISON:
		return mr_err_set(err, rc, object, "the hugepage is poisoned already");
	case -EINTR:
		return mr_err_set(err, rc, object, "interrupted; the hugepage is unchanged");
	default:
		return mr_err_set(err, rc, object, "the hugepage is in use and cannot be moved now");
	}
}

/* The same for a hugepage that stayed busy, if there is something to see in the way. */
static void explain_busy(const struct mr_machine *m, const struct mr_replace_item *it,
			 struct mr_err *err)
{
	const uint64_t pages = it->h.size >> m->page_shift;
	struct mr_blockers found = { 0 };
	struct mr_err ignored;

	explain(it->rc, it->h.pfn, it->h.node, err);
	mr_blockers_find(m, it->h.pfn, pages, &found, &ignored);
	if (!found.nr)
		mr_blockers_find_around(m, it->h.pfn, pages, &found, &ignored);
	if (found.nr)
		mr_blockers_explain(&found, it->rc, err->object, err);
	mr_blockers_free(&found);
}

/* Claims the range, retrying for up to @timeout_ms, and releases it. */
static int claim(const struct mr_machine *m, uint64_t pfn, uint64_t pages, int32_t node,
		 uint64_t timeout_ms, struct mr_err *err)
{
	struct memras_claim claim = { .start_pfn = pfn, .nr_pages = pages };
	struct memras_release release = { .start_pfn = pfn, .nr_pages = pages };
	const uint64_t start = mr_clock_us();
	int rc;

	do {
		rc = mr_device_claim_drained(m, &claim, TRIES_AT_ONCE);
		if (mr_interrupted())
			rc = rc ? -EINTR : 0;
	} while (rc == -EBUSY && (mr_clock_us() - start) / 1000 < timeout_ms);
	if (rc)
		return explain(rc, pfn, node, err);
	rc = mr_device_release(m, &release);
	if (rc) {
		explain(rc, pfn, node, err);
		mr_err_set(err, rc, err->object,
			   "the hugepage was replaced, but its old range is still held");
	}
	return rc;
}

int mr_hugepage_replace(const struct mr_machine *m, uint64_t pfn, uint64_t pages, int32_t node,
			uint64_t timeout_ms, struct mr_err *err)
{
	const uint64_t size = pages << m->page_shift;
	uint64_t before = pool_size(m, size, node), after, flags;
	int rc = claim(m, pfn, pages, node, timeout_ms, err);
	char object[24];

	if (rc)
		return rc;
	snprintf(object, sizeof(object), "0x%" PRIx64, pfn);
	after = pool_size(m, size, node);
	if (before != UINT64_MAX && after != before)
		return mr_err_set(err, -EIO, object,
				  "the pool had %" PRIu64 " hugepages and now has %" PRIu64, before,
				  after);
	if (mr_kpage_flags(m, pfn, &flags, 1) == 1 && (flags & MR_KPF(KPF_HUGE)))
		return mr_err_set(err, -EIO, object, "the range is a hugepage again");
	return 0;
}

static void settle(const struct mr_replace_item *it, enum mr_outcome outcome,
		   const struct mr_err *err, const struct mr_replace_hooks *hooks)
{
	const bool way = outcome == MR_OUTCOME_DONE || outcome == MR_OUTCOME_PLANNED;
	struct mr_result r = {
		.target = it->word, .pfn = it->h.pfn, .phys = it->h.phys, .node = it->h.node,
		.block = it->block, .kind = it->kind, .outcome = outcome,
		.path = way ? mr_replace_path(it) : MR_PATH_NONE,
		.via = outcome == MR_OUTCOME_REFUSED ? MR_VIA_AUTO : MR_VIA_MODULE,
		.pool = outcome == MR_OUTCOME_DONE ? MR_POOL_REPLACED : MR_POOL_NONE,
		.attempts = it->attempts, .elapsed_us = it->ended - it->begun,
	};

	if (err)
		r.err = *err;
	hooks->settled(&r, hooks->data);
}

/* Reports a refused item; true if @it was refused. */
static bool refuse(const struct mr_replace_item *it, const struct mr_replace_hooks *hooks)
{
	struct mr_err err;

	if (it->step == MR_REPLACE_DO)
		return false;
	mr_replace_refusal(it, &err);
	settle(it, MR_OUTCOME_REFUSED, &err, hooks);
	return true;
}

void mr_replace_show(const struct mr_replace_snap *snap, const struct mr_replace_hooks *hooks)
{
	for (size_t i = 0; i < snap->nr && !mr_interrupted(); i++) {
		const struct mr_replace_item *it = &snap->items[i];

		if (it->step != MR_REPLACE_LEAVE && !refuse(it, hooks))
			settle(it, MR_OUTCOME_PLANNED, NULL, hooks);
	}
}

/* Tries to replace one hugepage once. False if it is busy, so that another try makes sense. */
static bool try_it(const struct mr_machine *m, struct mr_replace_item *it,
		   const struct mr_replace_hooks *hooks)
{
	struct mr_err err = { 0 };
	uint64_t flags;

	if (!it->attempts)
		it->begun = mr_clock_us();
	it->attempts++;
	/* The hugepage may have left its pool since the snapshot. */
	if (mr_kpage_flags(m, it->h.pfn, &flags, 1) == 1 && !(flags & MR_KPF(KPF_HUGE))) {
		explain(-ESTALE, it->h.pfn, it->h.node, &err);
		it->rc = mr_err_set(&err, -ESTALE, err.object, "the hugepage has left its pool");
	} else {
		it->rc = mr_hugepage_replace(m, it->h.pfn, it->h.size >> m->page_shift, it->h.node,
					     0, &err);
	}
	it->ended = mr_clock_us();
	if (it->rc == -EBUSY)
		return false;
	settle(it, it->rc ? MR_OUTCOME_FAILED : MR_OUTCOME_DONE, &err, hooks);
	return true;
}

/* Retries the busy hugepages in turns. Returns how many are left, at the front of @busy. */
static size_t try_again(const struct mr_machine *m, struct mr_replace_item **busy, size_t nr,
			uint64_t timeout_ms, uint64_t done, uint64_t total,
			const struct mr_replace_hooks *hooks)
{
	const uint64_t start = mr_clock_us();
	uint64_t backoff = BACKOFF_FIRST_US;

	while (nr && !mr_interrupted() && (mr_clock_us() + backoff - start) / 1000 < timeout_ms) {
		size_t left = 0;

		hooks->tick(done, total, "busy hugepages", hooks->data);
		mr_clock_sleep_us(backoff);
		backoff = backoff * 2 > BACKOFF_LAST_US ? BACKOFF_LAST_US : backoff * 2;
		for (size_t i = 0; i < nr; i++)
			if (mr_interrupted() || !try_it(m, busy[i], hooks))
				busy[left++] = busy[i];
		done += nr - left;
		nr = left;
	}
	return nr;
}

void mr_replace_apply(const struct mr_machine *m, struct mr_replace_snap *snap,
		      uint64_t timeout_ms, const struct mr_replace_hooks *hooks)
{
	struct mr_replace_item **busy = snap->open;
	size_t nr = 0, done = 0;
	struct mr_err err;

	for (size_t i = 0; i < snap->nr && !mr_interrupted(); i++) {
		struct mr_replace_item *it = &snap->items[i];

		if (it->step == MR_REPLACE_LEAVE)
			continue;
		if (refuse(it, hooks) || try_it(m, it, hooks))
			hooks->tick(++done, snap->told, "", hooks->data);
		else
			busy[nr++] = it;
	}
	nr = try_again(m, busy, nr, timeout_ms, done, snap->told, hooks);
	for (size_t i = 0; i < nr; i++) {
		explain_busy(m, busy[i], &err);
		settle(busy[i], MR_OUTCOME_FAILED, &err, hooks);
	}
}
