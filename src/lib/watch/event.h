/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a watch reports. */
#ifndef MR_LIB_WATCH_EVENT_H
#define MR_LIB_WATCH_EVENT_H

#include "lib/watch/pools.h"

enum mr_watch_result {
	MR_WATCH_RETIRED,	/* and on the list */
	MR_WATCH_FAILED,	/* the kernel, or the watch, did not retire it */
	MR_WATCH_PLANNED,	/* dry run: the watch would retire it */
	MR_WATCH_REFUSED,	/* the budget does not allow it */
};

/* A page that was retired, or should have been. */
struct mr_watch_event {
	uint64_t pfn, phys;		/* phys in bytes */
	int64_t time;			/* seconds since 1970 */
	int32_t node;			/* -1 if unknown */
	enum mr_watch_result result;
	const char *cause;		/* as on the list; may be NULL */
	const char *label;		/* of its DIMM, or NULL */
	struct mr_err err;		/* if failed or refused: why */
};

struct mr_watch_hooks {
	void (*event)(const struct mr_watch_event *event, void *data);
	void (*pool)(const struct mr_pool_event *event, void *data);
	/* Reports an error: found pages wait to be recorded, or some may be missing. */
	void (*trouble)(const struct mr_err *err, void *data);
	void *data;
};

#endif
