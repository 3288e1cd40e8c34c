/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds poisoned pages. */
#ifndef MR_LIB_INSPECT_POISON_H
#define MR_LIB_INSPECT_POISON_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/machine.h"

struct mr_poisoned {
	uint64_t pfn;
	uint64_t phys;		/* bytes */
	int32_t node;		/* -1 if unknown */
	uint64_t block;		/* UINT64_MAX without a block interface */
};

/*
 * False if the kernel counts no poisoned pages (HardwareCorrupted in /proc/meminfo), so that
 * there is nothing to find. Its count may be too high (before 6.2, after a block with poisoned
 * pages went offline and online), but is never too low.
 */
bool mr_poison_counted(const struct mr_machine *m);

/*
 * Finds every poisoned page of the online blocks: by the module's scan if it is loaded,
 * otherwise by page flags. The result is in *@list, to be freed by free(), and *@nr. Returns 0;
 * or -errno with @err set, -EACCES or -ENOENT if neither can be read.
 */
int mr_poison_find(const struct mr_machine *m, struct mr_poisoned **list, size_t *nr,
		   struct mr_err *err);

/* The same for [@pfn, @pfn + @nr): lists the PFNs in ascending order. */
int mr_poison_list(const struct mr_machine *m, uint64_t pfn, uint64_t nr, uint64_t **list,
		   size_t *count);

/*
 * Returns the number of poisoned pages in [@pfn, @pfn + @nr), or -errno. Like mr_poison_list()
 * it reads no page flags if the range is large and HardwareCorrupted in /proc/meminfo is 0.
 */
int64_t mr_poison_count(const struct mr_machine *m, uint64_t pfn, uint64_t nr);

#endif
