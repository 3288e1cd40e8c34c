/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child process that acts on the kernel for its parent. */
#ifndef MR_LIB_CHILD_H
#define MR_LIB_CHILD_H

#include <sys/types.h>

#include "backend/machine.h"

/*
 * Forks a child that blocks all signals, because the parent alone handles Ctrl-C, and that
 * closes @m's device: the parent's claims must not outlive the parent in the child. The child
 * ends by _exit(2). Returns -errno if fork(2) fails.
 */
pid_t mr_child_fork(const struct mr_machine *m);

/*
 * Waits for the child to end, also across signals. Returns its exit status, MR_CHILD_KILLED if
 * a signal killed it, or -errno if its status is unknown.
 */
#define MR_CHILD_KILLED 256
int mr_child_wait(pid_t child);

#endif
