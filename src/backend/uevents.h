/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's events of memory blocks that come online, through libudev. */
#ifndef MR_BACKEND_UEVENTS_H
#define MR_BACKEND_UEVENTS_H

#include <stdint.h>

#include "util/err.h"

struct udev_monitor;

struct mr_uevents {
	struct udev_monitor *monitor;	/* NULL if not open */
};

/*
 * Hears the events of memory blocks from now on, those of the kernel itself: udevd need not run.
 * Returns 0; -ELIBACC without the library; or another -errno; with @err set and nothing open.
 */
int mr_uevents_open(struct mr_uevents *events, struct mr_err *err);
void mr_uevents_close(struct mr_uevents *events);

/* Calls @online for each block that came online since the last call. Does not wait. */
void mr_uevents_read(struct mr_uevents *events, void (*online)(uint64_t block, void *data),
		     void *data);

#endif
