/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pipeline for many pages: inspects and plans a batch, tries the pages one after the other,
 * reads them back together, and retries busy ones with back-off.
 */
#ifndef MR_LIB_PAGE_BATCH_H
#define MR_LIB_PAGE_BATCH_H

#include "lib/page/way.h"
#include "lib/result.h"

/* A page that a run is about to try, or that is already done. */
struct mr_intent {
	uint64_t pfn;		/* first, as the sort key */
	int32_t node;		/* -1 if unknown */
	bool already;
};

/* Callbacks of a run. Each may be NULL. */
struct mr_batch_hooks {
	/*
	 * Called once before the first page is touched, except in a dry run. @list has each
	 * page once, in ascending order. A return value other than 0 ends the run with nothing
	 * touched.
	 */
	int (*intend)(const struct mr_intent *list, size_t nr, void *data, struct mr_err *err);
	/* Called for each page when it is settled; @result is only valid during the call. */
	void (*settled)(const struct mr_result *result, void *data);
	/* Called between pages; while busy pages are retried @waiting_for is not "". */
	void (*tick)(uint64_t done, uint64_t total, const char *waiting_for, void *data);
	void *data;
};

/*
 * Takes all pages of @spans through the steps of @way. A signal ends the run between two tries;
 * pages not reached get no result. Returns 0, or -errno with @err set: -ENOMEM, or the value
 * from hooks->intend().
 */
int mr_batch_run(struct mr_machine *m, const struct mr_spans *spans,
		 const struct mr_batch_way *way, const struct mr_batch_hooks *hooks,
		 struct mr_err *err);

#endif
