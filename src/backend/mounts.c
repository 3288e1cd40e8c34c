// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/mounts.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/num.h"

/* What memras uses of a line of mountinfo; all points into that line. */
struct mount {
	char *target;
	const char *type;
	const char *options;	/* of the file system, not of the mount */
};

/* fs/seq_file.c, mangle_path(): blanks and backslashes are written as \ooo. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; to++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*to = *s++;
		}
	}
	*to = '\0';
}

/*
 * "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue":
 * proc_pid_mountinfo(5). The number of fields before the dash varies.
 */
static bool parse_line(char *line, struct mount *mount)
{
	char *save = NULL, *word = strtok_r(line, " \n", &save);

	*mount = (struct mount){ 0 };
	for (int i = 0; word && (i < 6 || strcmp(word, "-")); i++) {
		if (i == 4)
			mount->target = word;
		word = strtok_r(NULL, " \n", &save);
	}
	mount->type = strtok_r(NULL, " \n", &save);
	strtok_r(NULL, " \n", &save);
	mount->options = strtok_r(NULL, " \n", &save);
	if (!word || !mount->target || !mount->options)
		return false;
	unescape(mount->target);
	return true;
}

/* The value of the option @name in @options, "" when it has none, and its length; or NULL. */
static const char *find_option(const char *options, const char *name, size_t *len)
{
	size_t n = strlen(name);

	while (*options) {
		size_t all = strcspn(options, ",");

		if (!strncmp(options, name, n) && (all == n || options[n] == '=')) {
			*len = all == n ? 0 : all - n - 1;
			return options + all - *len;
		}
		options += all + (options[all] == ',');
	}
	return NULL;
}

/* Calls @fn for each mount of @type, in the order of mounting, until it returns other than 0. */
static int walk(const struct mr_root *root, const char *type,
		int (*fn)(const struct mount *mount, void *data), void *data)
{
	mr_autofclose FILE *f = NULL;
	mr_autofree char *line = NULL;
	int rc = mr_root_fopen(root, &f, "proc/self/mountinfo");
	size_t room = 0;

	while (!rc && getline(&line, &room, f) >= 0) {
		struct mount mount;

		if (parse_line(line, &mount) && !strcmp(mount.type, type))
			rc = fn(&mount, data);
	}
	return rc;
}

struct search {
	const char *option;
	char *found;
};

static int keep_last(const struct mount *mount, void *data)
{
	struct search *s = data;
	size_t len;

	if (s->option && !find_option(mount->options, s->option, &len))
		return 0;
	free(s->found);
	s->found = strdup(mount->target);
	return s->found ? 0 : -ENOMEM;
}

char *mr_mounts_find(const struct mr_root *root, const char *type, const char *option)
{
	struct search s = { .option = option };

	walk(root, type, keep_last, &s);
	return s.found;
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
 * A mount that is attached nowhere: the descriptor keeps it, and no path leads
 * to it. fsopen(2) and fsmount(2) are in every kernel since 5.2, their wrappers
 * in glibc since 2.36 only.
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

struct hugetlbfs_list {
	struct mr_hugetlbfs *list;
	int nr;
};

static int add_hugetlbfs(const struct mount *mount, void *data)
{
	struct hugetlbfs_list *l = data;
	struct mr_hugetlbfs one = { 0 }, *more;
	size_t len;
	const char *value = find_option(mount->options, "pagesize", &len);

	if (value) {
		mr_autofree char *text = strndup(value, len);

		if (!text || mr_size_parse(text, &one.page_size))
			one.page_size = 0;
	}
	one.path = strdup(mount->target);
	more = reallocarray(l->list, (size_t)l->nr + 1, sizeof(*more));
	if (more)
		l->list = more;
	if (!one.path || !more) {
		free(one.path);
		return -ENOMEM;
	}
	more[l->nr++] = one;
	return 0;
}

int mr_mounts_hugetlbfs(const struct mr_root *root, struct mr_hugetlbfs **list)
{
	struct hugetlbfs_list l = { 0 };
	int rc = walk(root, "hugetlbfs", add_hugetlbfs, &l);

	if (rc) {
		mr_mounts_hugetlbfs_free(l.list, l.nr);
		return rc;
	}
	*list = l.list;
	return l.nr;
}

void mr_mounts_hugetlbfs_free(struct mr_hugetlbfs *list, int nr)
{
	for (int i = 0; i < nr; i++)
		free(list[i].path);
	free(list);
}
