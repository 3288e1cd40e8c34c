/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SQLite databases, read-only: no file is created beside them, and all queries end. */
#ifndef MR_LIB_RETIRED_SQLITE_H
#define MR_LIB_RETIRED_SQLITE_H

#include <sqlite3.h>

#include "util/err.h"

#define MR_LIBSQLITE "libsqlite3.so.0"

struct mr_sqlite {
	sqlite3 *db;
	char *copy;		/* directory of a copy, or NULL */
	long steps;		/* left for queries */
};

/*
 * Opens @file. If it has a write-ahead log and no process has it open, a copy is read, as
 * SQLite would write next to the original (its wal.html, "Read-Only Databases"). -errno
 * with @err set; -EBADMSG: not a database. mr_sqlite_close() is needed in any case.
 */
int mr_sqlite_open(struct mr_sqlite *s, const char *file, struct mr_err *err);
void mr_sqlite_close(struct mr_sqlite *s);

#endif
