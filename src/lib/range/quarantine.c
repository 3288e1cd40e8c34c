// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/range/quarantine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/block.h"
#include "backend/device.h"
#include "backend/percpu.h"
#include "lib/inspect/headroom.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/grow.h"
#include "util/interrupt.h"

#define HOPELESS_LOOKS	3	/* looks that all saw a blocker that waiting does not remove */
#define PAUSE_FIRST_US	2000
#define PAUSE_LAST_US	200000

static const char *hold_state(const struct memras_hold *h)
{
	return h->flags & MEMRAS_HOLD_AWAY ? "away" : h->flags & MEMRAS_HOLD_LOST ? "lost" : "held";
}

int mr_quarantine_list(const struct mr_machine *m, uint64_t pfn, uint64_t pages,
		       struct mr_quarantine **list, size_t *nr, struct mr_err *err)
{
	mr_autofree struct memras_hold *holds = NULL;
	struct mr_quarantine *out;
	const struct memras_hold *last = NULL;
	size_t n, kept = 0;
	int rc;

	*list = NULL;
	*nr = 0;
	if (m->device == -ENOENT || !mr_device_has(m, MEMRAS_FEAT_CLAIM))
		return 0;
	rc = mr_device_holds(m, &holds, &n);
	if (rc)
		return mr_err_set(err, rc, "", "what is held cannot be listed");
	out = calloc(n + 1, sizeof(*out));
	if (!out)
		return mr_err_set(err, -ENOMEM, "", "no memory for the list");
	for (size_t i = 0; i < n; i++) {
		const struct memras_hold *h = &holds[i];
		const char *state = hold_state(h);
		time_t since = (time_t)h->since;
		struct mr_quarantine *q;
		struct tm tm;

		if (!(h->flags & MEMRAS_HOLD_KEPT) || h->pfn < pfn || h->pfn - pfn >= pages)
			continue;
		/* The module keeps blocks apart; for a person they are one range. */
		if (last && last->pfn + last->nr == h->pfn && last->since == h->since &&
		    last->node == h->node && last->flags == h->flags) {
			q = &out[kept - 1];
		} else {
			q = &out[kept++];
			*q = (struct mr_quarantine){ .pfn = h->pfn, .phys = mr_pfn_phys(m, h->pfn),
						     .node = h->node, .state = state };
			strftime(q->since, sizeof(q->since), "%Y-%m-%dT%H:%M:%SZ",
				 gmtime_r(&since, &tm));
		}
		q->pages += h->nr;
		if (!strcmp(state, "held"))
			q->held += h->nr;
		last = h;
	}
	*list = out;
	*nr = kept;
	return 0;
}

/* A dry run does without the module, which then holds nothing. */
static int list_holds(const struct mr_machine *m, struct memras_hold **list, size_t *nr)
{
	*nr = 0;
	return m->device < 0 ? 0 : mr_device_holds(m, list, nr);
}

struct range {
	uint64_t pfn, nr;
	bool lost;		/* a quarantine has it, and is to hold it again */
};

struct ranges {
	struct range *list;
	size_t nr, room;
};

static int push(struct ranges *r, uint64_t pfn, uint64_t nr)
{
	struct range *last = r->nr ? &r->list[r->nr - 1] : NULL;

	if (last && pfn <= last->pfn + last->nr) {
		if (pfn + nr > last->pfn + last->nr)
			last->nr = pfn + nr - last->pfn;
		return 0;
	}
	if (mr_make_room(r->list, r->nr, r->room))
		return -ENOMEM;
	r->list[r->nr++] = (struct range){ .pfn = pfn, .nr = nr };
	return 0;
}

static int by_pfn(const void *pa, const void *pb)
{
	const struct mr_span *a = pa, *b = pb;

	return a->pfn > b->pfn ? 1 : a->pfn < b->pfn ? -1 : 0;
}

