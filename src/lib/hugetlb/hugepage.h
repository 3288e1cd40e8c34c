/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hugetlb pages: where they are, and whether they are free. */
#ifndef MR_LIB_HUGETLB_HUGEPAGE_H
#define MR_LIB_HUGETLB_HUGEPAGE_H

#include "lib/inspect/inspect.h"

enum mr_hugepage_state {
	MR_HUGEPAGE_FREE,
	MR_HUGEPAGE_IN_USE,
};

/* Their words, "free" and "in-use". */
extern const char *const mr_hugepage_states[];

struct mr_hugepage {
	uint64_t pfn;
	uint64_t phys;		/* bytes */
	uint64_t size;		/* bytes */
	int32_t node;
	enum mr_hugepage_state state;
	bool gigantic;		/* too big for the buddy allocator: cannot be replaced */
	bool poisoned;		/* any page of it */
};

/* Hugepages of several ranges. */
struct mr_hugepages {
	struct mr_hugepage *list;
	size_t nr, room;
	struct mr_inspector inspector;
	uint64_t step;		/* pages of the smallest hugepage there is; 0: there is none */
	bool poison;		/* some page of the machine is poisoned */
};

/* 0; or -errno with @err set when page flags cannot be read. */
int mr_hugepages_open(struct mr_hugepages *h, const struct mr_machine *m, struct mr_err *err);
void mr_hugepages_close(struct mr_hugepages *h);

/*
 * Adds the hugepages that have a page in [@pfn, @pfn + @nr), ascending, but for one that
 * was added last. Flags are read only where a hugepage can begin, which is a multiple of
 * its size, and what is found is inspected together. -errno with @err set.
 */
int mr_hugepages_add(struct mr_hugepages *h, uint64_t pfn, uint64_t nr, struct mr_err *err);

/* The same of one range, into *@list (free() it) and *@count. */
int mr_hugepage_list(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
		     struct mr_hugepage **list, size_t *count, struct mr_err *err);

#endif
