/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes that map a page: a search through the page maps of all processes. */
#ifndef MR_LIB_INSPECT_OWNERS_H
#define MR_LIB_INSPECT_OWNERS_H

#include <stddef.h>
#include <sys/types.h>

#include "backend/machine.h"

struct mr_owner {
	uint64_t pfn;		/* first, as it is what is compared */
	int32_t pid;
	uint64_t vaddr;
	char comm[24];		/* of the process */
	char mapping[104];	/* as /proc/PID/maps names it: a path, "[heap]", or "" */
};

struct mr_owners {
	struct mr_owner *list;	/* by pfn, then pid, then address */
	size_t nr;
	bool complete;		/* every process was looked through */
};

/* How far a search is; returns false to end it. */
typedef bool (*mr_owners_progress_fn)(size_t done, size_t processes, void *data);

/*
 * Finds the processes that map any of the @nr pages @pfns, within @timeout_ms. A search
 * that ran out of time, or met a process that it may not look into, is not complete.
 * Only what is in memory is looked at: by PAGEMAP_SCAN where the kernel has it (6.7),
 * elsewhere mappings with nothing in memory are left out by smaps (but not those of files
 * when a page is of device memory). -EPERM when page frame numbers are hidden from the
 * caller.
 */
int mr_owners_find(const struct mr_machine *m, const uint64_t *pfns, size_t nr,
		   uint64_t timeout_ms, mr_owners_progress_fn progress, void *data,
		   struct mr_owners *owners, struct mr_err *err);

/*
 * Those of [@pfn, @pfn + @pages), which stand together in the list: the first, and
 * how many in *@nr; NULL and 0 for none.
 */
const struct mr_owner *mr_owners_of(const struct mr_owners *owners, uint64_t pfn, uint64_t pages,
				    size_t *nr);

/*
 * Writes the names of the @nr owners, each process once, as "mongod (pid 812), dd
 * (pid 9) and others"; "" for none.
 */
void mr_owners_text(const struct mr_owner *list, size_t nr, char *buf, size_t size);

void mr_owners_free(struct mr_owners *owners);

#endif
