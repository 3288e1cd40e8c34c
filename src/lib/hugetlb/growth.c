// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/hugetlb/growth.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/child.h"
#include "util/cleanup.h"
#include "util/lock.h"

/* Restores the size of the pool and clears the note. */
static void settle(const struct mr_machine *m, const struct mr_growth *g)
{
	mr_poolnote_settle(m, &g->note);
	mr_poolnote_clear(g->lock);
}

/*
 * Starts the guardian. It waits for the end of the stream, because the kernel closes the
 * parent's end only when no system call of the parent is running.
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
		/* On guard: from here on it can fail only by being killed. */
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
	/* A child that was forked since has the stream, too. */
	shutdown(g->guard, SHUT_RDWR);
	close(g->guard);
	if (mr_child_wait(g->guardian))
		settle(m, g);
}

/* Grows pool @before by @by, with a guardian, and with a note in case both processes are killed. */
static int grow(const struct mr_machine *m, const struct mr_hugepool *before, uint64_t by,
		struct mr_growth *g)
{
	int rc;

	g->before = *before;
	g->by = 0;
	g->note = (struct mr_poolnote){
		.size = before->size, .node = before->node, .surplus = before->surplus,
		.persistent = before->total - before->surplus, .most = g->most, .pfn = g->pfn,
	};
	rc = start_guardian(m, g);
	if (rc)
		return rc;
	mr_poolnote_write(g->lock, &g->note);
	rc = mr_growth_more(m, g, by);
	if (rc)
		end_guardian(m, g);
	return rc;
}

int mr_growth_more(const struct mr_machine *m, struct mr_growth *growth, uint64_t by)
{
	const struct mr_hugepool *before = &growth->before;
	uint64_t sum = growth->by + by, got = 0;

	/* set_max_huge_pages() first makes surplus hugepages persistent: the target has them. */
	if (sum > growth->most ||
	    mr_hugepool_resize(m, before->size, before->node, before->total + sum, &got) ||
	    got < before->total + sum)
		return -ENOMEM;
	growth->by = sum;
	return 0;
}

static int begin(const struct mr_machine *m, uint64_t size, int32_t node, uint64_t by,
		 bool any_node, uint64_t wait_ms, struct mr_growth *g)
{
	mr_autofree struct mr_hugepool *pools = NULL;
	struct mr_hugepool own, all;
	size_t nr = 0;
	int rc;

	g->lock = mr_poolnote_lock(m, size, wait_ms);
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
		mr_lock_release(g->lock);
	g->total_before = g->total_after = all.total;
	return rc;
}

int mr_growth_begin(const struct mr_machine *m, uint64_t size, int32_t node, uint64_t pfn,
		    bool any_node, uint64_t wait_ms, struct mr_growth *growth)
{
	*growth = (struct mr_growth){ .pfn = pfn, .most = 1 };
	return begin(m, size, node, 1, any_node, wait_ms, growth);
}

int mr_growth_begin_many(const struct mr_machine *m, uint64_t size, int32_t node, uint64_t by,
			 uint64_t most, uint64_t wait_ms, struct mr_growth *growth)
{
	*growth = (struct mr_growth){ .pfn = MR_POOLNOTE_NO_PFN, .most = most };
	return begin(m, size, node, by, false, wait_ms, growth);
}

void mr_growth_end(const struct mr_machine *m, struct mr_growth *growth)
{
	struct mr_hugepool all;

	end_guardian(m, growth);
	if (!mr_hugepool_read(m, growth->before.size, -1, &all))
		growth->total_after = all.total;
	mr_lock_release(growth->lock);
}
