// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rasdaemon's database (ras-record.c of rasdaemon), with one row per report of
 *
 *	mc_event		a memory controller, by EDAC
 *	mce_record		the CPU, a machine check: the only table without an EDAC driver
 *	extlog_event		firmware, by the extended error log of some Intel machines
 *	cxl_*_event		a CXL memory device; since 0.8.2 with the host's address
 *	memory_failure_event	the kernel itself, which gave a page up (since 0.6.7, if
 *				rasdaemon is built for it)
 *
 * All but the last may report the same error, so errors are counted per table.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/retired/import.h"
#include "lib/retired/sqlite.h"
#include "util/dl.h"
#include "util/num.h"

#define FUNCTIONS(X)                                                                      \
	X(sqlite3_bind_int) X(sqlite3_bind_int64) X(sqlite3_column_int64)                 \
	X(sqlite3_column_text) X(sqlite3_create_function) X(sqlite3_errcode)              \
	X(sqlite3_errmsg) X(sqlite3_finalize) X(sqlite3_prepare_v2)                       \
	X(sqlite3_result_int64) X(sqlite3_result_null) X(sqlite3_result_value)            \
	X(sqlite3_step) X(sqlite3_table_column_metadata) X(sqlite3_value_text)            \
	X(sqlite3_value_type)

FUNCTIONS(MR_DL_POINTER)

/* SQL function: "2026-11-21 04:41:46 +0100" as seconds since 1970. */
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

/* SQL function: a number; a PFN may be a text with 0x. */
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

/* SQL function: the label of a DIMM, or null if it names none. */
static void sql_label(sqlite3_context *context, int nr, sqlite3_value **values)
{
	const char *text = (const char *)sym_sqlite3_value_text(values[0]);

	(void)nr;
	if (text && mr_label_known(text))
		sym_sqlite3_result_value(context, values[0]);
	else
		sym_sqlite3_result_null(context);
}

/*
 * ?1 is the page shift, ?2 the earliest second, ?3 the least number of errors. A driver
 * that does not know the address reports 0.
 */
#define MC_EVENTS(condition)                                                                      \
	"SELECT memras_number(address) >> ?1 AS pfn, sum(max(err_count, 1)) AS errors,"           \
	" max(memras_label(label)), max(memras_seconds(timestamp)) FROM mc_event"                 \
	" WHERE memras_number(address) > 0 AND " condition                                        \
	" AND coalesce(memras_seconds(timestamp), ?2) >= ?2 GROUP BY pfn HAVING errors >= ?3"
/*
 * grain is the logarithm of the bytes that the address may be in; kernel and rasdaemon
 * name it so.
 */
#define GRAIN_IN_PAGE	"coalesce(grain, 0) NOT BETWEEN ?1 + 1 AND 63"

/*
 * Intel's SDM, volume 3B, "Machine-Check Architecture": a memory controller's compound code
 * (bits 15:0 000F 0000 1MMM CCCC), ADDRV and MISCV (58, 59), an address that is physical
 * (MISC 8:6 is 2) and no coarser than a page (MISC 5:0). Bits 52:38 count corrected errors.
 * The vendor is the kernel's X86_VENDOR_INTEL: AMD's addresses are those of a channel, not
 * of the machine.
 */
static const char machine_checks[] =
	"SELECT memras_number(addr) >> ?1 AS pfn, sum(max((status >> 38) & 0x7fff, 1)) AS errors,"
	" NULL, max(memras_seconds(timestamp)) FROM mce_record"
	" WHERE cpuvendor = 0 AND (status >> 58) & 3 = 3 AND status & 0xef80 = 0x80"
	" AND (misc >> 6) & 7 = 2 AND misc & 0x3f <= ?1"
	" AND memras_number(addr) > 0 AND coalesce(memras_seconds(timestamp), ?2) >= ?2"
	" GROUP BY pfn HAVING errors >= ?3";

/* error_count is a serial number of the firmware; an address of all ones is none. */
static const char extended_log[] =
	"SELECT memras_number(address) >> ?1 AS pfn, count(*) AS errors, max(memras_label(fru_text)),"
	" max(memras_seconds(timestamp)) FROM extlog_event"
	" WHERE memras_number(address) > 0 AND coalesce(memras_seconds(timestamp), ?2) >= ?2"
	" GROUP BY pfn HAVING errors >= ?3";

