// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/range/quarantine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/block.h"
#include "backend/device.h"
#include "lib/inspect/headroom.h"
#include "lib/inspect/poison.h"
#include "lib/range/claim.h"
#include "lib/range/quarantineplan.h"
#include "util/clock.h"
#include "util/interrupt.h"

static void snap_free(struct mr_quarantine_snap *snap)
{
	mr_ranges_free(&snap->all);
	mr_ranges_free(&snap->offline);
	mr_kept_free(&snap->kept);
}

/* Finds the offline memory blocks that have pages of @all. */
static int find_offline(const struct mr_machine *m, const struct mr_ranges *all,
			struct mr_ranges *out)
{
	const uint64_t per = mr_block_pages(m);
	uint64_t next = 0;
	int rc = 0;

	for (size_t i = 0; per && !rc && i < all->nr; i++) {
		uint64_t last = (all->list[i].pfn + all->list[i].nr - 1) / per;
		uint64_t id = all->list[i].pfn / per;

		for (id = id > next ? id : next; !rc && id <= last; id++) {
			enum mr_block_state state;

			if (!mr_block_read_state(m, id, &state) && state == MR_BLOCK_OFFLINE)
				rc = mr_ranges_add(out, id * per, per);
		}
		next = last + 1;
	}
	return rc;
}

int mr_quarantine_pages(const struct mr_span *spans, size_t nr, struct mr_ranges *all)
{
	int rc = 0;

	*all = (struct mr_ranges){ 0 };
	for (size_t i = 0; !rc && i < nr; i++)
		rc = mr_ranges_add(all, spans[i].pfn, spans[i].nr);
	mr_ranges_normalise(all);
	return rc;
}

/* True if pages in the ranges cannot be claimed and do not go away by waiting. */
static bool find_lasting(const struct mr_machine *m, const struct mr_ranges *all)
{
	struct mr_blockers found = { 0 };
	struct mr_err ignored;
	bool lasting;

	for (size_t i = 0; !found.lasting && i < all->nr; i++)
		mr_blockers_find_lasting(m, all->list[i].pfn, all->list[i].nr, &found, &ignored);
	lasting = found.lasting;
	mr_blockers_free(&found);
	return lasting;
}

/* Takes the snapshot for an addition. Free it also on error. */
static int take_snap(const struct mr_machine *m, const struct mr_span *spans, size_t nr,
		     struct mr_quarantine_snap *snap)
{
	int rc;

	*snap = (struct mr_quarantine_snap){ .page_shift = m->page_shift,
					     .available = mr_room_available(m) };
	rc = mr_quarantine_pages(spans, nr, &snap->all);
	if (!rc)
		rc = mr_kept_read(m, &snap->all, &snap->kept);
	if (!rc)
		rc = find_offline(m, &snap->all, &snap->offline);
	if (!rc)
		snap->lasting = find_lasting(m, &snap->all);
	return rc;
}

static void begin(const struct mr_machine *m, const struct mr_span *spans, const struct mr_ranges *all,
		  struct mr_quarantine_result *r)
{
	struct mr_block block;

	*r = (struct mr_quarantine_result){
		.target = spans[0].word ? spans[0].word : "all",
		.outcome = MR_OUTCOME_FAILED, .node = -1, .block = UINT64_MAX,
		.pages = mr_ranges_pages(all),
	};
	if (!all->nr)
		return;
	r->pfn = all->list[0].pfn;
	r->phys = mr_pfn_phys(m, r->pfn);
	if (!m->block_size)
		return;
	r->block = r->pfn / mr_block_pages(m);
	if (!mr_block_read(m, r->block, &block))
		r->node = block.node;
}

struct add {
	const struct mr_machine *m;
	const struct mr_quarantine_policy *policy;
	struct mr_quarantine_result *result;
	struct mr_quarantine_snap snap;
	struct mr_quarantine_plan plan;
	uint64_t unit;		/* pages of a pageblock */
};

static int take_and_plan(struct add *a, const struct mr_span *spans, size_t nr)
{
	int rc;

	snap_free(&a->snap);
	mr_quarantine_plan_free(&a->plan);
	rc = take_snap(a->m, spans, nr, &a->snap);
	return rc ? rc : mr_quarantine_plan_add(&a->snap, spans[0].word ? spans[0].word : "all",
						&a->plan);
}

static void tell(const struct mr_claim_progress *p, void *data)
{
	const struct add *a = data;

	if (a->policy->progress)
		a->policy->progress(p->done, p->total, p->busy, a->policy->progress_data);
}

static int claim_all(struct add *a, uint64_t deadline)
{
	struct mr_claims claims = {
		.ops = &mr_claim_device, .ctx = (void *)a->m, .unit = a->unit,
		.largest = mr_claim_largest(a->m), .deadline_us = deadline, .retries = UINT64_MAX,
		.around = true, .progress = tell, .data = a,
	};
	int rc = mr_claims_run(&claims, &a->plan.want);

	a->result->attempts = claims.attempts;
	a->result->blockers = claims.blockers;
	return rc;
}

