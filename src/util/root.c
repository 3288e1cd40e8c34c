// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "util/root.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"

#define PATH_ROOM 512

int mr_root_open(struct mr_root *root, const char *path)
{
	root->live = !path || !strcmp(path, "/");
	root->fd = open(root->live ? "/" : path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root->fd < 0 ? -errno : 0;
}

void mr_root_close(struct mr_root *root)
{
	if (root->fd >= 0)
		close(root->fd);
	root->fd = -1;
}

/* A captured machine has only files and directories; opening a FIFO or device could block. */
static int open_captured(const struct mr_root *root, int flags, const char *path)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NONBLOCK)),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
	struct stat st;

	if (fd < 0 || flags & O_PATH)
		return fd;
	if (!fstat(fd, &st) && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

static int open_below(const struct mr_root *root, int flags, const char *path)
{
	int fd;

	/*
	 * Live paths may cross what RESOLVE_IN_ROOT forbids (/proc/self), and a seccomp
	 * filter may refuse openat2(); "/" needs neither.
	 */
	if (root->live)
		fd = openat(root->fd, path, flags | O_CLOEXEC);
	else if ((flags & O_ACCMODE) != O_RDONLY)
		return -EROFS;
	else
		fd = open_captured(root, flags, path);
	return fd < 0 ? -errno : fd;
}

static int open_va(const struct mr_root *root, int flags, const char *fmt, va_list ap)
{
	char path[PATH_ROOM];

	if (vsnprintf(path, sizeof(path), fmt, ap) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return open_below(root, flags, path);
}

#define OPEN_ARGS(root, flags, fmt)                                                               \
	({                                                                                        \
		va_list ap_;                                                                      \
		int fd_;                                                                          \
												  \
		va_start(ap_, fmt);                                                               \
		fd_ = open_va(root, flags, fmt, ap_);                                             \
		va_end(ap_);                                                                      \
		fd_;                                                                              \
	})

int mr_root_openf(const struct mr_root *root, int flags, const char *path, ...)
{
	return OPEN_ARGS(root, flags, path);
}

int mr_root_exists(const struct mr_root *root, const char *path, ...)
{
	int fd = OPEN_ARGS(root, O_PATH, path);

	if (fd < 0)
		return 0;
	close(fd);
	return 1;
}

int mr_root_writable(const struct mr_root *root, const char *path, ...)
{
	char name[PATH_ROOM];
	va_list ap;
	int n;

	va_start(ap, path);
	n = vsnprintf(name, sizeof(name), path, ap);
	va_end(ap);
	if (n >= (int)sizeof(name))
		return -ENAMETOOLONG;
	if (!root->live)
		return -EROFS;
	return faccessat(root->fd, name, W_OK, AT_EACCESS) ? -errno : 0;
}

static ssize_t read_small(int fd, char *buf, size_t size)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len == size)
			return -EFBIG;
	}
	if (len && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return (ssize_t)len;
}

ssize_t mr_root_read(const struct mr_root *root, char *buf, size_t size, const char *path, ...)
{
	mr_autoclose int fd = OPEN_ARGS(root, O_RDONLY, path);

	return fd < 0 ? fd : read_small(fd, buf, size);
}

ssize_t mr_root_read_at(const struct mr_root *root, int dir, char *buf, size_t size,
			const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	mr_autoclose int fd = root->live ? openat(dir, name, O_RDONLY | O_CLOEXEC) :
			      (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, buf, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n == size)
		return -EFBIG;
	if (n && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

static int open_stream(int fd, FILE **f)
{
	*f = NULL;
	if (fd < 0)
		return fd;
	*f = fdopen(fd, "r");
	if (!*f) {
		close(fd);
		return -ENOMEM;
	}
	return 0;
}

int mr_root_fopen(const struct mr_root *root, FILE **f, const char *path, ...)
{
	return open_stream(OPEN_ARGS(root, O_RDONLY, path), f);
}

int mr_root_find_line(const struct mr_root *root, const char *start, char **line,
		      const char *path, ...)
{
	mr_autofclose FILE *f = NULL;
	int rc = open_stream(OPEN_ARGS(root, O_RDONLY, path), &f);
	size_t room = 0, len = strlen(start);

	*line = NULL;
	while (!rc && getline(line, &room, f) >= 0)
		if (!strncmp(*line, start, len)) {
			(*line)[strcspn(*line, "\n")] = '\0';
			return 0;
		}
	free(*line);
	*line = NULL;
	return rc ? rc : -ENOENT;
}

int mr_root_read_u64(const struct mr_root *root, int base, uint64_t *value, const char *path, ...)
{
	mr_autoclose int fd = OPEN_ARGS(root, O_RDONLY, path);
	char buf[64], *end;
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read_small(fd, buf, sizeof(buf));
	if (n < 0)
		return (int)n;
	errno = 0;
	/* strtoull() would accept a sign and leading blanks. */
	if (!isxdigit((unsigned char)buf[0]))
		return -EINVAL;
	*value = strtoull(buf, &end, base);
	if (errno)
		return -errno;
	return end == buf || *end ? -EINVAL : 0;
}

int mr_root_write(const struct mr_root *root, const char *text, const char *path, ...)
{
	mr_autoclose int fd = OPEN_ARGS(root, O_WRONLY, path);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = write(fd, text, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int mr_root_opendir(const struct mr_root *root, DIR **dir, const char *path, ...)
{
	int fd = OPEN_ARGS(root, O_RDONLY | O_DIRECTORY, path);

	if (fd < 0)
		return fd;
	*dir = fdopendir(fd);
	if (!*dir) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return 0;
}
