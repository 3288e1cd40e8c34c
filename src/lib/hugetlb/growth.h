/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hugepage pool that is larger while hugepages of it are about to be dissolved
 * by the kernel, and has its size when that is over, whoever is killed at
 * whatever moment.
 */
#ifndef MR_LIB_HUGETLB_GROWTH_H
#define MR_LIB_HUGETLB_GROWTH_H

#include "lib/hugetlb/poolnote.h"

struct mr_growth {
	struct mr_hugepool before;	/* the pool that was grown, as it was */
	uint64_t by;			/* hugepages that it was grown by */
	uint64_t most;			/* ... and is ever grown by */
	uint64_t pfn;			/* the page that is to be retired, or MR_POOLNOTE_NO_PFN */
	uint64_t total_before;		/* hugepages of this size in the system, and */
	uint64_t total_after;		/* ... when it was over, if that could be read */
	struct mr_poolnote note;	/* what is to be made good */
	int lock;			/* keeps other memras off the pools of this size */
	int guard;			/* our end: when it closes, the guardian looks */
	pid_t guardian;
};

/*
 * Grows the pool of hugepages of @size bytes of @node by one hugepage, or with
 * @any_node that of any other node that has room. Soft offline then dissolves
 * the hugepage that @pfn is in, and the pool has its size again.
 *
 * A guardian process waits until mr_growth_end() or the end of this process and
 * of those that it forked meanwhile, SIGKILL included, and then takes back what
 * was grown unless the page has its HWPoison flag. It is in a session of its
 * own, out of reach of what ends a terminal's or a shell's processes. If the
 * guardian dies, mr_growth_end() does what it would have done; if both are killed,
 * the next memras does (lib/hugetlb/poolnote.h).
 *
 * -ENOMEM: no node asked for has room; -EBUSY: another memras held the pools of this
 * size for @wait_ms; -EINTR: a signal came meanwhile; else -errno. On an error nothing
 * is grown.
 */
int mr_growth_begin(const struct mr_machine *m, uint64_t size, int32_t node, uint64_t pfn,
		    bool any_node, uint64_t wait_ms, struct mr_growth *growth);

/*
 * The same for hugepages that go with their memory block: grows the pool of
 * @node by @by, and by mr_growth_more() further, @most at the most in all. When
 * it is over the pool is given its size of before, be it larger or smaller; a
 * process that was forked meanwhile and still writes to a state is waited for.
 */
int mr_growth_begin_many(const struct mr_machine *m, uint64_t size, int32_t node, uint64_t by,
			 uint64_t most, uint64_t wait_ms, struct mr_growth *growth);

/* -ENOMEM: the node has no room for @by more. */
int mr_growth_more(const struct mr_machine *m, struct mr_growth *growth, uint64_t by);

/* Waits until the pool is settled. */
void mr_growth_end(const struct mr_machine *m, struct mr_growth *growth);

#endif
