// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/retired/import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/retired/reader.h"

/* The list has years of four digits. */
#define YEAR_0		(-62167219200)
#define YEAR_10000	253402300800
#define SETTLE_FROM	65536		/* drop duplicates before growing past this */

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
	 * If the array is full, drop duplicates. Grow it nevertheless unless that frees
	 * half of it, so that sorting costs no more than the entries added since.
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

static int read_json(struct mr_retlist *in, struct mr_input *input,
		     const struct mr_import *import, struct mr_err *err)
{
	const char *text;
	mr_text_id cause;
	size_t len;
	int rc = mr_input_rest(input, &text, &len, err);

	if (rc)
		return rc;
	rc = mr_retlist_parse_json(in, text, len, err);
	if (rc)
		return rc;
	if (mr_retlist_intern(in, import->cause, &cause))
		return mr_err_set(err, -ENOMEM, in->path, "no memory for the list");
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
			 "no address is known, or one of more than a page");
		import->note(text, import->data);
	}
	if (r->other) {
		snprintf(text, sizeof(text), "%" PRIu64 " line%s of the log report%s no bad page",
			 r->other, r->other == 1 ? "" : "s", r->other == 1 ? "s" : "");
		import->note(text, import->data);
	}
}

static int read_text(struct mr_retlist *in, struct mr_input *input,
		     const struct mr_import *import, struct mr_err *err)
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
	rc = mr_reader_run(&r, input, err);
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

static int read_file(struct mr_retlist *in, const char *file, const struct mr_import *import,
		     struct mr_err *err)
{
	struct mr_input input;
	int c = 0, rc = mr_input_open(&input, file, err);

	if (rc)
		return rc;
	/* An empty file is an empty list. */
	rc = mr_input_peek(&input, &c, err);
	/* No other format begins with "S". A database is read by its path. */
	if (!rc && import->format == MR_FORMAT_AUTO && c == 'S')
		rc = read_database(in, file, import, err);
	else if (!rc && (import->format == MR_FORMAT_JSON ||
			 (import->format == MR_FORMAT_AUTO && c == '{')))
		rc = read_json(in, &input, import, err);
	else if (!rc)
		rc = read_text(in, &input, import, err);
	mr_input_close(&input);
	return rc;
}

int mr_import_read(struct mr_retlist *in, const char *file, const struct mr_import *import,
		   struct mr_err *err)
{
	int rc;

	snprintf(in->path, sizeof(in->path), "%s", strcmp(file, "-") ? file : "standard input");
	rc = import->format == MR_FORMAT_RASDAEMON ? read_database(in, file, import, err) :
						     read_file(in, file, import, err);
	if (rc)
		return rc;
	mr_retlist_settle(in);
	if (in->nr > MR_IMPORT_MAX_PAGES)
		return mr_err_set(err, -ERANGE, in->path, "more pages than a list may name");
	return 0;
}