/* An address of all ones is none. "mem0" names the device; there is no DIMM as in mc_event. */
#define CXL_EVENTS(table)                                                                         \
	"SELECT memras_number(hpa) >> ?1 AS pfn, count(*) AS errors, max(memras_label(memdev)),"  \
	" max(memras_seconds(timestamp)) FROM " table                                             \
	" WHERE memras_number(hpa) > 0 AND coalesce(memras_seconds(timestamp), ?2) >= ?2"         \
	" GROUP BY pfn HAVING errors >= ?3"

static const char failures[] =
	"SELECT memras_number(pfn), 1, NULL, max(memras_seconds(timestamp))"
	" FROM memory_failure_event"
	" WHERE memras_number(pfn) > 0 AND coalesce(memras_seconds(timestamp), ?2) >= ?2"
	" AND ?1 = ?1 AND ?3 = ?3 GROUP BY 1";

/* Run if the table has @column, which older versions lack, but not @no_column. */
static const struct {
	const char *table, *column, *no_column, *sql, *cause;
} queries[] = {
	{ "mc_event", "grain", NULL, MC_EVENTS(GRAIN_IN_PAGE), "memory errors" },
	{ "mc_event", "address", "grain", MC_EVENTS("1"), "memory errors" },
	{ "mce_record", "addr", NULL, machine_checks, "machine checks" },
	{ "extlog_event", "address", NULL, extended_log, "memory errors" },
	{ "cxl_general_media_event", "hpa", NULL, CXL_EVENTS("cxl_general_media_event"),
	  "memory errors" },
	{ "cxl_dram_event", "hpa", NULL, CXL_EVENTS("cxl_dram_event"), "memory errors" },
	{ "cxl_poison_event", "hpa", NULL, CXL_EVENTS("cxl_poison_event"), "memory errors" },
	{ "memory_failure_event", "pfn", NULL, failures, "memory failure" },
};

/* Rows without a page, and the note about them. */
static const struct {
	const char *table, *column, *where, *text;
} left_out[] = {
	{ "mc_event", "grain", "memras_number(address) > 0 AND NOT " GRAIN_IN_PAGE,
	  "of mc_event: their addresses are of more than a page (grain)" },
	{ "mc_event", "address", "memras_number(address) = 0 AND ?1 = ?1",
	  "of mc_event: the driver reported no address" },
	{ "mce_record", "cpuvendor", "cpuvendor IN (2, 9) AND (status >> 58) & 1 AND ?1 = ?1",
	  "of AMD's memory controllers (mce_record): their addresses are of a channel, not of "
	  "the machine" },
};

