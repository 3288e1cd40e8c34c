/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The result for one page, and the summary of all results. The results hold enums; the words
 * for JSON are in result.c and inspect/kind.c only.
 */
#ifndef MR_LIB_RESULT_H
#define MR_LIB_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/inspect/owners.h"
#include "util/err.h"

enum mr_outcome {
	MR_OUTCOME_PLANNED,	/* --dry-run: would be tried */
	MR_OUTCOME_DONE,	/* done and read back */
	MR_OUTCOME_ALREADY,
	MR_OUTCOME_REFUSED,	/* not tried; err says why */
	MR_OUTCOME_FAILED,	/* tried without success; err says why */
};

/* How a page is retired; depends on the kind of page. */
enum mr_path {
	MR_PATH_NONE,
	MR_PATH_BUDDY,			/* a free page */
	MR_PATH_INVALIDATED,		/* clean page cache */
	MR_PATH_MIGRATED,
	MR_PATH_SPLIT,			/* a transparent huge page */
	MR_PATH_HUGEPAGE_REPLACED,	/* in a free hugetlb page */
	MR_PATH_HUGEPAGE_MIGRATED,	/* in a hugetlb page in use */
	MR_PATH_KILLED,			/* hard offline of a page in use */
};

/* The interface that is used. Those up to MR_VIA_MODULE are the choices of --via. */
enum mr_via {
	MR_VIA_AUTO,		/* in a result: none was used */
	MR_VIA_SYSFS,
	MR_VIA_MADVISE,
	MR_VIA_MODULE,
	MR_VIA_DEBUGFS,
};

/* What happens to the pool of a hugetlb page. */
enum mr_pool_way {
	MR_POOL_NONE,		/* not in a hugepage, or nothing done */
	MR_POOL_REPLACED,	/* the hugepage was replaced first */
	MR_POOL_GROWN,		/* the pool was first grown by one */
	MR_POOL_SHRUNK,
};

/* The result for one page. */
struct mr_result {
	const char *target;	/* the word that named the page; owned by the targets */
	uint64_t pfn;
	uint64_t phys;		/* bytes */
	int32_t node;		/* -1 if unknown */
	uint64_t block;		/* UINT64_MAX without a block interface */
	uint32_t kind;		/* kind of page before: mr_kind_name() */
	enum mr_path path;
	enum mr_via via;
	enum mr_pool_way pool;
	enum mr_outcome outcome;
	uint64_t attempts;
	uint64_t elapsed_us;		/* from the start of the first try to the end of the last */
	const struct mr_owner *owners;	/* hard offline: processes that map the page; not owned */
	size_t nr_owners;
	struct mr_err err;
};

struct mr_summary {
	uint64_t requested;
	uint64_t done;
	uint64_t already;
	uint64_t refused;
	uint64_t failed;
	uint64_t planned;
	struct mr_err last;	/* error of the last page that was refused or failed */
};

void mr_summary_add(struct mr_summary *sum, enum mr_outcome outcome, const struct mr_err *err);

/*
 * Returns "planned", "already", "refused" or "failed", or for MR_OUTCOME_DONE the command's
 * word @done ("offlined", "unpoisoned", "replaced").
 */
const char *mr_outcome_name(enum mr_outcome outcome, const char *done);

/* "taken-off-buddy", ..., "none" */
const char *mr_path_name(enum mr_path path);

/* "sysfs", "madvise", "module", "debugfs"; NULL for MR_VIA_AUTO */
const char *mr_via_name(enum mr_via via);

/* The words of --via, NULL-terminated, in the order of the enum. */
extern const char *const mr_via_choices[];
enum mr_via mr_via_of(const char *word);

/* "replaced", "grown", "shrunk"; NULL for none */
const char *mr_pool_way_name(enum mr_pool_way way);

#endif
