/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command does to each page of a batch. */
#ifndef MR_LIB_PAGE_WAY_H
#define MR_LIB_PAGE_WAY_H

#include "lib/page/plan.h"
#include "lib/target/resolve.h"

struct mr_batch_way {
	bool poisons;		/* it is done when the HWPoison flag is set, else when it is clear */
	bool dry_run;
	bool despite_signal;	/* try each page once, also when a signal came */
	bool owners;		/* look for the processes that map the pages, once for all */
	uint64_t timeout_ms;	/* for the tries of one page after its first */
	uint64_t retries;
	/* Pure: what is to be done about a page. */
	void (*plan)(const struct mr_snap *snap, const struct mr_spot *spot, void *data,
		     struct mr_plan *plan);
	/* One try; -errno with @err set. */
	int (*apply)(const struct mr_snap *snap, const struct mr_step *step,
		     const struct mr_spot *spot, void *data, struct mr_err *err);
	/* Makes ready for these pages; true: they are to be looked at again. May be NULL. */
	bool (*prepare)(const struct mr_snap *snaps, size_t nr, void *data);
	void *data;
};

#endif
