/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The per-cpu lists that free pages wait in before the buddy allocator has them. */
#ifndef MR_BACKEND_PERCPU_H
#define MR_BACKEND_PERCPU_H

#include <stdint.h>

/*
 * Gets what waits in the lists of @node's zones, or of any node for -1, back to
 * the buddy lists: on each CPU that the caller may go to, so many pages are
 * taken and freed again that what was there before goes first
 * (mm/page_alloc.c, free_pcppages_bulk()). As far as memory for user space comes
 * from the same zone; nobody is told of success, so look again.
 */
void mr_percpu_drain(int32_t node);

#endif
