// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/block/blockstate.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/device.h"
#include "backend/kpage.h"
#include "lib/block/evacuate.h"
#include "lib/child.h"
#include "lib/hugetlb/blockpool.h"
#include "lib/inspect/headroom.h"
#include "lib/inspect/poison.h"
#include "lib/page/retire.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/interrupt.h"

#define LOOK_US 2000	/* how often a child that writes is looked after */
#define PAUSE_US 200000	/* before the kernel is asked again */

static uint64_t first_pfn(const struct mr_machine *m, const struct mr_block *b)
{
	return b->start >> m->page_shift;
}

static uint64_t nr_pages(const struct mr_machine *m, const struct mr_block *b)
{
	return b->size >> m->page_shift;
}

/*
 * Writes @word to the state from a child, which can be ended: the kernel's
 * offlining looks for a signal between its passes only, and without one may
 * never end. @done pages of the block are out of the way. Returns what the write
 * did, -ETIMEDOUT, or -EINTR.
 */
static int write_bounded(const struct mr_machine *m, const struct mr_block *b, const char *word,
			 const struct mr_block_policy *policy, uint64_t deadline_us, uint64_t done)
{
	const struct mr_progress progress = { .block = b->id, .done = done,
					      .total = nr_pages(m, b), .by_kernel = true };
	uint64_t wait_us = LOOK_US / 8;
	int status, ended = 0;
	pid_t child;

	child = mr_child_fork(m);
	if (child < 0)
		return child;
	if (!child) {
		/* If the parent is killed, what it asked for must not go on. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(-mr_block_write_state(m, b->id, word) & 0xff);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (!ended && mr_interrupted())
			ended = -EINTR;
		else if (!ended && mr_clock_us() >= deadline_us)
			ended = -ETIMEDOUT;
		if (ended)
			kill(child, SIGKILL);
		if (policy->progress)
			policy->progress(&progress, policy->progress_data);
		mr_clock_sleep_us(wait_us);
		wait_us = wait_us < LOOK_US ? wait_us * 2 : LOOK_US;
	}
	if (WIFEXITED(status))
		return -WEXITSTATUS(status);
	return ended ? ended : -EINTR;
}

static enum mr_block_state state_now(const struct mr_machine *m, uint64_t id)
{
	enum mr_block_state state = MR_BLOCK_UNKNOWN;

	mr_block_read_state(m, id, &state);
	return state;
}

static void name_block(char *buf, size_t size, uint64_t id)
{
	snprintf(buf, size, "memory%" PRIu64, id);
}

/* Fills result->err for an offlining that the kernel itself did not do. */
static void explain_offline(const struct mr_machine *m, const struct mr_block *b, int rc,
			    struct mr_block_result *r)
{
	struct mr_blockers *blockers = &r->blockers;
	struct mr_err ignored;
	char object[32];

	name_block(object, sizeof(object), b->id);
	if (rc == -EINTR) {
		mr_err_set(&r->err, rc, object, "interrupted; the block is online and whole");
		return;
	}
	if (rc == -EROFS) {
		mr_machine_read_only(object, &r->err);
		return;
	}
	if (!r->blockers.nr)
		mr_blockers_find(m, first_pfn(m, b), nr_pages(m, b), &r->blockers, &ignored);
	mr_blockers_find_owners(m, &blockers, 1);
	if (r->blockers.nr) {
		mr_blockers_explain(blockers, rc, object, &r->err);
	} else if (rc == -ETIMEDOUT && mr_blockpool_count(m, b, true)) {
		/*
		 * Where mm/hugetlb.c takes the hugepage that was freed last, be it in an
		 * isolated pageblock (seen up to 6.12), those of the block move into
		 * each other's place for ever.
		 */
		mr_err_set(&r->err, rc, object,
			   "hugepages in use are in it, and the kernel moves them within it");
		mr_err_hint(&r->err, mr_device_has(m, MEMRAS_FEAT_REPLACE) || m->device < 0 ?
			    "nothing is changed; from 5.13 on memras.ko replaces them" :
			    "nothing is changed; it can go when the pool has none that is free");
		return;
	} else {
		mr_err_set(&r->err, rc, object, rc == -ETIMEDOUT ?
			   "it was not offline by the timeout" :
			   "the kernel did not take it offline");
	}
	mr_err_hint(&r->err, m->device >= 0 ?
		    "nothing is changed; the kernel log may say more (dmesg)" :
		    "nothing is changed; with memras.ko more could be told and done");
}

/* Whether the module empties the block (@empty) with its hugepages replaced. */
static bool replaces(const struct mr_machine *m, bool empty)
{
	return empty && mr_device_has(m, MEMRAS_FEAT_REPLACE);
}

/* How the pools with hugepages in the block keep their sizes; NULL: it has none. */
static const char *pool_way(const struct mr_machine *m, const struct mr_block *b, bool empty)
{
	if (!mr_blockpool_count(m, b, false))
		return NULL;
	return replaces(m, empty) ? "replaced" : "grown";
}

/* The poisoned pages of a block that is about to go offline; none where they cannot be read. */
static void note_poison(const struct mr_machine *m, const struct mr_block *b,
			struct mr_block_result *r)
{
	mr_autofree uint64_t *pfns = NULL;
	size_t n;

	if (mr_poison_list(m, first_pfn(m, b), nr_pages(m, b), &pfns, &n) || !n)
		return;
	r->poison = calloc(n, sizeof(*r->poison));
	if (!r->poison)
		return;
	for (; r->nr_poison < n; r->nr_poison++)
		r->poison[r->nr_poison] = (struct mr_block_poison){
			.pfn = pfns[r->nr_poison], .phys = mr_pfn_phys(m, pfns[r->nr_poison]),
			.state = "not-remembered",
		};
}

/* What the module has noted of it meanwhile. */
static void see_remembered(const struct mr_machine *m, const struct mr_block *b,
			   struct mr_block_result *r)
{
	mr_autofree struct memras_recalled *list = NULL;
	size_t n;

	if (!mr_device_has(m, MEMRAS_FEAT_RECALL) ||
	    mr_device_recall(m, first_pfn(m, b), nr_pages(m, b), &list, &n))
		return;
	for (size_t i = 0; i < r->nr_poison; i++)
		for (size_t k = 0; k < n; k++)
			if (list[k].pfn == r->poison[i].pfn)
				r->poison[i].state = "remembered";
}

static void see_quarantine(const struct mr_machine *m, const struct mr_block *b,
			   struct mr_block_result *r)
{
	struct mr_err ignored = { 0 };

	mr_quarantine_list(m, first_pfn(m, b), nr_pages(m, b), &r->quarantine,
			   &r->nr_quarantine, &ignored);
}

/* What is lasting stays in the way however often the kernel is asked. */
static bool lasting_blocker(const struct mr_machine *m, const struct mr_block *b,
			    struct mr_block_result *r)
{
	struct mr_err ignored;

	mr_blockers_free(&r->blockers);
	mr_blockers_find(m, first_pfn(m, b), nr_pages(m, b), &r->blockers, &ignored);
	return r->blockers.lasting;
}

/* The kernel's own offlining, asked again while what it met may pass. */
static int offline_by_kernel(const struct mr_machine *m, const struct mr_block *b,
			     const struct mr_block_policy *policy, uint64_t deadline,
			     struct mr_block_result *r)
{
	int rc;

	for (;;) {
		r->attempts++;
		rc = write_bounded(m, b, "offline", policy, deadline, 0);
		if (rc != -EBUSY || r->attempts > policy->retries || lasting_blocker(m, b, r) ||
		    mr_interrupted() || mr_clock_us() + PAUSE_US >= deadline)
			return rc;
		mr_clock_sleep_us(PAUSE_US);
	}
}

/*
 * Takes the block offline with the pools of its hugepages kept whole, by the
 * module (@empty) or by the kernel alone. On an error the block is as it was,
 * and the result says why.
 */
static int take_offline(const struct mr_machine *m, const struct mr_block *b,
			const struct mr_block_policy *policy, uint64_t deadline, bool empty,
			struct mr_block_result *r)
{
	const char *pool = pool_way(m, b, empty);
	struct mr_blockpool pools = { 0 };
	int rc = 0;

	if (empty)
		rc = mr_evacuate(m, b, policy, deadline, r);
	if (rc)
		return rc;
	if (pool && !replaces(m, empty))
		rc = mr_blockpool_begin(m, b, &pools, &r->err);
	if (!rc) {
		rc = empty ? write_bounded(m, b, "offline", policy, deadline, nr_pages(m, b)) :
			     offline_by_kernel(m, b, policy, deadline, r);
		if (rc)
			explain_offline(m, b, rc, r);
	}
	/* Once it is offline the claims in it are no more; else they go back. */
	if (empty && state_now(m, b->id) != MR_BLOCK_OFFLINE)
		mr_evacuate_undo(m, b);
	r->pool = mr_blockpool_end(m, &pools) ? "shrunk" : rc ? NULL : pool;
	return rc;
}

void mr_block_offline(const struct mr_machine *m, const struct mr_block *block,
		      const struct mr_block_policy *policy, struct mr_block_result *result)
{
	const uint64_t start = mr_clock_us(), deadline = start + policy->timeout_ms * 1000;
	const bool empty = mr_device_has(m, MEMRAS_FEAT_CLAIM) && m->info.pageblock_pages;
	char object[32];
	int rc;

	*result = (struct mr_block_result){ .block = block->id };
	if (state_now(m, block->id) == MR_BLOCK_OFFLINE) {
		result->outcome = MR_OUTCOME_ALREADY;
		return;
	}
	name_block(object, sizeof(object), block->id);
	if (mr_room_check(mr_room_available(m),
			  mr_room_pages(m, first_pfn(m, block), nr_pages(m, block)) << m->page_shift,
			  object, &result->err)) {
		result->outcome = MR_OUTCOME_FAILED;
		return;
	}
	result->via = empty ? "module" : "sysfs";
	if (policy->dry_run) {
		result->outcome = MR_OUTCOME_PLANNED;
		result->pool = pool_way(m, block, empty);
		mr_blockers_find(m, first_pfn(m, block), nr_pages(m, block), &result->blockers,
				 &result->err);
		mr_err_clear(&result->err);
		return;
	}
	note_poison(m, block, result);
	rc = take_offline(m, block, policy, deadline, empty, result);
	if (state_now(m, block->id) == MR_BLOCK_OFFLINE) {
		result->outcome = MR_OUTCOME_DONE;
		mr_err_clear(&result->err);
		mr_blockers_free(&result->blockers);
		see_remembered(m, block, result);
		see_quarantine(m, block, result);
	} else {
		result->outcome = MR_OUTCOME_FAILED;
		free(result->poison);
		result->poison = NULL;
		result->nr_poison = 0;
		if (!rc)
			mr_err_set(&result->err, -EIO, "", "the kernel reports success but it is not offline");
	}
	result->elapsed_us = mr_clock_us() - start;
}

/* Words of the state attribute, by the policy's zone. */
static const char *online_word(const char *zone)
{
	if (zone && !strcmp(zone, "movable"))
		return "online_movable";
	if (zone && !strcmp(zone, "kernel"))
		return "online_kernel";
	return "online";
}

/* What the module remembers of a block before it comes back. */
static void recall_poison(const struct mr_machine *m, const struct mr_block *b,
			  struct mr_block_result *r)
{
	mr_autofree struct memras_recalled *list = NULL;
	size_t n;

	if (!mr_device_has(m, MEMRAS_FEAT_RECALL) ||
	    mr_device_recall(m, first_pfn(m, b), nr_pages(m, b), &list, &n) || !n)
		return;
	r->poison = calloc(n, sizeof(*r->poison));
	if (!r->poison)
		return;
	for (; r->nr_poison < n; r->nr_poison++)
		r->poison[r->nr_poison] = (struct mr_block_poison){
			.pfn = list[r->nr_poison].pfn, .phys = mr_pfn_phys(m, list[r->nr_poison].pfn),
			.state = "kept-offline",
		};
}

/*
 * The module has put the poison back by now where the kernel forgot it. What it
 * could not have is retired by the ordinary way. Returns how many are not.
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
			r->poison[i].state = "retired";
		} else {
			r->poison[i].state = "lost";
			lost++;
		}
	}
	return lost;
}

/* Memory that was put aside and is used now: nobody is to believe that all is as it was. */
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

void mr_block_online(struct mr_machine *m, const struct mr_block *block,
		     const struct mr_block_policy *policy, struct mr_block_result *result)
{
	const uint64_t start = mr_clock_us();
	char object[32];
	int rc;

	name_block(object, sizeof(object), block->id);
	*result = (struct mr_block_result){ .block = block->id };
	if (state_now(m, block->id) == MR_BLOCK_ONLINE) {
		result->outcome = MR_OUTCOME_ALREADY;
		return;
	}
	result->via = "sysfs";
	if (policy->dry_run) {
		result->outcome = MR_OUTCOME_PLANNED;
		return;
	}
	recall_poison(m, block, result);
	result->attempts = 1;
	rc = write_bounded(m, block, online_word(policy->zone), policy,
			   start + policy->timeout_ms * 1000, 0);
	if (state_now(m, block->id) == MR_BLOCK_ONLINE) {
		uint64_t lost = retire_again(m, policy->timeout_ms, result);

		result->outcome = MR_OUTCOME_DONE;
		see_quarantine(m, block, result);
		tell_lost(object, result);
		if (lost)
			mr_err_set(&result->err, -EIO, object,
				   "it is online, but %" PRIu64 " page%s that %s poisoned could not be retired again",
				   lost, lost == 1 ? "" : "s", lost == 1 ? "was" : "were");
		if (result->err.code)
			result->outcome = MR_OUTCOME_FAILED;
	} else {
		result->outcome = MR_OUTCOME_FAILED;
		if (rc == -EHWPOISON && result->nr_poison)
			mr_err_set(&result->err, rc, object,
				   "it has %zu poisoned page%s, first 0x%" PRIx64
				   ", and this kernel keeps such blocks offline", result->nr_poison,
				   result->nr_poison == 1 ? "" : "s", result->poison[0].pfn);
		else if (rc == -EHWPOISON)
			mr_err_set(&result->err, rc, object,
				   "it holds poisoned pages, and this kernel keeps such blocks offline");
		else if (rc == -EROFS)
			mr_machine_read_only(object, &result->err);
		else if (rc == -EINVAL)
			mr_err_set(&result->err, rc, object, "it cannot go to the zone '%s'",
				   policy->zone ? policy->zone : "auto");
		else
			mr_err_set(&result->err, rc ? rc : -EIO, object,
				   "the kernel did not bring it online");
	}
	result->elapsed_us = mr_clock_us() - start;
}

void mr_block_result_free(struct mr_block_result *result)
{
	mr_blockers_free(&result->blockers);
	free(result->poison);
	free(result->quarantine);
	result->poison = NULL;
	result->nr_poison = 0;
	result->quarantine = NULL;
	result->nr_quarantine = 0;
}
