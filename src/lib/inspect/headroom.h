/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the rest of the memory can do without pages that are to go out of use. */
#ifndef MR_LIB_INSPECT_HEADROOM_H
#define MR_LIB_INSPECT_HEADROOM_H

#include "backend/machine.h"

/*
 * The pages of [@pfn, @pfn + @nr) that the system has now: not those that are
 * held, poisoned or of a driver (PageOffline), nor holes. By page flags; @nr where
 * they cannot be read.
 */
uint64_t mr_room_pages(const struct mr_machine *m, uint64_t pfn, uint64_t nr);

/*
 * 0 when what is available (Documentation/filesystems/proc.rst, MemAvailable) and
 * free swap are as much as @pages pages; free ones among them vanish, and
 * those in use need as many elsewhere. Else -ENOMEM with @err set for @object:
 * trying would drive the system out of memory, and have processes killed.
 */
int mr_room_need(const struct mr_machine *m, uint64_t pages, const char *object,
		 struct mr_err *err);

#endif
