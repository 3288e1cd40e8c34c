// SPDX-License-Identifier: GPL-2.0-or-later
/* From a file to whole lines: encodings, bounds, and lines that go on in the next. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/retired/reader.h"
#include "util/cleanup.h"
#include "util/grow.h"

#define LINE_MOST	((size_t)1 << 20)	/* bytes of one line, with those that it goes on in */
#define TOLD_MOST	50			/* malformed lines that are told one by one */

struct text {
	char *p;
	size_t len, room;
	bool nul, cut;		/* it has a NUL byte; it is longer than LINE_MOST */
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

/* Appends the next line of @f to @t, without its newline. 1, 0 at the end, or -errno. */
static int next_line(struct text *t, FILE *f)
{
	int c = getc_unlocked(f);

	if (c == EOF)
		return ferror(f) ? -(errno ? errno : EIO) : 0;
	for (; c != EOF && c != '\n'; c = getc_unlocked(f)) {
		if (t->len >= LINE_MOST) {
			t->cut = true;
			continue;
		}
		if (mr_make_room(t->p, t->len + 1, t->room))
			return -ENOMEM;
		t->nul |= !c;
		t->p[t->len++] = (char)c;
	}
	if (mr_make_room(t->p, t->len + 1, t->room))
		return -ENOMEM;
	while (t->len && isspace((unsigned char)t->p[t->len - 1]))
		t->len--;
	t->p[t->len] = '\0';
	return ferror(f) ? -(errno ? errno : EIO) : 1;
}

/* Whether the next line of @f begins, behind blanks, with a digit. */
static bool digit_follows(FILE *f)
{
	int c = getc(f);

	/* Blanks are no loss: what they begin is a line's rest. */
	while (c == ' ' || c == '\t')
		c = getc(f);
	if (c != EOF)
		ungetc(c, f);
	return c >= '0' && c <= '9';
}

/*
 * memtest86+ wraps its lines behind a comma, a shell's file may do so with a backslash. What
 * the next line has then belongs to this one.
 */
static bool goes_on(struct text *t, FILE *f)
{
	if (!t->len || t->nul || t->cut)
		return false;
	if (t->p[t->len - 1] == '\\') {
		t->p[--t->len] = '\0';
		return true;
	}
	return t->p[t->len - 1] == ',' && t->p[0] != '#' &&
	       (strstr(t->p, "badram") || strstr(t->p, "BADRAM") || strstr(t->p, "memmap=")) &&
	       digit_follows(f);
}

/* Reads one line with all that it goes on in. 1, 0 at the end, or -errno. */
static int whole_line(struct mr_reader *r, struct text *t, FILE *f)
{
	unsigned long more = 0;
	int rc;

	t->len = 0;
	t->nul = t->cut = false;
	rc = next_line(t, f);
	while (rc > 0 && goes_on(t, f)) {
		rc = next_line(t, f);
		more++;
		/* A backslash at the very end goes on in nothing. */
		if (!rc) {
			rc = 1;
			break;
		}
	}
	r->line += 1;
	return rc < 0 ? rc : rc ? (int)(1 + more) : 0;
}

static void one_line(struct mr_reader *r, struct text *t)
{
	const char *why;
	char *p = t->p + strspn(t->p, " \t");
	char whole[64];

	r->hint = NULL;
	r->label = 0;
	/* Parsing cuts the line up, and it may be told afterwards. */
	snprintf(whole, sizeof(whole), "%s", p);
	if (t->nul)
		why = "there is a NUL byte in it";
	else if (t->cut)
		why = "the line is longer than 1 MiB";
	else
		why = mr_format_line(r, p);
	if (why)
		tell_bad(r, whole, why);
}

/* Skips the mark of UTF-8; that of UTF-16 is refused. */
static int check_encoding(struct mr_reader *r, FILE *f, struct mr_err *err)
{
	int a = getc(f), b;

	if (a == 0xef) {
		if (getc(f) == 0xbb && getc(f) == 0xbf)
			return 0;
		return mr_err_usage(err, -EINVAL, r->name, "the file is not UTF-8 text");
	}
	if (a == 0xff || a == 0xfe) {
		b = getc(f);
		if ((a ^ b) == (0xff ^ 0xfe))
			return mr_err_usage(err, -EINVAL, r->name,
					    "the file is UTF-16 text; save it as UTF-8");
		return mr_err_usage(err, -EINVAL, r->name, "the file is not UTF-8 text");
	}
	if (a != EOF)
		ungetc(a, f);
	return 0;
}

int mr_reader_run(struct mr_reader *r, FILE *f, struct mr_err *err)
{
	struct text t = { 0 };
	mr_autofree char *room = NULL;
	int rc = check_encoding(r, f, err), n = 1;

	if (rc)
		return rc;
	while (!rc && (n = whole_line(r, &t, f)) > 0) {
		room = t.p;
		one_line(r, &t);
		r->line += (unsigned long)n - 1;
	}
	room = t.p;
	if (n < 0)
		return mr_err_set(err, n, r->name, "the list cannot be read");
	if (!r->bad)
		return 0;
	mr_err_usage(err, -EINVAL, r->name, "%" PRIu64 " malformed line%s; nothing is imported",
		     r->bad, r->bad == 1 ? "" : "s");
	mr_err_hint(err, "memras-retired(8) has a table of the formats, each with an example");
	return -EINVAL;
}
