/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a watch does by itself. */
#ifndef MR_LIB_WATCH_POLICY_H
#define MR_LIB_WATCH_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/err.h"

struct mr_watch_policy {
	bool restore_pools;	/* that lost hugepages to retired pages */
	size_t errors;		/* retire a page at so many corrected errors of it; 0: at none */
	int64_t window_s;	/* ... within so many seconds */
	uint64_t budget;	/* retire no page beyond so much poisoned memory; UINT64_MAX: none */
};

/*
 * Reads @text: "restore-pool" and "retire=N/TIME" with commas between, into @policy, whose
 * budget it leaves alone. NULL is none. -EINVAL or -ERANGE with @err set.
 */
int mr_watch_policy_parse(const char *text, struct mr_watch_policy *policy, struct mr_err *err);

#endif
