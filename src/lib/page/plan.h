/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans what to do about a page by its snapshot. Pure: reads only its arguments, so --dry-run
 * is this and a stop.
 */
#ifndef MR_LIB_PAGE_PLAN_H
#define MR_LIB_PAGE_PLAN_H

#include "lib/inspect/inspect.h"
#include "lib/result.h"

enum mr_mode {
	MR_MODE_SOFT,		/* migrate the data first; disturbs nobody */
	MR_MODE_HARD,		/* like a memory error: may kill the processes that use the page */
};

/* How a hugetlb pool keeps its size if one of its pages is retired. */
enum mr_keep {
	MR_KEEP_NONE,		/* nothing to keep, or --dissolve: the pool shrinks by one */
	MR_KEEP_REPLACE,	/* the module first replaces the hugepage on its node */
	MR_KEEP_GROW,		/* the node's pool first grows by one */
};

enum mr_action {
	MR_ACTION_NONE,		/* the page is already so */
	MR_ACTION_REFUSE,
	MR_ACTION_SOFT,
	MR_ACTION_HARD,
	MR_ACTION_UNPOISON,
};

struct mr_offline_policy {
	enum mr_mode mode;
	enum mr_via via;
	bool force;		/* hard: even if the page is in use */
	bool held;		/* hard: even if memras holds the page; it is released poisoned */
	bool dissolve;		/* hugetlb: let the pool shrink */
	bool any_node;		/* hugetlb: the replacement may be on another node */
	uint64_t timeout_ms;	/* for all tries of one page */
	uint64_t retries;	/* UINT64_MAX: limited by the timeout only */
	bool dry_run;
	bool no_module;
	bool despite_signal;	/* try once, even after a signal */
};

/* Abilities of the machine that plans depend on. */
struct mr_ability {
	bool replace;		/* the module, and a kernel that replaces hugepages */
	bool module_offline;	/* the module's hard offline */
	bool module_unpoison;	/* the module's unpoison */
	bool unpoison_safe;	/* no real memory error, or a kernel that tells these apart */
	bool soft_enabled;	/* vm.enable_soft_offline */
	bool mapped_file;	/* the target is a page of a file, as madvise needs */
};

/* Sets @err: vm.enable_soft_offline is 0. */
void mr_plan_soft_off(const char *object, struct mr_err *err);

/* What to do about a page. */
struct mr_step {
	enum mr_action action;
	enum mr_keep keep;
	enum mr_via via;
	enum mr_path path;
};

struct mr_plan {
	struct mr_step step;
	struct mr_err err;	/* why it is refused */
};

void mr_plan_offline(const struct mr_snap *snap, const struct mr_offline_policy *policy,
		     const struct mr_ability *ability, struct mr_plan *plan);

/* The same for unpoison. */
void mr_plan_unpoison(const struct mr_snap *snap, const struct mr_ability *ability,
		      struct mr_plan *plan);

/*
 * Sets @err: unpoison is off until the next boot. Either the kernel @told so, which since 5.19
 * tells real errors from simulated ones; or an older kernel had a machine check, and unpoison
 * would do harm.
 */
void mr_plan_unpoison_off(bool told, const char *object, struct mr_err *err);

#endif
