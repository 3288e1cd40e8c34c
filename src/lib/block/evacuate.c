// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/block/evacuate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/device.h"
#include "backend/percpu.h"
#include "lib/hugetlb/hugepage.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/interrupt.h"

#define HOPELESS_LOOKS	3	/* looks that all saw a blocker that waiting does not remove */
#define PAUSE_FIRST_US	2000
#define PAUSE_LAST_US	200000

enum slot_state {
	SLOT_BUSY = 0,		/* to be claimed */
	SLOT_CLAIMED,
	SLOT_LEFT,		/* left to the kernel: a driver's own, or hugepages before 5.13 */
};

struct evacuation {
	const struct mr_machine *m;
	const struct mr_block_policy *policy;
	struct mr_block_result *result;
	uint64_t first;			/* pfn */
	uint64_t pages;
	uint64_t step;			/* pages of a pageblock */
	size_t slots;
	unsigned char *state;		/* enum slot_state of each pageblock */
	int last_rc;
};

static uint64_t slot_pages(const struct evacuation *e, size_t i)
{
	uint64_t left = e->pages - i * e->step;

	return left < e->step ? left : e->step;
}

static void tell(const struct evacuation *e, uint64_t busy)
{
	const struct mr_blockers *b = &e->result->blockers;
	struct mr_progress p = { .block = e->result->block, .total = e->pages, .busy = busy,
				 .obstacle = b->nr ? &b->list[0] : NULL };

	if (!e->policy->progress)
		return;
	for (size_t i = 0; i < e->slots; i++)
		if (e->state[i] != SLOT_BUSY)
			p.done += slot_pages(e, i);
	e->policy->progress(&p, e->policy->progress_data);
}

/* One pass over what is still busy. Returns how much of it still is. */
static size_t pass(struct evacuation *e, uint64_t deadline)
{
	size_t busy = 0;

	/* Draining costs: only once the first try of all was refused. */
	if (e->result->attempts++)
		mr_percpu_drain_lru();
	for (size_t i = 0; i < e->slots; i++) {
		struct memras_claim claim = {
			.start_pfn = e->first + i * e->step,
			.nr_pages = slot_pages(e, i),
			.flags = MEMRAS_CLAIM_ROUND,
		};
		int rc;

		if (e->state[i] != SLOT_BUSY)
			continue;
		if (mr_interrupted() || mr_clock_us() >= deadline) {
			busy++;
			continue;
		}
		rc = mr_device_claim(e->m, &claim);
		if (rc) {
			e->last_rc = rc;
			busy++;
		} else {
			e->state[i] = SLOT_CLAIMED;
			e->result->evacuated_pages += claim.claimed;
			e->result->poisoned_pages += claim.poisoned;
		}
		tell(e, busy);
	}
	return busy;
}

/*
 * Where the module cannot replace hugepages, those that the kernel can move or
 * dissolve are its own to deal with.
 */
static void leave_hugepages(struct evacuation *e)
{
	mr_autofree struct mr_hugepage *list = NULL;
	struct mr_err ignored;
	size_t nr = 0;

	if (mr_device_has(e->m, MEMRAS_FEAT_REPLACE) ||
	    mr_hugepage_list(e->m, e->first, e->pages, &list, &nr, &ignored))
		return;
	for (size_t i = 0; i < nr; i++) {
		size_t first = (list[i].pfn - e->first) / e->step;
		size_t last = first + ((list[i].size >> e->m->page_shift) - 1) / e->step;

		if (list[i].gigantic || list[i].poisoned || list[i].pfn < e->first)
			continue;
		for (size_t k = first; k <= last && k < e->slots; k++)
			if (e->state[k] == SLOT_BUSY)
				e->state[k] = SLOT_LEFT;
	}
}

/* Whether the kernel's offlining deals with what is in the way, and no claim can. */
static bool kernel_skips(const struct mr_blocker *b)
{
	return b->kind == MEMRAS_KIND_OFFLINE || b->kind == MEMRAS_KIND_MEMMAP;
}

/*
 * Looks at what is still busy. Pageblocks in which nothing but a driver's own
 * PageOffline pages or the block's memmap is in the way are left to the kernel,
 * as are hugepages that only it can move. Returns true when a lasting blocker was
 * seen.
 */
