/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pipeline over many pages: inspected and planned by the batch, tried one after the
 * other, read back together, and what is only busy tried again with back-off.
 */
#ifndef MR_LIB_PAGE_BATCH_H
#define MR_LIB_PAGE_BATCH_H

#include "lib/page/plan.h"
#include "lib/result.h"
#include "lib/target/resolve.h"

/* A page that a run is about to try, or that is so already. */
struct mr_intent {
	uint64_t pfn;		/* first, as it is what is compared */
	int32_t node;		/* -1: not known */
	bool already;
};

/* What the caller of a run hears of it. Any function may be NULL. */
struct mr_batch_hooks {
	/*
	 * Called once before the first page is touched, not in a dry run: the pages,
	 * ascending and each once. Other than 0 ends the run with nothing touched.
	 */
	int (*intend)(const struct mr_intent *list, size_t nr, void *data, struct mr_err *err);
	/* Called for each page that is settled, in the order of that; the result is the caller's. */
	void (*settled)(const struct mr_result *result, void *data);
	/* Called between pages; and with @waiting_for while busy pages are tried again. */
	void (*tick)(uint64_t done, uint64_t total, const char *waiting_for, void *data);
	void *data;
};

/* What a command does to pages. */
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

/*
 * Takes all pages of @spans that way. A signal ends it between two tries, and what was
 * not reached has no result. 0, or -errno with @err set: -ENOMEM, and what
 * hooks->intend() returned.
 */
int mr_batch_run(struct mr_machine *m, const struct mr_spans *spans,
		 const struct mr_batch_way *way, const struct mr_batch_hooks *hooks,
		 struct mr_err *err);

#endif
