// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/watch/retire.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/budget.h"
#include "util/num.h"

#define TRY_MS 1000	/* for a page that is busy */

bool mr_watch_may_retire(const struct mr_machine *m, const struct mr_watch_policy *policy,
			 uint64_t pfn, const char *why, struct mr_err *err)
{
	char budget[MR_SIZE_TEXT], is[MR_SIZE_TEXT], object[24];
	uint64_t poisoned;

	if (mr_budget_allows(m, policy->budget, 1, &poisoned))
		return true;
	snprintf(object, sizeof(object), "0x%" PRIx64, pfn);
	mr_err_set(err, -EDQUOT, object, "%s, but the budget of %s is used up: %s of memory is "
		   "poisoned", why, mr_size_text(policy->budget, budget),
		   mr_size_text(poisoned, is));
	mr_err_hint(err, "memras offline --soft %s retires it all the same", object);
	return false;
}

void mr_watch_retire(struct mr_machine *m, uint64_t pfn, bool no_module, bool dry_run,
		     struct mr_result *result)
{
	const struct mr_spot spot = { .pfn = pfn };
	const struct mr_offline_policy policy = {
		.mode = MR_MODE_SOFT, .via = MR_VIA_AUTO, .timeout_ms = TRY_MS,
		.retries = UINT64_MAX, .dry_run = dry_run, .no_module = no_module,
	};

	mr_retire_page(m, &spot, &policy, result);
}
