// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/page/batch.h"

#include <stdlib.h>

#include "backend/kpage.h"
#include "backend/percpu.h"
#include "lib/page/item.h"
#include "util/clock.h"
#include "util/grow.h"
#include "util/interrupt.h"
#include "util/num.h"

#define BATCH		4096	/* pages inspected together */
#define GROUP		256	/* pages tried before they are read back, */
#define GROUP_US	50000	/* or the time after which they are */
#define BACKOFF_LAST_US	200000
#define OWNERS_MS	10000

/* A page to read back, and the index of its item. */
struct look {
	uint64_t pfn;			/* first, as the sort key */
	size_t index;
};

struct batch {
	struct mr_machine *m;
	const struct mr_batch_way *way;
	const struct mr_batch_hooks *hooks;
	struct mr_inspector inspector;
	struct mr_err unread;		/* why page flags cannot be read; code 0 if they can */
	struct mr_spots spots;		/* position of the run */
	struct mr_item *items;		/* of the current batch */
	size_t nr, room;
	bool replaced;			/* a hugepage, since the batch was looked at */
	struct mr_item **open;		/* space for a batch: pointers, words and snapshots */
	uint64_t *pfns, *words;
	struct look *looks;
	struct mr_snap *snaps;
	struct mr_owners owners;
	struct mr_intent *intents;
	size_t nr_intents, intents_room;
	uint64_t *mapped;
	size_t nr_mapped, mapped_room;
	uint64_t done, total;
};

/* True if a signal keeps the run from further first tries. */
static bool stopped(const struct batch *b)
{
	return mr_interrupted() && !b->way->despite_signal;
}

/* Inspects and plans these items. An item that cannot be inspected has failed. */
static void look_at(struct batch *b, struct mr_item **items, size_t nr)
{
	struct mr_err err = b->unread;
	int rc = err.code;

	for (size_t i = 0; i < nr; i++)
		b->pfns[i] = items[i]->spot.pfn;
	if (!rc)
		rc = mr_inspect_many(&b->inspector, b->pfns, nr, b->snaps, &err);
	if (!rc && b->way->prepare && b->way->prepare(b->snaps, nr, b->way->data))
		rc = mr_inspect_many(&b->inspector, b->pfns, nr, b->snaps, &err);
	for (size_t i = 0; i < nr; i++) {
		struct mr_item *it = items[i];

		if (rc) {
			mr_item_keep_error(it, &err);
			mr_item_decide(it, MR_OUTCOME_FAILED);
			continue;
		}
		it->snap = b->snaps[i];
		mr_item_plan(it, b->way, &b->owners);
	}
}

static int by_pfn_and_index(const void *pa, const void *pb)
{
	const struct look *a = pa, *b = pb;

	if (a->pfn != b->pfn)
		return a->pfn > b->pfn ? 1 : -1;
	return a->index > b->index ? 1 : -1;
}

/* Marks the items whose page an earlier item has named. */
static void mark_twins(struct batch *b)
{
	bool ascending = true;

	for (size_t i = 0; i < b->nr; i++) {
		b->looks[i] = (struct look){ b->items[i].spot.pfn, i };
		ascending = ascending && (!i || b->looks[i - 1].pfn < b->looks[i].pfn);
	}
	if (ascending)
		return;
	qsort(b->looks, b->nr, sizeof(*b->looks), by_pfn_and_index);
	for (size_t i = 1; i < b->nr; i++)
		if (b->looks[i].pfn == b->looks[i - 1].pfn)
			b->items[b->looks[i].index].twin = true;
}

/* Loads the next batch; false if there is none. */
static bool load(struct batch *b)
{
	b->nr = 0;
	b->replaced = false;
	while (b->nr < b->room && !stopped(b)) {
		struct mr_item it = { 0 };

		if (!mr_spots_next(&b->spots, &it.spot))
			break;
		it.node = -1;
		it.block = UINT64_MAX;
		b->items[b->nr] = it;
		b->open[b->nr] = &b->items[b->nr];
		b->nr++;
	}
	if (!b->nr)
		return false;
	mark_twins(b);
	look_at(b, b->open, b->nr);
	return true;
}

static void unload(struct batch *b)
{
	for (size_t i = 0; i < b->nr; i++)
		free(b->items[i].err);
	b->nr = 0;
}

static void settle(struct batch *b, struct mr_item *it)
{
	struct mr_result result;

	mr_item_settle(it, b->m, &b->owners, &result);
	b->done++;
	if (b->hooks->settled)
		b->hooks->settled(&result, b->hooks->data);
}

/* True if the page may be another than it was when looked at, by what was done since. */
static bool may_have_changed(const struct batch *b, const struct mr_item *it)
{
	uint64_t flags;

	/* By a try at its hugepage, or at the same page by another name. */
	if (it->snap.huge_pages || it->twin)
		return true;
	/* It was free, and may be in the hugepage that took the place of another one. */
	return b->replaced && mr_kpage_flags(b->m, it->spot.pfn, &flags, 1) == 1 &&
	       (flags & MR_KPF(KPF_HUGE));
}