/*
 * Turns the claims into holds, which outlive this process. Pages that stay out were held
 * already, or are poisoned.
 */
static int keep_all(struct add *a)
{
	for (size_t i = 0; i < a->plan.want.nr; i++) {
		struct memras_keep keep = { .start_pfn = a->plan.want.list[i].pfn,
					    .nr_pages = a->plan.want.list[i].nr };
		int rc = mr_device_keep(a->m, &keep);

		if (rc && rc != -ENOENT)
			return rc;
		a->result->changed += keep.kept;
	}
	return 0;
}

/* Releases what this fd has claimed and not turned into a hold, also around the wanted pages. */
static void give_back(const struct add *a)
{
	for (size_t i = 0; i < a->plan.want.nr; i++) {
		const struct mr_range *r = &a->plan.want.list[i];
		uint64_t first = r->pfn - r->pfn % a->unit, end = r->pfn + r->nr;
		struct memras_release release = { .start_pfn = first };

		release.nr_pages = (end + a->unit - 1) / a->unit * a->unit - first;
		mr_device_release(a->m, &release);
	}
}

/* Releases the new holds after an error: all or nothing. Pages that had been lost stay held. */
static void unkeep(struct add *a)
{
	for (size_t i = 0; a->result->changed && i < a->plan.fresh.nr; i++) {
		struct memras_release release = { .start_pfn = a->plan.fresh.list[i].pfn,
						  .nr_pages = a->plan.fresh.list[i].nr,
						  .flags = MEMRAS_RELEASE_KEPT };

		mr_device_release(a->m, &release);
	}
	a->result->changed = 0;
}

/*
 * Checks that all pages are in quarantine, except for poisoned ones, which it counts. The claim
 * may have skipped pages that another process has claimed.
 */
static int verify(struct add *a)
{
	struct mr_quarantine_snap now = { .available = UINT64_MAX };
	struct mr_quarantine_plan left = { 0 };
	int rc = mr_kept_read(a->m, &a->snap.all, &now.kept);

	a->result->poisoned = 0;
	now.all = a->snap.all;
	if (!rc)
		rc = mr_quarantine_plan_add(&now, a->result->target, &left);
	for (size_t i = 0; !rc && i < left.want.nr; i++) {
		const struct mr_range *range = &left.want.list[i];
		const int64_t poisoned = mr_poison_count(a->m, range->pfn, range->nr);

		a->result->poisoned += poisoned > 0 ? (uint64_t)poisoned : 0;
		rc = poisoned == (int64_t)range->nr ? 0 : -EBUSY;
	}
	mr_kept_free(&now.kept);
	mr_quarantine_plan_free(&left);
	return rc;
}

/* Carries out the plan. */
static int apply(struct add *a, uint64_t deadline)
{
	const uint64_t lost = mr_ranges_pages(&a->snap.kept.of[MR_HOLD_LOST]);
	struct mr_quarantine_result *r = a->result;
	struct mr_kept after = { 0 };
	int rc = claim_all(a, deadline);

	if (!rc)
		rc = keep_all(a);
	give_back(a);
	if (!rc)
		rc = verify(a);
	if (rc)
		unkeep(a);
	/* Pages that had been lost and are held again stay so, even if the rest fails. */
	if (lost && !mr_kept_read(a->m, &a->snap.all, &after)) {
		uint64_t still = mr_ranges_pages(&after.of[MR_HOLD_LOST]);

		r->changed += still < lost ? lost - still : 0;
	}
	mr_kept_free(&after);
	if (!rc)
		r->outcome = r->changed ? MR_OUTCOME_DONE : MR_OUTCOME_ALREADY;
	return rc;
}

/* Finds the blockers of the plan, for a dry run or a refusal. */
static void look(struct add *a)
{
	struct mr_blockers *blockers = &a->result->blockers;
	struct mr_err ignored;

	for (size_t i = 0; i < a->plan.want.nr; i++)
		mr_blockers_find(a->m, a->plan.want.list[i].pfn, a->plan.want.list[i].nr, blockers,
				 &ignored);
}

/* Says in words what is in quarantine after a failure. */
static const char *what_stays(const struct add *a, char *buf, size_t size)
{
	uint64_t held = 0, lost = 0;
	struct mr_kept kept;

	if (!mr_kept_read(a->m, &a->snap.all, &kept)) {
		held = mr_ranges_pages(&kept.of[MR_HOLD_HELD]);
		lost = mr_ranges_pages(&kept.of[MR_HOLD_LOST]);
	}
	mr_kept_free(&kept);
	if (!held && !lost)
		snprintf(buf, size, "none of its pages is held");
	else if (lost)
		snprintf(buf, size, "%" PRIu64 " of its pages are held and %" PRIu64 " lost", held,
			 lost);
	else
		snprintf(buf, size, "%" PRIu64 " of its pages are held, as before", held);
	return buf;
}

