/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input files named by the user, read line by line. Anything that is not text is refused,
 * so that it is never misread.
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
	char *buf;		/* its bytes [at, end) are unused yet */
	size_t at, end, room;
	bool eof, started;	/* the end was reached; the first bytes were checked */
};

/*
 * Returns an fd of the regular file @path (O_RDONLY, O_CLOEXEC), or -errno with @err set:
 * also for a directory, a device, or a FIFO, which could block the reader. An inherited
 * fd, such as /dev/fd/63, may be a pipe.
 */
int mr_input_open_file(const char *path, struct mr_err *err);

/*
 * Opens @path, or standard input for "-"; @path must outlive @in. Errors as
 * mr_input_open_file().
 */
int mr_input_open(struct mr_input *in, const char *path, struct mr_err *err);

/*
 * Returns the next line in *@line, without its newline (or "\r\n"): valid until the next
 * call, and writable. A UTF-8 byte order mark is skipped. Returns 1, 0 at the end, or
 * -errno with @err set: -EBADMSG for a NUL byte or UTF-16, -EMSGSIZE for a line over
 * MR_INPUT_LINE_MAX, -EINTR after a signal that util/interrupt.h caught, -ENOMEM, or the
 * error of read(2).
 */
int mr_input_line(struct mr_input *in, char **line, struct mr_err *err);

/*
 * Returns the first byte of the file, after any byte order mark, in *@byte, without
 * consuming it; -1 if the file is empty. To be called before the first line is read.
 * Returns 0, or an error as mr_input_line().
 */
int mr_input_peek(struct mr_input *in, int *byte, struct mr_err *err);

/*
 * Returns the rest of the input in *@text, of any length, valid until mr_input_close(). 0
 * or an error as mr_input_line().
 */
int mr_input_rest(struct mr_input *in, const char **text, size_t *len, struct mr_err *err);

void mr_input_close(struct mr_input *in);

#endif
