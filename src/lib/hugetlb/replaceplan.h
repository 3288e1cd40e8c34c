/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plan: from a snapshot of hugepages and their pools to what is to be done about each.
 * Pure: looks at nothing but its arguments, so --dry-run is this and a stop.
 */
#ifndef MR_LIB_HUGETLB_REPLACEPLAN_H
#define MR_LIB_HUGETLB_REPLACEPLAN_H

#include "lib/hugetlb/hugepage.h"
#include "lib/result.h"

/* The word in place of targets. */
#define MR_REPLACE_ALL_FREE "all-free"

/* What a plan says of a hugepage. */
enum mr_replace_step {
	MR_REPLACE_DO,
	MR_REPLACE_LEAVE,		/* not asked for: no result tells of it */
	/* The rest is refused: */
	MR_REPLACE_NOT_HUGE,		/* the page is in no hugepage */
	MR_REPLACE_GIGANTIC,		/* it does not come from the buddy allocator */
	MR_REPLACE_POISONED,		/* its range would not become ordinary memory */
	MR_REPLACE_NO_KERNEL,		/* alloc_contig_range() replaces none (before 5.13) */
	MR_REPLACE_NO_ROOM,		/* nothing on its node that could take its place */
};

/* One hugepage, or one page that is in none. */
struct mr_replace_item {
	struct mr_hugepage h;		/* .size 0: in none, and .pfn is the page */
	const char *word;		/* the target that named it; NULL: none did */
	uint64_t block;			/* UINT64_MAX: no block interface */
	uint32_t kind;			/* enum memras_kind, or MR_KIND_NONE */
	enum mr_replace_step step;
	uint32_t attempts;
	int rc;				/* of the last try */
	uint64_t begun, ended;		/* microseconds: of the first and the last try */
};

/* The pool of a size on a node, and what the node could make of its memory. */
struct mr_replace_pool {
	struct mr_hugepool pool;
	uint64_t room;			/* bytes that are free or can be reclaimed; UINT64_MAX: not told */
};

/* As it was when it was looked at; nothing of it is read again for the plan. */
struct mr_replace_snap {
	struct mr_replace_item *items;	/* in order of the targets, each hugepage once */
	size_t nr, room;
	size_t told;			/* those that are not left alone, once it is planned */
	struct mr_replace_item **open;	/* room for pointers to all of them */
	struct mr_replace_pool *pools;	/* by size, then node */
	size_t nr_pools;
	bool only_free;			/* "all-free" was asked for, and not targets */
	bool can_replace;		/* the kernel, or it is not known before the module is loaded */
};

/* What is to be done about @item of @snap. */
enum mr_replace_step mr_replace_plan_one(const struct mr_replace_snap *snap,
					 const struct mr_replace_item *item);

/* Sets the step of every item, and how many are told of. */
void mr_replace_plan(struct mr_replace_snap *snap);

/* How the hugepage would be replaced: free ones are, those in use are migrated. */
enum mr_path mr_replace_path(const struct mr_replace_item *item);

/* Says why @item is refused. */
void mr_replace_refusal(const struct mr_replace_item *item, struct mr_err *err);

#endif
