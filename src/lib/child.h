/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child process that does one thing to the kernel for its parent. */
#ifndef MR_LIB_CHILD_H
#define MR_LIB_CHILD_H

#include <sys/types.h>

#include "backend/machine.h"

/*
 * fork(2), where the child takes no signal that it can be spared, as the parent
 * alone decides on Ctrl-C, and has @m's device closed: a claim of the parent's
 * must not outlive the parent there. The child ends by _exit(2). -errno when
 * there is none.
 */
pid_t mr_child_fork(const struct mr_machine *m);

/*
 * waitpid(2) for its end, whatever interrupts. Returns its exit status,
 * MR_CHILD_KILLED where a signal ended it, or -errno where its end is not known.
 */
#define MR_CHILD_KILLED 256
int mr_child_wait(pid_t child);

#endif
