/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The border that text from outside passes on its way in: files that a user
 * names, read line by line. What is no text is refused, never misread.
 */
#ifndef MR_UTIL_INPUT_H
#define MR_UTIL_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "util/err.h"

#define MR_INPUT_LINE_MAX (1UL << 20)	/* bytes of a line */

struct mr_input {
	int fd;
	const char *name;	/* for messages: the path, or "standard input" */
	unsigned long line;	/* the number of the last line, from 1 */
	char *buf;		/* the bytes [at, end) of it are not used yet */
	size_t at, end, room;
	bool eof, started;	/* all is read; its beginning was looked at */
};

/*
 * A descriptor of the regular file @path (O_RDONLY, O_CLOEXEC); -errno with @err
 * set, also for a folder, a device, or a FIFO, which could hold the reader up. A
 * descriptor that the caller passed, such as /dev/fd/63, may be a pipe.
 */
int mr_input_open_file(const char *path, struct mr_err *err);

/* Opens @path, "-" for standard input; it must outlive @in. As mr_input_open_file(). */
int mr_input_open(struct mr_input *in, const char *path, struct mr_err *err);

/*
 * The next line, without its newline (or "\r\n"), in *@line: valid until the
 * next call, and may be written to. A byte order mark of UTF-8 is skipped.
 * Returns 1, 0 at the end, or -errno with @err set: -EBADMSG for a NUL byte or
 * UTF-16, -EMSGSIZE for a line over MR_INPUT_LINE_MAX, -EINTR after a signal that
 * util/interrupt.h caught, -ENOMEM, or the error of read(2).
 */
int mr_input_line(struct mr_input *in, char **line, struct mr_err *err);

/*
 * The first byte of the file, behind a byte order mark, in *@byte, before any line was
 * read; it stays to be read. -1 when it is empty. 0, or as mr_input_line().
 */
int mr_input_peek(struct mr_input *in, int *byte, struct mr_err *err);

/* All that is left, in *@text until mr_input_close(), of any length. 0 or as mr_input_line(). */
int mr_input_rest(struct mr_input *in, const char **text, size_t *len, struct mr_err *err);

void mr_input_close(struct mr_input *in);

#endif
