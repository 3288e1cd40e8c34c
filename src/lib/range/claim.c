// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/range/claim.h"

#include <stdlib.h>

#include "backend/device.h"
#include "backend/percpu.h"
#include "util/clock.h"
#include "util/grow.h"
#include "util/interrupt.h"

#define PAUSE_FIRST_US	2000
#define LARGEST		32768	/* in pages; neither a signal nor a timeout ends a claim */

static int device_claim(void *m, struct memras_claim *claim)
{
	return mr_device_claim(m, claim);
}

static void device_drain(void *m)
{
	(void)m;
	mr_percpu_drain_lru();
}

static int device_look(void *m, uint64_t pfn, uint64_t nr, struct mr_blockers *out)
{
	struct mr_err ignored;

	return mr_blockers_find(m, pfn, nr, out, &ignored);
}

const struct mr_claim_ops mr_claim_device = {
	.claim = device_claim,
	.drain = device_drain,
	.look = device_look,
	.interrupted = mr_interrupted,
	.clock_us = mr_clock_us,
	.sleep_us = mr_clock_sleep_us,
};

uint64_t mr_claim_largest(const struct mr_machine *m)
{
	uint64_t pages = m->info.block_pages, unit = m->info.pageblock_pages;

	pages = pages && pages < LARGEST ? pages : LARGEST;
	return pages > unit ? pages : unit;
}

/*
 * The pieces left to claim. They are not merged: the parts of a refused piece are tried one by
 * one from then on.
 */
struct pieces {
	struct mr_range *list;
	size_t nr, room;
};

struct loop {
	struct mr_claims *c;
	struct pieces busy;
	uint64_t total, left;	/* pages: wanted, and not claimed yet */
	bool drained;		/* in this pass */
	int last_rc;		/* result of the last failed claim */
	int fatal;		/* an error that retries cannot help */
};

static int push(struct pieces *p, uint64_t pfn, uint64_t nr)
{
	if (mr_make_room(p->list, p->nr, p->room))
		return -ENOMEM;
	p->list[p->nr++] = (struct mr_range){ .pfn = pfn, .nr = nr };
	return 0;
}

static bool passing(int rc)
{
	return rc == -EBUSY || rc == -ENOMEM;
}

static bool stopped(const struct loop *l)
{
	const struct mr_claims *c = l->c;

	return l->fatal || c->ops->interrupted() || c->ops->clock_us() >= c->deadline_us;
}

static void tell(const struct loop *l)
{
	const struct mr_claims *c = l->c;
	const struct mr_claim_progress p = {
		.done = l->total - l->left, .total = l->total, .busy = l->busy.nr,
		.obstacle = c->blockers.nr ? &c->blockers.list[0] : NULL,
	};

	if (c->progress)
		c->progress(&p, c->data);
}

static int claim(struct mr_claims *c, uint64_t pfn, uint64_t nr)
{
	struct memras_claim arg = { .start_pfn = pfn, .nr_pages = nr, .flags = MEMRAS_CLAIM_ROUND };
	int rc = c->ops->claim(c->ctx, &arg);

	if (!rc) {
		c->claimed += arg.claimed;
		c->poisoned += arg.poisoned;
	}
	return rc;
}

/* Drains at most once per pass, because it is expensive; in the first pass only after a refusal. */
static void drain(struct loop *l)
{
	if (!l->drained)
		l->c->ops->drain(l->c->ctx);
	l->drained = true;
}

static int claim_drained(struct loop *l, uint64_t pfn, uint64_t nr)
{
	struct mr_claims *c = l->c;
	int rc = claim(c, pfn, nr);

	if (rc == -EBUSY && !l->drained) {
		drain(l);
		rc = claim(c, pfn, nr);
	}
	if (rc == -EBUSY && c->around && nr < c->unit)
		rc = claim(c, pfn - pfn % c->unit, c->unit);
	return rc;
}

/* Returns where to halve a piece, on a multiple of @unit; 0 if it is within one such unit. */
static uint64_t middle_by(uint64_t unit, uint64_t pfn, uint64_t nr)
{
	uint64_t end = pfn + nr, half = pfn + nr / 2;

	if (pfn / unit == (end - 1) / unit)
		return 0;
	half += unit - 1;
	half -= half % unit;
	return half < end ? half : (end - 1) - (end - 1) % unit;
}

/* ... on a boundary of a pageblock, and within one of a least piece. */
static uint64_t middle(const struct mr_claims *c, uint64_t pfn, uint64_t nr)
{
	uint64_t half = middle_by(c->unit, pfn, nr);

	return half || !c->least || c->least >= c->unit ? half : middle_by(c->least, pfn, nr);
}

