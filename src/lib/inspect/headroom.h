/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the rest of the memory can do without pages that are to go out of use. */
#ifndef MR_LIB_INSPECT_HEADROOM_H
#define MR_LIB_INSPECT_HEADROOM_H

#include "backend/machine.h"

/*
 * What the system can do without, in bytes: what is available (MemAvailable of
 * Documentation/filesystems/proc.rst) and free swap. UINT64_MAX: not told.
 */
uint64_t mr_room_available(const struct mr_machine *m);

/*
 * 0 when @available is enough for @need bytes that are to go; free pages among them
 * vanish, and those in use need as many elsewhere. Else -ENOMEM with @err set for
 * @object: trying would drive the system out of memory, and have processes killed.
 */
int mr_room_check(uint64_t available, uint64_t need, const char *object, struct mr_err *err);

#endif