static void try_it(struct batch *b, struct mr_item *it)
{
	struct mr_err err = { 0 };

	if (!it->attempts)
		it->begun = mr_clock_us();
	if (may_have_changed(b, it))
		look_at(b, &it, 1);
	if (it->decided)
		return;
	it->attempts++;
	it->tried = true;
	b->replaced |= it->snap.huge_pages > 0;
	it->rc = b->way->apply(&it->snap, &it->step, &it->spot, b->way->data, &err);
	it->ended = mr_clock_us();
	/*
	 * It may be in a pageblock with memory that cannot be moved, which the kernel never takes
	 * a part of: then the pool has to grow elsewhere.
	 */
	it->grow |= it->rc == -EBUSY && it->step.keep == MR_KEEP_REPLACE;
	if (it->rc)
		mr_item_keep_error(it, &err);
}

/*
 * Reads back those of @nr items that were tried, in the order of the pages, and settles decided
 * items in the order of the items.
 */
static void verify(struct batch *b, struct mr_item **items, size_t nr)
{
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < nr; i++)
		if (items[i]->tried && !items[i]->decided)
			b->looks[n++] = (struct look){ items[i]->spot.pfn, i };
	qsort(b->looks, n, sizeof(*b->looks), by_pfn_and_index);
	for (size_t i = 0; i < n; i++)
		b->pfns[i] = b->looks[i].pfn;
	/* A page that cannot be read back is not done. */
	rc = mr_kpage_gather(b->m->kpageflags, b->pfns, n, 0, b->words);
	for (size_t i = 0; !rc && i < n; i++)
		if (!(b->words[i] & MR_KPF(KPF_HWPOISON)) && mr_kpage_is_huge_tail(b->words[i]) &&
		    mr_kpage_poisoned(b->m, b->pfns[i]) == 1)
			b->words[i] |= MR_KPF(KPF_HWPOISON);
	for (size_t i = 0; i < n; i++)
		mr_item_judge(items[b->looks[i].index], b->way, !rc ? b->words[i] :
			      b->way->poisons ? 0 : MR_KPF(KPF_HWPOISON));
	for (size_t i = 0; i < nr; i++)
		if (items[i]->decided && !items[i]->settled)
			settle(b, items[i]);
	if (b->hooks->tick)
		b->hooks->tick(b->done, b->total, "", b->hooks->data);
}

/* Tries each page of the batch once, in the order of the targets. */
static void first_pass(struct batch *b)
{
	uint64_t since = mr_clock_us();
	size_t from = 0, i;

	for (i = 0; i < b->nr && !stopped(b); i++) {
		struct mr_item *it = b->open[i];

		if (!it->decided)
			try_it(b, it);
		if (i + 1 - from < GROUP && mr_clock_us() - since < GROUP_US)
			continue;
		verify(b, b->open + from, i + 1 - from);
		from = i + 1;
		since = mr_clock_us();
	}
	verify(b, b->open + from, i - from);
}

/* In 5.10 soft offline takes free pages from buddy lists only, and drains no per-cpu list. */
static void drain(struct mr_item **items, size_t nr)
{
	int32_t drained = INT32_MIN;

	for (size_t i = 0; i < nr; i++) {
		const struct mr_snap *s = &items[i]->snap;

		if (items[i]->rc != -EIO || s->kind != MEMRAS_KIND_UNKNOWN || s->refcount > 0 ||
		    s->node == drained)
			continue;
		mr_percpu_drain_free(s->node);
		drained = s->node;
	}
}

/* Moves the items of b->open that are still open to its front. Returns how many. */
static size_t still_open(struct batch *b, size_t nr)
{
	size_t n = 0;

	for (size_t i = 0; i < nr; i++)
		if (b->open[i]->attempts && !b->open[i]->settled)
			b->open[n++] = b->open[i];
	return n;
}

/* Retries the busy pages of the batch in turns, until all are done or the time is up. */
static void try_again(struct batch *b)
{
	const uint64_t now = mr_clock_us(), us = b->way->timeout_ms * 1000;
	const uint64_t end = b->way->timeout_ms > UINT64_MAX / 1000 || now + us < now ?
			     UINT64_MAX : now + us;
	uint64_t backoff = MR_BACKOFF_FIRST_US;
	size_t nr = still_open(b, b->nr);

	while (nr && !mr_interrupted() && mr_clock_us() + backoff < end) {
		drain(b->open, nr);
		if (b->hooks->tick)
			b->hooks->tick(b->done, b->total, "busy pages", b->hooks->data);
		mr_clock_sleep_us(backoff);
		backoff = backoff * 2 > BACKOFF_LAST_US ? BACKOFF_LAST_US : backoff * 2;
		look_at(b, b->open, nr);
		for (size_t i = 0; i < nr && !mr_interrupted(); i++)
			if (!b->open[i]->decided &&
			    (b->open[i]->attempts < 2 || mr_clock_us() < end))
				try_it(b, b->open[i]);
		verify(b, b->open, nr);
		nr = still_open(b, nr);
	}
	for (size_t i = 0; i < nr; i++) {
		mr_item_decide(b->open[i], MR_OUTCOME_FAILED);
		settle(b, b->open[i]);
	}
}

