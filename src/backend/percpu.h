/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists of each CPU that pages wait in: on their way to the LRU, and to the buddy lists. */
#ifndef MR_BACKEND_PERCPU_H
#define MR_BACKEND_PERCPU_H

#include <stdint.h>

/*
 * Drains the batches that pages wait in on their way to the LRU lists, without
 * which they cannot be moved: by move_pages(2) of a page of our own to where it is
 * (mm/migrate.c, do_pages_move()). Costs a visit to each CPU.
 */
void mr_percpu_drain_lru(void);

/*
 * Gets the free pages that wait in the lists of @node's zones, or of any node for -1, back to
 * the buddy lists: on each CPU that the caller may go to, so many pages are
 * taken and freed again that what was there before goes first
 * (mm/page_alloc.c, free_pcppages_bulk()). As far as memory for user space comes
 * from the same zone; success is not reported, so look again.
 */
void mr_percpu_drain_free(int32_t node);

#endif
