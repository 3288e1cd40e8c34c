/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grows a hugepage pool while the kernel is about to dissolve hugepages of it, and restores its
 * size afterwards, whichever process is killed at whatever moment.
 */
#ifndef MR_LIB_HUGETLB_GROWTH_H
#define MR_LIB_HUGETLB_GROWTH_H

#include "lib/hugetlb/poolnote.h"

struct mr_growth {
	struct mr_hugepool before;	/* the grown pool, as it was before */
	uint64_t by;			/* hugepages added */
	uint64_t most;			/* limit of .by */
	uint64_t pfn;			/* the page to retire, or MR_POOLNOTE_NO_PFN */
	uint64_t total_before;		/* hugepages of this size in the system: before */
	uint64_t total_after;		/* after, if it could be read */
	struct mr_poolnote note;	/* how to restore the pool */
	int lock;			/* keeps other memras away from the pools of this size */
	int guard;			/* the parent's end: its close starts the guardian's work */
	pid_t guardian;
};

/*
 * Grows the pool of @node with hugepages of @size bytes by one hugepage, or with @any_node the
 * pool of another node that has room. Soft offline then dissolves the hugepage around @pfn, and
 * the pool is back to its size.
 *
 * A guardian process waits for mr_growth_end(), or for the end of this process and of its
 * children forked meanwhile, also by SIGKILL. Then it takes back the growth unless the page has
 * its HWPoison flag. The guardian has its own session, so that signals to a terminal's or a
 * shell's processes do not reach it. If the guardian dies, mr_growth_end() does its work; if
 * both are killed, the next memras does (lib/hugetlb/poolnote.h).
 *
 * Returns 0; -ENOMEM if no allowed node has room; -EBUSY if another memras held the pools of
 * this size for @wait_ms; -EINTR after a signal; or another -errno. On error nothing is grown.
 */
int mr_growth_begin(const struct mr_machine *m, uint64_t size, int32_t node, uint64_t pfn,
		    bool any_node, uint64_t wait_ms, struct mr_growth *growth);

/*
 * The same for hugepages that go offline with their memory block: grows the pool of @node by
 * @by, and by mr_growth_more() up to @most in all. At the end the pool gets its former size,
 * whether it is larger or smaller. The guardian also waits for a child that is still writing a
 * state.
 */
int mr_growth_begin_many(const struct mr_machine *m, uint64_t size, int32_t node, uint64_t by,
			 uint64_t most, uint64_t wait_ms, struct mr_growth *growth);

/* Grows the pool by @by more. Returns -ENOMEM if the node has no room, or beyond @most. */
int mr_growth_more(const struct mr_machine *m, struct mr_growth *growth, uint64_t by);

/* Ends the guardian, and waits until the pool is restored. */
void mr_growth_end(const struct mr_machine *m, struct mr_growth *growth);

#endif
