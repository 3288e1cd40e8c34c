// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/mounts.h"

#include <fcntl.h>
#include <libmount/libmount.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/num.h"

static struct libmnt_table *read_table(const struct mr_root *root)
{
	struct libmnt_table *table = mnt_new_table();
	mr_autofclose FILE *f = NULL;

	mr_root_fopen(root, &f, "proc/self/mountinfo");
	if (f && table && mnt_table_parse_stream(table, f, "mountinfo")) {
		mnt_unref_table(table);
		table = NULL;
	}
	return table;
}

static bool is_type(struct libmnt_fs *fs, const char *type)
{
	const char *have = mnt_fs_get_fstype(fs);

	return have && !strcmp(have, type);
}

char *mr_mounts_find(const struct mr_root *root, const char *type, const char *option)
{
	struct libmnt_table *table = read_table(root);
	struct libmnt_iter *itr = mnt_new_iter(MNT_ITER_BACKWARD);
	struct libmnt_fs *fs;
	char *found = NULL;

	while (table && itr && !found && !mnt_table_next_fs(table, itr, &fs))
		if (is_type(fs, type) &&
		    (!option || !mnt_fs_get_option(fs, option, NULL, NULL)))
			found = strdup(mnt_fs_get_target(fs));
	mnt_free_iter(itr);
	mnt_unref_table(table);
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

/* A descriptor of a mount of @type, or -ENOENT. */
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
 * Mounts it over a folder of our own in a private namespace. The descriptor
 * keeps the mount; nobody else ever sees it.
 */
static int open_private(const char *type, struct mr_err *err)
{
	struct libmnt_context *cxt;
	int fd = -1, rc;

	if (unshare(CLONE_NEWNS))
		return mr_err_set(err, -errno, type, "no mount namespace of our own can be had");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return mr_err_set(err, -errno, type, "the mount namespace cannot be made private");
	cxt = mnt_new_context();
	if (!cxt)
		return mr_err_set(err, -ENOMEM, type, "no memory to mount it");
	mnt_context_disable_mtab(cxt, 1);
	mnt_context_set_fstype(cxt, type);
	mnt_context_set_source(cxt, type);
	mnt_context_set_target(cxt, "/mnt");
	rc = mnt_context_mount(cxt);
	if (rc) {
		rc = rc < 0 ? rc : -mnt_context_get_syscall_errno(cxt);
		mr_err_set(err, rc ? rc : -EIO, type, "it is not mounted, and mounting it failed");
	} else {
		fd = open("/mnt", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
		rc = fd < 0 ? mr_err_set(err, -errno, type, "it was mounted but cannot be opened") : 0;
	}
	mnt_free_context(cxt);
	return rc ? rc : fd;
}

int mr_mounts_open(const char *type, struct mr_err *err)
{
	int fd = open_mounted(type);

	return fd >= 0 ? fd : open_private(type, err);
}

int mr_mounts_hugetlbfs(const struct mr_root *root, struct mr_hugetlbfs **list)
{
	struct libmnt_table *table = read_table(root);
	struct libmnt_iter *itr = mnt_new_iter(MNT_ITER_FORWARD);
	struct mr_hugetlbfs *found = NULL;
	struct libmnt_fs *fs;
	int nr = 0;

	while (table && itr && !mnt_table_next_fs(table, itr, &fs)) {
		struct mr_hugetlbfs one = { 0 }, *more;
		char *value = NULL;
		size_t len = 0;

		if (!is_type(fs, "hugetlbfs"))
			continue;
		if (!mnt_fs_get_option(fs, "pagesize", &value, &len) && value) {
			mr_autofree char *text = strndup(value, len);

			if (!text || mr_size_parse(text, &one.page_size))
				one.page_size = 0;
		}
		one.path = strdup(mnt_fs_get_target(fs));
		more = reallocarray(found, (size_t)nr + 1, sizeof(*found));
		if (!one.path || !more) {
			free(one.path);
			break;
		}
		found = more;
		found[nr++] = one;
	}
	mnt_free_iter(itr);
	if (!table)
		return -ENOENT;
	mnt_unref_table(table);
	*list = found;
	return nr;
}

void mr_mounts_hugetlbfs_free(struct mr_hugetlbfs *list, int nr)
{
	for (int i = 0; i < nr; i++)
		free(list[i].path);
	free(list);
}
