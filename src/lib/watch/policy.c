// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/watch/policy.h"

#include <stdlib.h>
#include <string.h>

#include "lib/watch/errpages.h"
#include "util/cleanup.h"
#include "util/num.h"

/* "N/TIME" */
static int parse_retire(const char *text, struct mr_watch_policy *policy, struct mr_err *err)
{
	const char *end;
	uint64_t nr, ms;

	if (mr_num_scan(text, &end, &nr) || *end++ != '/' || mr_duration_parse(end, &ms))
		return mr_err_usage(err, -EINVAL, text,
				    "--act retire wants N/TIME: retire=2/24h");
	if (!nr || nr > MR_ERRORS_OF_PAGE)
		return mr_err_usage(err, -ERANGE, text, "--act retire wants 1 to %d errors",
				    MR_ERRORS_OF_PAGE);
	if (ms < 1000)
		return mr_err_usage(err, -ERANGE, text, "--act retire wants a second at least");
	policy->errors = (size_t)nr;
	policy->window_s = (int64_t)(ms / 1000);
	return 0;
}

int mr_watch_policy_parse(const char *text, struct mr_watch_policy *policy, struct mr_err *err)
{
	mr_autofree char *copy = strdup(text ? text : "");
	char *rest = copy, *word;
	int rc = 0;

	policy->restore_pools = false;
	policy->retry = false;
	policy->errors = 0;
	if (!copy)
		return mr_err_set(err, -ENOMEM, "", "no memory for the policy");
	if (!text)
		return 0;
	while (!rc && (word = strsep(&rest, ","))) {
		if (!strcmp(word, "restore-pool"))
			policy->restore_pools = true;
		else if (!strcmp(word, "retry"))
			policy->retry = true;
		else if (!strncmp(word, "retire=", 7))
			rc = parse_retire(word + 7, policy, err);
		else
			rc = mr_err_usage(err, -EINVAL, word,
					  "--act wants restore-pool, retry or retire=N/TIME");
	}
	return rc;
}
