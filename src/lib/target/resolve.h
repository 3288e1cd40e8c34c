/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resolve: from target words to page frame numbers that memory backs. */
#ifndef MR_LIB_TARGET_RESOLVE_H
#define MR_LIB_TARGET_RESOLVE_H

#include "backend/machine.h"
#include "lib/target/target.h"

/* Neighbouring page frames that one target named. */
struct mr_span {
	uint64_t pfn;
	uint64_t nr;
	uint64_t where;			/* of the first: address or file offset, bytes */
	const struct mr_target *target;
};

/* One page of a span. */
struct mr_spot {
	uint64_t pfn;
	uint64_t where;			/* address or file offset, bytes */
	const struct mr_target *target;
};

struct mr_spans {
	struct mr_span *list;
	size_t nr;
	size_t room;
	uint64_t pages;		/* in all */
	uint64_t absent;	/* pages that pid: and file: ranges named and memory does not hold */
};

/* Goes through the pages of spans, in order. */
struct mr_spots {
	const struct mr_spans *spans;
	unsigned int page_shift;
	size_t span;		/* where it is */
	uint64_t page;
};

/*
 * Looks every target up, or none: on any error *@spans is empty and @err names
 * the word. -ENXIO: no memory is there; -ESRCH: no such process; -ENOENT: no
 * such file or node, or nothing of it in memory; -EPERM: page frame numbers
 * are hidden from this caller; -EINTR: a signal came. @targets must outlive @spans.
 */
int mr_resolve(const struct mr_machine *m, const struct mr_targets *targets,
	       struct mr_spans *spans, struct mr_err *err);

/* All online memory, of no target. */
int mr_resolve_all(const struct mr_machine *m, struct mr_spans *spans, struct mr_err *err);

void mr_spans_free(struct mr_spans *spans);

/* @spans must outlive @spots. */
void mr_spots_begin(struct mr_spots *spots, const struct mr_machine *m,
		    const struct mr_spans *spans);
/* The next page; false behind the last. */
bool mr_spots_next(struct mr_spots *spots, struct mr_spot *spot);

#endif
