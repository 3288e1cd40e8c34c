/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command does with each page of a batch. */
#ifndef MR_LIB_PAGE_WAY_H
#define MR_LIB_PAGE_WAY_H

#include "lib/page/plan.h"
#include "lib/target/resolve.h"

struct mr_batch_way {
	bool poisons;		/* done if the HWPoison flag is set; otherwise if it is clear */
	bool dry_run;
	bool despite_signal;	/* try each page once, even after a signal */
	bool owners;		/* find the processes that map the pages, in one search */
	uint64_t timeout_ms;	/* for the retries of one page */
	uint64_t retries;
	/* Plans the step for a page. Pure. */
	void (*plan)(const struct mr_snap *snap, const struct mr_spot *spot, void *data,
		     struct mr_plan *plan);
	/* Tries once. Returns 0, or -errno with @err set. */
	int (*apply)(const struct mr_snap *snap, const struct mr_step *step,
		     const struct mr_spot *spot, void *data, struct mr_err *err);
	/* Prepares for these pages; true if they must be inspected again. May be NULL. */
	bool (*prepare)(const struct mr_snap *snaps, size_t nr, void *data);
	void *data;
};

#endif
