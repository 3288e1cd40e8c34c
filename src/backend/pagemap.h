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

/*
 * The next stretch of [@start, @end) that is in memory, by PAGEMAP_SCAN of an
 * open pagemap: *@from and *@to, equal when there is none. -ENOTTY: the kernel
 * (before 6.7) does not have it.
 */
int mr_pagemap_present(int pagemap, uint64_t start, uint64_t end, uint64_t *from, uint64_t *to);

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
