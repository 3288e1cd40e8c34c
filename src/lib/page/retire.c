// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/page/retire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/device.h"
#include "backend/kpage.h"
#include "backend/madvise.h"
#include "backend/pageattr.h"
#include "backend/percpu.h"
#include "lib/hugetlb/growth.h"
#include "lib/hugetlb/hugepage.h"
#include "util/clock.h"
#include "util/interrupt.h"

#define BACKOFF_FIRST_US	1000
#define BACKOFF_LAST_US		200000

void mr_ability_read(const struct mr_machine *m, struct mr_ability *ability)
{
	ability->replace = mr_device_has(m, MEMRAS_FEAT_CLAIM | MEMRAS_FEAT_REPLACE);
	ability->module_offline = mr_device_has(m, MEMRAS_FEAT_HARD_OFFLINE);
	ability->soft_enabled = mr_pageattr_soft_offline_enabled(m) != 0;
}

static void fill(const struct mr_machine *m, const struct mr_snap *s, struct mr_result *r)
{
	r->pfn = s->pfn;
	r->phys = mr_pfn_phys(m, s->pfn);
	r->node = s->node;
	r->block = s->block;
	r->kind = mr_kind_name(s->kind);
}

static void finish(struct mr_result *r, enum mr_outcome outcome, const struct mr_err *err)
{
	r->outcome = outcome;
	if (err)
		r->err = *err;
}

/* Why the kernel would not take the page, in words, by its errno and the page's state. */
static void explain(int rc, const struct mr_snap *s, struct mr_err *err)
{
	char pfn[24];

	snprintf(pfn, sizeof(pfn), "0x%" PRIx64, s->pfn);
	if (rc == -EROFS) {
		mr_machine_read_only(pfn, err);
		return;
	}
	if (rc == -EOPNOTSUPP) {
		mr_err_set(err, rc, pfn, "the kernel does not do this here");
	} else if (rc == -ENXIO) {
		mr_err_set(err, rc, pfn, "no memory is there");
	} else if (rc == -EACCES || rc == -EPERM) {
		mr_err_set(err, rc, pfn, "the kernel does not let the caller");
	} else if (rc == -ESTALE) {
		mr_err_set(err, rc, pfn, "the file has another page there by now");
	} else if (s->extra_refs > 0) {
		mr_err_set(err, rc, pfn, "page is pinned (refcount %d, mapcount %d)", s->refcount,
			   s->mapcount);
	} else if (s->kind == MEMRAS_KIND_UNKNOWN) {
		mr_err_set(err, rc, pfn, "page is the kernel's own and cannot be moved");
	} else {
		mr_err_set(err, rc, pfn, "%s that is busy and could not be moved",
			   mr_kind_text(s->kind));
	}
	mr_err_hint(err, "nothing is retired; a longer --timeout tries again for longer");
}

/* Soft offline by the plan's way. */
static int soft_offline(const struct mr_machine *m, const struct mr_snap *s,
			const struct mr_plan *plan, const struct mr_spot *spot)
{
	if (plan->via == MR_VIA_MADVISE)
		return mr_madvise_offline(m, spot->target->path, spot->where, s->pfn, false);
	return mr_pageattr_soft_offline(m, s->pfn);
}

/*
 * Retires a page of a hugepage with a pool grown by one first, as soft offline
 * will dissolve the hugepage. What was grown is taken back when the page was
 * not retired.
 */
static int grow_and_soft_offline(const struct mr_machine *m, const struct mr_snap *s,
				 const struct mr_plan *plan, const struct mr_spot *spot,
				 bool any_node, struct mr_err *err)
{
	struct mr_growth growth;
	char object[24];
	int rc;

	snprintf(object, sizeof(object), "0x%" PRIx64, s->pfn);
	rc = mr_growth_begin(m, s->huge_pages << m->page_shift, s->node, s->pfn, any_node,
			     &growth);
	if (rc == -ENOMEM) {
		mr_err_set(err, rc, object, "%s%d has no memory for a replacement",
			   any_node ? "no node, nor node " : "node ", s->node);
		mr_err_hint(err, any_node ? "free some, or --dissolve lets the pool shrink" :
			    "free some there; --any-node takes it elsewhere, --dissolve does without");
		return rc;
	}
	if (rc)
		return mr_err_set(err, rc, object, rc == -EINTR ?
				  "interrupted; the page and its pool are as they were" :
				  "cannot start the helper process that restores the pool size");
	rc = soft_offline(m, s, plan, spot);
	mr_growth_end(m, &growth);
	if (growth.total_after != growth.total_before)
		return mr_err_set(err, -EIO, object,
				  "the pool had %" PRIu64 " hugepages and now has %" PRIu64,
				  growth.total_before, growth.total_after);
	if (rc)
		explain(rc, s, err);
	return rc;
}

