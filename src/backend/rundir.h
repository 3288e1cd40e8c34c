/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /run/memras: files kept between runs until the next boot. */
#ifndef MR_BACKEND_RUNDIR_H
#define MR_BACKEND_RUNDIR_H

#include "backend/machine.h"

#define MR_RUNDIR "/run/memras"

/*
 * Opens the directory; with @make, creates it if needed. -ENOENT: it does not exist;
 * -EPERM: other users can change it, so nothing in it is trusted; -EROFS: a captured
 * machine; else -errno.
 */
int mr_rundir_open(const struct mr_machine *m, bool make);

#endif
