// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads lines; joins those that continue on the next line. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/retired/reader.h"
#include "util/cleanup.h"

#define TOLD_MOST	50			/* malformed lines that are reported one by one */

struct text {
	char *p;
	size_t len, room;
};

static void tell_bad(struct mr_reader *r, const char *line, const char *why)
{
	struct mr_err err = { 0 };

	r->bad++;
	if (r->bad > TOLD_MOST || !r->import->bad)
		return;
	mr_err_usage(&err, -EINVAL, "", "%s", why);
	snprintf(err.object, sizeof(err.object), "%.60s:%lu: %.60s", r->name, r->line, line);
	if (r->hint)
		mr_err_hint(&err, "%s", r->hint);
	r->import->bad(&err, r->import->data);
}

/* Appends @line without trailing blanks. -EMSGSIZE if the line gets too long, or -ENOMEM. */
static int append(struct text *t, const char *line)
{
	size_t len = strlen(line);

	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	if (t->len + len > MR_INPUT_LINE_MAX)
		return -EMSGSIZE;
	if (t->len + len + 1 > t->room) {
		char *more = realloc(t->p, (t->len + len + 1) * 2);

		if (!more)
			return -ENOMEM;
		t->p = more;
		t->room = (t->len + len + 1) * 2;
	}
	memcpy(t->p + t->len, line, len);
	t->len += len;
	t->p[t->len] = '\0';
	return 0;
}

/*
 * True if @next continues the line: memtest86+ wraps its lines after a comma, and a shell
 * file may do so with a backslash.
 */
static bool goes_on(struct text *t, const char *next)
{
	if (!t->len)
		return false;
	if (t->p[t->len - 1] == '\\') {
		t->p[--t->len] = '\0';
		return true;
	}
	next += strspn(next, " \t");
	return t->p[t->len - 1] == ',' && t->p[0] != '#' && *next >= '0' && *next <= '9' &&
	       (strstr(t->p, "badram") || strstr(t->p, "BADRAM") || strstr(t->p, "memmap="));
}

static void one_line(struct mr_reader *r, struct text *t)
{
	const char *why;
	char *p = t->p + strspn(t->p, " \t");
	char whole[64];

	r->hint = NULL;
	r->label = 0;
	/* Parsing modifies the line; keep its beginning for the message. */
	snprintf(whole, sizeof(whole), "%s", p);
	why = mr_format_line(r, p);
	if (why)
		tell_bad(r, whole, why);
}

int mr_reader_run(struct mr_reader *r, struct mr_input *input, struct mr_err *err)
{
	mr_autofree char *room = NULL;
	struct text t = { 0 };
	char *next = NULL;
	int rc, more = mr_input_line(input, &next, err);

	while (more > 0) {
		r->line = input->line;
		t.len = 0;
		do {
			rc = append(&t, next);
			room = t.p;
			if (rc == -ENOMEM)
				return mr_err_set(err, rc, r->name, "no memory for line %lu",
						  r->line);
			if (rc)
				return mr_err_usage(err, rc, r->name,
						    "line %lu is longer than 1 MiB", r->line);
			more = mr_input_line(input, &next, err);
		} while (more > 0 && goes_on(&t, next));
		one_line(r, &t);
	}
	if (more < 0)
		return more;
	if (!r->bad)
		return 0;
	mr_err_usage(err, -EINVAL, r->name, "%" PRIu64 " malformed line%s; nothing is imported",
		     r->bad, r->bad == 1 ? "" : "s");
	mr_err_hint(err, "memras-retired(8) has a table of the formats, each with an example");
	return -EINVAL;
}
