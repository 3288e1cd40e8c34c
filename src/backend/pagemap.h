/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which page frames a process, or the page cache of a file, has. */
#ifndef MR_BACKEND_PAGEMAP_H
#define MR_BACKEND_PAGEMAP_H

#include <stdint.h>
#include <sys/types.h>

#include "backend/machine.h"

/*
 * Called with each page frame found, and where it was: its virtual address, or
 * its byte offset in the file. Anything but 0 ends the walk and is returned.
 */
typedef int (*mr_pfn_fn)(uint64_t pfn, uint64_t where, void *data);

/*
 * Walks the pages [@vaddr, @vaddr + @len) by an open /proc/PID/pagemap. Pages
 * that are not in memory are counted in *@absent. -EFAULT: past the end of user
 * space, or the process ended; -EPERM as below.
 */
int mr_pagemap_walk(const struct mr_machine *m, int pagemap, uint64_t vaddr, uint64_t len,
		    mr_pfn_fn fn, void *data, uint64_t *absent);

/* Addresses, end is the first behind them. */
struct mr_stretch {
	uint64_t start, end;
};

/*
 * The stretches of [@start, @end) that are in memory, by PAGEMAP_SCAN of an open pagemap:
 * up to *@nr of them into @found, and their number to *@nr; *@next is where to go on, @end
 * when all was seen. -ENOTTY: the kernel (before 6.7) does not have it.
 */
int mr_pagemap_present(int pagemap, uint64_t start, uint64_t end, struct mr_stretch *found,
		       size_t *nr, uint64_t *next);

/*
 * Walks what @pid maps in the bytes [@vaddr, @vaddr + @len) (@len 0: the page
 * at @vaddr), by /proc/PID/pagemap. Pages that are not in memory are counted
 * in *@absent. -ESRCH: no such process; -EFAULT: nothing is mapped there;
 * -EPERM: the kernel hides page frame numbers from this caller.
 */
int mr_pagemap_process(const struct mr_machine *m, pid_t pid, uint64_t vaddr, uint64_t len,
		       mr_pfn_fn fn, void *data, uint64_t *absent);

/*
 * Walks the pages of the regular file @path that are in the page cache, from
 * byte @offset for @len bytes (0: to its end): maps it, lets mincore(2) say
 * which are resident, and looks only at those, so that nothing is read in.
 * -ENODEV: not a regular file. *@absent counts the pages not in memory.
 */
int mr_pagemap_file(const struct mr_machine *m, const char *path, uint64_t offset, uint64_t len,
		    mr_pfn_fn fn, void *data, uint64_t *absent);

#endif
