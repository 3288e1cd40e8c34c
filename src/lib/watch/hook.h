/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that is run for each page, without a shell: one at a time, with a time limit,
 * and no more than a fixed number that wait for their turn.
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
	const char *program;		/* absolute path; NULL: none is run */
	uint64_t timeout_us;
	struct mr_hook_run queue[MR_HOOK_WAITING];	/* a ring */
	size_t first, nr;
	pid_t child;			/* 0: none runs */
	uint64_t until_us;		/* then it is killed */
	bool killed;
	uint64_t dropped;		/* events that found the queue full */
	uint64_t failed;		/* runs that ended with another status than 0 */
};

/* -EINVAL with @err set where @program is no absolute path of something that can be run. */
int mr_hook_open(struct mr_hook *hook, const char *program, uint64_t timeout_us,
		 struct mr_err *err);

/* Takes over the variables of @run, which are malloc()ed. */
void mr_hook_add(struct mr_hook *hook, struct mr_hook_run *run);

/* Ends what is over, and begins what waits. Never waits. True while something is to be done. */
bool mr_hook_step(struct mr_hook *hook);

/* Waits for the program that runs, within its time, and drops what waits. */
void mr_hook_close(struct mr_hook *hook);

#endif
