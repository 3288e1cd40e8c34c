// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rasdaemon's database (ras-record.c of rasdaemon), with one row for each report of
 *
 *	mc_event		a memory controller, by EDAC
 *	mce_record		the CPU, a machine check: the only one without an EDAC driver
 *	extlog_event		firmware, by the extended error log of some Intel machines
 *	memory_failure_event	the kernel itself, that gave a page up (since 0.6.7, where
 *				rasdaemon is built for it)
 *
 * The first three tell the same error each in their own way, so that errors are
 * counted by table.
 */
#include <sqlite3.h>
#include <stdlib.h>

#include "lib/retired/import.h"
#include "util/dl.h"
#include "util/num.h"

#define BUSY_MS 5000

#define LIBSQLITE "libsqlite3.so.0"
#define FUNCTIONS(X)                                                                              \
	X(sqlite3_bind_int) X(sqlite3_bind_int64) X(sqlite3_busy_timeout)                         \
	X(sqlite3_close) X(sqlite3_column_int64) X(sqlite3_column_text)                           \
	X(sqlite3_create_function) X(sqlite3_errcode) X(sqlite3_errmsg)                           \
	X(sqlite3_finalize) X(sqlite3_open_v2) X(sqlite3_prepare_v2)                              \
	X(sqlite3_result_int64) X(sqlite3_result_null) X(sqlite3_result_value)                    \
	X(sqlite3_step) X(sqlite3_table_column_metadata) X(sqlite3_value_text)                    \
	X(sqlite3_value_type)

FUNCTIONS(MR_DL_POINTER)
MR_DL_NOTE("sqlite3", "importing from rasdaemon's database", "suggested", LIBSQLITE);

/* "2026-11-21 04:41:46 +0100" as seconds since 1970, for the queries below. */
static void sql_seconds(sqlite3_context *context, int nr, sqlite3_value **values)
{
	const char *text = (const char *)sym_sqlite3_value_text(values[0]);
	int64_t seconds;

	(void)nr;
	if (text && !mr_time_scan(text, &seconds))
		sym_sqlite3_result_int64(context, seconds);
	else
		sym_sqlite3_result_null(context);
}

