/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plan: from a snapshot to what is to be done about the page. Pure: looks at
 * nothing but its arguments, so --dry-run is this and a stop.
 */
#ifndef MR_LIB_PAGE_PLAN_H
#define MR_LIB_PAGE_PLAN_H

#include "lib/inspect/inspect.h"
#include "lib/result.h"

enum mr_mode {
	MR_MODE_SOFT,		/* move the data away first; disturbs nobody */
	MR_MODE_HARD,		/* as a memory error would: may kill the processes that use it */
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
	MR_ACTION_UNPOISON,
};

struct mr_offline_policy {
	enum mr_mode mode;
	enum mr_via via;
	bool force;		/* hard: though the page is in use */
	bool held;		/* hard: though memras holds it, to be released poisoned */
	bool dissolve;		/* hugetlb: let the pool shrink */
	bool any_node;		/* hugetlb: a replacement may come from another node */
	uint64_t timeout_ms;	/* for the tries of one page */
	uint64_t retries;	/* UINT64_MAX: as the timeout lets */
	bool dry_run;
	bool no_module;
	bool despite_signal;	/* try once, also when a signal came */
};

/* What the machine can do, as far as a plan depends on it. */
struct mr_ability {
	bool replace;		/* the module, and a kernel that replaces hugepages */
	bool module_offline;	/* the module's hard offline */
	bool module_unpoison;	/* the module's unpoison */
	bool unpoison_safe;	/* no real memory error, or a kernel that tells them apart */
	bool soft_enabled;	/* vm.enable_soft_offline */
	bool mapped_file;	/* the page was named as one of a file, which madvise needs */
};

/* Says that vm.enable_soft_offline is 0. */
void mr_plan_soft_off(const char *object, struct mr_err *err);

/* What is to be done about a page. */
struct mr_step {
	enum mr_action action;
	enum mr_keep keep;
	enum mr_via via;
	enum mr_path path;
};

struct mr_plan {
	struct mr_step step;
	struct mr_err err;	/* of a refusal */
};

void mr_plan_offline(const struct mr_snap *snap, const struct mr_offline_policy *policy,
		     const struct mr_ability *ability, struct mr_plan *plan);

/* The same for taking poison away. */
void mr_plan_unpoison(const struct mr_snap *snap, const struct mr_ability *ability,
		      struct mr_plan *plan);

/*
 * Says that unpoison is off until the next boot: because the kernel, which since
 * 5.19 knows real errors from simulated ones, @told so, or because an older one
 * had a machine check and would do harm.
 */
void mr_plan_unpoison_off(bool told, const char *object, struct mr_err *err);

#endif
