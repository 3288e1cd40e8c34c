/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the processes that map a page, by a search of all page maps in /proc. */
#ifndef MR_LIB_INSPECT_OWNERS_H
#define MR_LIB_INSPECT_OWNERS_H

#include <stddef.h>
#include <sys/types.h>

#include "backend/machine.h"

struct mr_owner {
	uint64_t pfn;		/* first, as the sort key */
	int32_t pid;
	uint64_t vaddr;
	char comm[24];		/* name of the process */
	char mapping[104];	/* as in /proc/PID/maps: a path, "[heap]", or "" */
};

struct mr_owners {
	struct mr_owner *list;	/* by pfn, then pid, then address */
	size_t nr;
	bool complete;		/* all processes were searched */
};

/* Progress of a search; returns false to end it. */
typedef bool (*mr_owners_progress_fn)(size_t done, size_t processes, void *data);

/*
 * Finds the processes that map any of the @nr pages @pfns, within @timeout_ms. If the time runs
 * out, or a process may not be read, the result is not complete. Only pages in memory are
 * examined: by PAGEMAP_SCAN if the kernel has it (6.7), otherwise by skipping mappings that
 * have nothing in memory according to smaps (except file mappings, if a page is device memory).
 * Returns 0, or -errno with @err set; -EPERM if PFNs are hidden from the caller.
 */
int mr_owners_find(const struct mr_machine *m, const uint64_t *pfns, size_t nr,
		   uint64_t timeout_ms, mr_owners_progress_fn progress, void *data,
		   struct mr_owners *owners, struct mr_err *err);

/*
 * Returns the owners of [@pfn, @pfn + @pages), which are adjacent in the list: the first one,
 * and their number in *@nr. NULL and 0 if there are none.
 */
const struct mr_owner *mr_owners_of(const struct mr_owners *owners, uint64_t pfn, uint64_t pages,
				    size_t *nr);

/*
 * Writes the names of the @nr owners, each process once, such as "mongod (pid 812), dd (pid 9)
 * and others"; "" if there are none.
 */
void mr_owners_text(const struct mr_owner *list, size_t nr, char *buf, size_t size);

void mr_owners_free(struct mr_owners *owners);

#endif
