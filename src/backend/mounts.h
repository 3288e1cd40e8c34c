/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mounts of kernel file systems, read by libmount. */
#ifndef MR_BACKEND_MOUNTS_H
#define MR_BACKEND_MOUNTS_H

#include <stdint.h>

#include "util/err.h"
#include "util/root.h"

/*
 * Returns an fd of the root of the file system @type ("debugfs"), to open files below: of
 * an existing mount, or else of a new one that no path leads to and that ends with the
 * fd. -errno with @err set.
 */
int mr_mounts_open(const char *type, struct mr_err *err);

/*
 * Returns the path where the file system @type is mounted (with @option among its
 * options, if not NULL), malloc()ed; NULL if it is not mounted. If mounted several times,
 * the last one.
 */
char *mr_mounts_find(const struct mr_root *root, const char *type, const char *option);

/*
 * Returns 1 if the kernel supports the file system @type, mounted or not, 0 if not, or
 * -errno if /proc/filesystems cannot be read.
 */
int mr_mounts_known(const struct mr_root *root, const char *type);

/* A mounted hugetlbfs. */
struct mr_hugetlbfs {
	char *path;
	uint64_t page_size;	/* bytes; 0 if the options do not have it */
};

/*
 * Lists the hugetlbfs mounts in @root's proc/self/mountinfo in *@list. Returns their
 * number or -errno.
 */
int mr_mounts_hugetlbfs(const struct mr_root *root, struct mr_hugetlbfs **list);
void mr_mounts_hugetlbfs_free(struct mr_hugetlbfs *list, int nr);

#endif