static void explain_add(const struct add *a, int rc)
{
	struct mr_quarantine_result *r = a->result;
	struct mr_blockers *blockers = &r->blockers;
	char stays[80];

	if (r->err.code)
		return;
	what_stays(a, stays, sizeof(stays));
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
		mr_err_set(&r->err, rc, r->target, "one of its pageblocks spans two zones");
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
	if (r->blockers.around && r->blockers.lasting)
		mr_err_hint(&r->err, "%s; memras offline --soft retires pages there", stays);
	else
		mr_err_hint(&r->err, "%s; a longer --timeout tries again for longer", stays);
}

static void finish(struct mr_quarantine_result *r, uint64_t start)
{
	r->elapsed_us = mr_clock_us() - start;
}

/* Carries out the plan, or says why not. */
static int add(struct add *a, uint64_t deadline)
{
	struct mr_quarantine_result *r = a->result;
	struct mr_blockers *blockers = &r->blockers;

	switch (a->plan.action) {
	case MR_QUARANTINE_NOTHING:
		r->outcome = MR_OUTCOME_ALREADY;
		return 0;
	case MR_QUARANTINE_REFUSE:
		r->outcome = MR_OUTCOME_REFUSED;
		r->err = a->plan.err;
		return r->err.code;
	default:
		break;
	}
	r->via = "module";
	if (a->policy->dry_run) {
		r->outcome = MR_OUTCOME_PLANNED;
		look(a);
		mr_blockers_find_owners(a->m, &blockers, 1);
		return 0;
	}
	if (a->plan.action == MR_QUARANTINE_CLAIM)
		return apply(a, deadline);
	look(a);
	return -EBUSY;
}

void mr_quarantine_add(const struct mr_machine *m, const struct mr_span *spans, size_t nr,
		       const struct mr_quarantine_policy *policy,
		       struct mr_quarantine_result *result)
{
	const uint64_t start = mr_clock_us(), deadline = start + policy->timeout_ms * 1000;
	struct add a = { .m = m, .policy = policy, .result = result,
			 .unit = m->info.pageblock_pages ? m->info.pageblock_pages : 512 };
	int rc = take_and_plan(&a, spans, nr);

	/* A page that looks unmovable may be so for a moment only, so look several times. */
	for (int i = 1; !rc && a.plan.action == MR_QUARANTINE_BLOCKED && !policy->dry_run &&
	     i < MR_CLAIM_LOOKS; i++) {
		mr_clock_sleep_us(MR_CLAIM_PAUSE_US);
		rc = take_and_plan(&a, spans, nr);
	}
	begin(m, spans, &a.snap.all, result);
	if (rc)
		mr_err_set(&result->err, rc, result->target, "its pages cannot be looked up");
	else
		rc = add(&a, deadline);
	if (rc)
		explain_add(&a, rc);
	finish(result, start);
	snap_free(&a.snap);
	mr_quarantine_plan_free(&a.plan);
}

static int release_all(const struct mr_machine *m, const struct mr_quarantine_snap *snap,
		       struct mr_quarantine_result *r)
{
	struct mr_quarantine_snap now = { 0 };
	struct mr_quarantine_plan left;
	int rc = 0;

	r->attempts = 1;
	for (size_t i = 0; !rc && i < snap->all.nr; i++) {
		struct memras_release arg = { .start_pfn = snap->all.list[i].pfn,
					      .nr_pages = snap->all.list[i].nr,
					      .flags = MEMRAS_RELEASE_KEPT };

		rc = mr_device_release(m, &arg);
		if (rc == -ENOENT)
			rc = 0;
		r->changed += arg.released + arg.away;
		r->forgotten += arg.away;
		r->poisoned += arg.poisoned;
	}
	if (!rc)
		rc = mr_kept_read(m, &snap->all, &now.kept);
	mr_quarantine_plan_release(&now, &left);
	mr_kept_free(&now.kept);
	if (!rc && left.action != MR_QUARANTINE_NOTHING)
		rc = -EAGAIN;
	if (!rc)
		r->outcome = MR_OUTCOME_DONE;
	return rc;
}

void mr_quarantine_release(const struct mr_machine *m, const struct mr_span *spans, size_t nr,
			   bool dry_run, struct mr_quarantine_result *result)
{
	const uint64_t start = mr_clock_us();
	struct mr_quarantine_snap snap = { 0 };
	struct mr_quarantine_plan plan;
	int rc = mr_quarantine_pages(spans, nr, &snap.all);

	if (!rc)
		rc = mr_kept_read(m, &snap.all, &snap.kept);
	begin(m, spans, &snap.all, result);
	mr_quarantine_plan_release(&snap, &plan);
	if (!rc && plan.action == MR_QUARANTINE_NOTHING) {
		result->outcome = MR_OUTCOME_ALREADY;
	} else if (!rc) {
		result->via = "module";
		result->outcome = MR_OUTCOME_PLANNED;
		if (!dry_run) {
			result->outcome = MR_OUTCOME_FAILED;
			rc = release_all(m, &snap, result);
		}
	}
	if (rc)
		mr_err_set(&result->err, rc, result->target, "it could not be released");
	finish(result, start);
	snap_free(&snap);
}

void mr_quarantine_result_free(struct mr_quarantine_result *result)
{
	mr_blockers_free(&result->blockers);
}
