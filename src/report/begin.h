/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The begin and the end that commands share. */
#ifndef MR_REPORT_BEGIN_H
#define MR_REPORT_BEGIN_H

#include <json-c/json_object.h>

#include "backend/machine.h"
#include "cli/run.h"
#include "lib/result.h"

#define MR_NEED_MEMORY_FAILURE	(1U << 0)	/* a kernel with memory failure handling */
#define MR_NEED_ADMIN		(1U << 1)	/* CAP_SYS_ADMIN, even for a dry run */
#define MR_NEED_BLOCKS		(1U << 2)	/* a kernel with memory blocks */
#define MR_NEED_MODULE		(1U << 3)	/* memras.ko, loaded if needed */
#define MR_WANT_MODULE		(1U << 4)	/* the same, but optional */
#define MR_ASK_MODULE		(1U << 5)	/* only if it is loaded already */

/*
 * Opens the machine of @run and checks what the command needs, in this order: that the
 * machine can be changed, the features of the kernel, the permissions of the caller.
 * Returns 0, or -errno with @err set and nothing open. Never loads the module for a dry
 * run or a captured machine.
 */
int mr_begin(const struct mr_run *run, struct mr_machine *m, unsigned int needs,
	     struct mr_err *err);

/* Returns the counts of @sum as JSON; @done is the name of the "done" count. */
json_object *mr_summary_json(const struct mr_summary *sum, const char *done);

/* Reports @err on stderr, and as JSON on stdout if requested. Returns the exit code. */
int mr_end_error(const struct mr_run *run, const struct mr_err *err);

#endif
