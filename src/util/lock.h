/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file as a lock (flock(2)) that other users can neither take nor hold: whoever can
 * open a file can keep its lock.
 */
#ifndef MR_UTIL_LOCK_H
#define MR_UTIL_LOCK_H

#include <stdint.h>

/*
 * Opens @name in the folder @dir to be locked, and makes it, mode 0600, where it is not
 * there. One that others may open, which an older memras left, is closed to them. -EBADMSG:
 * it is no regular file; -EPERM: it has another name too, or belongs to another user
 * than this one and the folder's; else -errno. Nothing is followed or changed then.
 */
int mr_lock_open(int dir, const char *name);

/*
 * Takes the lock of @fd. -EBUSY: another process held it for @wait_ms; -EINTR: a signal
 * that mr_interrupt_catch() catches came while it did; else -errno.
 */
int mr_lock_take(int fd, uint64_t wait_ms);

#endif
