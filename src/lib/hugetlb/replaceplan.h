/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans what to do about each hugepage of a snapshot. Pure: reads only its arguments, so
 * --dry-run is this and a stop.
 */
#ifndef MR_LIB_HUGETLB_REPLACEPLAN_H
#define MR_LIB_HUGETLB_REPLACEPLAN_H

#include "lib/hugetlb/hugepage.h"
#include "lib/result.h"

/* The word that stands for all free hugepages. */
#define MR_REPLACE_ALL_FREE "all-free"

/* What to do about a hugepage. */
enum mr_replace_step {
	MR_REPLACE_DO,
	MR_REPLACE_LEAVE,		/* not asked for: gets no result */
	/* All others are refused: */
	MR_REPLACE_NOT_HUGE,		/* the page is not in a hugepage */
	MR_REPLACE_GIGANTIC,		/* not from the buddy allocator */
	MR_REPLACE_POISONED,		/* its range would not become ordinary memory */
	MR_REPLACE_NO_KERNEL,		/* alloc_contig_range() replaces none (before 5.13) */
	MR_REPLACE_NO_ROOM,		/* its node has no room for a replacement */
};

/* A hugepage, or a page that is not in one. */
struct mr_replace_item {
	struct mr_hugepage h;		/* .size 0: not a hugepage, and .pfn is the page */
	const char *word;		/* the target that named it; NULL if none */
	uint64_t block;			/* UINT64_MAX without a block interface */
	uint32_t kind;			/* enum memras_kind, or MR_KIND_NONE */
	enum mr_replace_step step;
	uint32_t attempts;
	int rc;				/* result of the last try */
	uint64_t begun, ended;		/* microseconds: start of the first try, end of the last */
};

/* The pool of one size on one node, and the memory that the node could provide. */
struct mr_replace_pool {
	struct mr_hugepool pool;
	uint64_t room;			/* bytes free or reclaimable; UINT64_MAX if unknown */
};

/* A snapshot; the plan reads nothing else. */
struct mr_replace_snap {
	struct mr_replace_item *items;	/* in the order of the targets, each hugepage once */
	size_t nr, room;
	size_t told;			/* items that get a result, once planned */
	struct mr_replace_item **open;	/* space for pointers to all items */
	struct mr_replace_pool *pools;	/* by size, then node */
	size_t nr_pools;
	bool only_free;			/* "all-free" instead of targets */
	bool can_replace;		/* the kernel can, or unknown before the module is loaded */
};

/* Decides what to do about @item of @snap. */
enum mr_replace_step mr_replace_plan_one(const struct mr_replace_snap *snap,
					 const struct mr_replace_item *item);

/* Sets the step of every item, and counts those that get a result. */
void mr_replace_plan(struct mr_replace_snap *snap);

/* Returns the path of the item: free hugepages are replaced, those in use migrated. */
enum mr_path mr_replace_path(const struct mr_replace_item *item);

/* Sets @err to the reason why @item is refused. */
void mr_replace_refusal(const struct mr_replace_item *item, struct mr_err *err);

#endif
