// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/hugetlb/growth.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/kpage.h"
#include "lib/child.h"
#include "util/cleanup.h"
#include "util/interrupt.h"

static uint64_t persistent(const struct mr_hugepool *pool)
{
	return pool->total - pool->surplus;
}

/*
 * Gives the pool its size again, unless the growth was for a page that was
 * retired. What others changed meanwhile stays where it is more than ours.
 */
static void settle(const struct mr_machine *m, const struct mr_growth *g)
{
	const uint64_t before = persistent(&g->before);
	struct mr_hugepool now;
	uint64_t has, got;

	if ((g->pfn != MR_GROWTH_NO_PFN && mr_kpage_poisoned(m, g->pfn) == 1) ||
	    mr_hugepool_read(m, g->before.size, g->before.node, &now))
		return;
	has = persistent(&now);
	if (has > before)
		mr_hugepool_resize(m, now.size, now.node,
				   has - before > g->most ? has - g->most : before, &got);
	else if (has < before && g->pfn == MR_GROWTH_NO_PFN)
		mr_hugepool_resize(m, now.size, now.node,
				   before - has > g->most ? has + g->most : before, &got);
}

/*
 * Starts the guardian. What it waits for is the end of the stream, as the
 * kernel closes our end only when no system call of ours runs any more.
 */
static int start_guardian(const struct mr_machine *m, struct mr_growth *g)
{
	int ends[2], rc;
	ssize_t n;
	char byte = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	g->guardian = mr_child_fork(m);
	if (!g->guardian) {
		close(ends[0]);
		setsid();
		/* It is on guard; from here on nothing can fail it but its own end. */
		if (write(ends[1], &byte, 1) != 1 || read(ends[1], &byte, 1) < 0)
			_exit(1);
		settle(m, g);
		_exit(0);
	}
	close(ends[1]);
	rc = g->guardian < 0 ? (int)g->guardian : 0;
	while (!rc && (n = read(ends[0], &byte, 1)) != 1)
		if (!n || errno != EINTR)
			rc = -ECHILD;
	if (rc) {
		close(ends[0]);
		if (g->guardian > 0)
			mr_child_wait(g->guardian);
		return rc;
	}
	g->guard = ends[0];
	return 0;
}

static void end_guardian(const struct mr_machine *m, const struct mr_growth *g)
{
	close(g->guard);
	if (mr_child_wait(g->guardian))
		settle(m, g);
}

/* Grows the pool @before by @by under a guardian's eyes. */
static int grow(const struct mr_machine *m, const struct mr_hugepool *before, uint64_t by,
		struct mr_growth *g)
{
	int rc;

	g->before = *before;
	g->by = 0;
	rc = start_guardian(m, g);
	if (rc)
		return rc;
	rc = mr_growth_more(m, g, by);
	if (rc)
		end_guardian(m, g);
	return rc;
}

int mr_growth_more(const struct mr_machine *m, struct mr_growth *growth, uint64_t by)
{
	const struct mr_hugepool *before = &growth->before;
	uint64_t sum = growth->by + by, got = 0;

	if (sum > growth->most ||
	    mr_hugepool_resize(m, before->size, before->node, persistent(before) + sum, &got) ||
	    got < before->total + sum)
		return -ENOMEM;
	growth->by = sum;
	return 0;
}

/* Two that grow one pool at once would each take the other's for its own. */
static int lock_pools(const struct mr_machine *m, uint64_t size)
{
	int fd = mr_root_openf(&m->root, O_RDONLY | O_DIRECTORY,
			       "sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB", size >> 10);

	while (fd >= 0 && flock(fd, LOCK_EX)) {
		int rc = -errno;

		if (rc == -EINTR && !mr_interrupted())
			continue;
		close(fd);
		return rc;
	}
	return fd;
}

static int begin(const struct mr_machine *m, uint64_t size, int32_t node, uint64_t by,
		 bool any_node, struct mr_growth *g)
{
	mr_autofree struct mr_hugepool *pools = NULL;
	struct mr_hugepool own, all;
	size_t nr = 0;
	int rc;

	g->lock = lock_pools(m, size);
	if (g->lock < 0)
		return g->lock;
	rc = mr_hugepool_read(m, size, -1, &all);
	if (!rc)
		rc = mr_hugepool_read(m, size, node, &own);
	if (!rc)
		rc = grow(m, &own, by, g);
	if (rc == -ENOMEM && any_node && mr_hugepool_list(m, &pools, &nr))
		nr = 0;
	for (size_t i = 0; rc == -ENOMEM && i < nr; i++)
		if (pools[i].size == size && pools[i].node != node)
			rc = grow(m, &pools[i], by, g);
	if (rc)
		close(g->lock);
	g->total_before = g->total_after = all.total;
	return rc;
}

int mr_growth_begin(const struct mr_machine *m, uint64_t size, int32_t node, uint64_t pfn,
		    bool any_node, struct mr_growth *growth)
{
	*growth = (struct mr_growth){ .pfn = pfn, .most = 1 };
	return begin(m, size, node, 1, any_node, growth);
}

int mr_growth_begin_many(const struct mr_machine *m, uint64_t size, int32_t node, uint64_t by,
			 uint64_t most, struct mr_growth *growth)
{
	*growth = (struct mr_growth){ .pfn = MR_GROWTH_NO_PFN, .most = most };
	return begin(m, size, node, by, false, growth);
}

void mr_growth_end(const struct mr_machine *m, struct mr_growth *growth)
{
	struct mr_hugepool all;

	end_guardian(m, growth);
	if (!mr_hugepool_read(m, growth->before.size, -1, &all))
		growth->total_after = all.total;
	close(growth->lock);
}
