/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A database that is only read: nothing is made beside it, and no query of it is endless. */
#ifndef MR_LIB_RETIRED_SQLITE_H
#define MR_LIB_RETIRED_SQLITE_H

#include <sqlite3.h>

#include "util/err.h"

#define MR_LIBSQLITE "libsqlite3.so.0"

struct mr_sqlite {
	sqlite3 *db;
	char *copy;		/* folder of a copy, or NULL */
	long steps;		/* that are left to queries */
};

/*
 * Opens @file. One with a write-ahead log that no process has open is copied, for SQLite
 * would write beside it to read it (its wal.html, "Read-Only Databases"). -errno with
 * @err set; -EBADMSG: it is no database. Close it in any case.
 */
int mr_sqlite_open(struct mr_sqlite *s, const char *file, struct mr_err *err);
void mr_sqlite_close(struct mr_sqlite *s);

#endif
