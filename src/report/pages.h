/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of a command that does something to pages: told as they are settled. */
#ifndef MR_REPORT_PAGES_H
#define MR_REPORT_PAGES_H

#include "cli/doc.h"
#include "cli/record.h"
#include "cli/run.h"
#include "lib/page/batch.h"
#include "report/progress.h"
#include "report/retnotes.h"

/* One page that a command did something to. */
extern const struct mr_field mr_page_fields[];

struct mr_page_report {
	const struct mr_run *run;
	const char *done;		/* what MR_OUTCOME_DONE is called: "offlined" */
	const char *mode;		/* "soft", "hard"; NULL: the command has none */
	bool lines;			/* each result is a line of JSON of its own */
	bool tells_list;		/* JSON has a member "retired_list" */
	struct mr_retnotes *notes;	/* NULL: the retired list is left alone */
	/* Hears of each result, too; NULL: nothing. */
	void (*also)(const struct mr_result *result, void *data);
	void *also_data;

	uint64_t wanted;		/* results that there would be if none were missing */
	struct mr_summary summary;
	struct mr_doc_list doc;		/* JSON, */
	bool begun;			/* ... of which the head is printed */
	struct mr_progress_line progress;
	struct mr_page_row *rows;	/* for the table at the end */
	size_t nr, room;
	bool lost;			/* there was no memory for a row */
};

/* Says at once what was not done, prints @result as JSON, or keeps it for the table. */
void mr_page_report_add(struct mr_page_report *report, const struct mr_result *result);

/*
 * Prints the table, or what the JSON ends with (as lines: a line with the summary);
 * frees the report. Returns the exit code.
 */
int mr_page_report_end(struct mr_page_report *report);

/*
 * The same for a run that ended by @err: a document that was begun is ended, and the
 * error is on stderr alone; else it is as mr_end_error().
 */
int mr_page_report_fail(struct mr_page_report *report, const struct mr_err *err);

/* What a command does to pages: mr_retire() and the like. */
typedef int (*mr_page_fn)(struct mr_machine *m, const struct mr_spans *spans,
			  const struct mr_batch_hooks *hooks, void *data, struct mr_err *err);

/*
 * Calls @fn with hooks that fill the report and, with report->notes, the retired list.
 * Returns what @fn does; an error leaves the report empty.
 */
int mr_page_report_run(struct mr_page_report *report, struct mr_machine *m,
		       const struct mr_spans *spans, mr_page_fn fn, void *data,
		       struct mr_err *err);

/*
 * All of such a command: reads targets from @nr operands and the list @from (NULL:
 * none), opens the machine with @needs (report/begin.h), resolves, runs @fn, settles the
 * retired list, and ends the report. Returns the exit code.
 */
int mr_page_command(struct mr_page_report *report, unsigned int needs, int nr, char **operands,
		    const char *from, mr_page_fn fn, void *data);

#endif
