/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Retires pages: inspects, plans, tries, and reads back. */
#ifndef MR_LIB_PAGE_RETIRE_H
#define MR_LIB_PAGE_RETIRE_H

#include "lib/page/batch.h"

/* Reads what this machine can do about pages. Does not load the module. */
void mr_ability_read(const struct mr_machine *m, struct mr_ability *ability);

/*
 * Retires the pages of @spans by @policy, see mr_batch_run(). Loads the module if a hugepage is
 * to be kept and policy->no_module is not set. "Done" means that the HWPoison flag was read
 * back. For hard offline the processes that map the pages are searched first, all at once, and
 * are in the results.
 */
int mr_retire(struct mr_machine *m, const struct mr_spans *spans,
	      const struct mr_offline_policy *policy, const struct mr_batch_hooks *hooks,
	      struct mr_err *err);

/*
 * Retires one page without reporting it. @result has neither a target nor owners. Tries once
 * even after a signal.
 */
void mr_retire_page(struct mr_machine *m, const struct mr_spot *spot,
		    const struct mr_offline_policy *policy, struct mr_result *result);

#endif
