// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/blockstate.h"

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
#include "lib/child.h"
#include "lib/evacuate.h"
#include "lib/poison.h"
#include "lib/retire.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/interrupt.h"

#define LOOK_US 2000	/* how often a child that writes is looked after */

/*
 * Writes @word to the state from a child, which can be ended: the kernel's
 * offlining looks for a signal between its passes only, and without one may
 * never end. Returns what the write did, -ETIMEDOUT, or -EINTR.
 */
static int write_bounded(const struct mr_machine *m, uint64_t id, const char *word,
			 uint64_t deadline_us)
{
	uint64_t wait_us = LOOK_US / 8;
	int status, ended = 0;
	pid_t child;

	child = mr_child_fork(m);
	if (child < 0)
		return child;
	if (!child) {
		/* If the parent is killed, what it asked for must not go on. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(-mr_block_write_state(m, id, word) & 0xff);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (!ended && mr_interrupted())
			ended = -EINTR;
		else if (!ended && mr_clock_us() >= deadline_us)
			ended = -ETIMEDOUT;
		if (ended)
			kill(child, SIGKILL);
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
		mr_blockers_find(m, b->start >> m->page_shift, b->size >> m->page_shift,
				 &r->blockers, &ignored);
	mr_blockers_find_owners(m, &blockers, 1);
	if (r->blockers.nr)
		mr_blockers_explain(&r->blockers, rc, object, &r->err);
	else if (rc == -ETIMEDOUT)
		mr_err_set(&r->err, rc, object, "it was not offline by the timeout");
	else
		mr_err_set(&r->err, rc, object, "the kernel did not take it offline");
	mr_err_hint(&r->err, m->device >= 0 ?
		    "nothing is changed; the kernel log may say more (dmesg)" :
		    "nothing is changed; with memras.ko more could be told and done");
}

static uint64_t first_pfn(const struct mr_machine *m, const struct mr_block *b)
{
	return b->start >> m->page_shift;
}

/* The poisoned pages of a block that is about to go offline; none where they cannot be read. */
static void note_poison(const struct mr_machine *m, const struct mr_block *b,
			struct mr_block_result *r)
{
	mr_autofree uint64_t *pfns = NULL;
	size_t n;

	if (mr_poison_list(m, first_pfn(m, b), b->size >> m->page_shift, &pfns, &n) || !n)
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
	    mr_device_recall(m, first_pfn(m, b), b->size >> m->page_shift, &list, &n))
		return;
	for (size_t i = 0; i < r->nr_poison; i++)
		for (size_t k = 0; k < n; k++)
			if (list[k].pfn == r->poison[i].pfn)
				r->poison[i].state = "remembered";
}

void mr_block_offline(const struct mr_machine *m, const struct mr_block *block,
		      const struct mr_block_policy *policy, struct mr_block_result *result)
{
	const uint64_t start = mr_clock_us(), deadline = start + policy->timeout_ms * 1000;
	bool by_module = mr_device_has(m, MEMRAS_FEAT_CLAIM) && m->info.pageblock_pages;
	int rc = 0;

	*result = (struct mr_block_result){ .block = block->id };
	if (state_now(m, block->id) == MR_BLOCK_OFFLINE) {
		result->outcome = MR_OUTCOME_ALREADY;
		return;
	}
	result->via = by_module ? "module" : "sysfs";
	if (policy->dry_run) {
		result->outcome = MR_OUTCOME_PLANNED;
		mr_blockers_find(m, block->start >> m->page_shift, block->size >> m->page_shift,
				 &result->blockers, &result->err);
		mr_err_clear(&result->err);
		return;
	}
	note_poison(m, block, result);
	if (by_module)
		rc = mr_evacuate(m, block, policy, deadline, result);
	else
		result->attempts = 1;
	if (!rc) {
		rc = write_bounded(m, block->id, "offline", deadline);
		/* Once it is offline the claims in it are no more; else they go back. */
		if (by_module && state_now(m, block->id) != MR_BLOCK_OFFLINE)
			mr_evacuate_undo(m, block);
		if (rc)
			explain_offline(m, block, rc, result);
	}
	if (state_now(m, block->id) == MR_BLOCK_OFFLINE) {
		result->outcome = MR_OUTCOME_DONE;
		mr_err_clear(&result->err);
		mr_blockers_free(&result->blockers);
		see_remembered(m, block, result);
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
	    mr_device_recall(m, first_pfn(m, b), b->size >> m->page_shift, &list, &n) || !n)
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
		mr_owners_free(&again.owners);
		if (mr_kpage_poisoned(m, spot.pfn) == 1) {
			r->poison[i].state = "retired";
		} else {
			r->poison[i].state = "lost";
			lost++;
		}
	}
	return lost;
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
	rc = write_bounded(m, block->id, online_word(policy->zone),
			   start + policy->timeout_ms * 1000);
	if (state_now(m, block->id) == MR_BLOCK_ONLINE) {
		uint64_t lost = retire_again(m, policy->timeout_ms, result);

		result->outcome = lost ? MR_OUTCOME_FAILED : MR_OUTCOME_DONE;
		if (lost)
			mr_err_set(&result->err, -EIO, object,
				   "it is online, but %" PRIu64 " page%s that %s poisoned could not be retired again",
				   lost, lost == 1 ? "" : "s", lost == 1 ? "was" : "were");
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
	result->poison = NULL;
	result->nr_poison = 0;
}
