/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Draining of per-cpu lists: the batches before the LRU lists, and those of free pages. */
#ifndef MR_BACKEND_PERCPU_H
#define MR_BACKEND_PERCPU_H

#include <stdint.h>

/*
 * Drains the per-cpu batches of pages on their way to the LRU lists; pages in them cannot
 * be migrated. Done by a move_pages(2) of a page of our own to the node it is on
 * (mm/migrate.c, do_pages_move()). Costs a visit to each CPU.
 */
void mr_percpu_drain_lru(void);

/*
 * Drains the per-cpu free lists of @node's zones, or of any node for -1, to the buddy
 * lists: on each CPU that the caller may run on, allocates and frees so many pages that
 * those in the list before go first (mm/page_alloc.c, free_pcppages_bulk()). Reaches only
 * zones that user memory comes from. Success is not reported: check again.
 */
void mr_percpu_drain_free(int32_t node);

#endif
