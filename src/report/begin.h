/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands have in common at their two ends. */
#ifndef MR_REPORT_BEGIN_H
#define MR_REPORT_BEGIN_H

#include <json-c/json_object.h>

#include "backend/machine.h"
#include "cli/run.h"
#include "lib/result.h"

#define MR_NEED_MEMORY_FAILURE	(1U << 0)	/* a kernel with memory failure handling */
#define MR_NEED_ADMIN		(1U << 1)	/* CAP_SYS_ADMIN, dry run or not */
#define MR_NEED_BLOCKS		(1U << 2)	/* a kernel with memory blocks */
#define MR_NEED_MODULE		(1U << 3)	/* memras.ko, loaded if need be */
#define MR_WANT_MODULE		(1U << 4)	/* the same, but it works without */
#define MR_ASK_MODULE		(1U << 5)	/* only if it is loaded already */

/*
 * Opens the machine that @run is about and checks what the command needs, in
 * this order: that it can be acted on, what the kernel has, what the caller
 * may. 0, or -errno with @err set and nothing open. A dry run, and a captured
 * machine, load no module.
 */
int mr_begin(const struct mr_run *run, struct mr_machine *m, unsigned int needs,
	     struct mr_err *err);

/* The counts of @sum, what was done being called @done. */
json_object *mr_summary_json(const struct mr_summary *sum, const char *done);

/* Says @err on stderr, and as JSON on stdout where asked for. Returns the exit code. */
int mr_end_error(const struct mr_run *run, const struct mr_err *err);

#endif
