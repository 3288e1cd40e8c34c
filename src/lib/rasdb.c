// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rasdaemon's database (ras-record.c of rasdaemon): table mc_event with one row
 * for each report of a memory controller, and from version 0.6.7 on, where it is
 * built for it, memory_failure_event with one for each page that the kernel
 * itself gave up.
 */
#include <sqlite3.h>
#include <stdlib.h>

#include "lib/retimport.h"
#include "util/num.h"

#define BUSY_MS 5000

/* "2026-11-21 04:41:46 +0100" as seconds since 1970, for the queries below. */
static void sql_seconds(sqlite3_context *context, int nr, sqlite3_value **values)
{
	const char *text = (const char *)sqlite3_value_text(values[0]);
	int64_t seconds;

	(void)nr;
	if (text && !mr_time_scan(text, &seconds))
		sqlite3_result_int64(context, seconds);
	else
		sqlite3_result_null(context);
}

/* An address is a number; a page frame number may be a text with 0x. */
static void sql_number(sqlite3_context *context, int nr, sqlite3_value **values)
{
	uint64_t v;

	(void)nr;
	if (sqlite3_value_type(values[0]) == SQLITE_INTEGER)
		sqlite3_result_value(context, values[0]);
	else if (sqlite3_value_type(values[0]) == SQLITE_TEXT &&
		 !mr_num_parse((const char *)sqlite3_value_text(values[0]), &v))
		sqlite3_result_int64(context, (sqlite3_int64)v);
	else
		sqlite3_result_null(context);
}

/*
 * ?1 the page shift, ?2 the earliest second, ?3 the least number of errors.
 * Address 0 is what a driver reports that knows none.
 */
static const char mc_events[] =
	"SELECT memras_number(address) >> ?1 AS pfn, sum(max(err_count, 1)) AS errors,"
	" max(label), max(memras_seconds(timestamp)) FROM mc_event"
	" WHERE memras_number(address) > 0 AND coalesce(memras_seconds(timestamp), ?2) >= ?2"
	" GROUP BY pfn HAVING errors >= ?3";
static const char failures[] =
	"SELECT memras_number(pfn), 1, NULL, max(memras_seconds(timestamp))"
	" FROM memory_failure_event"
	" WHERE memras_number(pfn) > 0 AND coalesce(memras_seconds(timestamp), ?2) >= ?2"
	" AND ?1 = ?1 AND ?3 = ?3 GROUP BY 1";

static int fail(sqlite3 *db, const char *file, struct mr_err *err)
{
	return mr_err_set(err, sqlite3_errcode(db) == SQLITE_NOMEM ? -ENOMEM : -EBADMSG, file,
			  "rasdaemon's database cannot be read: %s", sqlite3_errmsg(db));
}

static int run_query(sqlite3 *db, const char *sql, const char *cause, struct mr_retlist *in,
		     const struct mr_import *import, struct mr_err *err)
{
	sqlite3_stmt *query = NULL;
	mr_text_id cause_id, label;
	int rc = 0, step;

	if (mr_retlist_intern(in, import->cause ? import->cause : cause, &cause_id))
		return mr_err_set(err, -ENOMEM, in->path, "no memory for the list");
	if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) != SQLITE_OK ||
	    sqlite3_bind_int(query, 1, (int)in->page_shift) != SQLITE_OK ||
	    sqlite3_bind_int64(query, 2, import->since) != SQLITE_OK ||
	    sqlite3_bind_int64(query, 3, (sqlite3_int64)import->min_errors) != SQLITE_OK) {
		rc = fail(db, in->path, err);
		sqlite3_finalize(query);
		return rc;
	}
	while (!rc && (step = sqlite3_step(query)) == SQLITE_ROW) {
		rc = mr_retlist_intern(in, (const char *)sqlite3_column_text(query, 2), &label);
		if (!rc)
			rc = mr_import_add(in, (uint64_t)sqlite3_column_int64(query, 0), cause_id,
					   label, sqlite3_column_int64(query, 3));
		if (rc)
			mr_err_set(err, rc, in->path, rc == -ENOMEM ? "no memory for the list" :
				   "more pages than a list may name");
	}
	if (!rc && step != SQLITE_DONE)
		rc = fail(db, in->path, err);
	sqlite3_finalize(query);
	return rc;
}

static int has_table(sqlite3 *db, const char *name)
{
	return sqlite3_table_column_metadata(db, NULL, name, NULL, NULL, NULL, NULL, NULL, NULL) ==
	       SQLITE_OK;
}

int mr_rasdb_read(struct mr_retlist *in, const char *file, const struct mr_import *import,
		  struct mr_err *err)
{
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
	sqlite3 *db = NULL;
	int rc = 0;

	if (sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
	    sqlite3_busy_timeout(db, BUSY_MS) != SQLITE_OK ||
	    sqlite3_create_function(db, "memras_seconds", 1, flags, NULL, sql_seconds, NULL,
				    NULL) != SQLITE_OK ||
	    sqlite3_create_function(db, "memras_number", 1, flags, NULL, sql_number, NULL,
				    NULL) != SQLITE_OK)
		rc = fail(db, in->path, err);
	/* Asked only what it has: an old one knows no memory failures. */
	if (!rc && (has_table(db, "mc_event") || !has_table(db, "memory_failure_event")))
		rc = run_query(db, mc_events, "memory errors", in, import, err);
	if (!rc && has_table(db, "memory_failure_event"))
		rc = run_query(db, failures, "memory failure", in, import, err);
	sqlite3_close(db);
	return rc;
}
