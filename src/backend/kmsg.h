/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's log, record by record: Documentation/ABI/testing/dev-kmsg. */
#ifndef MR_BACKEND_KMSG_H
#define MR_BACKEND_KMSG_H

#include <stdint.h>

#include "backend/machine.h"

/* printk() keeps no more of a record: PRINTKRB_RECORD_MAX and what dev-kmsg puts around it. */
#define MR_KMSG_TEXT 2048

struct mr_kmsg_record {
	int64_t time;			/* seconds since 1970, by the clocks of now */
	char text[MR_KMSG_TEXT];
};

/* A descriptor that stands at the oldest record there is and never waits; or -errno. */
int mr_kmsg_open(const struct mr_machine *m);

/*
 * The next record of the kernel's own; what programs wrote to its log is left out. 1, or 0
 * when there is none yet. -EPIPE: records were overwritten before they could be read, the
 * next call goes on behind them. Else -errno.
 */
int mr_kmsg_read(int fd, struct mr_kmsg_record *record);

#endif