/* The spans ascending, each page once. */
static int normalise(const struct mr_span *spans, size_t nr, struct ranges *out)
{
	mr_autofree struct mr_span *sorted = calloc(nr + 1, sizeof(*sorted));
	int rc = 0;

	if (!sorted)
		return -ENOMEM;
	memcpy(sorted, spans, nr * sizeof(*sorted));
	qsort(sorted, nr, sizeof(*sorted), by_pfn);
	for (size_t i = 0; !rc && i < nr; i++)
		rc = push(out, sorted[i].pfn, sorted[i].nr);
	return rc;
}

static void begin(const struct mr_machine *m, const struct mr_span *spans, const struct ranges *all,
		  struct mr_quarantine_result *r)
{
	struct mr_block block;

	*r = (struct mr_quarantine_result){
		.target = spans[0].target ? spans[0].target->word : "all",
		.pfn = all->list[0].pfn, .phys = mr_pfn_phys(m, all->list[0].pfn),
		.node = -1, .block = UINT64_MAX,
	};
	for (size_t i = 0; i < all->nr; i++)
		r->pages += all->list[i].nr;
	if (!m->block_size)
		return;
	r->block = r->pfn / mr_block_pages(m);
	if (!mr_block_read(m, r->block, &block))
		r->node = block.node;
}

/* The part of one pageblock that is wanted, one or more ranges. */
struct slot {
	uint64_t pfn, nr;	/* of the whole pageblock */
	size_t first, ranges;	/* in want */
	bool had;
};

/* How many pages of the ranges quarantines have. */
struct kept {
	uint64_t held, away, lost;
};

static int count_kept(const struct mr_machine *m, const struct ranges *all, struct kept *kept)
{
	mr_autofree struct memras_hold *holds = NULL;
	size_t n;
	int rc = list_holds(m, &holds, &n);

	*kept = (struct kept){ 0 };
	for (size_t i = 0; !rc && i < all->nr; i++) {
		for (size_t h = 0; h < n; h++) {
			uint64_t first = all->list[i].pfn, end = first + all->list[i].nr;
			uint64_t hold_end = holds[h].pfn + holds[h].nr;

			first = first > holds[h].pfn ? first : holds[h].pfn;
			end = end < hold_end ? end : hold_end;
			if (!(holds[h].flags & MEMRAS_HOLD_KEPT) || first >= end)
				continue;
			if (holds[h].flags & MEMRAS_HOLD_AWAY)
				kept->away += end - first;
			else if (holds[h].flags & MEMRAS_HOLD_LOST)
				kept->lost += end - first;
			else
				kept->held += end - first;
		}
	}
	return rc;
}

struct add {
	const struct mr_machine *m;
	const struct mr_quarantine_policy *policy;
	struct mr_quarantine_result *result;
	uint64_t unit;		/* pages of a pageblock */
	struct ranges want;	/* cut at pageblocks; without what is in quarantine already */
	uint64_t pages;		/* in want */
	uint64_t lost;		/* of them */
	struct slot *slots;
	size_t nr_slots;
	int last_rc;
};

/* [@pfn, @pfn + @nr) goes to @a->want, pageblock by pageblock. */
static int want(struct add *a, uint64_t pfn, uint64_t nr, bool lost)
{
	while (nr) {
		uint64_t n = a->unit - pfn % a->unit;

		n = n < nr ? n : nr;
		/* Not push(): that would join what is cut here. */
		if (mr_make_room(a->want.list, a->want.nr, a->want.room))
			return -ENOMEM;
		a->want.list[a->want.nr++] = (struct range){ pfn, n, lost };
		a->pages += n;
		a->lost += lost ? n : 0;
		pfn += n;
		nr -= n;
	}
	return 0;
}

