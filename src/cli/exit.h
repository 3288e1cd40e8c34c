/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exit codes, and the one place that decides on them. */
#ifndef MR_CLI_EXIT_H
#define MR_CLI_EXIT_H

#include <stddef.h>

#include "util/err.h"

enum mr_exit {
	MR_EXIT_OK = 0,		/* all done, or already so */
	MR_EXIT_FAILED = 1,	/* failed, or nothing was done */
	MR_EXIT_USAGE = 2,	/* the words are wrong; nothing was touched */
	MR_EXIT_MACHINE = 3,	/* this kernel or machine cannot */
	MR_EXIT_PERMISSION = 4,	/* the caller may not */
	MR_EXIT_PART = 64,	/* part done: chmem's code for it */
};

/* Of a command that ended by one error. */
int mr_exit_of_error(const struct mr_err *err);

/*
 * Of a command that had several objects: @done were done or already so,
 * @not_done were refused, failed or never reached, the last by @last (may be NULL).
 */
int mr_exit_of_counts(size_t done, size_t not_done, const struct mr_err *last);

#endif
