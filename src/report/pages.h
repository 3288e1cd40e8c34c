/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of a command that acts on pages, page by page. */
#ifndef MR_REPORT_PAGES_H
#define MR_REPORT_PAGES_H

#include "cli/doc.h"
#include "cli/record.h"
#include "cli/run.h"
#include "lib/page/batch.h"
#include "report/progress.h"
#include "report/retnotes.h"

/* The result for one page. */
extern const struct mr_field mr_page_fields[];

struct mr_page_report {
	const struct mr_run *run;
	const char *done;		/* the name of MR_OUTCOME_DONE: "offlined" */
	const char *mode;		/* "soft", "hard"; NULL: the command has no modes */
	bool lines;			/* each result is a line of JSON */
	bool tells_list;		/* JSON has a member "retired_list" */
	struct mr_retnotes *notes;	/* NULL: the retired list is not used */
	/* Called for each result as well; may be NULL. */
	void (*also)(const struct mr_result *result, void *data);
	void *also_data;

	uint64_t wanted;		/* the number of results of a complete run */
	struct mr_summary summary;
	struct mr_doc_list doc;		/* the JSON document, ... */
	bool begun;			/* ... its head is printed */
	struct mr_progress_line progress;
	struct mr_page_row *rows;	/* for the table at the end */
	size_t nr, room;
	bool lost;			/* there was no memory for a row */
};

/* Reports a failure at once; prints @result as JSON, or keeps it for the table. */
void mr_page_report_add(struct mr_page_report *report, const struct mr_result *result);

/*
 * Prints the table, or the end of the JSON (as lines: a line with the summary); frees the
 * report. Returns the exit code.
 */
int mr_page_report_end(struct mr_page_report *report);

/*
 * As mr_page_report_end(), for a run that ended with @err. If a document was begun, ends
 * it and reports the error on stderr only; else as mr_end_error().
 */
int mr_page_report_fail(struct mr_page_report *report, const struct mr_err *err);

/* The action of a command on pages: mr_retire() and the like. */
typedef int (*mr_page_fn)(struct mr_machine *m, const struct mr_spans *spans,
			  const struct mr_batch_hooks *hooks, void *data, struct mr_err *err);

/*
 * Calls @fn with hooks that fill the report and, with report->notes, the retired list.
 * Returns the value of @fn; on error the report is empty.
 */
int mr_page_report_run(struct mr_page_report *report, struct mr_machine *m,
		       const struct mr_spans *spans, mr_page_fn fn, void *data,
		       struct mr_err *err);

/*
 * Runs a whole command: reads targets from @nr operands and the list @from (may be NULL),
 * opens the machine with @needs (report/begin.h), resolves, calls @fn, settles the
 * retired list, and ends the report. Returns the exit code.
 */
int mr_page_command(struct mr_page_report *report, unsigned int needs, int nr, char **operands,
		    const char *from, mr_page_fn fn, void *data);

#endif
