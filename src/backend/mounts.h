/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's own file systems, which may or may not be mounted. libmount reads the mounts. */
#ifndef MR_BACKEND_MOUNTS_H
#define MR_BACKEND_MOUNTS_H

#include <stdint.h>

#include "util/err.h"
#include "util/root.h"

/*
 * A descriptor to open files below, of the root of the file system @type
 * ("debugfs"): of one that is mounted, else of a new mount that no path leads
 * to and that ends with the descriptor. -errno with @err set.
 */
int mr_mounts_open(const char *type, struct mr_err *err);

/*
 * Where the file system @type is mounted (with @option among its options, if
 * not NULL), malloc()ed; NULL when it is not. Of several the last one.
 */
char *mr_mounts_find(const struct mr_root *root, const char *type, const char *option);

/*
 * Whether the kernel knows the file system @type, mounted or not: 1, 0, or
 * -errno when /proc/filesystems cannot be read.
 */
int mr_mounts_known(const struct mr_root *root, const char *type);

/* One hugetlbfs that is mounted. */
struct mr_hugetlbfs {
	char *path;
	uint64_t page_size;	/* bytes; 0 when the options do not tell */
};

/*
 * Lists what is mounted below @root (its proc/self/mountinfo). Returns how
 * many, in *@list, or -errno.
 */
int mr_mounts_hugetlbfs(const struct mr_root *root, struct mr_hugetlbfs **list);
void mr_mounts_hugetlbfs_free(struct mr_hugetlbfs *list, int nr);

#endif
