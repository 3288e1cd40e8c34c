/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of one page, block or hugepage, and the sum over all of them. */
#ifndef MR_LIB_RESULT_H
#define MR_LIB_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/inspect/owners.h"
#include "util/err.h"

enum mr_outcome {
	MR_OUTCOME_PLANNED,	/* --dry-run: this would be tried */
	MR_OUTCOME_DONE,	/* and read back */
	MR_OUTCOME_ALREADY,
	MR_OUTCOME_REFUSED,	/* not tried; err says why */
	MR_OUTCOME_FAILED,	/* tried, and it is not so; err says why */
};

/* One page. The texts are constants, or belong to the targets. */
struct mr_result {
	const char *target;	/* the word that named it */
	uint64_t pfn;
	uint64_t phys;		/* bytes */
	int32_t node;		/* -1: not known */
	uint64_t block;		/* UINT64_MAX: no block interface */
	const char *kind;	/* what the page was: mr_kind_name() */
	const char *path;	/* how it went: as in the JSON field "path" */
	const char *via;	/* "sysfs", "madvise", "module", "debugfs"; NULL: nothing was called */
	const char *pool;	/* of a hugepage: "replaced", "grown" or "shrunk"; else NULL */
	enum mr_outcome outcome;
	uint64_t attempts;
	uint64_t elapsed_us;
	struct mr_owners owners;	/* hard offline: who maps the page; mr_owners_free() */
	struct mr_err err;
};

struct mr_summary {
	uint64_t requested;
	uint64_t done;
	uint64_t already;
	uint64_t refused;
	uint64_t failed;
	uint64_t planned;
	struct mr_err last;	/* the last error among them */
};

void mr_summary_add(struct mr_summary *sum, enum mr_outcome outcome, const struct mr_err *err);

/*
 * "planned", "already", "refused", "failed", or for MR_OUTCOME_DONE the word
 * @done of the command ("offlined", "unpoisoned", "replaced").
 */
const char *mr_outcome_name(enum mr_outcome outcome, const char *done);

#endif
