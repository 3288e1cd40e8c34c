// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "cli/msg.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run.h"
#include "util/text.h"

bool mr_msg_colored(const struct mr_run *run, int fd)
{
	const char *when = run->globals.color;

	if (when && !strcmp(when, "always"))
		return true;
	if (when && !strcmp(when, "never"))
		return false;
	return !getenv("NO_COLOR") && isatty(fd);
}

/*
 * Buffers a message to write it by one call, as other processes may share stderr; if
 * there is no memory, it is written in parts.
 */
static FILE *begin(const struct mr_run *run, char **text, size_t *size)
{
	FILE *f = open_memstream(text, size);

	if (!f)
		f = stderr;
	fputs("memras: ", f);
	if (run->name[0])
		fprintf(f, "%s: ", run->name);
	return f;
}

static void end(FILE *f, char **text)
{
	if (f == stderr)
		return;
	if (!fclose(f))
		fputs(*text, stderr);
	free(*text);
}

void mr_msg_error(const struct mr_run *run, const struct mr_err *err)
{
	bool color = mr_msg_colored(run, STDERR_FILENO);
	char *text = NULL;
	size_t size = 0;
	FILE *f = begin(run, &text, &size);

	if (err->object[0]) {
		mr_text_print(f, err->object, MR_TEXT_LINE);
		fputs(": ", f);
	}
	fputs(color ? "\033[1;31m" : "", f);
	mr_text_print(f, err->reason, MR_TEXT_LINE);
	fputs(color ? "\033[0m" : "", f);
	/* For a usage error the reason suffices. */
	if (err->blame != MR_BLAME_USAGE && err->code)
		fprintf(f, ": %s", strerror(abs(err->code)));
	fputc('\n', f);
	if (err->hint[0] && !run->globals.quiet) {
		fputs("memras: hint: ", f);
		mr_text_print(f, err->hint, MR_TEXT_LINE);
		fputc('\n', f);
	}
	end(f, &text);
}

static void say(const struct mr_run *run, const char *fmt, va_list ap)
{
	char *said, *text = NULL;
	size_t size = 0;
	FILE *f;

	if (vasprintf(&said, fmt, ap) < 0)
		return;
	f = begin(run, &text, &size);
	mr_text_print(f, said, MR_TEXT_LINE);
	fputc('\n', f);
	end(f, &text);
	free(said);
}

void mr_msg_note(const struct mr_run *run, const char *fmt, ...)
{
	va_list ap;

	if (run->globals.quiet)
		return;
	va_start(ap, fmt);
	say(run, fmt, ap);
	va_end(ap);
}

void mr_msg_verbose(const struct mr_run *run, const char *fmt, ...)
{
	va_list ap;

	if (!run->globals.verbose)
		return;
	va_start(ap, fmt);
	say(run, fmt, ap);
	va_end(ap);
}

void mr_msg_line(const char *fmt, ...)
{
	char *said;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vasprintf(&said, fmt, ap);
	va_end(ap);
	if (rc < 0)
		return;
	mr_text_print(stdout, said, MR_TEXT_LINE);
	putchar('\n');
	free(said);
}
