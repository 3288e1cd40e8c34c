/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page frames of a process, or of a file in the page cache. */
#ifndef MR_BACKEND_PAGEMAP_H
#define MR_BACKEND_PAGEMAP_H

#include <stdint.h>
#include <sys/types.h>

#include "backend/machine.h"

/*
 * Called with each page frame found, and its position: its virtual address, or its byte
 * offset in the file. A value other than 0 ends the walk and is returned.
 */
typedef int (*mr_pfn_fn)(uint64_t pfn, uint64_t where, void *data);

/*
 * Walks the pages of [@vaddr, @vaddr + @len) by an open /proc/PID/pagemap. Adds the pages
 * that are not in memory to *@absent. -EFAULT: past the end of user space, or the process
 * ended; -EPERM as mr_pagemap_process().
 */
int mr_pagemap_walk(const struct mr_machine *m, int pagemap, uint64_t vaddr, uint64_t len,
		    mr_pfn_fn fn, void *data, uint64_t *absent);

/* A range of addresses; end is exclusive. */
struct mr_stretch {
	uint64_t start, end;
};

/*
 * Finds the stretches of [@start, @end) that are in memory, by PAGEMAP_SCAN of an open
 * pagemap: up to *@nr of them in @found, and their number in *@nr; *@next is where to
 * continue, @end if done. -ENOTTY: the kernel (before 6.7) lacks it.
 */
int mr_pagemap_present(int pagemap, uint64_t start, uint64_t end, struct mr_stretch *found,
		       size_t *nr, uint64_t *next);

/*
 * Walks the mappings of @pid in the bytes [@vaddr, @vaddr + @len) (@len 0: the page at
 * @vaddr), by /proc/PID/pagemap. Counts the pages that are not in memory in *@absent.
 * -ESRCH: no such process; -EFAULT: past the end of its address space; -EPERM: the kernel
 * hides PFNs from this caller.
 */
int mr_pagemap_process(const struct mr_machine *m, pid_t pid, uint64_t vaddr, uint64_t len,
		       mr_pfn_fn fn, void *data, uint64_t *absent);

/*
 * Walks the pages of the regular file @path that are in the page cache, from byte @offset
 * for @len bytes (0: to its end). Maps the file and asks mincore(2) for resident pages,
 * so that nothing is read in. -ENODEV: not a regular file. *@absent counts the pages not
 * in memory.
 */
int mr_pagemap_file(const struct mr_machine *m, const char *path, uint64_t offset, uint64_t len,
		    mr_pfn_fn fn, void *data, uint64_t *absent);

#endif
