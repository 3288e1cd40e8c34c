/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An error: what failed, why, and what to do about it. */
#ifndef MR_UTIL_ERR_H
#define MR_UTIL_ERR_H

#include <errno.h>
#include <stdbool.h>

/* The kind of cause, which decides the exit code (src/cli/exit.c). */
enum mr_blame {
	MR_BLAME_NONE = 0,
	MR_BLAME_FAILED,	/* it was tried and failed, or the object does not exist */
	MR_BLAME_USAGE,		/* an argument is wrong */
	MR_BLAME_MACHINE,	/* this kernel or machine does not support it */
	MR_BLAME_PERMISSION,	/* the caller lacks the permission */
};

struct mr_err {
	int code;		/* negative errno; 0: no error */
	enum mr_blame blame;
	char object[160];	/* the argument, page or block concerned; may be "" */
	char reason[256];	/* the cause, in the field's terms */
	char hint[256];		/* one line of advice, or "" */
};

/*
 * Fills @err and returns @code. The errno decides the blame: EPERM and EACCES are
 * permission, ENOSYS, EOPNOTSUPP, ENOTTY and ENODEV the machine, all others a failure.
 */
__attribute__((format(printf, 4, 5)))
int mr_err_set(struct mr_err *err, int code, const char *object, const char *reason, ...);

/* As mr_err_set(), but blames the argument, whatever @code is. */
__attribute__((format(printf, 4, 5)))
int mr_err_usage(struct mr_err *err, int code, const char *word, const char *reason, ...);

/* As mr_err_set(), but blames this kernel or machine. */
__attribute__((format(printf, 4, 5)))
int mr_err_machine(struct mr_err *err, int code, const char *object, const char *reason, ...);

/* Sets the hint. */
__attribute__((format(printf, 2, 3)))
void mr_err_hint(struct mr_err *err, const char *hint, ...);

static inline void mr_err_clear(struct mr_err *err)
{
	*err = (struct mr_err){ 0 };
}

/* Returns "EBUSY" for -EBUSY or EBUSY; "EUNKNOWN" for an unknown code. */
const char *mr_errno_name(int code);

#endif
