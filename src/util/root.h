/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every file of the kernel's that memras reads or writes goes through a root:
 * "/" on the live machine, or the folder of a captured one (--sysroot). Below
 * a captured root symbolic links are resolved inside it (openat2(2),
 * RESOLVE_IN_ROOT), and nothing can be written: what is not live cannot be
 * acted on.
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
	int fd;		/* of the folder, O_PATH */
	bool live;	/* it is "/": the machine that we run on */
};

/* Opens @path, or "/" for NULL. Returns 0 or -errno. */
int mr_root_open(struct mr_root *root, const char *path);
void mr_root_close(struct mr_root *root);

/*
 * The paths below are printf formats, relative to the root ("sys/kernel/mm").
 * All return -errno on failure.
 */

/* A descriptor, O_CLOEXEC. -EROFS for a write access when the root is not live. */
__attribute__((format(printf, 3, 4)))
int mr_root_openf(const struct mr_root *root, int flags, const char *path, ...);

/* 1 when it is there, 0 when not. */
__attribute__((format(printf, 2, 3)))
int mr_root_exists(const struct mr_root *root, const char *path, ...);

/*
 * 0 when it could be opened for writing, without trying: -EACCES, -ENOENT, and
 * -EROFS also when the root is not live.
 */
__attribute__((format(printf, 2, 3)))
int mr_root_writable(const struct mr_root *root, const char *path, ...);

/*
 * Reads a small file into @buf (@size bytes, NUL included) without its last
 * newline. Returns the length; -EFBIG when it does not fit.
 */
__attribute__((format(printf, 4, 5)))
ssize_t mr_root_read(const struct mr_root *root, char *buf, size_t size, const char *path, ...);

/*
 * As mr_root_read(), of the file @name below the open folder @dir, which is
 * itself below @root: an attribute of sysfs, which one read(2) gets whole.
 * Below a captured root, what leaves @dir by a link is -EXDEV.
 */
ssize_t mr_root_read_at(const struct mr_root *root, int dir, char *buf, size_t size,
			const char *name);

/* A file to read as a stream, in *@f for fclose(). *@f is NULL on failure. */
__attribute__((format(printf, 3, 4)))
int mr_root_fopen(const struct mr_root *root, FILE **f, const char *path, ...);

/*
 * The first line of a file that begins with @start, without its newline, in *@line for
 * free(). Returns 0; -ENOENT also when no line does. *@line is NULL on failure.
 */
__attribute__((format(printf, 4, 5)))
int mr_root_find_line(const struct mr_root *root, const char *start, char **line,
		      const char *path, ...);

/* A file that holds one number; hexadecimal when @base is 16, with or without 0x. */
__attribute__((format(printf, 4, 5)))
int mr_root_read_u64(const struct mr_root *root, int base, uint64_t *value, const char *path, ...);

/*
 * Writes @text by a single write(2), as attributes want it, and reports that
 * call's own errno. -EROFS when the root is not live.
 */
__attribute__((format(printf, 3, 4)))
int mr_root_write(const struct mr_root *root, const char *text, const char *path, ...);

/* A folder to iterate, in *@dir. */
__attribute__((format(printf, 3, 4)))
int mr_root_opendir(const struct mr_root *root, DIR **dir, const char *path, ...);

#endif
