/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIGINT, SIGTERM and SIGHUP as a flag, which long work polls so that it can restore the
 * system before it ends. System calls that wait return EINTR.
 */
#ifndef MR_UTIL_INTERRUPT_H
#define MR_UTIL_INTERRUPT_H

#include <stdbool.h>

/*
 * Makes these signals set the flag only; those that are ignored already (nohup(1), a
 * shell's background jobs) stay ignored.
 */
void mr_interrupt_catch(void);

/* Returns the number of the first such signal, or 0 if none came. */
int mr_interrupted(void);

#endif
