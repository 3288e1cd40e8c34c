/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's trace events about memory: Documentation/trace/events.rst. */
#ifndef MR_BACKEND_TRACING_H
#define MR_BACKEND_TRACING_H

#include <stddef.h>

#include "backend/machine.h"

/*
 * Lists which of ras:memory_failure_event (or that of the group memory_failure),
 * ras:mc_event and mce:mce_record exist, in @found (@size bytes), separated by commas.
 * Returns 0 if the first of them does; else, with @err set, -ENODEV: tracefs is not
 * mounted, -EOPNOTSUPP: the kernel has no tracing or lacks that event, -EACCES: the
 * caller lacks the permission, -EPERM: lockdown, -ENODATA: unknown. Mounts nothing.
 */
int mr_tracing_events(const struct mr_machine *m, char *found, size_t size, struct mr_err *err);

#endif
