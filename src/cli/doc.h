/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON document that a command prints. */
#ifndef MR_CLI_DOC_H
#define MR_CLI_DOC_H

#include <json-c/json_object.h>

#include "cli/record.h"
#include "cli/run.h"
#include "util/err.h"

#define MR_DOC_SCHEMA 1		/* raised only if the meaning of a field changes */

/* Returns a new {"schema": 1, "command": "block offline"}, to be filled and printed. */
json_object *mr_doc_new(const struct mr_run *run);

/* Prints @doc to stdout with a newline and frees it. */
void mr_doc_print(json_object *doc);

/*
 * A document with one long list, written record by record: mr_doc_begin_list(), then
 * mr_doc_add_record() for each, then mr_doc_end_list() with @more, the fields after the
 * list, or NULL. @more is freed.
 */
struct mr_doc_list {
	const struct mr_field *fields;
	bool any;
};
void mr_doc_begin_list(struct mr_doc_list *list, const struct mr_run *run, const char *name,
		       const struct mr_field *fields);
void mr_doc_add_record(struct mr_doc_list *list, const void *record);
void mr_doc_end_list(struct mr_doc_list *list, json_object *more);

/* As mr_doc_print(), on one line that is flushed at once. */
void mr_doc_print_line(json_object *doc);

/*
 * Prints {"schema", "command", "object", "error"} if a whole run failed; on one line if
 * JSON lines were requested.
 */
void mr_doc_print_error(const struct mr_run *run, const struct mr_err *err);

#endif
