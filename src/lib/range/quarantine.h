/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ranges put aside until they are released: claimed by the module, out of the
 * page allocator, and taken again when their block has been offline.
 */
#ifndef MR_LIB_RANGE_QUARANTINE_H
#define MR_LIB_RANGE_QUARANTINE_H

#include "lib/inspect/blockers.h"
#include "lib/range/holds.h"
#include "lib/result.h"
#include "lib/target/resolve.h"

/* The pages of @nr spans, in any order, as a set. 0 or -ENOMEM; free it in any case. */
int mr_quarantine_pages(const struct mr_span *spans, size_t nr, struct mr_ranges *pages);

/* How far it is; called after each claim. */
typedef void (*mr_quarantine_progress_fn)(uint64_t done, uint64_t total, uint64_t busy,
					  void *data);

struct mr_quarantine_policy {
	uint64_t timeout_ms;		/* for one target */
	bool dry_run;
	mr_quarantine_progress_fn progress;	/* pages, pages, pageblocks; may be NULL */
	void *progress_data;
};

/* What became of one target. */
struct mr_quarantine_result {
	const char *target;		/* the word that named it */
	uint64_t pfn;			/* the first page */
	uint64_t phys;			/* bytes */
	uint64_t pages;			/* that the word named */
	int32_t node;			/* of the first page; -1: not known */
	uint64_t block;			/* likewise; UINT64_MAX: no block interface */
	const char *via;		/* "module"; NULL: nothing was called */
	enum mr_outcome outcome;
	uint64_t attempts;		/* passes over it */
	uint64_t elapsed_us;
	uint64_t changed;		/* pages that came to be held, or were released */
	uint64_t forgotten;		/* of those released: away or lost, nothing to give back */
	uint64_t poisoned;		/* pages gone round, or left behind, as they are retired */
	struct mr_blockers blockers;
	struct mr_err err;
};

/*
 * Puts the pages of @nr spans (of one target, in any order) aside, all of them
 * or none; poisoned pages are gone round. "Done" means that the module lists
 * them. A caller who dies before the end leaves nothing held. What a quarantine
 * had lost it has again, as far as it is to be had, whatever becomes of the rest.
 */
void mr_quarantine_add(const struct mr_machine *m, const struct mr_span *spans, size_t nr,
		       const struct mr_quarantine_policy *policy,
		       struct mr_quarantine_result *result);

/*
 * Gives back what of the spans is in quarantine; nothing is "already". What is
 * away or lost is forgotten.
 */
void mr_quarantine_release(const struct mr_machine *m, const struct mr_span *spans, size_t nr,
			   bool dry_run, struct mr_quarantine_result *result);

void mr_quarantine_result_free(struct mr_quarantine_result *result);

#endif