/* Leaves out what quarantines hold, or will hold again; what they lost is wanted. */
static int subtract_held(struct add *a, const struct ranges *all)
{
	mr_autofree struct memras_hold *holds = NULL;
	size_t n, h = 0;
	int rc = list_holds(a->m, &holds, &n);

	for (size_t i = 0; !rc && i < all->nr; i++) {
		uint64_t pfn = all->list[i].pfn, end = pfn + all->list[i].nr;

		while (h < n && holds[h].pfn + holds[h].nr <= pfn)
			h++;
		for (size_t k = h; !rc && k < n && holds[k].pfn < end; k++) {
			uint64_t hold_end = holds[k].pfn + holds[k].nr;

			if (!(holds[k].flags & MEMRAS_HOLD_KEPT))
				continue;
			if (holds[k].pfn > pfn) {
				rc = want(a, pfn, holds[k].pfn - pfn, false);
				pfn = holds[k].pfn;
			}
			hold_end = hold_end < end ? hold_end : end;
			if (!rc && (holds[k].flags & MEMRAS_HOLD_LOST))
				rc = want(a, pfn, hold_end - pfn, true);
			pfn = hold_end;
		}
		if (!rc && pfn < end)
			rc = want(a, pfn, end - pfn, false);
	}
	return rc;
}

static int make_slots(struct add *a)
{
	a->slots = calloc(a->want.nr + 1, sizeof(*a->slots));
	if (!a->slots)
		return -ENOMEM;
	for (size_t i = 0; i < a->want.nr; i++) {
		uint64_t pfn = a->want.list[i].pfn / a->unit * a->unit;

		if (!a->nr_slots || a->slots[a->nr_slots - 1].pfn != pfn)
			a->slots[a->nr_slots++] = (struct slot){ .pfn = pfn, .nr = a->unit,
								 .first = i };
		a->slots[a->nr_slots - 1].ranges++;
	}
	return 0;
}

/* 0 when all of the range is ours, or poisoned; what went round is what we have already. */
static int claim(struct add *a, uint64_t pfn, uint64_t nr)
{
	struct memras_claim c = { .start_pfn = pfn, .nr_pages = nr, .flags = MEMRAS_CLAIM_ROUND };

	return mr_device_claim(a->m, &c);
}

/*
 * Claims what is wanted of one pageblock. A few pages that someone uses are not
 * to be had by themselves (mm/page_isolation.c, test_pages_isolated()): then
 * the pageblock is claimed around them, and what is not wanted goes back in
 * the end; but only when the batches of the CPUs are @drained.
 */
static int claim_slot(struct add *a, const struct slot *s, bool drained)
{
	int rc = 0;

	for (size_t i = s->first; !rc && i < s->first + s->ranges; i++)
		rc = claim(a, a->want.list[i].pfn, a->want.list[i].nr);
	if (rc == -EBUSY && drained && a->want.list[s->first].nr < s->nr)
		rc = claim(a, s->pfn, s->nr);
	return rc;
}

static void tell(const struct add *a, uint64_t busy)
{
	uint64_t done = 0;

	if (!a->policy->progress)
		return;
	for (size_t i = 0; i < a->nr_slots; i++)
		for (size_t k = 0; a->slots[i].had && k < a->slots[i].ranges; k++)
			done += a->want.list[a->slots[i].first + k].nr;
	a->policy->progress(done, a->pages, busy, a->policy->progress_data);
}

/* One pass over what is not had yet. Returns how much still is not. */
static size_t pass(struct add *a, uint64_t deadline)
{
	size_t busy = 0;

	/* Draining costs: only once the first try was refused. */
	if (a->result->attempts++)
		mr_percpu_drain_lru();
	for (size_t i = 0; i < a->nr_slots; i++) {
		struct slot *s = &a->slots[i];
		int rc;

		if (s->had)
			continue;
		if (mr_interrupted() || (a->result->attempts > 1 && mr_clock_us() >= deadline)) {
			busy++;
			continue;
		}
		rc = claim_slot(a, s, a->result->attempts > 1);
		s->had = !rc;
		if (rc) {
			a->last_rc = rc;
			busy++;
		}
		tell(a, busy);
	}
	return busy;
}

