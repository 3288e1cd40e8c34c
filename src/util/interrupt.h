/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIGINT, SIGTERM and SIGHUP as a question that long work asks now and then,
 * so that it can put everything back. System calls that wait end with EINTR.
 */
#ifndef MR_UTIL_INTERRUPT_H
#define MR_UTIL_INTERRUPT_H

#include <stdbool.h>

/*
 * From now on these signals only set a mark; those that the caller ignores
 * (nohup(1), a shell's background jobs) stay ignored.
 */
void mr_interrupt_catch(void);

/* Whether one came; the number of the first, else 0. */
int mr_interrupted(void);

#endif
