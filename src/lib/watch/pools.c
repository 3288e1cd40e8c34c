// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/watch/pools.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/hugetlb/poolnote.h"
#include "util/cleanup.h"
#include "util/clock.h"

/* The pool shrinks before the page is poisoned, or soon after. */
#define MEET_US 2000000

enum mr_pool_verdict mr_pool_judge(struct mr_pool_seen *seen, uint64_t now, uint64_t now_us)
{
	const uint64_t lost = now < seen->persistent ? seen->persistent - now : 0;

	if (!lost && !seen->pages) {
		seen->persistent = now;
		seen->until_us = 0;
		return MR_POOL_AS_IS;
	}
	/* If more hugepages are gone than pages were retired, another process resizes the pool. */
	if (lost && lost <= seen->pages)
		return MR_POOL_LOST;
	if (!seen->until_us)
		seen->until_us = now_us + MEET_US;
	if (now_us < seen->until_us)
		return MR_POOL_WAIT;
	seen->persistent = now;
	seen->pages = 0;
	seen->until_us = 0;
	return MR_POOL_AS_IS;
}

static uint64_t persistent(const struct mr_hugepool *pool)
{
	return pool->total > pool->surplus ? pool->total - pool->surplus : 0;
}

void mr_watch_pools_open(struct mr_watch_pools *p)
{
	mr_autofree struct mr_hugepool *pools = NULL;
	size_t nr = 0;

	if (mr_hugepool_list(p->m, &pools, &nr) || !nr)
		return;
	p->list = calloc(nr, sizeof(*p->list));
	p->nr = p->list ? nr : 0;
	for (size_t i = 0; i < p->nr; i++)
		p->list[i] = (struct mr_pool_seen){
			.size = pools[i].size, .node = pools[i].node,
			.persistent = persistent(&pools[i]),
		};
}

void mr_watch_pools_close(struct mr_watch_pools *p)
{
	free(p->list);
	p->list = NULL;
	p->nr = 0;
}

void mr_watch_pools_page(struct mr_watch_pools *p, uint64_t pfn, int32_t node)
{
	for (size_t i = 0; i < MR_POOLS_COUNTED; i++)
		if (p->counted[i] == pfn + 1)
			return;
	p->counted[p->nr_counted++ % MR_POOLS_COUNTED] = pfn + 1;
	for (size_t i = 0; i < p->nr; i++)
		if (node < 0 || p->list[i].node < 0 || p->list[i].node == node)
			p->list[i].pages++;
}

/*
 * Restores the pool if its lock was taken (@lock >= 0), and reports the loss. True if the pool
 * needs another look soon.
 */
static bool settle(struct mr_watch_pools *p, struct mr_pool_seen *seen, uint64_t now, int lock)
{
	struct mr_pool_event event = {
		.size = seen->size, .node = seen->node, .before = seen->persistent, .after = now,
	};
	uint64_t lost = seen->persistent - now;
	char object[64];
	int rc = 0;

	if (!seen->until_us)
		seen->until_us = mr_clock_us() + MEET_US;
	snprintf(object, sizeof(object), "pool of %" PRIu64 " kB", seen->size >> 10);
	if (p->restore && !p->dry_run && lock >= 0) {
		rc = mr_hugepool_resize(p->m, seen->size, seen->node, seen->persistent,
					&event.after);
		event.restored = !rc && event.after >= seen->persistent;
		/* Memory that was just freed may still merge into a hugepage. */
		if (!event.restored && mr_clock_us() < seen->until_us)
			return true;
		if (!event.restored)
			mr_err_set(&event.err, rc ? rc : -ENOMEM, object,
				   "the pool lost %" PRIu64 " of %" PRIu64 " hugepages, and the node has no room for new ones",
				   lost, seen->persistent);
	} else if (p->restore && !p->dry_run) {
		mr_err_set(&event.err, lock, object, "the pool lost %" PRIu64 " of %" PRIu64
			   " hugepages, and its lock in /run/memras cannot be taken",
			   lost, seen->persistent);
	}
	p->event(&event, p->data);
	seen->persistent = event.after;
	seen->pages = seen->pages > lost ? seen->pages - lost : 0;
	seen->until_us = 0;
	return seen->pages > 0;
}

static bool look(struct mr_watch_pools *p, struct mr_pool_seen *seen, int lock)
{
	struct mr_hugepool pool;

	if (mr_hugepool_read(p->m, seen->size, seen->node, &pool))
		return false;
	/* There may be unknown retired pages: the wait for them has not begun. */
	if (p->unexplained)
		seen->until_us = 0;
	switch (mr_pool_judge(seen, persistent(&pool), mr_clock_us())) {
	case MR_POOL_AS_IS:
		return false;
	case MR_POOL_WAIT:
		return true;
	case MR_POOL_LOST:
		break;
	}
	return settle(p, seen, persistent(&pool), lock);
}

/* True if the pool is as expected: without its lock, another memras may be changing it. */
static bool is_idle(const struct mr_watch_pools *p, const struct mr_pool_seen *seen)
{
	struct mr_hugepool pool;

	return !seen->pages && !seen->until_us &&
	       (mr_hugepool_read(p->m, seen->size, seen->node, &pool) ||
		persistent(&pool) == seen->persistent);
}

/* Returns the end of the pools from @i on that are of one size; *@idle if all of them are. */
static size_t one_size(const struct mr_watch_pools *p, size_t i, bool *idle)
{
	const uint64_t size = p->list[i].size;

	*idle = true;
	for (; i < p->nr && p->list[i].size == size; i++)
		*idle = *idle && is_idle(p, &p->list[i]);
	return i;
}

bool mr_watch_pools_look(struct mr_watch_pools *p)
{
	bool again = false;

	/* By size: one lock covers all nodes. Taking it may change a pool, so not in a dry run. */
	for (size_t i = 0, end; i < p->nr; i = end) {
		bool idle;
		int lock;

		end = one_size(p, i, &idle);
		if (idle)
			continue;
		lock = p->dry_run ? -EROFS : mr_poolnote_lock(p->m, p->list[i].size, 0);
		for (size_t k = i; k < end && lock != -EBUSY; k++)
			again |= look(p, &p->list[k], lock);
		if (lock >= 0)
			close(lock);
	}
	return again;
}
