// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/mounts.h"

#include <fcntl.h>
#include <libmount/libmount.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/dl.h"
#include "util/num.h"

#define LIBMOUNT "libmount.so.1"
#define FUNCTIONS(X)                                                                              \
	X(mnt_free_iter) X(mnt_fs_get_fstype) X(mnt_fs_get_option) X(mnt_fs_get_target)           \
	X(mnt_new_iter) X(mnt_new_table) X(mnt_table_next_fs) X(mnt_table_parse_stream)           \
	X(mnt_unref_table)

FUNCTIONS(MR_DL_POINTER)
MR_DL_NOTE("mount", "finding mounted kernel file systems", "recommended", LIBMOUNT);

/* Returns NULL if there is no mountinfo, or no libmount to parse it. */
static struct libmnt_table *read_table(const struct mr_root *root)
{
	static const struct mr_dl_symbol symbols[] = { FUNCTIONS(MR_DL_SYMBOL) { 0 } };
	struct mr_err ignored = { 0 };
	mr_autofclose FILE *f = NULL;
	struct libmnt_table *table;

	if (mr_dl_open(LIBMOUNT, symbols, &ignored))
		return NULL;
	table = sym_mnt_new_table();
	mr_root_fopen(root, &f, "proc/self/mountinfo");
	if (f && table && sym_mnt_table_parse_stream(table, f, "mountinfo")) {
		sym_mnt_unref_table(table);
		table = NULL;
	}
	return table;
}

static bool is_type(struct libmnt_fs *fs, const char *type)
{
	const char *have = sym_mnt_fs_get_fstype(fs);

	return have && !strcmp(have, type);
}

char *mr_mounts_find(const struct mr_root *root, const char *type, const char *option)
{
	struct libmnt_table *table = read_table(root);
	struct libmnt_iter *itr;
	struct libmnt_fs *fs;
	char *found = NULL;

	if (!table)
		return NULL;
	itr = sym_mnt_new_iter(MNT_ITER_BACKWARD);
	while (itr && !found && !sym_mnt_table_next_fs(table, itr, &fs))
		if (is_type(fs, type) &&
		    (!option || !sym_mnt_fs_get_option(fs, option, NULL, NULL)))
			found = strdup(sym_mnt_fs_get_target(fs));
	sym_mnt_free_iter(itr);
	sym_mnt_unref_table(table);
	return found;
}

/* "nodev	tracefs": fs/filesystems.c, filesystems_proc_show() */
int mr_mounts_known(const struct mr_root *root, const char *type)
{
	mr_autofclose FILE *f = NULL;
	mr_autofree char *line = NULL;
	size_t room = 0;
	int rc = mr_root_fopen(root, &f, "proc/filesystems");

	if (rc)
		return rc;
	while (getline(&line, &room, f) >= 0) {
		const char *name = strchr(line, '\t');

		line[strcspn(line, "\n")] = '\0';
		if (name && !strcmp(name + 1, type))
			return 1;
	}
	return 0;
}

/* Returns an fd of a mount of @type, or -ENOENT. */
static int open_mounted(const char *type)
{
	mr_autofree char *path = NULL;
	struct mr_root live;
	int fd;

	if (mr_root_open(&live, NULL))
		return -errno;
	path = mr_mounts_find(&live, type, NULL);
	mr_root_close(&live);
	if (!path)
		return -ENOENT;
	fd = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * Creates a mount that is attached nowhere: the fd keeps it, and no path leads to it. All
 * kernels since 5.2 have fsopen(2) and fsmount(2), but glibc has wrappers only since
 * 2.36.
 */
static int open_private(const char *type, struct mr_err *err)
{
	mr_autoclose int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	int fd = -1;

	if (fs >= 0 && !syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	return fd < 0 ? mr_err_set(err, -errno, type, "it is not mounted, and mounting it failed") :
			fd;
}

int mr_mounts_open(const char *type, struct mr_err *err)
{
	int fd = open_mounted(type);

	return fd >= 0 ? fd : open_private(type, err);
}

int mr_mounts_hugetlbfs(const struct mr_root *root, struct mr_hugetlbfs **list)
{
	struct libmnt_table *table = read_table(root);
	struct libmnt_iter *itr;
	struct mr_hugetlbfs *found = NULL;
	struct libmnt_fs *fs;
	int nr = 0;

	if (!table)
		return -ENOENT;
	itr = sym_mnt_new_iter(MNT_ITER_FORWARD);
	while (itr && !sym_mnt_table_next_fs(table, itr, &fs)) {
		struct mr_hugetlbfs one = { 0 }, *more;
		char *value = NULL;
		size_t len = 0;

		if (!is_type(fs, "hugetlbfs"))
			continue;
		if (!sym_mnt_fs_get_option(fs, "pagesize", &value, &len) && value) {
			mr_autofree char *text = strndup(value, len);

			if (!text || mr_size_parse(text, &one.page_size))
				one.page_size = 0;
		}
		one.path = strdup(sym_mnt_fs_get_target(fs));
		more = reallocarray(found, (size_t)nr + 1, sizeof(*found));
		if (!one.path || !more) {
			free(one.path);
			break;
		}
		found = more;
		found[nr++] = one;
	}
	sym_mnt_free_iter(itr);
	sym_mnt_unref_table(table);
	*list = found;
	return nr;
}

void mr_mounts_hugetlbfs_free(struct mr_hugetlbfs *list, int nr)
{
	for (int i = 0; i < nr; i++)
		free(list[i].path);
	free(list);
}
