/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a program for each page, without a shell: one at a time, with a time limit and a bounded
 * queue.
 */
#ifndef MR_LIB_WATCH_HOOK_H
#define MR_LIB_WATCH_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/err.h"

#define MR_HOOK_WAITING 64
#define MR_HOOK_VARIABLES 12

/* The environment of one run, "NAME=value"; ends with NULL. */
struct mr_hook_run {
	char *env[MR_HOOK_VARIABLES];
};

struct mr_hook {
	const char *program;		/* absolute path, or NULL */
	uint64_t timeout_us;
	struct mr_hook_run queue[MR_HOOK_WAITING];	/* a ring */
	size_t first, nr;
	pid_t child;			/* 0 if none runs */
	uint64_t until_us;		/* time to kill it */
	bool killed;
	uint64_t dropped;		/* runs that found the queue full */
	uint64_t failed;		/* runs that did not start, or did not exit with 0 */
};

/*
 * Returns 0; or, with @err set, -EINVAL if @program is not an absolute path, or -errno if it
 * cannot be run.
 */
int mr_hook_open(struct mr_hook *hook, const char *program, uint64_t timeout_us,
		 struct mr_err *err);

/* Queues a run, and takes ownership of its variables, which are malloc()ed. */
void mr_hook_add(struct mr_hook *hook, struct mr_hook_run *run);

/* Reaps a program that has ended, and starts the next. Never blocks. True if one runs or waits. */
bool mr_hook_step(struct mr_hook *hook);

/* Waits for the running program, within its time limit, and drops the queue. */
void mr_hook_close(struct mr_hook *hook);

#endif