/* Looks at what is not had; true when some of it never will be. */
static bool diagnose(struct add *a, bool around)
{
	struct mr_err ignored;

	mr_blockers_free(&a->result->blockers);
	for (size_t i = 0; i < a->nr_slots; i++) {
		const struct slot *s = &a->slots[i];

		for (size_t k = s->first; !s->had && k < s->first + s->ranges; k++)
			mr_blockers_find(a->m, a->want.list[k].pfn, a->want.list[k].nr,
					 &a->result->blockers, &ignored);
	}
	if (a->result->blockers.nr || !around)
		return a->result->blockers.lasting;
	for (size_t i = 0; i < a->nr_slots; i++)
		if (!a->slots[i].had)
			mr_blockers_find(a->m, a->slots[i].pfn, a->slots[i].nr,
					 &a->result->blockers, &ignored);
	return false;
}

static bool passing(int rc)
{
	return rc == -EBUSY || rc == -ENOMEM;
}

static int claim_all(struct add *a, uint64_t deadline)
{
	uint64_t pause = PAUSE_FIRST_US;
	unsigned int hopeless = 0;

	/* Nothing is moved for a range that cannot be had in the end. */
	while (diagnose(a, false)) {
		if (++hopeless == HOPELESS_LOOKS)
			return -EBUSY;
		mr_clock_sleep_us(PAUSE_LAST_US);
	}
	hopeless = 0;
	while (pass(a, deadline)) {
		if (mr_interrupted())
			return -EINTR;
		if (!passing(a->last_rc))
			return a->last_rc;
		hopeless = diagnose(a, true) ? hopeless + 1 : 0;
		if (hopeless == HOPELESS_LOOKS)
			return -EBUSY;
		/* The second pass drains, and most that is refused at first is had then. */
		if (a->result->attempts > 1 && mr_clock_us() + pause >= deadline)
			return a->last_rc == -ENOMEM ? -ENOMEM : -ETIMEDOUT;
		mr_clock_sleep_us(pause);
		pause = pause * 2 > PAUSE_LAST_US ? PAUSE_LAST_US : pause * 2;
	}
	mr_blockers_free(&a->result->blockers);
	return mr_interrupted() ? -EINTR : 0;
}

/* From here on it outlives us. What is not kept was had already, or is poisoned. */
static int keep_all(struct add *a)
{
	for (size_t i = 0; i < a->want.nr;) {
		struct memras_keep keep = { .start_pfn = a->want.list[i].pfn };
		int rc;

		/* Neighbours in one call, so that they are kept at one moment. */
		do
			keep.nr_pages += a->want.list[i++].nr;
		while (i < a->want.nr && a->want.list[i].pfn == keep.start_pfn + keep.nr_pages);
		rc = mr_device_keep(a->m, &keep);
		if (rc && rc != -ENOENT)
			return rc;
		a->result->changed += keep.kept;
	}
	return 0;
}

/* Gives back what this descriptor holds and did not keep. */
static void give_back(const struct add *a)
{
	for (size_t i = 0; i < a->nr_slots; i++) {
		struct memras_release release = { .start_pfn = a->slots[i].pfn,
						  .nr_pages = a->slots[i].nr };

		mr_device_release(a->m, &release);
	}
}

/*
 * Whether all of it is in quarantine, but for poisoned pages, which are counted.
 * Someone else's claim may have been gone round.
 */
static int verify(struct add *a, const struct ranges *all)
{
	struct mr_quarantine_result *r = a->result;
	struct add left = { .m = a->m, .unit = a->unit };
	int rc = subtract_held(&left, all);

	r->poisoned = 0;
	for (size_t i = 0; !rc && i < left.want.nr; i++) {
		for (uint64_t n = 0; n < left.want.list[i].nr; n++) {
			struct memras_page page = { .pfn = left.want.list[i].pfn + n };

			if (!mr_device_describe(a->m, &page, 1) &&
			    (page.flags & MEMRAS_PAGE_HWPOISON)) {
				r->poisoned++;
				continue;
			}
			rc = -EBUSY;
			break;
		}
	}
	free(left.want.list);
	return rc;
}

/*
 * All or nothing: what was kept before something went wrong. What had been lost
 * is not this call's to release.
 */
