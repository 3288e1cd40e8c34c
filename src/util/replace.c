// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "util/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int write_new(int dir, const char *name, mode_t mode,
		     int (*write)(FILE *f, const void *data), const void *data)
{
	FILE *f;
	int rc, fd;

	/* Remove what a killed writer left; never write to it, as it may have a second link. */
	if (unlinkat(dir, name, 0) && errno != ENOENT)
		return -errno;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!f) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	rc = write(f, data);
	if (!rc && (fflush(f) || fsync(fd)))
		rc = -errno;
	if (fclose(f) && !rc)
		rc = -errno;
	return rc;
}

int mr_replace_file(int dir, const char *name, mode_t mode,
		    int (*write)(FILE *f, const void *data), const void *data)
{
	char temporary[64];
	int rc;

	snprintf(temporary, sizeof(temporary), "%s.new", name);
	rc = write_new(dir, temporary, mode, write, data);
	if (!rc && renameat(dir, temporary, dir, name))
		rc = -errno;
	if (rc)
		unlinkat(dir, temporary, 0);
	return rc;
}