/* One try. 0 says only that nothing objected: the caller reads the flag back. */
static int apply(const struct mr_machine *m, const struct mr_snap *s, const struct mr_plan *plan,
		 const struct mr_spot *spot, const struct mr_offline_policy *policy,
		 struct mr_err *err)
{
	int rc;

	if (plan->action == MR_ACTION_HARD) {
		if (plan->via == MR_VIA_MODULE)
			rc = mr_device_hard_offline(m, s->pfn,
						    mr_device_has(m, MEMRAS_FEAT_SIMULATED) ?
						    MEMRAS_OFFLINE_SIMULATED : 0);
		else if (plan->via == MR_VIA_MADVISE)
			rc = mr_madvise_offline(m, spot->target->path, spot->where, s->pfn, true);
		else
			rc = mr_pageattr_hard_offline(m, s->pfn);
	} else if (plan->keep == MR_KEEP_GROW) {
		return grow_and_soft_offline(m, s, plan, spot, policy->any_node, err);
	} else {
		if (plan->keep == MR_KEEP_REPLACE) {
			rc = mr_hugepage_replace(m, s, policy->timeout_ms, err);
			if (rc == -ENOMEM && policy->any_node)
				return grow_and_soft_offline(m, s, plan, spot, true, err);
			if (rc)
				return rc;
		}
		rc = soft_offline(m, s, plan, spot);
	}
	if (rc)
		explain(rc, s, err);
	return rc;
}

/*
 * Who maps the page that is to be hard-offlined: told before it is done, and
 * named when it is refused.
 */
static void find_owners(const struct mr_machine *m, const struct mr_snap *s, struct mr_plan *plan,
			struct mr_result *result)
{
	const uint64_t enough_ms = 10000;
	struct mr_err ignored;
	char who[128];

	if (s->mapcount <= 0 || result->owners.nr ||
	    mr_owners_find(m, &s->pfn, 1, enough_ms, NULL, NULL, &result->owners, &ignored))
		return;
	if (plan->action != MR_ACTION_REFUSE || !result->owners.nr)
		return;
	mr_owners_text(result->owners.list, result->owners.nr, who, sizeof(who));
	snprintf(plan->err.reason, sizeof(plan->err.reason),
		 "page is %s in use by %s: hard offline would hit %s", mr_kind_text(s->kind), who,
		 result->owners.nr == 1 ? "it" : "them");
}

/* What becomes of the pool that the page belongs to. */
static const char *pool_way(const struct mr_snap *s, const struct mr_plan *plan)
{
	if (plan->action != MR_ACTION_SOFT || !s->huge_pages)
		return NULL;
	return plan->keep == MR_KEEP_REPLACE ? "replaced" :
	       plan->keep == MR_KEEP_GROW ? "grown" : "shrunk";
}

/* Whether another try may end otherwise. */
static bool passing(int rc)
{
	return rc == 0 || rc == -EBUSY || rc == -EAGAIN || rc == -EIO;
}

void mr_retire_page(struct mr_machine *m, const struct mr_spot *spot,
		    const struct mr_offline_policy *policy, struct mr_result *result)
{
	const uint64_t pfn = spot->pfn;
	const uint64_t start = mr_clock_us(), end = start + policy->timeout_ms * 1000;
	uint64_t backoff = BACKOFF_FIRST_US;
	struct mr_ability ability;
	struct mr_err err = { 0 };
	struct mr_snap snap;
	struct mr_plan plan;
	int rc;

	result->pfn = pfn;
	result->phys = mr_pfn_phys(m, pfn);
	result->node = -1;
	result->block = UINT64_MAX;
	result->kind = mr_kind_name(MEMRAS_KIND_UNKNOWN);
	result->path = "none";
	for (;;) {
		rc = mr_inspect(m, pfn, &snap, &err);
		if (rc) {
			finish(result, MR_OUTCOME_FAILED, &err);
			break;
		}
		/* A hugepage is kept best by the module; without it there is another way. */
		if (mr_snap_is_hugetlb(&snap) && m->device < 0 && !m->load_tried &&
		    !policy->no_module)
			mr_device_open(m, !policy->dry_run, &(struct mr_err){ 0 });
		mr_ability_read(m, &ability);
		ability.mapped_file = spot->target && spot->target->type == MR_TARGET_FILE;
		mr_plan_offline(&snap, policy, &ability, &plan);
		if (policy->mode == MR_MODE_HARD && plan.action != MR_ACTION_NONE)
			find_owners(m, &snap, &plan, result);
		/* The first look says what it was, also when a later try finds it freed. */
		if (!result->attempts) {
			fill(m, &snap, result);
			result->path = plan.path;
			result->pool = pool_way(&snap, &plan);
		}
		if (plan.action == MR_ACTION_NONE) {
			finish(result, result->attempts ? MR_OUTCOME_DONE : MR_OUTCOME_ALREADY, NULL);
			break;
		}
		if (plan.action == MR_ACTION_REFUSE) {
			finish(result, MR_OUTCOME_REFUSED, &plan.err);
			result->path = "none";
			result->pool = NULL;
			break;
		}
		result->via = mr_via_name(plan.via);
		if (policy->dry_run) {
			finish(result, MR_OUTCOME_PLANNED, NULL);
			break;
		}

		result->attempts++;
		mr_err_clear(&err);
		rc = apply(m, &snap, &plan, spot, policy, &err);
		if (mr_kpage_poisoned(m, pfn) == 1) {
			finish(result, MR_OUTCOME_DONE, NULL);
			break;
		}
		if (!rc) {
			char object[24];

			snprintf(object, sizeof(object), "0x%" PRIx64, pfn);
			mr_err_set(&err, -EAGAIN, object,
				   "the kernel reports success but the page is not poisoned");
		}
		if (!passing(rc) || result->attempts > policy->retries || mr_interrupted() ||
		    mr_clock_us() + backoff >= end) {
			finish(result, MR_OUTCOME_FAILED, &err);
			result->path = "none";
			result->pool = NULL;
			break;
		}
		/* 5.10 looks for a free page in the buddy lists only, and drains nothing. */
		if (rc == -EIO && snap.kind == MEMRAS_KIND_UNKNOWN && snap.refcount <= 0)
			mr_percpu_drain_free(snap.node);
		mr_clock_sleep_us(backoff);
		backoff = backoff * 2 > BACKOFF_LAST_US ? BACKOFF_LAST_US : backoff * 2;
	}
	result->elapsed_us = mr_clock_us() - start;
}

