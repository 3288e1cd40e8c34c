/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pipeline over many pages: inspected and planned by the batch, tried one after the
 * other, read back together, and what is only busy tried again with back-off.
 */
#ifndef MR_LIB_PAGE_BATCH_H
#define MR_LIB_PAGE_BATCH_H

#include "lib/page/way.h"
#include "lib/result.h"

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

/*
 * Takes all pages of @spans that way. A signal ends it between two tries, and what was
 * not reached has no result. 0, or -errno with @err set: -ENOMEM, and what
 * hooks->intend() returned.
 */
int mr_batch_run(struct mr_machine *m, const struct mr_spans *spans,
		 const struct mr_batch_way *way, const struct mr_batch_hooks *hooks,
		 struct mr_err *err);

#endif
