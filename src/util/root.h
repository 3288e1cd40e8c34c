/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All kernel files that memras reads or writes are opened below a root: "/" on the live
 * machine, or the directory of a captured one (--sysroot). Below a captured root symbolic
 * links are resolved inside it (openat2(2), RESOLVE_IN_ROOT), and nothing can be written.
 */
#ifndef MR_UTIL_ROOT_H
#define MR_UTIL_ROOT_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct mr_root {
	int fd;		/* the directory, O_PATH */
	bool live;	/* true for "/", the running machine */
};

/* Opens @path, or "/" for NULL. Returns 0 or -errno. */
int mr_root_open(struct mr_root *root, const char *path);
void mr_root_close(struct mr_root *root);

/*
 * The paths below are printf formats, relative to the root ("sys/kernel/mm").
 * All return -errno on failure.
 */

/* Returns an fd, O_CLOEXEC. -EROFS for write access if the root is not live. */
__attribute__((format(printf, 3, 4)))
int mr_root_openf(const struct mr_root *root, int flags, const char *path, ...);

/* Returns 1 if the path exists, else 0. */
__attribute__((format(printf, 2, 3)))
int mr_root_exists(const struct mr_root *root, const char *path, ...);

/*
 * Returns 0 if the file may be opened for writing, without opening it: -EACCES, -ENOENT,
 * and -EROFS also if the root is not live.
 */
__attribute__((format(printf, 2, 3)))
int mr_root_writable(const struct mr_root *root, const char *path, ...);

/*
 * Reads a small file into @buf (@size bytes, NUL included) without its last newline.
 * Returns the length; -EFBIG if it does not fit.
 */
__attribute__((format(printf, 4, 5)))
ssize_t mr_root_read(const struct mr_root *root, char *buf, size_t size, const char *path, ...);

/*
 * As mr_root_read(), for the file @name in the open directory @dir, which is below @root:
 * a sysfs attribute, which one read(2) returns whole. Below a captured root, a link that
 * leaves @dir is -EXDEV.
 */
ssize_t mr_root_read_at(const struct mr_root *root, int dir, char *buf, size_t size,
			const char *name);

/* Opens a file as a stream in *@f, to be closed with fclose(). *@f is NULL on failure. */
__attribute__((format(printf, 3, 4)))
int mr_root_fopen(const struct mr_root *root, FILE **f, const char *path, ...);

/*
 * Finds the first line of a file that begins with @start: in *@line, without its newline,
 * to be freed with free(). Returns 0; -ENOENT also if no line does. *@line is NULL on
 * failure.
 */
__attribute__((format(printf, 4, 5)))
int mr_root_find_line(const struct mr_root *root, const char *start, char **line,
		      const char *path, ...);

/* Reads a file that holds one number; hexadecimal if @base is 16, with or without 0x. */
__attribute__((format(printf, 4, 5)))
int mr_root_read_u64(const struct mr_root *root, int base, uint64_t *value, const char *path, ...);

/*
 * Writes @text by a single write(2), as attributes need it, and returns that call's
 * errno. -EROFS if the root is not live.
 */
__attribute__((format(printf, 3, 4)))
int mr_root_write(const struct mr_root *root, const char *text, const char *path, ...);

/* Opens a directory in *@dir. */
__attribute__((format(printf, 3, 4)))
int mr_root_opendir(const struct mr_root *root, DIR **dir, const char *path, ...);

#endif
