/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a watch does by itself. */
#ifndef MR_LIB_WATCH_POLICY_H
#define MR_LIB_WATCH_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/err.h"

struct mr_watch_policy {
	bool retry;		/* pages of the list, when their blocks come online */
	bool restore_pools;	/* that lost hugepages to retired pages */
	size_t errors;		/* corrected errors at which a page is retired; 0: never */
	int64_t window_s;	/* time in which they have to occur, seconds */
	uint64_t budget;	/* limit of poisoned memory, bytes; UINT64_MAX if none */
};

/*
 * Parses @text, "restore-pool", "retry" and "retire=N/TIME" separated by commas, into @policy
 * except its budget. NULL stands for none of them. Returns -EINVAL or -ERANGE with @err set on error.
 */
int mr_watch_policy_parse(const char *text, struct mr_watch_policy *policy, struct mr_err *err);

#endif
