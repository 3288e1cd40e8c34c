// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/retired/import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/retired/reader.h"
#include "util/cleanup.h"

/* The list has four digits for a year. */
#define YEAR_0		(-62167219200)
#define YEAR_10000	253402300800
#define SETTLE_FROM	65536		/* entries from which doubles are dropped before growing */

int mr_time_scan(const char *text, int64_t *t)
{
	static const char *const forms[] = {
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
		"%Y-%m-%d",
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);
		int hours = 0, minutes = 0, n = 0;
		char sign[2] = "+";

		if (!end)
			continue;
		end += strspn(end, " ");
		if (*end == 'Z')
			end++;
		else if (sscanf(end, "%1[+-]%2d%2d%n", sign, &hours, &minutes, &n) == 3)
			end += n;
		if (*end)
			continue;
		*t = timegm(&tm) - (sign[0] == '-' ? -1 : 1) * (hours * 60 + minutes) * 60;
		return *t >= YEAR_0 && *t < YEAR_10000 ? 0 : -EINVAL;
	}
	return -EINVAL;
}

int mr_import_add(struct mr_retlist *in, uint64_t pfn, mr_text_id cause, mr_text_id label,
		  int64_t t)
{
	const struct mr_retired entry = {
		.pfn = pfn, .time = t, .cause = cause, .label = label, .node = -1, .pending = true,
	};

	/*
	 * When it is full, what is there twice goes; unless that makes much room it grows all
	 * the same, so that sorting costs no more than the entries that came since.
	 */
	if (in->nr == in->room && in->room >= SETTLE_FROM) {
		mr_retlist_settle(in);
		if (in->nr >= MR_IMPORT_MAX_PAGES)
			return -ERANGE;
		if (in->nr > in->room / 2 && mr_retlist_reserve(in, in->room * 2))
			return -ENOMEM;
	}
	return mr_retlist_add(in, &entry);
}

bool mr_label_known(const char *label)
{
	static const char *const none[] = { "unknown", "any memory", "not specified" };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (!strncasecmp(label, none[i], strlen(none[i])))
			return false;
	return label[strspn(label, " ")];
}

static int read_json(struct mr_retlist *in, FILE *f, const struct mr_import *import,
		     struct mr_err *err)
{
	mr_autofree char *text = NULL;
	size_t len = 0, room = 0;
	mr_text_id cause;
	int rc;

	do {
		if (len == room) {
			char *more = realloc(text, room = room ? room * 2 : 1 << 16);

			if (!more)
				return mr_err_set(err, -ENOMEM, in->path, "no memory for the list");
			text = more;
		}
		len += fread(text + len, 1, room - len, f);
	} while (!feof(f) && !ferror(f));
	if (ferror(f))
		return mr_err_set(err, -errno, in->path, "the list cannot be read");
	rc = mr_retlist_parse_json(in, text, len, err);
	if (rc || mr_retlist_intern(in, import->cause, &cause))
		return rc ? rc : -ENOMEM;
	for (size_t i = 0; i < in->nr; i++) {
		in->list[i].pending = true;
		if (cause)
			in->list[i].cause = cause;
	}
	return 0;
}

static void note_left_out(const struct mr_reader *r)
{
	const struct mr_import *import = r->import;
	char text[160];

	if (!import->note)
		return;
	if (r->nowhere) {
		snprintf(text, sizeof(text), "%" PRIu64 " memory error%s left out: %s", r->nowhere,
			 r->nowhere == 1 ? " is" : "s are",
			 "no address is told, or one of more than a page");
		import->note(text, import->data);
	}
	if (r->other) {
		snprintf(text, sizeof(text), "%" PRIu64 " line%s of the log tell%s of no bad page",
			 r->other, r->other == 1 ? "" : "s", r->other == 1 ? "s" : "");
		import->note(text, import->data);
	}
}

static int read_text(struct mr_retlist *in, FILE *f, const struct mr_import *import,
		     struct mr_err *err)
{
	static const char *const causes[MR_FORMATS] = {
		[MR_FORMAT_PLAIN] = "import",
		[MR_FORMAT_BADRAM] = "memory test",
		[MR_FORMAT_MEMMAP] = "memmap",
		[MR_FORMAT_LOG] = "memory errors",
		[MR_FORMAT_BCDEDIT] = "import",
	};
	struct mr_reader r = { .in = in, .import = import, .name = in->path, .now = time(NULL) };
	int rc;

	for (size_t i = 0; i < MR_FORMATS; i++)
		if (mr_retlist_intern(in, causes[i] && import->cause ? import->cause : causes[i],
				      &r.causes[i]))
			return mr_err_set(err, -ENOMEM, in->path, "no memory for the list");
	rc = mr_reader_run(&r, f, err);
	if (!rc)
		note_left_out(&r);
	return rc;
}

static int read_database(struct mr_retlist *in, const char *file, const struct mr_import *import,
			 struct mr_err *err)
{
	if (!strcmp(file, "-"))
		return mr_err_usage(err, -EINVAL, file,
				    "a database cannot be read from standard input");
	return mr_rasdb_read(in, file, import, err);
}

static int read_file(struct mr_retlist *in, const char *file, FILE *f,
		     const struct mr_import *import, struct mr_err *err)
{
	int c = getc(f);

	/* "S" begins no other format, and a database needs its file. */
	if (import->format == MR_FORMAT_AUTO && c == 'S')
		return read_database(in, file, import, err);
	if (c != EOF)
		ungetc(c, f);
	if (import->format == MR_FORMAT_JSON || (import->format == MR_FORMAT_AUTO && c == '{'))
		return read_json(in, f, import, err);
	return read_text(in, f, import, err);
}

/* A pipe is as good as a file; a folder or a disk is not. */
static int open_file(const char *file, FILE **f, struct mr_err *err)
{
	struct stat st;

	*f = fopen(file, "re");
	if (!*f || fstat(fileno(*f), &st))
		return mr_err_set(err, -errno, file, "the list cannot be opened");
	if (S_ISDIR(st.st_mode))
		return mr_err_set(err, -EISDIR, file, "the list cannot be read");
	if (S_ISBLK(st.st_mode) || (S_ISCHR(st.st_mode) && !isatty(fileno(*f))))
		return mr_err_usage(err, -EINVAL, file, "a device is no list");
	return 0;
}

int mr_import_read(struct mr_retlist *in, const char *file, const struct mr_import *import,
		   struct mr_err *err)
{
	mr_autofclose FILE *opened = NULL;
	int rc = 0;

	snprintf(in->path, sizeof(in->path), "%s", strcmp(file, "-") ? file : "standard input");
	if (import->format == MR_FORMAT_RASDAEMON) {
		rc = read_database(in, file, import, err);
	} else {
		if (strcmp(file, "-"))
			rc = open_file(file, &opened, err);
		if (!rc)
			rc = read_file(in, file, opened ? opened : stdin, import, err);
	}
	if (rc)
		return rc;
	mr_retlist_settle(in);
	if (in->nr > MR_IMPORT_MAX_PAGES)
		return mr_err_set(err, -ERANGE, in->path, "more pages than a list may name");
	return 0;
}