void mr_unpoison_off(bool told, const char *object, struct mr_err *err)
{
	mr_err_machine(err, -EOPNOTSUPP, object, told ?
		       "a real memory error was handled since boot, and unpoison is off for good" :
		       "a real memory error may be behind the poison, and unpoison is off for good");
	mr_err_hint(err, told ?
		    "only a reboot brings it back (memory_failure() since 5.19)" :
		    "this kernel had a machine check; only a reboot brings it back");
}

void mr_unpoison_page(struct mr_machine *m, uint64_t pfn, bool dry_run, struct mr_result *result)
{
	const uint64_t start = mr_clock_us();
	struct mr_err err = { 0 };
	struct mr_snap snap;
	char object[24];
	int rc;

	snprintf(object, sizeof(object), "0x%" PRIx64, pfn);
	result->pfn = pfn;
	result->phys = mr_pfn_phys(m, pfn);
	result->path = "none";
	rc = mr_inspect(m, pfn, &snap, &err);
	if (rc) {
		finish(result, MR_OUTCOME_FAILED, &err);
		return;
	}
	fill(m, &snap, result);
	if (snap.kind == MEMRAS_KIND_DEVICE) {
		mr_err_set(&err, -EOPNOTSUPP, object,
			   "page is device memory, whose poison its driver alone takes away");
		mr_err_hint(&err, "ndctl clear-errors does so for persistent memory");
		finish(result, MR_OUTCOME_REFUSED, &err);
		return;
	}
	if (!snap.poisoned && snap.kind != MR_KIND_NONE) {
		finish(result, MR_OUTCOME_ALREADY, NULL);
		return;
	}
	if (snap.kind == MR_KIND_NONE) {
		mr_err_set(&err, -ENXIO, object, snap.block_state == MR_BLOCK_OFFLINE ?
			   "its memory block is offline" : "no memory is there");
		finish(result, MR_OUTCOME_REFUSED, &err);
		return;
	}
	/* A kernel that tells simulated errors from real ones refuses by itself. */
	if (mr_pageattr_machine_checked(m) && !mr_device_has(m, MEMRAS_FEAT_SIMULATED)) {
		mr_unpoison_off(false, object, &err);
		finish(result, MR_OUTCOME_REFUSED, &err);
		return;
	}
	result->via = mr_device_has(m, MEMRAS_FEAT_UNPOISON) ? "module" : "debugfs";
	if (dry_run) {
		finish(result, MR_OUTCOME_PLANNED, NULL);
		return;
	}
	result->attempts = 1;
	if (mr_device_has(m, MEMRAS_FEAT_UNPOISON)) {
		rc = mr_device_unpoison(m, pfn);
		if (rc == -EBUSY && !snap.held)
			mr_err_set(&err, rc, object,
				   "this kernel would lose the page: it was retired while free and is nowhere");
		else if (rc)
			mr_err_set(&err, rc, object, "the kernel did not take the poison away");
	} else {
		rc = mr_pageattr_unpoison(m, pfn, &err);
		snprintf(err.object, sizeof(err.object), "%s", object);
	}
	if (rc == -EOPNOTSUPP)
		mr_unpoison_off(true, object, &err);
	if (mr_kpage_poisoned(m, pfn) == 0) {
		finish(result, MR_OUTCOME_DONE, NULL);
	} else {
		if (!rc)
			mr_err_set(&err, -EIO, object, "the page is still poisoned");
		finish(result, MR_OUTCOME_FAILED, &err);
	}
	result->elapsed_us = mr_clock_us() - start;
}
