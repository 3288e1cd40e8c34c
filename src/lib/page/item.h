/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One page of a batch, from its first look to its result. */
#ifndef MR_LIB_PAGE_ITEM_H
#define MR_LIB_PAGE_ITEM_H

#include "lib/page/way.h"
#include "lib/result.h"

/* The first pause before a busy page is tried again. */
#define MR_BACKOFF_FIRST_US 1000

struct mr_item {
	struct mr_spot spot;
	struct mr_snap snap;		/* of the last look, and what it says to do */
	struct mr_step step;
	/* The first look says what it was, also when a later one finds it freed. */
	struct mr_step first;
	uint32_t kind;
	int32_t node;
	uint64_t block;
	enum mr_pool_way pool;
	enum mr_via via;
	enum mr_outcome outcome;	/* once it is decided */
	uint64_t attempts, begun, ended;
	struct mr_err *err;		/* NULL: none */
	int rc;				/* of the last try */
	bool looked, twin, tried, decided, settled;
};

void mr_item_keep_error(struct mr_item *item, const struct mr_err *err);
void mr_item_decide(struct mr_item *item, enum mr_outcome outcome);

/*
 * Plans by item->snap, and decides what needs no try. @owners has the processes that map
 * the pages, where they were looked for.
 */
void mr_item_plan(struct mr_item *item, const struct mr_batch_way *way,
		  const struct mr_owners *owners);

/* What the @flags that were read back say of the last try; what is busy stays undecided. */
void mr_item_judge(struct mr_item *item, const struct mr_batch_way *way, uint64_t flags);

/* The result of an item that is decided, which is freed by it of what it held. */
void mr_item_settle(struct mr_item *item, const struct mr_machine *m,
		    const struct mr_owners *owners, struct mr_result *result);

#endif