static void unkeep(struct add *a)
{
	for (size_t i = 0; a->result->changed && i < a->want.nr; i++) {
		struct memras_release release = { .start_pfn = a->want.list[i].pfn,
						  .nr_pages = a->want.list[i].nr,
						  .flags = MEMRAS_RELEASE_KEPT };

		if (!a->want.list[i].lost)
			mr_device_release(a->m, &release);
	}
	a->result->changed = 0;
}

/* How much is had again of what had been lost; that stays, even if the rest fails. */
static uint64_t regained(const struct add *a, const struct ranges *all)
{
	struct kept kept;

	if (count_kept(a->m, all, &kept) || kept.lost > a->lost)
		return 0;
	return a->lost - kept.lost;
}

/* What quarantines have of it after a failure, in words. */
static const char *what_stays(const struct add *a, const struct ranges *all, char *buf, size_t size)
{
	struct kept kept;

	if (count_kept(a->m, all, &kept) || (!kept.held && !kept.lost))
		snprintf(buf, size, "nothing of it is held");
	else if (kept.lost)
		snprintf(buf, size, "of its pages %" PRIu64 " are held and %" PRIu64 " lost",
			 kept.held, kept.lost);
	else
		snprintf(buf, size, "of its pages %" PRIu64 " are held, as they were", kept.held);
	return buf;
}

static void explain_add(const struct add *a, const struct ranges *all, int rc)
{
	struct mr_quarantine_result *r = a->result;
	struct mr_blockers *blockers = &r->blockers;
	char stays[80];

	if (r->err.code)
		return;
	what_stays(a, all, stays, sizeof(stays));
	if (rc != -EINTR)
		mr_blockers_find_owners(a->m, &blockers, 1);
	switch (rc) {
	case -EINTR:
		mr_err_set(&r->err, rc, r->target, "interrupted; %s", stays);
		return;
	case -ENXIO:
		mr_err_set(&r->err, rc, r->target, "its memory block is offline");
		mr_err_hint(&r->err, "memras block online brings it back");
		return;
	case -EINVAL:
		mr_err_set(&r->err, rc, r->target, "a pageblock of it spans two zones");
		return;
	case -ENOMEM:
		mr_err_set(&r->err, rc, r->target,
			   "no memory is left elsewhere to move its pages to");
		break;
	default:
		if (r->blockers.nr)
			mr_blockers_explain(&r->blockers, rc, r->target, &r->err);
		else
			mr_err_set(&r->err, rc, r->target, "its pages stayed busy until the timeout");
		break;
	}
	mr_err_hint(&r->err, "%s; a longer --timeout tries again for longer", stays);
}

static void finish(struct mr_quarantine_result *r, enum mr_outcome outcome, uint64_t start)
{
	r->outcome = outcome;
	r->elapsed_us = mr_clock_us() - start;
}

/* An offline block in the range: nothing of it can be had. */
static bool any_offline(const struct mr_machine *m, const struct ranges *want)
{
	const uint64_t per = mr_block_pages(m);

	for (size_t i = 0; per && i < want->nr; i++) {
		enum mr_block_state state;

		if (!mr_block_read_state(m, want->list[i].pfn / per, &state) &&
		    state == MR_BLOCK_OFFLINE)
			return true;
	}
	return false;
}

