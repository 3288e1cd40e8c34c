// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/retired/sqlite.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/dl.h"

#define FUNCTIONS(X)                                                                      \
	X(sqlite3_busy_timeout) X(sqlite3_close) X(sqlite3_db_config)                     \
	X(sqlite3_errmsg) X(sqlite3_exec) X(sqlite3_open_v2)                              \
	X(sqlite3_progress_handler)

FUNCTIONS(MR_DL_POINTER)
MR_DL_NOTE("sqlite3", "importing from rasdaemon's database", "suggested", MR_LIBSQLITE);

#define BUSY_MS		5000
#define STEP		100000		/* SQLite instructions between two checks */
#define STEPS_LEAST	1000		/* limit of checks for a small database */
#define STEPS_PER_MIB	200
#define WRITE_VERSION	18		/* byte of the header: 2 for a write-ahead log */

static const char *const beside[] = { "", "-wal" };

static int out_of_steps(void *data)
{
	struct mr_sqlite *s = data;

	return s->steps-- <= 0;
}

static int copy_one(const char *from, const char *to)
{
	mr_autoclose int in = open(from, O_RDONLY | O_CLOEXEC);
	mr_autoclose int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char buf[65536];
	ssize_t n;

	if (in < 0 || out < 0)
		return -errno;
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			return errno ? -errno : -EIO;
	return n < 0 ? -errno : 0;
}

/* Copies @file and its log to a new directory; returns the path of the copy in @path. */
static int make_copy(struct mr_sqlite *s, const char *file, char *path, size_t size)
{
	char folder[] = "/tmp/memras.XXXXXX";
	int rc = 0;

	if (!mkdtemp(folder))
		return -errno;
	s->copy = strdup(folder);
	if (!s->copy) {
		rmdir(folder);
		return -ENOMEM;
	}
	for (size_t i = 0; !rc && i < sizeof(beside) / sizeof(beside[0]); i++) {
		char from[PATH_MAX], to[PATH_MAX];

		if (snprintf(from, sizeof(from), "%s%s", file, beside[i]) >= (int)sizeof(from))
			return -ENAMETOOLONG;
		snprintf(to, sizeof(to), "%s/copy%s", folder, beside[i]);
		rc = copy_one(from, to);
	}
	snprintf(path, size, "%s/copy", folder);
	return rc;
}

static bool exists(const char *file, const char *suffix)
{
	char path[PATH_MAX];
	struct stat st;

	return snprintf(path, sizeof(path), "%s%s", file, suffix) < (int)sizeof(path) &&
	       !stat(path, &st) && st.st_size;
}

/* Returns "file:PATH?immutable=1", with special characters of the path as %XX. */
static char *immutable(const char *file)
{
	char *uri = malloc(strlen(file) * 3 + 32), *p = uri;

	if (!uri)
		return NULL;
	p = stpcpy(p, "file:");
	for (; *file; file++)
		if (strchr("%?#", *file))
			p += sprintf(p, "%%%02X", (unsigned char)*file);
		else
			*p++ = *file;
	stpcpy(p, "?immutable=1");
	return uri;
}

/*
 * Returns 1 if the header says that the database has or had a write-ahead log, 0 if not,
 * -errno.
 */
static int has_log(const char *file, struct mr_err *err)
{
	mr_autoclose int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	unsigned char head[WRITE_VERSION + 1] = { 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return mr_err_set(err, -errno, file, "the database cannot be opened");
	if (!S_ISREG(st.st_mode))
		return mr_err_set(err, -EBADMSG, file, "not a regular file");
	if (pread(fd, head, sizeof(head), 0) < 0)
		return mr_err_set(err, -errno, file, "the database cannot be read");
	return head[WRITE_VERSION] == 2;
}

int mr_sqlite_open(struct mr_sqlite *s, const char *file, struct mr_err *err)
{
	mr_autofree char *uri = NULL;
	static const struct mr_dl_symbol symbols[] = { FUNCTIONS(MR_DL_SYMBOL) { 0 } };
	char copy[64];
	struct stat st;
	const char *open = file;
	int log, rc, flags = SQLITE_OPEN_READONLY;

	*s = (struct mr_sqlite){ 0 };
	rc = mr_dl_open(MR_LIBSQLITE, symbols, err);
	if (rc)
		return rc;
	log = has_log(file, err);
	if (log < 0)
		return log;
	/* If another process has the database open, the -shm file exists and can be used. */
	if (log && !exists(file, "-shm")) {
		if (exists(file, "-wal")) {
			rc = make_copy(s, file, copy, sizeof(copy));
			if (rc)
				return mr_err_set(err, rc, file, "the database cannot be copied");
			open = copy;
		} else {
			uri = immutable(file);
			if (!uri)
				return mr_err_set(err, -ENOMEM, file, "no memory for the database");
			open = uri;
			flags |= SQLITE_OPEN_URI;
		}
	}
	s->steps = STEPS_LEAST;
	if (!stat(file, &st))
		s->steps += (long)(st.st_size >> 20) * STEPS_PER_MIB;
	if (sym_sqlite3_open_v2(open, &s->db, flags, NULL) != SQLITE_OK ||
	    sym_sqlite3_busy_timeout(s->db, BUSY_MS) != SQLITE_OK ||
	    /* The file's own schema must not call functions. */
	    sym_sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK ||
	    sym_sqlite3_exec(s->db, "SELECT 1 FROM sqlite_master", NULL, NULL, NULL) != SQLITE_OK)
		return mr_err_set(err, -EBADMSG, file, "rasdaemon's database cannot be read: %s",
				  sym_sqlite3_errmsg(s->db));
	sym_sqlite3_progress_handler(s->db, STEP, out_of_steps, s);
	return 0;
}

void mr_sqlite_close(struct mr_sqlite *s)
{
	static const char *const made[] = { "", "-wal", "-shm" };

	if (s->db)
		sym_sqlite3_close(s->db);
	for (size_t i = 0; s->copy && i < sizeof(made) / sizeof(made[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/copy%s", s->copy, made[i]);
		unlink(path);
	}
	if (s->copy)
		rmdir(s->copy);
	free(s->copy);
	*s = (struct mr_sqlite){ 0 };
}
