/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What went wrong, with what, and what can be done about it. */
#ifndef MR_UTIL_ERR_H
#define MR_UTIL_ERR_H

#include <errno.h>
#include <stdbool.h>

/* Whose fault it is: decides the exit code (src/cli/exit.c). */
enum mr_blame {
	MR_BLAME_NONE = 0,
	MR_BLAME_FAILED,	/* it was tried and did not work, or is not there */
	MR_BLAME_USAGE,		/* the words are wrong */
	MR_BLAME_MACHINE,	/* this kernel or machine cannot */
	MR_BLAME_PERMISSION,	/* the caller may not */
};

struct mr_err {
	int code;		/* negative errno; 0: nothing is wrong */
	enum mr_blame blame;
	char object[160];	/* the word, page or block it is about; may be "" */
	char reason[256];	/* what is so, in the field's terms */
	char hint[256];		/* one line of advice, or "" */
};

/*
 * Fills @err and returns @code. The blame follows from the errno: EPERM and
 * EACCES are permission, ENOSYS, EOPNOTSUPP, ENOTTY and ENODEV the machine,
 * all else a failure.
 */
__attribute__((format(printf, 4, 5)))
int mr_err_set(struct mr_err *err, int code, const char *object, const char *reason, ...);

/* As mr_err_set(), but the words are to blame, whatever @code is. */
__attribute__((format(printf, 4, 5)))
int mr_err_usage(struct mr_err *err, int code, const char *word, const char *reason, ...);

/* As mr_err_set(), but this kernel or machine is to blame. */
__attribute__((format(printf, 4, 5)))
int mr_err_machine(struct mr_err *err, int code, const char *object, const char *reason, ...);

/* Adds the one line of advice. */
__attribute__((format(printf, 2, 3)))
void mr_err_hint(struct mr_err *err, const char *hint, ...);

static inline void mr_err_clear(struct mr_err *err)
{
	*err = (struct mr_err){ 0 };
}

/* "EBUSY" for -EBUSY or EBUSY; a number in words for what has no name. */
const char *mr_errno_name(int code);

#endif