static int add(struct add *a, const struct ranges *all, uint64_t start)
{
	const uint64_t deadline = start + a->policy->timeout_ms * 1000;
	struct mr_quarantine_result *r = a->result;
	struct mr_blockers *blockers = &r->blockers;
	int rc = subtract_held(a, all);

	if (rc)
		return rc;
	if (!a->want.nr) {
		r->outcome = MR_OUTCOME_ALREADY;
		return 0;
	}
	r->via = "module";
	if (any_offline(a->m, &a->want)) {
		r->outcome = MR_OUTCOME_REFUSED;
		r->via = NULL;
		return -ENXIO;
	}
	rc = mr_room_need(a->m, a->pages, r->target, &r->err);
	if (rc) {
		r->outcome = MR_OUTCOME_REFUSED;
		r->via = NULL;
		return rc;
	}
	rc = make_slots(a);
	if (rc)
		return rc;
	if (a->policy->dry_run) {
		diagnose(a, false);
		mr_blockers_find_owners(a->m, &blockers, 1);
		r->outcome = MR_OUTCOME_PLANNED;
		return 0;
	}
	rc = claim_all(a, deadline);
	if (!rc)
		rc = keep_all(a);
	give_back(a);
	if (!rc)
		rc = verify(a, all);
	if (rc)
		unkeep(a);
	r->changed += regained(a, all);
	if (rc)
		return rc;
	r->outcome = r->changed ? MR_OUTCOME_DONE : MR_OUTCOME_ALREADY;
	return 0;
}

void mr_quarantine_add(const struct mr_machine *m, const struct mr_span *spans, size_t nr,
		       const struct mr_quarantine_policy *policy,
		       struct mr_quarantine_result *result)
{
	const uint64_t start = mr_clock_us();
	struct add a = { .m = m, .policy = policy, .result = result,
			 .unit = m->info.pageblock_pages ? m->info.pageblock_pages : 512 };
	struct ranges all = { 0 };
	int rc = normalise(spans, nr, &all);

	if (rc) {
		*result = (struct mr_quarantine_result){ .target = "" };
		mr_err_set(&result->err, rc, "", "no memory for the list of pages");
		finish(result, MR_OUTCOME_FAILED, start);
	} else {
		begin(m, spans, &all, result);
		result->outcome = MR_OUTCOME_FAILED;
		rc = add(&a, &all, start);
		if (rc)
			explain_add(&a, &all, rc);
		finish(result, result->outcome, start);
	}
	free(a.slots);
	free(a.want.list);
	free(all.list);
}

static int release(const struct mr_machine *m, const struct ranges *all, bool dry_run,
		   struct mr_quarantine_result *r)
{
	struct kept kept;
	int rc = count_kept(m, all, &kept);

	if (rc)
		return rc;
	if (!kept.held && !kept.away && !kept.lost) {
		r->outcome = MR_OUTCOME_ALREADY;
		return 0;
	}
	r->via = "module";
	if (dry_run) {
		r->outcome = MR_OUTCOME_PLANNED;
		return 0;
	}
	r->attempts = 1;
	for (size_t i = 0; !rc && i < all->nr; i++) {
		struct memras_release arg = { .start_pfn = all->list[i].pfn,
					      .nr_pages = all->list[i].nr,
					      .flags = MEMRAS_RELEASE_KEPT };

		rc = mr_device_release(m, &arg);
		if (rc == -ENOENT)
			rc = 0;
		r->changed += arg.released + arg.away;
		r->forgotten += arg.away;
		r->poisoned += arg.poisoned;
	}
	if (!rc)
		rc = count_kept(m, all, &kept);
	if (!rc && (kept.held || kept.away || kept.lost))
		rc = -EAGAIN;
	if (!rc)
		r->outcome = MR_OUTCOME_DONE;
	return rc;
}

void mr_quarantine_release(const struct mr_machine *m, const struct mr_span *spans, size_t nr,
			   bool dry_run, struct mr_quarantine_result *result)
{
	const uint64_t start = mr_clock_us();
	struct ranges all = { 0 };
	int rc = normalise(spans, nr, &all);

	if (rc) {
		*result = (struct mr_quarantine_result){ .target = "" };
		result->outcome = MR_OUTCOME_FAILED;
	} else {
		begin(m, spans, &all, result);
		result->outcome = MR_OUTCOME_FAILED;
		rc = release(m, &all, dry_run, result);
	}
	if (rc)
		mr_err_set(&result->err, rc, result->target, "it could not be released");
	finish(result, result->outcome, start);
	free(all.list);
}

void mr_quarantine_result_free(struct mr_quarantine_result *result)
{
	mr_blockers_free(&result->blockers);
}
