/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports of a watch: text, lines of JSON, or journal records. */
#ifndef MR_REPORT_WATCHLOG_H
#define MR_REPORT_WATCHLOG_H

#include "backend/service.h"
#include "cli/record.h"
#include "cli/run.h"
#include "lib/watch/hook.h"
#include "lib/watch/watch.h"

/* Fields of a reported page, and of a reported pool of hugepages. */
extern const struct mr_field mr_watch_page_fields[];
extern const struct mr_field mr_watch_pool_fields[];

struct mr_watchlog {
	const struct mr_run *run;
	const struct mr_service *service;
	struct mr_hook *hook;
	bool restores;			/* the policy restores pools */
	bool patient;			/* wait for the reader without limit */
	bool stuck;			/* the reader takes nothing now */
	uint64_t pages[MR_WATCH_REFUSED + 1];	/* by result */
	uint64_t pools;
	uint64_t unprinted;		/* lines not printed, as the reader was stuck */
	bool gone;			/* the reader of stdout has closed it */
};

/* The hooks of a watch; data is the struct mr_watchlog. */
void mr_watchlog_page(const struct mr_watch_event *event, void *data);
void mr_watchlog_pool(const struct mr_pool_event *event, void *data);
void mr_watchlog_trouble(const struct mr_err *err, void *data);

/* Prints the summary, the last line of JSON. */
void mr_watchlog_end(struct mr_watchlog *log, const struct mr_watch *watch);

#endif