/* An address is a number; a page frame number may be a text with 0x. */
static void sql_number(sqlite3_context *context, int nr, sqlite3_value **values)
{
	uint64_t v;

	(void)nr;
	if (sym_sqlite3_value_type(values[0]) == SQLITE_INTEGER)
		sym_sqlite3_result_value(context, values[0]);
	else if (sym_sqlite3_value_type(values[0]) == SQLITE_TEXT &&
		 !mr_num_parse((const char *)sym_sqlite3_value_text(values[0]), &v))
		sym_sqlite3_result_int64(context, (sqlite3_int64)v);
	else
		sym_sqlite3_result_null(context);
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

/*
 * Intel's SDM, volume 3B, "Machine-Check Architecture": a memory controller's
 * compound code (bits 15:0 000F 0000 1MMM CCCC), ADDRV and MISCV (58, 59), an
 * address that is physical (MISC 8:6 is 2) and no coarser than a page (MISC 5:0).
 * Bits 52:38 count corrected errors. The vendor is the kernel's X86_VENDOR_INTEL:
 * AMD's addresses are of a channel, not of the machine.
 */
static const char machine_checks[] =
	"SELECT memras_number(addr) >> ?1 AS pfn, sum(max((status >> 38) & 0x7fff, 1)) AS errors,"
	" NULL, max(memras_seconds(timestamp)) FROM mce_record"
	" WHERE cpuvendor = 0 AND (status >> 58) & 3 = 3 AND status & 0xef80 = 0x80"
	" AND (misc >> 6) & 7 = 2 AND misc & 0x3f <= ?1"
	" AND memras_number(addr) > 0 AND coalesce(memras_seconds(timestamp), ?2) >= ?2"
	" GROUP BY pfn HAVING errors >= ?3";

/* Its error_count is a running number of firmware's, an address of all ones is none. */
static const char extended_log[] =
	"SELECT memras_number(address) >> ?1 AS pfn, count(*) AS errors, max(fru_text),"
	" max(memras_seconds(timestamp)) FROM extlog_event"
	" WHERE memras_number(address) > 0 AND coalesce(memras_seconds(timestamp), ?2) >= ?2"
	" GROUP BY pfn HAVING errors >= ?3";

static const char failures[] =
	"SELECT memras_number(pfn), 1, NULL, max(memras_seconds(timestamp))"
	" FROM memory_failure_event"
	" WHERE memras_number(pfn) > 0 AND coalesce(memras_seconds(timestamp), ?2) >= ?2"
	" AND ?1 = ?1 AND ?3 = ?3 GROUP BY 1";

static const struct {
	const char *table, *sql, *cause;
} queries[] = {
	{ "mc_event", mc_events, "memory errors" },
	{ "mce_record", machine_checks, "machine checks" },
	{ "extlog_event", extended_log, "memory errors" },
	{ "memory_failure_event", failures, "memory failure" },
};

static int fail(sqlite3 *db, const char *file, struct mr_err *err)
{
	return mr_err_set(err, sym_sqlite3_errcode(db) == SQLITE_NOMEM ? -ENOMEM : -EBADMSG, file,
			  "rasdaemon's database cannot be read: %s", sym_sqlite3_errmsg(db));
}

static int run_query(sqlite3 *db, const char *sql, const char *cause, struct mr_retlist *in,
		     const struct mr_import *import, struct mr_err *err)
{
	sqlite3_stmt *query = NULL;
	mr_text_id cause_id, label;
	int rc = 0, step;

	if (mr_retlist_intern(in, import->cause ? import->cause : cause, &cause_id))
		return mr_err_set(err, -ENOMEM, in->path, "no memory for the list");
	if (sym_sqlite3_prepare_v2(db, sql, -1, &query, NULL) != SQLITE_OK ||
	    sym_sqlite3_bind_int(query, 1, (int)in->page_shift) != SQLITE_OK ||
	    sym_sqlite3_bind_int64(query, 2, import->since) != SQLITE_OK ||
	    sym_sqlite3_bind_int64(query, 3, (sqlite3_int64)import->min_errors) != SQLITE_OK) {
		rc = fail(db, in->path, err);
		sym_sqlite3_finalize(query);
		return rc;
	}
	while (!rc && (step = sym_sqlite3_step(query)) == SQLITE_ROW) {
		rc = mr_retlist_intern(in, (const char *)sym_sqlite3_column_text(query, 2), &label);
		if (!rc)
			rc = mr_import_add(in, (uint64_t)sym_sqlite3_column_int64(query, 0), cause_id,
					   label, sym_sqlite3_column_int64(query, 3));
		if (rc)
			mr_err_set(err, rc, in->path, rc == -ENOMEM ? "no memory for the list" :
				   "more pages than a list may name");
	}
	if (!rc && step != SQLITE_DONE)
		rc = fail(db, in->path, err);
	sym_sqlite3_finalize(query);
	return rc;
}

static bool has_table(sqlite3 *db, const char *name)
{
	return sym_sqlite3_table_column_metadata(db, NULL, name, NULL, NULL, NULL, NULL, NULL,
						 NULL) == SQLITE_OK;
}

int mr_rasdb_read(struct mr_retlist *in, const char *file, const struct mr_import *import,
		  struct mr_err *err)
{
	static const struct mr_dl_symbol symbols[] = { FUNCTIONS(MR_DL_SYMBOL) { 0 } };
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
	sqlite3 *db = NULL;
	bool any = false;
	int rc = mr_dl_open(LIBSQLITE, symbols, err);

	if (rc)
		return rc;
	if (sym_sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
	    sym_sqlite3_busy_timeout(db, BUSY_MS) != SQLITE_OK ||
	    sym_sqlite3_create_function(db, "memras_seconds", 1, flags, NULL, sql_seconds, NULL,
					NULL) != SQLITE_OK ||
	    sym_sqlite3_create_function(db, "memras_number", 1, flags, NULL, sql_number, NULL,
					NULL) != SQLITE_OK)
		rc = fail(db, in->path, err);
	/* Asked only what it has; one that has nothing says so by itself. */
	for (size_t i = 0; !rc && i < sizeof(queries) / sizeof(queries[0]); i++) {
		bool there = has_table(db, queries[i].table);

		any |= there;
		if (there)
			rc = run_query(db, queries[i].sql, queries[i].cause, in, import, err);
	}
	if (!rc && !any)
		rc = run_query(db, queries[0].sql, queries[0].cause, in, import, err);
	sym_sqlite3_close(db);
	return rc;
}
