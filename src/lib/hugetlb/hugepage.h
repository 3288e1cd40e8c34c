/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hugetlb pages: where they are, and whether they are free. */
#ifndef MR_LIB_HUGETLB_HUGEPAGE_H
#define MR_LIB_HUGETLB_HUGEPAGE_H

#include "lib/inspect/inspect.h"

enum mr_hugepage_state {
	MR_HUGEPAGE_FREE,
	MR_HUGEPAGE_IN_USE,
};

/* "free" and "in-use". */
extern const char *const mr_hugepage_states[];

struct mr_hugepage {
	uint64_t pfn;
	uint64_t phys;		/* bytes */
	uint64_t size;		/* bytes */
	int32_t node;
	enum mr_hugepage_state state;
	bool gigantic;		/* too large for the buddy allocator: cannot be replaced */
	bool poisoned;		/* at least one of its pages */
};

/* True if the kernel can move the hugepage out of its range, or dissolve it. */
static inline bool mr_hugepage_can_leave(const struct mr_hugepage *h)
{
	return !h->gigantic && !h->poisoned;
}

/* The hugepages of several ranges. */
struct mr_hugepages {
	struct mr_hugepage *list;
	size_t nr, room;
	struct mr_inspector inspector;
	uint64_t step;		/* pages of the smallest existing hugepage; 0 if there is none */
	bool poison;		/* the machine has poisoned pages */
};

/* Returns 0, or -errno with @err set if page flags cannot be read. */
int mr_hugepages_open(struct mr_hugepages *h, const struct mr_machine *m, struct mr_err *err);
void mr_hugepages_close(struct mr_hugepages *h);

/*
 * Adds the hugepages that have a page in [@pfn, @pfn + @nr), ascending, except the one that
 * was added last for an earlier range. Reads flags only at multiples of the smallest hugepage
 * size, where hugepages can begin, and inspects the hugepages in batches. Returns 0, or -errno
 * with @err set.
 */
int mr_hugepages_add(struct mr_hugepages *h, uint64_t pfn, uint64_t nr, struct mr_err *err);

/* The same for one range: the result is in *@list, to be freed by free(), and *@count. */
int mr_hugepage_list(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
		     struct mr_hugepage **list, size_t *count, struct mr_err *err);

#endif
