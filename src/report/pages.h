/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of a command that does something to pages, one by one. */
#ifndef MR_REPORT_PAGES_H
#define MR_REPORT_PAGES_H

#include "cli/record.h"
#include "cli/run.h"
#include "lib/result.h"
#include "lib/target/resolve.h"

/* One page that a command did something to. */
extern const struct mr_field mr_page_fields[];

/* A report that grows by one result at a time. */
struct mr_page_report {
	const struct mr_run *run;
	const char *done;		/* what MR_OUTCOME_DONE is called: "offlined" */
	const char *mode;		/* "soft", "hard"; NULL: the command has none */
	bool lines;			/* print each result at once, as a line of JSON */
	struct mr_result *list;
	size_t nr, room;
	struct mr_summary summary;
	uint64_t wanted;		/* results that there would be if none were missing */
	/*
	 * Called by mr_page_command() behind the last page, also of a run that a
	 * signal ended; an exit code, which counts when all else is well. NULL: nothing.
	 */
	int (*after)(const struct mr_run *run, const struct mr_machine *m, void *data);
};

/* Adds @result, which is the report's then, and says at once what was not done. */
int mr_page_report_add(struct mr_page_report *report, const struct mr_result *result);

/*
 * Prints the report as a table, or as JSON with the summary (as lines: only
 * that); frees it. Returns the exit code.
 */
int mr_page_report_end(struct mr_page_report *report);

/* What a command does to one page; the target of @result is filled in. */
typedef void (*mr_page_fn)(struct mr_machine *m, const struct mr_spot *spot,
			   struct mr_result *result, void *data);

/*
 * Calls @fn for each page of @spans, and adds what it made to the report. A
 * signal ends it between two pages. -ENOMEM.
 */
int mr_page_report_each(struct mr_page_report *report, struct mr_machine *m,
			const struct mr_spans *spans, mr_page_fn fn, void *data);

/*
 * All of such a command: reads targets from @nr operands and the list @from
 * (NULL: none), opens the machine with @needs (cmds/begin.h), resolves, calls
 * @fn for each page until a signal comes, and ends the report. Returns the
 * exit code.
 */
int mr_page_command(struct mr_page_report *report, unsigned int needs, int nr, char **operands,
		    const char *from, mr_page_fn fn, void *data);

#endif
