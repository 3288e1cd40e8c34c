// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "util/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

static enum mr_blame blame_of(int code)
{
	switch (code < 0 ? -code : code) {
	case 0:
		return MR_BLAME_NONE;
	case EPERM:
	case EACCES:
		return MR_BLAME_PERMISSION;
	case ENOSYS:
	case EOPNOTSUPP:
	case ENOTTY:
	case ENODEV:
		return MR_BLAME_MACHINE;
	default:
		return MR_BLAME_FAILED;
	}
}

static void fill(struct mr_err *err, int code, enum mr_blame blame, const char *object,
		 const char *reason, va_list ap)
{
	/* @object may point into the error that is being replaced. */
	char kept[sizeof(err->object)];

	snprintf(kept, sizeof(kept), "%s", object ? object : "");
	memcpy(err->object, kept, sizeof(kept));
	err->code = code;
	err->blame = blame;
	err->hint[0] = '\0';
	vsnprintf(err->reason, sizeof(err->reason), reason, ap);
	mr_text_end_whole(err->object, sizeof(err->object));
	mr_text_end_whole(err->reason, sizeof(err->reason));
}

int mr_err_set(struct mr_err *err, int code, const char *object, const char *reason, ...)
{
	va_list ap;

	va_start(ap, reason);
	fill(err, code, blame_of(code), object, reason, ap);
	va_end(ap);
	return code;
}

int mr_err_usage(struct mr_err *err, int code, const char *word, const char *reason, ...)
{
	va_list ap;

	va_start(ap, reason);
	fill(err, code, MR_BLAME_USAGE, word, reason, ap);
	va_end(ap);
	return code;
}

int mr_err_machine(struct mr_err *err, int code, const char *object, const char *reason, ...)
{
	va_list ap;

	va_start(ap, reason);
	fill(err, code, MR_BLAME_MACHINE, object, reason, ap);
	va_end(ap);
	return code;
}

void mr_err_hint(struct mr_err *err, const char *hint, ...)
{
	va_list ap;

	va_start(ap, hint);
	vsnprintf(err->hint, sizeof(err->hint), hint, ap);
	va_end(ap);
	mr_text_end_whole(err->hint, sizeof(err->hint));
}

const char *mr_errno_name(int code)
{
	const char *name = strerrorname_np(abs(code));

	return name ? name : "EUNKNOWN";
}
