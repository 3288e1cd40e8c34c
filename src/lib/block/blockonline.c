// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/block/blockonline.h"

#include <inttypes.h>

#include "backend/device.h"
#include "backend/kpage.h"
#include "lib/block/blockplan.h"
#include "lib/block/blockwrite.h"
#include "lib/block/zones.h"
#include "lib/page/retire.h"
#include "util/cleanup.h"
#include "util/clock.h"

/* Reads the poisoned pages that the module remembers, before the block comes online. */
static void recall_poison(const struct mr_machine *m, const struct mr_block *b,
			  struct mr_block_result *r)
{
	mr_autofree struct memras_recalled *list = NULL;
	size_t n;

	if (!mr_device_has(m, MEMRAS_FEAT_RECALL) ||
	    mr_device_recall(m, b->start >> m->page_shift, b->size >> m->page_shift, &list, &n))
		return;
	for (size_t i = 0; i < n; i++)
		mr_block_result_add_poison(r, m, list[i].pfn, MR_BLOCK_POISON_KEPT_OFFLINE);
}

/*
 * Retires the poisoned pages again. Kernels before 6.2 forget poison; the module has restored
 * it by now, so only the pages that it could not restore are soft offlined. Returns how many
 * are still not poisoned.
 */
static uint64_t retire_again(struct mr_machine *m, uint64_t timeout_ms, struct mr_block_result *r)
{
	const struct mr_offline_policy policy = { .mode = MR_MODE_SOFT, .via = MR_VIA_AUTO,
						  .timeout_ms = timeout_ms,
						  .retries = UINT64_MAX };
	uint64_t lost = 0;

	for (size_t i = 0; i < r->nr_poison; i++) {
		struct mr_spot spot = { .pfn = r->poison[i].pfn };
		struct mr_result again = { 0 };

		if (mr_kpage_poisoned(m, spot.pfn) != 1)
			mr_retire_page(m, &spot, &policy, &again);
		if (mr_kpage_poisoned(m, spot.pfn) == 1) {
			r->poison[i].state = MR_BLOCK_POISON_RETIRED;
		} else {
			r->poison[i].state = MR_BLOCK_POISON_LOST;
			lost++;
		}
	}
	return lost;
}

/* Reports quarantined pages that the block lost: the memory was set aside and is in use now. */
static void tell_lost(const char *object, struct mr_block_result *r)
{
	const struct mr_quarantine *first = NULL;
	uint64_t lost = 0;

	for (size_t i = 0; i < r->nr_quarantine; i++) {
		if (r->quarantine[i].state != MR_HOLD_LOST)
			continue;
		if (!first)
			first = &r->quarantine[i];
		lost += r->quarantine[i].pages;
	}
	if (!lost)
		return;
	mr_err_set(&r->err, -EIO, object,
		   "it is online, but %" PRIu64 " page%s in quarantine, first 0x%" PRIx64
		   ", could not be claimed again and %s in use", lost, lost == 1 ? "" : "s", first->pfn,
		   lost == 1 ? "is" : "are");
	mr_err_hint(&r->err, "memras quarantine add 0x%" PRIx64 "+%" PRIu64
		    " tries again, and names what is in the way", first->pfn, first->pages);
}

/* Checks, once the block is online, that its poison and its quarantines are back too. */
static void verify(struct mr_machine *m, const struct mr_block *block, const char *object,
		   uint64_t timeout_ms, struct mr_block_result *r)
{
	uint64_t lost = retire_again(m, timeout_ms, r);

	mr_block_result_see_quarantine(r, m, block);
	tell_lost(object, r);
	if (lost)
		mr_err_set(&r->err, -EIO, object,
			   "it is online, but %" PRIu64 " page%s that %s poisoned could not be retired again",
			   lost, lost == 1 ? "" : "s", lost == 1 ? "was" : "were");
	r->outcome = r->err.code ? MR_OUTCOME_FAILED : MR_OUTCOME_DONE;
}

static void explain(int rc, const char *object, const char *zone, struct mr_block_result *r)
{
	if (rc == -EHWPOISON && r->nr_poison)
		mr_err_set(&r->err, rc, object,
			   "it has %zu poisoned page%s, first 0x%" PRIx64
			   ", and this kernel keeps such blocks offline", r->nr_poison,
			   r->nr_poison == 1 ? "" : "s", r->poison[0].pfn);
	else if (rc == -EHWPOISON)
		mr_err_set(&r->err, rc, object,
			   "it holds poisoned pages, and this kernel keeps such blocks offline");
	else if (rc == -EROFS)
		mr_machine_read_only(object, &r->err);
	else if (rc == -EINVAL)
		mr_err_set(&r->err, rc, object, "it cannot go to the zone '%s'", zone);
	else
		mr_err_set(&r->err, rc ? rc : -EIO, object, "the kernel did not bring it online");
}

/* Carries the plan out. */
static void apply(struct mr_machine *m, const struct mr_block *block,
		  const struct mr_block_policy *policy, const struct mr_block_plan *plan,
		  uint64_t deadline_us, struct mr_block_result *r)
{
	char object[MR_BLOCK_NAME];
	int rc;

	mr_block_name(object, block->id);
	recall_poison(m, block, r);
	r->attempts = 1;
	rc = mr_block_write(m, block, plan->word, policy, deadline_us, 0);
	if (mr_block_state_now(m, block->id) == MR_BLOCK_ONLINE)
		verify(m, block, object, policy->timeout_ms, r);
	else
		explain(rc, object, mr_online_zone_choices[plan->zone], r);
}

void mr_block_online(struct mr_machine *m, const struct mr_block *block,
		     const struct mr_block_policy *policy, struct mr_block_result *result)
{
	const uint64_t start = mr_clock_us();
	struct mr_block_plan plan;

	*result = (struct mr_block_result){ .block = block->id, .outcome = MR_OUTCOME_FAILED };
	mr_block_plan_online(mr_block_state_now(m, block->id), policy->zone,
			     mr_zones_last(policy->zones, block->id), &plan);
	if (plan.action == MR_BLOCK_NOTHING) {
		result->outcome = MR_OUTCOME_ALREADY;
		return;
	}
	result->via = MR_VIA_SYSFS;
	if (policy->dry_run)
		result->outcome = MR_OUTCOME_PLANNED;
	else
		apply(m, block, policy, &plan, start + policy->timeout_ms * 1000, result);
	result->elapsed_us = mr_clock_us() - start;
}
