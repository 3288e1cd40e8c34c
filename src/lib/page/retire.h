/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Apply and verify: one page retired, or taken back, and read back. */
#ifndef MR_LIB_PAGE_RETIRE_H
#define MR_LIB_PAGE_RETIRE_H

#include "lib/page/plan.h"
#include "lib/result.h"
#include "lib/target/resolve.h"

/*
 * What this machine can do about pages. Loads nothing by itself.
 */
void mr_ability_read(const struct mr_machine *m, struct mr_ability *ability);

/*
 * Retires the page at @spot as @policy says: inspects, plans, and (unless a dry run) applies
 * and verifies, again with back-off while the page is only busy. Loads the
 * module when a hugepage is to be kept and policy->no_module is not set. The
 * whole story is in @result, whose target is left alone.
 * "Done" means that the HWPoison flag was read back. A hard offline looks for
 * who maps the page first, and tells them in result->owners.
 */
void mr_retire_page(struct mr_machine *m, const struct mr_spot *spot,
		    const struct mr_offline_policy *policy, struct mr_result *result);

/*
 * Takes the poison from @pfn: by the module, else by hwpoison-inject through
 * debugfs. A page that is not poisoned is "already".
 */
void mr_unpoison_page(struct mr_machine *m, uint64_t pfn, bool dry_run, struct mr_result *result);

/*
 * Says that unpoison is off until the next boot: because the kernel, which since
 * 5.19 knows real errors from simulated ones, @told so, or because an older one
 * had a machine check and would do harm.
 */
void mr_unpoison_off(bool told, const char *object, struct mr_err *err);

#endif
