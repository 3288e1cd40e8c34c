/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages retired: inspected, planned, tried, and read back. */
#ifndef MR_LIB_PAGE_RETIRE_H
#define MR_LIB_PAGE_RETIRE_H

#include "lib/page/batch.h"

/* What this machine can do about pages. Loads nothing by itself. */
void mr_ability_read(const struct mr_machine *m, struct mr_ability *ability);

/*
 * Retires the pages of @spans as @policy says, see mr_batch_run(). Loads the module when
 * a hugepage is to be kept and policy->no_module is not set. "Done" means that the
 * HWPoison flag was read back. A hard offline looks for the processes that map the pages
 * first, once for all, and has them in the results.
 */
int mr_retire(struct mr_machine *m, const struct mr_spans *spans,
	      const struct mr_offline_policy *policy, const struct mr_batch_hooks *hooks,
	      struct mr_err *err);

/*
 * One page, without a report: its result, with no target and no owners. It is tried once
 * also when a signal came.
 */
void mr_retire_page(struct mr_machine *m, const struct mr_spot *spot,
		    const struct mr_offline_policy *policy, struct mr_result *result);

#endif
