/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lock file (flock(2)) that other users cannot open: any process that can open a lock
 * file can hold its lock.
 */
#ifndef MR_UTIL_LOCK_H
#define MR_UTIL_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Opens the lock file @name in the directory @dir, and creates it with mode 0600 if
 * needed. A file that others may open, left by an older memras, gets mode 0600. Returns
 * an fd; -EBADMSG if it is not a regular file; -EPERM if it has a second link, or if its
 * owner is neither this user nor the owner of the directory; else -errno. Never follows a
 * symbolic link, and changes nothing on error.
 */
int mr_lock_open(int dir, const char *name);

/*
 * Takes the lock of @fd. -EBUSY: another process held it for @wait_ms; -EINTR: a signal
 * of mr_interrupt_catch() came, unless @despite_signal; else -errno.
 */
int mr_lock_take(int fd, uint64_t wait_ms, bool despite_signal);

/* Releases the lock and closes @fd, also if a child has the fd still. */
void mr_lock_release(int fd);

#endif
