/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resolve: from targets to the PFNs of existing memory. */
#ifndef MR_LIB_TARGET_RESOLVE_H
#define MR_LIB_TARGET_RESOLVE_H

#include "backend/machine.h"
#include "lib/target/target.h"

/* Consecutive pages of one target. */
struct mr_span {
	uint64_t pfn;
	uint64_t nr;
	uint64_t where;			/* of the first page: address or file offset, bytes */
	const char *word;		/* the target that named them, or NULL */
};

/* One page of a span. */
struct mr_spot {
	uint64_t pfn;
	uint64_t where;			/* address or file offset, bytes */
	const char *word;
};

struct mr_spans {
	struct mr_span *list;
	size_t nr;
	size_t room;
	uint64_t pages;		/* total */
	uint64_t absent;	/* pages of pid: and file: ranges that are not in memory */
};

/* An iterator over the pages of spans, in order. */
struct mr_spots {
	const struct mr_spans *spans;
	unsigned int page_shift;
	size_t span;		/* current position */
	uint64_t page;
};

/*
 * Resolves all targets, or none: on error *@spans is empty and @err names the target.
 * -ENXIO: no memory there; -ESRCH: no such process; -ENOENT: no such file or node, or
 * none of it in memory; -EPERM: the kernel hides PFNs from this caller; -EINTR: a signal
 * came. @targets must outlive @spans.
 */
int mr_resolve(const struct mr_machine *m, const struct mr_targets *targets,
	       struct mr_spans *spans, struct mr_err *err);

/* Returns all online memory, without a target. */
int mr_resolve_all(const struct mr_machine *m, struct mr_spans *spans, struct mr_err *err);

void mr_spans_free(struct mr_spans *spans);

/* Starts an iteration; @spans must outlive @spots. */
void mr_spots_begin(struct mr_spots *spots, const struct mr_machine *m,
		    const struct mr_spans *spans);
/* Returns the next page; false after the last. */
bool mr_spots_next(struct mr_spots *spots, struct mr_spot *spot);

#endif
