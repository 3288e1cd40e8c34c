// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/msg.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run.h"

bool mr_msg_colored(const struct mr_run *run, int fd)
{
	const char *when = run->globals.color;

	if (when && !strcmp(when, "always"))
		return true;
	if (when && !strcmp(when, "never"))
		return false;
	return !getenv("NO_COLOR") && isatty(fd);
}

void mr_msg_error(const struct mr_run *run, const struct mr_err *err)
{
	bool color = mr_msg_colored(run, STDERR_FILENO);

	fprintf(stderr, "memras: ");
	if (run->name[0])
		fprintf(stderr, "%s: ", run->name);
	if (err->object[0])
		fprintf(stderr, "%s: ", err->object);
	fprintf(stderr, "%s%s%s", color ? "\033[1;31m" : "", err->reason, color ? "\033[0m" : "");
	/* Wrong words are explained by the reason alone. */
	if (err->blame != MR_BLAME_USAGE && err->code)
		fprintf(stderr, ": %s", strerror(abs(err->code)));
	fputc('\n', stderr);
	if (err->hint[0] && !run->globals.quiet)
		fprintf(stderr, "memras: hint: %s\n", err->hint);
}

static void say(const struct mr_run *run, const char *fmt, va_list ap)
{
	fprintf(stderr, "memras: %s: ", run->name);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
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
