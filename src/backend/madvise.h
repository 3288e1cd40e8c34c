/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Retiring through madvise(2): only what the caller itself can map. */
#ifndef MR_BACKEND_MADVISE_H
#define MR_BACKEND_MADVISE_H

#include <stdbool.h>

#include "backend/machine.h"

/*
 * Retires the page of the file @path that lies at byte @offset, if it still is
 * @pfn: MADV_SOFT_OFFLINE, or MADV_HWPOISON for @hard. -ESTALE when another page
 * is there by now; else errors as of mr_pageattr_soft_offline().
 */
int mr_madvise_offline(const struct mr_machine *m, const char *path, uint64_t offset, uint64_t pfn,
		       bool hard);

#endif
