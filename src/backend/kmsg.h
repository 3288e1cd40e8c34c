/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel log, record by record: Documentation/ABI/testing/dev-kmsg. */
#ifndef MR_BACKEND_KMSG_H
#define MR_BACKEND_KMSG_H

#include <stdint.h>

#include "backend/machine.h"

/* The most that printk() keeps of a record: PRINTKRB_RECORD_MAX, and what dev-kmsg adds. */
#define MR_KMSG_TEXT 2048

struct mr_kmsg_record {
	int64_t time;			/* seconds since 1970, by the current clocks */
	char text[MR_KMSG_TEXT];
};

/* Returns a non-blocking fd at the oldest record, or -errno. */
int mr_kmsg_open(const struct mr_machine *m);

/*
 * Reads the next record of the kernel itself; records that programs wrote are skipped.
 * Returns 1, or 0 if there is none yet. -EPIPE: records were overwritten before they were
 * read, and the next call continues behind them. Else -errno.
 */
int mr_kmsg_read(int fd, struct mr_kmsg_record *record);

#endif
