// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/tracing.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/mounts.h"
#include "backend/trust.h"
#include "util/cleanup.h"

/* Returns the path of tracefs without its leading "/"; NULL if not mounted. */
static char *find(const struct mr_machine *m)
{
	mr_autofree char *tracefs = mr_mounts_find(&m->root, "tracefs", NULL);
	mr_autofree char *debugfs = NULL;
	char *path = NULL;

	if (tracefs)
		return strdup(tracefs + 1);
	/* The old place, mounted automatically on access. */
	debugfs = mr_mounts_find(&m->root, "debugfs", NULL);
	if (!debugfs || asprintf(&path, "%s/tracing", debugfs + 1) < 0)
		return NULL;
	if (mr_root_exists(&m->root, "%s", path))
		return path;
	free(path);
	return NULL;
}

static int not_mounted(const struct mr_machine *m, struct mr_err *err)
{
	int known = mr_mounts_known(&m->root, "tracefs");

	if (known < 0)
		return mr_err_set(err, -ENODATA, "",
				  "the kernel's list of file systems cannot be read");
	if (!known) {
		mr_err_machine(err, -EOPNOTSUPP, "", "this kernel has no tracing (CONFIG_TRACING)");
		mr_err_hint(err, "boot a kernel built with it");
		return -EOPNOTSUPP;
	}
	mr_err_machine(err, -ENODEV, "", "tracefs is not mounted");
	mr_err_hint(err, "mount -t tracefs tracefs /sys/kernel/tracing");
	return -ENODEV;
}

/* Returns 0 if the caller may read tracefs. */
static int may_look(const struct mr_machine *m, const char *path, struct mr_err *err)
{
	mr_autoclose int fd = -1;
	struct mr_trust trust;

	mr_trust_read(&m->root, &trust);
	if (trust.lockdown == MR_LOCKDOWN_CONFIDENTIALITY) {
		mr_err_machine(err, -EPERM, "", "lockdown (confidentiality) keeps tracefs closed");
		mr_err_hint(err, "boot without it, or with lockdown=integrity");
		return -EPERM;
	}
	fd = mr_root_openf(&m->root, O_PATH | O_DIRECTORY, "%s/events", path);
	if (fd != -EACCES && fd != -EPERM)
		return 0;
	mr_err_set(err, -EACCES, "", "tracefs is open to root only");
	mr_err_hint(err, "run it with sudo");
	return -EACCES;
}

int mr_tracing_events(const struct mr_machine *m, char *found, size_t size, struct mr_err *err)
{
	/* include/ras/ras_event.h, include/trace/events/mce.h; one of the first two is required */
	static const struct {
		const char *group, *event;
	} events[] = {
		{ "ras", "memory_failure_event" },
		{ "memory_failure", "memory_failure_event" },	/* on some kernels */
		{ "ras", "mc_event" }, { "mce", "mce_record" },
	};
	mr_autofree char *path = find(m);
	bool has_first = false;
	size_t n = 0;
	int rc = path ? may_look(m, path, err) : not_mounted(m, err);

	if (rc)
		return rc;
	found[0] = '\0';
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]) && n < size; i++) {
		if (!mr_root_exists(&m->root, "%s/events/%s/%s", path, events[i].group,
				    events[i].event))
			continue;
		has_first |= i < 2;
		n += (size_t)snprintf(found + n, size - n, "%s%s:%s", n ? ", " : "",
				      events[i].group, events[i].event);
	}
	if (has_first)
		return 0;
	mr_err_machine(err, -EOPNOTSUPP, "",
		       "this kernel has no event for memory failures (ras:memory_failure_event)");
	mr_err_hint(err, "boot a kernel with CONFIG_MEMORY_FAILURE and CONFIG_RAS");
	return -EOPNOTSUPP;
}
