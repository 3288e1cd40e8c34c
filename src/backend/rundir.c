// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int mr_rundir_open(const struct mr_machine *m, bool make)
{
	struct stat st;
	int fd;

	if (!m->root.live)
		return -EROFS;
	if (make && mkdir(MR_RUNDIR, 0755) && errno != EEXIST)
		return -errno;
	fd = open(MR_RUNDIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || st.st_uid != geteuid() || (st.st_mode & 022)) {
		close(fd);
		return -EPERM;
	}
	return fd;
}
