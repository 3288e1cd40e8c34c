// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "util/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static char dir[] = "/tmp/memras-root-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	CHECK(fd >= 0);
	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void in_folder(void)
{
	struct mr_root root;
	char buf[16];
	uint64_t v;

	CHECK_INT(mr_root_open(&root, dir), 0);
	CHECK(!root.live);
	CHECK_INT(mr_root_read(&root, buf, sizeof(buf), "%s", "word"), 5);
	CHECK_STR(buf, "hello");
	CHECK_INT(mr_root_read(&root, buf, sizeof(buf), "long"), -EFBIG);
	CHECK_INT(mr_root_read(&root, buf, sizeof(buf), "none"), -ENOENT);
	CHECK_INT(mr_root_read_u64(&root, 10, &v, "number"), 0);
	CHECK(v == 42);
	CHECK_INT(mr_root_read_u64(&root, 16, &v, "hex"), 0);
	CHECK(v == 0x8000000);
	CHECK_INT(mr_root_read_u64(&root, 10, &v, "word"), -EINVAL);
	CHECK_INT(mr_root_exists(&root, "word"), 1);
	CHECK_INT(mr_root_exists(&root, "none"), 0);

	/* Nothing can be written, and no link leads out. */
	CHECK_INT(mr_root_write(&root, "x", "word"), -EROFS);
	CHECK_INT(mr_root_read(&root, buf, sizeof(buf), "word"), 5);
	CHECK_INT(mr_root_read(&root, buf, sizeof(buf), "link-out"), -ENOENT);
	CHECK_INT(mr_root_read(&root, buf, sizeof(buf), "link-up"), -ENOENT);
	CHECK_INT(mr_root_read(&root, buf, sizeof(buf), "link-in"), 5);
	CHECK_INT(mr_root_read(&root, buf, sizeof(buf), "../../../etc/passwd"), -ENOENT);
	mr_root_close(&root);
}

static void lines(void)
{
	struct mr_root root;
	char *line, text[16];
	FILE *f;

	CHECK_INT(mr_root_open(&root, dir), 0);
	CHECK_INT(mr_root_find_line(&root, "b", &line, "%s", "lines"), 0);
	CHECK_STR(line, "b: 1");
	free(line);
	/* The whole start must match, at the start of a line; the last line has no newline. */
	CHECK_INT(mr_root_find_line(&root, "b: 2", &line, "lines"), 0);
	CHECK_STR(line, "b: 2");
	free(line);
	CHECK_INT(mr_root_find_line(&root, ": 1", &line, "lines"), -ENOENT);
	CHECK(!line);
	CHECK_INT(mr_root_find_line(&root, "b: 11", &line, "lines"), -ENOENT);
	CHECK_INT(mr_root_find_line(&root, "root", &line, "link-out"), -ENOENT);
	CHECK(!line);

	CHECK_INT(mr_root_fopen(&root, &f, "lines"), 0);
	CHECK(f && fgets(text, sizeof(text), f));
	CHECK_STR(text, "a: 1\n");
	if (f)
		fclose(f);
	CHECK_INT(mr_root_fopen(&root, &f, "none"), -ENOENT);
	CHECK(!f);
	mr_root_close(&root);
}

static void live(void)
{
	struct mr_root root;
	char buf[256];
	DIR *d;

	CHECK_INT(mr_root_open(&root, NULL), 0);
	CHECK(root.live);
	CHECK(mr_root_read(&root, buf, sizeof(buf), "proc/sys/kernel/osrelease") > 0);
	CHECK_INT(mr_root_opendir(&root, &d, "proc/self"), 0);
	closedir(d);
	mr_root_close(&root);
	CHECK_INT(mr_root_open(&root, "/"), 0);
	CHECK(root.live);
	mr_root_close(&root);
	CHECK_INT(mr_root_open(&root, "/nonexistent"), -ENOENT);
}

int main(void)
{
	static const char *const names[] = { "word", "long", "number", "hex", "lines",
					     "link-out", "link-up", "link-in" };
	char path[128];

	CHECK(mkdtemp(dir) != NULL);
	put("word", "hello\n");
	put("long", "longer than the buffer that it is read to\n");
	put("number", "42\n");
	put("hex", "8000000\n");
	put("lines", "a: 1\nb: 1\nb: 2");
	snprintf(path, sizeof(path), "%s/link-out", dir);
	CHECK_INT(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/link-up", dir);
	CHECK_INT(symlink("../../../etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/link-in", dir);
	CHECK_INT(symlink("/word", path), 0);
	in_folder();
	lines();
	live();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
	return CHECK_RESULT;
}
