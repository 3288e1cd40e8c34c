/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A page of a batch, from the first inspection to the result. */
#ifndef MR_LIB_PAGE_ITEM_H
#define MR_LIB_PAGE_ITEM_H

#include "lib/page/way.h"
#include "lib/result.h"

/* The first pause before a busy page is retried. */
#define MR_BACKOFF_FIRST_US 1000

struct mr_item {
	struct mr_spot spot;
	struct mr_snap snap;		/* the last inspection, and the step planned by it */
	struct mr_step step;
	/* From the first inspection: the page may be free in a later one. */
	struct mr_step first;
	uint32_t kind;
	int32_t node;
	uint64_t block;
	enum mr_pool_way pool;
	enum mr_via via;
	enum mr_outcome outcome;	/* valid once decided */
	uint64_t attempts, begun, ended;
	struct mr_err *err;		/* NULL if none */
	int rc;				/* result of the last try */
	bool grow;			/* its hugepage cannot be replaced in its place */
	bool looked, twin, tried, decided, settled;
};

void mr_item_keep_error(struct mr_item *item, const struct mr_err *err);
void mr_item_decide(struct mr_item *item, enum mr_outcome outcome);

/*
 * Plans the step by item->snap, and decides items that need no try. @owners has the processes
 * that map the pages, if they were searched.
 */
void mr_item_plan(struct mr_item *item, const struct mr_batch_way *way,
		  const struct mr_owners *owners);

/* Judges the last try by the @flags read back. A busy page stays undecided. */
void mr_item_judge(struct mr_item *item, const struct mr_batch_way *way, uint64_t flags);

/* Fills in the result of a decided item, and frees what the item holds. */
void mr_item_settle(struct mr_item *item, const struct mr_machine *m,
		    const struct mr_owners *owners, struct mr_result *result);

#endif
