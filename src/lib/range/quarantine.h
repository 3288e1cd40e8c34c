/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quarantine: ranges that the module holds, away from the page allocator, until they are
 * released. It claims them again when their memory block was offline and comes online.
 */
#ifndef MR_LIB_RANGE_QUARANTINE_H
#define MR_LIB_RANGE_QUARANTINE_H

#include "lib/inspect/blockers.h"
#include "lib/range/holds.h"
#include "lib/result.h"
#include "lib/target/resolve.h"

/*
 * Makes a set of the pages of @nr spans, in any order. Returns 0 or -ENOMEM; free @pages in any
 * case.
 */
int mr_quarantine_pages(const struct mr_span *spans, size_t nr, struct mr_ranges *pages);

/* Progress: pages done, pages in all, busy pageblocks. Reported after each claim. */
typedef void (*mr_quarantine_progress_fn)(uint64_t done, uint64_t total, uint64_t busy,
					  void *data);

struct mr_quarantine_policy {
	uint64_t timeout_ms;		/* for one target */
	bool dry_run;
	mr_quarantine_progress_fn progress;	/* may be NULL */
	void *progress_data;
};

/* The result for one target. */
struct mr_quarantine_result {
	const char *target;		/* the word that named the pages */
	uint64_t pfn;			/* the first page */
	uint64_t phys;			/* bytes */
	uint64_t pages;			/* pages that the word named */
	int32_t node;			/* of the first page; -1 if unknown */
	uint64_t block;			/* UINT64_MAX without a block interface */
	const char *via;		/* "module", or NULL if not used */
	enum mr_outcome outcome;
	uint64_t attempts;		/* passes over the pages */
	uint64_t elapsed_us;
	uint64_t changed;		/* pages newly held, or released */
	uint64_t forgotten;		/* released pages that were away or lost */
	uint64_t poisoned;		/* poisoned pages that were skipped, or left retired */
	struct mr_blockers blockers;
	struct mr_err err;
};

/*
 * Quarantines the pages of @nr spans (of one target, in any order): all of them or none, except
 * for poisoned pages, which are skipped. "Done" means that the module lists them. If the caller
 * is killed before the end, nothing stays held. Lost pages of a quarantine are held again as
 * far as possible, even if the rest fails.
 */
void mr_quarantine_add(const struct mr_machine *m, const struct mr_span *spans, size_t nr,
		       const struct mr_quarantine_policy *policy,
		       struct mr_quarantine_result *result);

/*
 * Releases the pages of the spans that are in quarantine; "already" if there are none. Pages
 * that are away or lost are forgotten.
 */
void mr_quarantine_release(const struct mr_machine *m, const struct mr_span *spans, size_t nr,
			   bool dry_run, struct mr_quarantine_result *result);

void mr_quarantine_result_free(struct mr_quarantine_result *result);

#endif
