/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Retiring by madvise(2), for pages that this process can map. */
#ifndef MR_BACKEND_MADVISE_H
#define MR_BACKEND_MADVISE_H

#include <stdbool.h>

#include "backend/machine.h"

/*
 * Retires the page at byte @offset of the file @path, if it still is @pfn:
 * MADV_SOFT_OFFLINE, or MADV_HWPOISON for @hard. -ESTALE if the page there is another one
 * now; other errors as mr_pageattr_write().
 */
int mr_madvise_offline(const struct mr_machine *m, const char *path, uint64_t offset, uint64_t pfn,
		       bool hard);

#endif
