/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exit codes, decided here only. */
#ifndef MR_CLI_EXIT_H
#define MR_CLI_EXIT_H

#include <stddef.h>

#include "util/err.h"

enum mr_exit {
	MR_EXIT_OK = 0,		/* all done, or already in the requested state */
	MR_EXIT_FAILED = 1,	/* failed, or nothing was done */
	MR_EXIT_USAGE = 2,	/* the arguments are wrong; nothing was changed */
	MR_EXIT_MACHINE = 3,	/* this kernel or machine does not support it */
	MR_EXIT_PERMISSION = 4,	/* the caller lacks the permission */
	MR_EXIT_PART = 64,	/* partly done, as in chmem */
};

/* Returns the exit code of a command that ended with one error. */
int mr_exit_of_error(const struct mr_err *err);

/*
 * Returns the exit code of a command on several objects: @done were done or already in
 * the requested state, @not_done were refused, failed or not reached. @last is the last
 * error, or NULL.
 */
int mr_exit_of_counts(size_t done, size_t not_done, const struct mr_err *last);

#endif
