/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /run/memras: what a memras leaves for the next one until the machine boots again. */
#ifndef MR_BACKEND_RUNDIR_H
#define MR_BACKEND_RUNDIR_H

#include "backend/machine.h"

#define MR_RUNDIR "/run/memras"

/*
 * Opens the folder, and with @make makes it where it is not there. -ENOENT: it is not;
 * -EPERM: others than this user can change it, and nothing in it is trusted; -EROFS: a
 * captured machine; else -errno.
 */
int mr_rundir_open(const struct mr_machine *m, bool make);

#endif
