/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a watch reports: lines, lines of JSON, or records of the journal. */
#ifndef MR_REPORT_WATCHLOG_H
#define MR_REPORT_WATCHLOG_H

#include "backend/service.h"
#include "cli/record.h"
#include "cli/run.h"
#include "lib/watch/hook.h"
#include "lib/watch/watch.h"

/* A page, and a pool of hugepages, as they are reported. */
extern const struct mr_field mr_watch_page_fields[];
extern const struct mr_field mr_watch_pool_fields[];

struct mr_watchlog {
	const struct mr_run *run;
	const struct mr_service *service;
	struct mr_hook *hook;
	bool restores;			/* pools were to be restored */
	bool patient;			/* wait for a reader, however long it takes */
	bool stuck;			/* the reader takes nothing at the moment */
	uint64_t pages[MR_WATCH_REFUSED + 1];	/* by result */
	uint64_t pools;
	uint64_t unprinted;		/* of them, as the reader was stuck */
	bool gone;			/* the reader of stdout: nobody wants more */
};

/* The hooks of a watch; data is the struct mr_watchlog. */
void mr_watchlog_page(const struct mr_watch_event *event, void *data);
void mr_watchlog_pool(const struct mr_pool_event *event, void *data);
void mr_watchlog_trouble(const struct mr_err *err, void *data);

/* With JSON, a last line that says how much there was. */
void mr_watchlog_end(struct mr_watchlog *log, const struct mr_watch *watch);

#endif
