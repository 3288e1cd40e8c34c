/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the poisoned pages are. */
#ifndef MR_LIB_INSPECT_POISON_H
#define MR_LIB_INSPECT_POISON_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/machine.h"

struct mr_poisoned {
	uint64_t pfn;
	uint64_t phys;		/* bytes */
	int32_t node;		/* -1: not known */
	uint64_t block;		/* UINT64_MAX: no block interface */
};

/*
 * False where the kernel counts no poisoned page (HardwareCorrupted of /proc/meminfo):
 * then none need be looked for. Its count may be too high (a block that went offline with
 * poisoned pages and came back, before 6.2), and is never too low.
 */
bool mr_poison_counted(const struct mr_machine *m);

/*
 * Finds every poisoned page of the online blocks into *@list (free() it), by
 * the module's scan where it is there, else by page flags. -EACCES or -ENOENT
 * with @err set when neither can be read.
 */
int mr_poison_find(const struct mr_machine *m, struct mr_poisoned **list, size_t *nr,
		   struct mr_err *err);

/* The poisoned pages of [@pfn, @pfn + @nr), ascending, into *@list (free() it) and *@count. */
int mr_poison_list(const struct mr_machine *m, uint64_t pfn, uint64_t nr, uint64_t **list,
		   size_t *count);

/*
 * How many poisoned pages [@pfn, @pfn + @nr) has, or -errno. Both this and the list read
 * no page flag when HardwareCorrupted of /proc/meminfo is 0.
 */
int64_t mr_poison_count(const struct mr_machine *m, uint64_t pfn, uint64_t nr);

#endif
