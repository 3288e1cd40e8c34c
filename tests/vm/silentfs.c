// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * silentfs DIR: a FUSE file system on DIR with one file, DIR/file, of one page, whose
 * reads are never answered. A process that reads it waits, and so does one that waits for
 * the lock of the page, until silentfs is killed.
 *
 * Prints "ready" when mounted, and "reading" when the page is requested.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_ID		2
#define FILE_SIZE	4096

static void die(const char *what)
{
	fprintf(stderr, "silentfs: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void answer(int fd, const struct fuse_in_header *in, int error, const void *data,
		   size_t size)
{
	struct {
		struct fuse_out_header head;
		char data[256];
	} out = { .head = { .len = sizeof(out.head) + size, .error = error,
			    .unique = in->unique } };

	if (size > sizeof(out.data))
		exit(1);
	if (size)
		memcpy(out.data, data, size);
	/* ENOENT: the reader was killed */
	if (write(fd, &out, out.head.len) < 0 && errno != ENOENT)
		die("/dev/fuse");
}

static struct fuse_attr attr_of(uint64_t id)
{
	return (struct fuse_attr){
		.ino = id,
		.size = id == FILE_ID ? FILE_SIZE : 0,
		.mode = id == FILE_ID ? S_IFREG | 0444 : S_IFDIR | 0555,
		.nlink = 1,
		.blksize = 4096,
	};
}

static void init(int fd, const struct fuse_in_header *in, const struct fuse_init_in *arg)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = arg->minor < FUSE_KERNEL_MINOR_VERSION ? arg->minor
								: FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = 0,
		.max_write = 4096,
	};

	answer(fd, in, 0, &out, sizeof(out));
}

static void lookup(int fd, const struct fuse_in_header *in, const char *name)
{
	struct fuse_entry_out out = { .nodeid = FILE_ID, .attr_valid = 3600, .entry_valid = 3600,
				      .attr = attr_of(FILE_ID) };

	if (strcmp(name, "file"))
		answer(fd, in, -ENOENT, NULL, 0);
	else
		answer(fd, in, 0, &out, sizeof(out));
}

static void serve(int fd, const struct fuse_in_header *in)
{
	struct fuse_attr_out attr = { .attr_valid = 3600, .attr = attr_of(in->nodeid) };
	struct fuse_open_out open = { .fh = 1 };

	switch (in->opcode) {
	case FUSE_INIT:
		init(fd, in, (const void *)(in + 1));
		break;
	case FUSE_LOOKUP:
		lookup(fd, in, (const char *)(in + 1));
		break;
	case FUSE_GETATTR:
		answer(fd, in, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		answer(fd, in, 0, &open, sizeof(open));
		break;
	case FUSE_READ:
		puts("reading");
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		answer(fd, in, 0, NULL, 0);
		break;
	default:
		answer(fd, in, -ENOSYS, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	static _Alignas(8) char buf[64 << 10];
	char options[64];
	ssize_t got;
	int fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 2) {
		fputs("Usage: silentfs DIR\n", stderr);
		return 2;
	}
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("/dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (mount("silentfs", argv[1], "fuse", MS_NOSUID | MS_NODEV, options))
		die(argv[1]);
	puts("ready");
	while ((got = read(fd, buf, sizeof(buf))) > 0 || (got < 0 && errno == ENOENT))
		if (got > 0)
			serve(fd, (const void *)buf);
	if (got < 0 && errno != ENODEV)
		die("/dev/fuse");
	return 0;
}
