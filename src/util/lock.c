// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "util/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/interrupt.h"

#define POLL_US 10000

static int check(int dir, int fd)
{
	struct stat st, folder;

	if (fstat(fd, &st) || fstat(dir, &folder))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	if (st.st_nlink != 1 || (st.st_uid != geteuid() && st.st_uid != folder.st_uid))
		return -EPERM;
	if ((st.st_mode & 077) && fchmod(fd, 0600))
		return -errno;
	return 0;
}

int mr_lock_open(int dir, const char *name)
{
	/* O_NONBLOCK: open(2) of a FIFO would wait. */
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	int rc;

	if (fd < 0)
		return -errno;
	rc = check(dir, fd);
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

int mr_lock_take(int fd, uint64_t wait_ms, bool despite_signal)
{
	const uint64_t start = mr_clock_us();

	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (mr_interrupted() && !despite_signal)
			return -EINTR;
		if ((mr_clock_us() - start) / 1000 >= wait_ms)
			return -EBUSY;
		mr_clock_sleep_us(POLL_US);
	}
	return 0;
}

void mr_lock_release(int fd)
{
	flock(fd, LOCK_UN);
	close(fd);
}
