/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hugepage pool that is larger by one while a page of it is retired, and goes
 * back to its size if that fails, whoever is killed at whatever moment.
 */
#ifndef MR_LIB_GROWTH_H
#define MR_LIB_GROWTH_H

#include "backend/hugepool.h"
#include "lib/inspect.h"

struct mr_growth {
	struct mr_hugepool before;	/* the pool that was grown, as it was */
	uint64_t pfn;			/* the page that is to be retired */
	uint64_t total_before;		/* hugepages of this size in the system, and */
	uint64_t total_after;		/* ... when it was over, if that could be read */
	int lock;			/* keeps other memras off the pools of this size */
	int guard;			/* our end: when it closes, the guardian looks */
	pid_t guardian;
};

/*
 * Grows the pool of the node of @s by one hugepage, or with @any_node that of
 * any other node that has room. Soft offline then dissolves the hugepage of
 * @s->pfn, and the pool has its size again.
 *
 * A guardian process waits until mr_growth_end() or the end of this process,
 * SIGKILL included, and then takes back what was grown unless the page has its
 * HWPoison flag. It is in a session of its own, out of reach of what ends a
 * terminal's or a shell's processes. If the guardian dies, mr_growth_end() does
 * what it would have done.
 *
 * -ENOMEM: no node asked for has room; -EINTR: a signal came while another
 * memras held the pool; else -errno. On an error nothing is grown.
 */
int mr_growth_begin(const struct mr_machine *m, const struct mr_snap *s, bool any_node,
		    struct mr_growth *growth);

/* Waits until the pool is settled. */
void mr_growth_end(const struct mr_machine *m, struct mr_growth *growth);

#endif