/* Notes which pages of the batch will be tried, and which are mapped by processes. */
static int note(struct batch *b)
{
	for (size_t i = 0; i < b->nr; i++) {
		const struct mr_item *it = &b->items[i];

		if (it->step.action != MR_ACTION_NONE && it->snap.mapcount > 0 && b->way->owners) {
			if (mr_make_room(b->mapped, b->nr_mapped, b->mapped_room))
				return -ENOMEM;
			b->mapped[b->nr_mapped++] = it->spot.pfn;
		}
		if (it->step.action == MR_ACTION_REFUSE || !it->looked || !b->hooks->intend)
			continue;
		if (mr_make_room(b->intents, b->nr_intents, b->intents_room))
			return -ENOMEM;
		b->intents[b->nr_intents++] = (struct mr_intent){
			it->spot.pfn, it->node, it->step.action == MR_ACTION_NONE };
	}
	return 0;
}

static int intend(struct batch *b, struct mr_err *err)
{
	size_t n = 0;

	if (!b->nr_intents || b->way->dry_run || stopped(b))
		return 0;
	qsort(b->intents, b->nr_intents, sizeof(*b->intents), mr_u64_order);
	for (size_t i = 1; i < b->nr_intents; i++)
		if (b->intents[i].pfn != b->intents[n].pfn)
			b->intents[++n] = b->intents[i];
	return b->hooks->intend(b->intents, n + 1, b->hooks->data, err);
}

static void plan_again(struct batch *b)
{
	for (size_t i = 0; i < b->nr; i++)
		if (b->items[i].step.action == MR_ACTION_REFUSE)
			mr_item_plan(&b->items[i], b->way, &b->owners);
}

/*
 * Inspects all pages of the run, for facts that are needed before the first page is touched.
 * The batch stays loaded if the run has only one.
 */
static int survey(struct batch *b, struct mr_err *err)
{
	struct mr_spots begin = b->spots;
	int rc = 0;

	if (!b->way->owners && (!b->hooks->intend || b->way->dry_run)) {
		load(b);
		return 0;
	}
	while (!rc && load(b)) {
		rc = note(b);
		if (b->total <= b->room)
			break;
		unload(b);
	}
	if (rc)
		return mr_err_set(err, rc, "", "no memory for the pages");
	if (b->nr_mapped) {
		struct mr_err ignored;

		mr_owners_find(b->m, b->mapped, b->nr_mapped, OWNERS_MS, NULL, NULL, &b->owners,
			       &ignored);
	}
	rc = intend(b, err);
	free(b->intents);
	free(b->mapped);
	b->intents = NULL;
	b->mapped = NULL;
	if (rc)
		return rc;
	if (b->total > b->room) {
		b->spots = begin;
		load(b);
	} else if (b->owners.nr) {
		plan_again(b);
	}
	return 0;
}

static int alloc(struct batch *b)
{
	b->room = b->total < BATCH ? (size_t)b->total : BATCH;
	b->items = calloc(b->room, sizeof(*b->items));
	b->open = calloc(b->room, sizeof(struct mr_item *));
	b->pfns = calloc(b->room, sizeof(*b->pfns));
	b->words = calloc(b->room, sizeof(*b->words));
	b->looks = calloc(b->room, sizeof(*b->looks));
	b->snaps = calloc(b->room, sizeof(*b->snaps));
	return b->items && b->open && b->pfns && b->words && b->looks && b->snaps ? 0 : -ENOMEM;
}

static void release(struct batch *b)
{
	unload(b);
	free(b->items);
	free(b->open);
	free(b->pfns);
	free(b->words);
	free(b->looks);
	free(b->snaps);
	free(b->intents);
	free(b->mapped);
	mr_owners_free(&b->owners);
	mr_inspector_close(&b->inspector);
}

int mr_batch_run(struct mr_machine *m, const struct mr_spans *spans,
		 const struct mr_batch_way *way, const struct mr_batch_hooks *hooks,
		 struct mr_err *err)
{
	struct batch b = { .m = m, .way = way, .hooks = hooks, .total = spans->pages };
	int rc;

	if (!b.total)
		return 0;
	mr_spots_begin(&b.spots, m, spans);
	mr_inspector_open(&b.inspector, m, &b.unread);
	rc = alloc(&b);
	if (rc)
		mr_err_set(err, rc, "", "no memory for the pages");
	if (!rc)
		rc = survey(&b, err);
	while (!rc && b.nr) {
		first_pass(&b);
		try_again(&b);
		unload(&b);
		load(&b);
	}
	release(&b);
	return rc;
}