static bool diagnose(struct evacuation *e)
{
	struct mr_err ignored;

	leave_hugepages(e);
	mr_blockers_free(&e->result->blockers);
	for (size_t i = 0; i < e->slots; i++) {
		struct mr_blockers here = { 0 };
		bool only_offline;

		if (e->state[i] != SLOT_BUSY)
			continue;
		if (mr_blockers_find(e->m, e->first + i * e->step, slot_pages(e, i), &here,
				     &ignored))
			break;
		only_offline = here.nr > 0;
		for (size_t b = 0; b < here.nr; b++)
			only_offline &= kernel_skips(&here.list[b]);
		mr_blockers_free(&here);
		if (only_offline)
			e->state[i] = SLOT_LEFT;
		else
			mr_blockers_find(e->m, e->first + i * e->step, slot_pages(e, i),
					 &e->result->blockers, &ignored);
	}
	return e->result->blockers.lasting;
}

static int explain(struct evacuation *e, int rc)
{
	struct mr_blockers *blockers = &e->result->blockers;
	char object[32];

	if (rc != -EINTR)
		mr_blockers_find_owners(e->m, &blockers, 1);
	snprintf(object, sizeof(object), "memory%" PRIu64, e->result->block);
	if (rc == -EINTR)
		mr_err_set(&e->result->err, rc, object,
			   "interrupted; the block is online and whole");
	else if (blockers->nr)
		mr_blockers_explain(blockers, rc, object, &e->result->err);
	else if (rc == -ENOMEM)
		mr_err_set(&e->result->err, rc, object,
			   "no memory is left elsewhere to move its pages to");
	else
		mr_err_set(&e->result->err, rc, object,
			   "its pages stayed busy until the %s",
			   rc == -ETIMEDOUT ? "timeout" : "last try");
	if (rc == -EBUSY || rc == -ETIMEDOUT)
		mr_err_hint(&e->result->err, "nothing is changed; memras block show %" PRIu64
			    " shows what is in it", e->result->block);
	return rc;
}

static size_t count_busy(const struct evacuation *e)
{
	size_t busy = 0;

	for (size_t i = 0; i < e->slots; i++)
		busy += e->state[i] == SLOT_BUSY;
	return busy;
}

static int run(struct evacuation *e, uint64_t deadline)
{
	uint64_t pause = PAUSE_FIRST_US;
	unsigned int hopeless = 0;

	/* Nothing is moved for a block that cannot go in the end. */
	while (diagnose(e)) {
		if (++hopeless == HOPELESS_LOOKS)
			return -EBUSY;
		mr_clock_sleep_us(PAUSE_LAST_US);
	}
	hopeless = 0;
	while (pass(e, deadline)) {
		if (mr_interrupted())
			return -EINTR;
		hopeless = diagnose(e) ? hopeless + 1 : 0;
		if (!count_busy(e))
			break;
		if (hopeless == HOPELESS_LOOKS || e->result->attempts > e->policy->retries)
			return -EBUSY;
		if (mr_clock_us() + pause >= deadline)
			return e->last_rc == -ENOMEM ? -ENOMEM : -ETIMEDOUT;
		mr_clock_sleep_us(pause);
		pause = pause * 2 > PAUSE_LAST_US ? PAUSE_LAST_US : pause * 2;
	}
	mr_blockers_free(&e->result->blockers);
	return 0;
}

int mr_evacuate(const struct mr_machine *m, const struct mr_block *block,
		const struct mr_block_policy *policy, uint64_t deadline_us,
		struct mr_block_result *result)
{
	mr_autofree unsigned char *state = NULL;
	struct evacuation e = {
		.m = m, .policy = policy, .result = result,
		.first = block->start >> m->page_shift,
		.pages = block->size >> m->page_shift,
		.step = m->info.pageblock_pages,
	};
	int rc;

	e.slots = (e.pages + e.step - 1) / e.step;
	e.state = state = calloc(e.slots, 1);
	if (!state)
		return mr_err_set(&result->err, -ENOMEM, "", "no memory for the plan");
	rc = run(&e, deadline_us);
	if (!rc)
		return 0;
	mr_evacuate_undo(m, block);
	return explain(&e, rc);
}

int mr_evacuate_undo(const struct mr_machine *m, const struct mr_block *block)
{
	struct memras_release release = {
		.start_pfn = block->start >> m->page_shift,
		.nr_pages = block->size >> m->page_shift,
	};
	int rc = mr_device_release(m, &release);

	return rc == -ENOENT ? 0 : rc;
}
