/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plan: from a snapshot to what is to be done about the page. Pure: looks at
 * nothing but its arguments, so --dry-run is this and a stop.
 */
#ifndef MR_LIB_PAGE_PLAN_H
#define MR_LIB_PAGE_PLAN_H

#include "lib/inspect/inspect.h"

enum mr_mode {
	MR_MODE_SOFT,		/* move the data away first; disturbs nobody */
	MR_MODE_HARD,		/* as a memory error would: may kill who uses it */
};

enum mr_via {
	MR_VIA_AUTO,
	MR_VIA_SYSFS,
	MR_VIA_MADVISE,
	MR_VIA_MODULE,
};

/* How a hugetlb pool keeps its size when one of its pages is retired. */
enum mr_keep {
	MR_KEEP_NONE,		/* nothing to keep, or --dissolve: it shrinks by one */
	MR_KEEP_REPLACE,	/* the module replaces the hugepage on its node first */
	MR_KEEP_GROW,		/* the node's pool grows by one first */
};

enum mr_action {
	MR_ACTION_NONE,		/* already so */
	MR_ACTION_REFUSE,
	MR_ACTION_SOFT,
	MR_ACTION_HARD,
};

struct mr_offline_policy {
	enum mr_mode mode;
	enum mr_via via;
	bool force;		/* hard: though someone uses the page */
	bool dissolve;		/* hugetlb: let the pool shrink */
	bool any_node;		/* hugetlb: a replacement may come from another node */
	uint64_t timeout_ms;	/* for one page */
	uint64_t retries;	/* UINT64_MAX: as the timeout lets */
	bool dry_run;
	bool no_module;
};

/* What the machine can do, as far as a plan depends on it. */
struct mr_ability {
	bool replace;		/* the module, and a kernel that replaces hugepages */
	bool module_offline;	/* the module's hard offline */
	bool soft_enabled;	/* vm.enable_soft_offline */
	bool mapped_file;	/* the page was named as one of a file, which madvise needs */
};

/* "auto", "sysfs", "madvise", "module" */
const char *mr_via_name(enum mr_via via);

/* Says that vm.enable_soft_offline is 0. */
void mr_plan_soft_off(const char *object, struct mr_err *err);

struct mr_plan {
	enum mr_action action;
	enum mr_keep keep;
	enum mr_via via;
	const char *path;	/* the JSON field "path" */
	struct mr_err err;	/* of a refusal */
};

void mr_plan_offline(const struct mr_snap *snap, const struct mr_offline_policy *policy,
		     const struct mr_ability *ability, struct mr_plan *plan);

#endif
