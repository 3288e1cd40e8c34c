/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks whether the system can spare the pages that a command takes away. */
#ifndef MR_LIB_INSPECT_HEADROOM_H
#define MR_LIB_INSPECT_HEADROOM_H

#include "backend/machine.h"

/*
 * Returns the bytes that the system can spare: MemAvailable
 * (Documentation/filesystems/proc.rst) plus free swap. UINT64_MAX if unknown.
 */
uint64_t mr_room_available(const struct mr_machine *m);

/*
 * Checks that @available bytes are enough to take @need bytes out of use: free pages among them
 * are lost, and pages in use need as many elsewhere. Returns 0, or -ENOMEM with @err set for
 * @object: the attempt would run the system out of memory and get processes killed.
 */
int mr_room_check(uint64_t available, uint64_t need, const char *object, struct mr_err *err);

#endif
