/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpoisons pages. */
#ifndef MR_LIB_PAGE_UNPOISON_H
#define MR_LIB_PAGE_UNPOISON_H

#include "lib/page/batch.h"

/*
 * Clears the poison of the pages of @spans: by the module, or else by hwpoison-inject in
 * debugfs, see mr_batch_run(). A page that is not poisoned is "already".
 */
int mr_unpoison(struct mr_machine *m, const struct mr_spans *spans, bool dry_run,
		const struct mr_batch_hooks *hooks, struct mr_err *err);

#endif
