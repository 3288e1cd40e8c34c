/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's trace events about memory: Documentation/trace/events.rst. */
#ifndef MR_BACKEND_TRACING_H
#define MR_BACKEND_TRACING_H

#include <stddef.h>

#include "backend/machine.h"

/*
 * Which of ras:memory_failure_event (or that of the group memory_failure), ras:mc_event and
 * mce:mce_record are there, into @found (@size bytes) with commas between them. 0 when the
 * first of them is;
 * else with @err set -ENODEV: tracefs is not mounted, -EOPNOTSUPP: the kernel has
 * no tracing or not that event, -EACCES: the caller may not look, -EPERM: lockdown,
 * -ENODATA: nothing tells. Mounts nothing.
 */
int mr_tracing_events(const struct mr_machine *m, char *found, size_t size, struct mr_err *err);

#endif