/* Claims a piece; if refused, claims its halves. Adds what is still busy to l->busy. */
static int claim_piece(struct loop *l, uint64_t pfn, uint64_t nr)
{
	uint64_t half;
	int rc;

	if (stopped(l))
		return push(&l->busy, pfn, nr);
	rc = claim_drained(l, pfn, nr);
	if (!rc) {
		l->left -= nr;
		tell(l);
		return 0;
	}
	half = middle(l->c, pfn, nr);
	/* The halves of a range that spans two zones may each be in one zone. */
	if (half && (passing(rc) || rc == -EINVAL)) {
		rc = claim_piece(l, pfn, half - pfn);
		return rc ? rc : claim_piece(l, half, pfn + nr - half);
	}
	l->last_rc = rc;
	if (!passing(rc))
		l->fatal = rc;
	rc = push(&l->busy, pfn, nr);
	tell(l);
	return rc;
}

/* Makes one pass over the busy pieces. */
static int pass(struct loop *l)
{
	struct pieces todo = l->busy;
	int rc = 0;

	l->busy = (struct pieces){ 0 };
	l->drained = false;
	if (l->c->attempts++)
		drain(l);
	for (size_t i = 0; !rc && i < todo.nr; i++)
		rc = claim_piece(l, todo.list[i].pfn, todo.list[i].nr);
	free(todo.list);
	return rc;
}

static bool may_leave(struct mr_claims *c, const struct mr_range *r)
{
	struct mr_blockers here = { 0 };
	bool leave;

	/* A larger piece has parts that were not tried alone, and may have other pages. */
	if (!c->leave || middle(c, r->pfn, r->nr))
		return false;
	leave = !c->ops->look(c->ctx, r->pfn, r->nr, &here) &&
		c->leave(c->data, r->pfn, r->nr, &here);
	mr_blockers_free(&here);
	return leave;
}

/* Finds blockers elsewhere in the pageblocks of the busy pieces: c->around. */
static void look_around(struct mr_claims *c, const struct pieces *busy)
{
	for (size_t i = 0; i < busy->nr; i++) {
		uint64_t pfn = busy->list[i].pfn - busy->list[i].pfn % c->unit;

		if (!i || busy->list[i - 1].pfn / c->unit != pfn / c->unit)
			c->ops->look(c->ctx, pfn, c->unit, &c->blockers);
	}
	c->blockers.around = c->blockers.nr > 0;
}

/*
 * Examines the busy pieces, and drops those that may be left out. True if there is a blocker
 * that does not go away by waiting.
 */
static bool diagnose(struct loop *l)
{
	struct mr_claims *c = l->c;
	size_t kept = 0;

	mr_blockers_free(&c->blockers);
	for (size_t i = 0; i < l->busy.nr; i++) {
		const struct mr_range r = l->busy.list[i];

		if (may_leave(c, &r)) {
			l->left -= r.nr;
			continue;
		}
		c->ops->look(c->ctx, r.pfn, r.nr, &c->blockers);
		l->busy.list[kept++] = r;
	}
	l->busy.nr = kept;
	if (!c->blockers.nr && c->around)
		look_around(c, &l->busy);
	return c->blockers.lasting;
}

static int run(struct loop *l)
{
	struct mr_claims *c = l->c;
	uint64_t pause = PAUSE_FIRST_US;
	unsigned int hopeless = 0;
	int rc = 0;

	while (!rc && l->busy.nr) {
		rc = pass(l);
		if (rc || !l->busy.nr)
			break;
		if (c->ops->interrupted())
			return -EINTR;
		if (l->fatal)
			return l->fatal;
		hopeless = diagnose(l) ? hopeless + 1 : 0;
		if (!l->busy.nr)
			break;
		if (hopeless == MR_CLAIM_LOOKS || c->attempts > c->retries)
			return -EBUSY;
		if (c->ops->clock_us() + pause >= c->deadline_us)
			return l->last_rc == -ENOMEM ? -ENOMEM : -ETIMEDOUT;
		c->ops->sleep_us(pause);
		pause = pause * 2 > MR_CLAIM_PAUSE_US ? MR_CLAIM_PAUSE_US : pause * 2;
	}
	return !rc && c->ops->interrupted() ? -EINTR : rc;
}

int mr_claims_run(struct mr_claims *c, const struct mr_ranges *want)
{
	struct loop l = { .c = c, .total = mr_ranges_pages(want) };
	int rc = 0;

	l.left = l.total;
	for (size_t i = 0; !rc && i < want->nr; i++) {
		uint64_t pfn = want->list[i].pfn, end = pfn + want->list[i].nr;

		for (uint64_t n; !rc && pfn < end; pfn += n) {
			n = c->largest - pfn % c->largest;
			n = n < end - pfn ? n : end - pfn;
			rc = push(&l.busy, pfn, n);
		}
	}
	if (!rc)
		rc = run(&l);
	if (!rc)
		mr_blockers_free(&c->blockers);
	free(l.busy.list);
	return rc;
}