static int fail(sqlite3 *db, const char *file, struct mr_err *err)
{
	if (sym_sqlite3_errcode(db) == SQLITE_INTERRUPT)
		return mr_err_set(err, -E2BIG, file,
				  "rasdaemon's database cannot be read: a query takes too long");
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

/* True if @table, not a view, has @column; any if NULL. */
static bool has_column(sqlite3 *db, const char *table, const char *column)
{
	return sym_sqlite3_table_column_metadata(db, NULL, table, column, NULL, NULL, NULL, NULL,
					     NULL) == SQLITE_OK;
}

/* Returns the number that @sql yields for the page shift and the earliest second; -1 on error. */
static int64_t count(sqlite3 *db, const char *sql, const struct mr_retlist *in,
		     const struct mr_import *import)
{
	sqlite3_stmt *query = NULL;
	int64_t n = -1;

	if (sym_sqlite3_prepare_v2(db, sql, -1, &query, NULL) == SQLITE_OK &&
	    sym_sqlite3_bind_int(query, 1, (int)in->page_shift) == SQLITE_OK &&
	    sym_sqlite3_bind_int64(query, 2, import->since) == SQLITE_OK &&
	    sym_sqlite3_step(query) == SQLITE_ROW)
		n = sym_sqlite3_column_int64(query, 0);
	sym_sqlite3_finalize(query);
	return n;
}

#define COUNTED(where)                                                                            \
	"SELECT count(*) FROM mc_event WHERE ?1 = ?1 AND"                                         \
	" coalesce(memras_seconds(timestamp), ?2) >= ?2 AND " where

/*
 * Before 0.6.4 rasdaemon stored addresses as signed 32 bits, and old databases remain. A
 * negative address proves it; one below 2 GiB may have been anywhere.
 */
static int check_addresses(sqlite3 *db, struct mr_retlist *in, const struct mr_import *import,
			   struct mr_err *err)
{
	int64_t negative, high, low;

	if (!has_column(db, "mc_event", "address"))
		return 0;
	negative = count(db, COUNTED("memras_number(address) < 0"), in, import);
	if (negative > 0) {
		mr_err_set(err, -EBADMSG, in->path, "%" PRId64 " addresses of mc_event are negative: "
			   "rasdaemon before 0.6.4 cut all of them to 32 bits; nothing is imported",
			   negative);
		mr_err_hint(err, "--since DATE takes what a newer rasdaemon recorded");
		return -EBADMSG;
	}
	high = count(db, COUNTED("memras_number(address) >= 2147483648"), in, import);
	low = count(db, COUNTED("memras_number(address) BETWEEN 1 AND 2147483647"), in, import);
	if (!high && low > 0 && import->memory_end > 1ULL << 32 && import->note)
		import->note("every address is below 2 GiB: if a rasdaemon before 0.6.4 recorded "
			     "them, they are cut to 32 bits and name other pages",
			     import->data);
	return 0;
}

static void note_left_out(sqlite3 *db, const struct mr_retlist *in,
			  const struct mr_import *import)
{
	for (size_t i = 0; import->note && i < sizeof(left_out) / sizeof(left_out[0]); i++) {
		char text[512];
		int64_t n;

		if (!has_column(db, left_out[i].table, left_out[i].column))
			continue;
		snprintf(text, sizeof(text), "SELECT count(*) FROM %s WHERE"
			 " coalesce(memras_seconds(timestamp), ?2) >= ?2 AND %s",
			 left_out[i].table, left_out[i].where);
		n = count(db, text, in, import);
		if (n <= 0)
			continue;
		snprintf(text, sizeof(text), "%" PRId64 " record%s left out %s", n,
			 n == 1 ? " is" : "s are", left_out[i].text);
		import->note(text, import->data);
	}
}

/* Drops pages beyond this machine's memory: of persistent memory, or from another machine. */
static void drop_beyond(struct mr_retlist *in, const struct mr_import *import)
{
	size_t n = 0, had = in->nr;
	char text[128];

	if (!import->memory_end)
		return;
	for (size_t i = 0; i < had; i++)
		if (in->list[i].pfn <= (import->memory_end - 1) >> in->page_shift)
			in->list[n++] = in->list[i];
	in->nr = n;
	if (n == had || !import->note)
		return;
	snprintf(text, sizeof(text), "%zu page%s left out: this machine's memory ends at 0x%" PRIx64,
		 had - n, had - n == 1 ? " is" : "s are", import->memory_end - 1);
	import->note(text, import->data);
}

static int read_tables(sqlite3 *db, struct mr_retlist *in, const struct mr_import *import,
		       struct mr_err *err)
{
	bool any = false;
	int rc = 0;

	/* Query only existing tables. */
	for (size_t i = 0; !rc && i < sizeof(queries) / sizeof(queries[0]); i++) {
		any |= has_column(db, queries[i].table, NULL);
		if (has_column(db, queries[i].table, queries[i].column) &&
		    (!queries[i].no_column ||
		     !has_column(db, queries[i].table, queries[i].no_column)))
			rc = run_query(db, queries[i].sql, queries[i].cause, in, import, err);
	}
	if (!rc && !any)
		rc = mr_err_set(err, -EBADMSG, in->path,
				"rasdaemon's database cannot be read: it has none of the tables");
	return rc;
}

int mr_rasdb_read(struct mr_retlist *in, const char *file, const struct mr_import *import,
		  struct mr_err *err)
{
	static const struct {
		const char *name;
		void (*fn)(sqlite3_context *context, int nr, sqlite3_value **values);
	} functions[] = {
		{ "memras_seconds", sql_seconds },
		{ "memras_number", sql_number },
		{ "memras_label", sql_label },
	};
	static const struct mr_dl_symbol symbols[] = { FUNCTIONS(MR_DL_SYMBOL) { 0 } };
	struct mr_sqlite opened = { 0 };
	int rc = mr_dl_open(MR_LIBSQLITE, symbols, err);
	sqlite3 *db;

	if (rc)
		return rc;
	rc = mr_sqlite_open(&opened, file, err);
	db = opened.db;
	for (size_t i = 0; !rc && i < sizeof(functions) / sizeof(functions[0]); i++)
		if (sym_sqlite3_create_function(db, functions[i].name, 1,
					    SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
					    functions[i].fn, NULL, NULL) != SQLITE_OK)
			rc = fail(db, in->path, err);
	if (!rc)
		rc = check_addresses(db, in, import, err);
	if (!rc)
		rc = read_tables(db, in, import, err);
	if (!rc) {
		note_left_out(db, in, import);
		drop_beyond(in, import);
	}
	mr_sqlite_close(&opened);
	return rc;
}
