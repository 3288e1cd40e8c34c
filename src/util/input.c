// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "util/input.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/interrupt.h"

#define CHUNK 65536UL

/* True if @path names an fd that this process inherited. */
static bool is_passed(const char *path)
{
	return !strncmp(path, "/dev/fd/", 8) || !strncmp(path, "/proc/self/fd/", 14) ||
	       !strcmp(path, "/dev/stdin");
}

static const char *what_else(mode_t mode)
{
	return S_ISDIR(mode) ? "a directory" : S_ISFIFO(mode) ? "a FIFO" :
	       S_ISSOCK(mode) ? "a socket" : "a device";
}

int mr_input_open_file(const char *path, struct mr_err *err)
{
	/* Without O_NONBLOCK, open(2) of a FIFO waits for a writer. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		int rc = errno == ENXIO ? -EINVAL : -errno;	/* a socket */

		if (fd >= 0)
			close(fd);
		return mr_err_set(err, rc, path, "the file cannot be opened");
	}
	if (S_ISREG(st.st_mode))
		return fd;
	if (is_passed(path) && !S_ISDIR(st.st_mode) && !S_ISBLK(st.st_mode)) {
		fcntl(fd, F_SETFL, 0);
		return fd;
	}
	close(fd);
	mr_err_set(err, S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL, path, "%s, not a file",
		   what_else(st.st_mode));
	if (!S_ISDIR(st.st_mode))
		mr_err_hint(err, "'-' reads standard input");
	return err->code;
}

int mr_input_open(struct mr_input *in, const char *path, struct mr_err *err)
{
	bool standard = !strcmp(path, "-");

	*in = (struct mr_input){ .name = standard ? "standard input" : path, .fd = STDIN_FILENO };
	if (!standard)
		in->fd = mr_input_open_file(path, err);
	return in->fd < 0 ? in->fd : 0;
}

/*
 * Reads more bytes behind those in the buffer, unless more than @most are unused already.
 * Returns 0, or -errno with @err set.
 */
static int fill(struct mr_input *in, size_t most, struct mr_err *err)
{
	ssize_t n;

	if (in->at) {
		memmove(in->buf, in->buf + in->at, in->end - in->at);
		in->end -= in->at;
		in->at = 0;
	}
	if (in->end > most)
		return mr_err_usage(err, -EMSGSIZE, in->name, "line %lu is longer than 1 MiB",
				    in->line);
	if (in->room - in->end < CHUNK) {
		size_t room = in->room ? in->room * 2 : 2 * CHUNK;
		char *buf = realloc(in->buf, room);

		if (!buf)
			return mr_err_set(err, -ENOMEM, in->name, "no memory for line %lu", in->line);
		in->buf = buf;
		in->room = room;
	}
	while ((n = read(in->fd, in->buf + in->end, in->room - in->end - 1)) < 0)
		if (errno != EINTR || mr_interrupted())
			return mr_err_set(err, -errno, in->name, errno == EINTR ? "interrupted" :
					  "the file cannot be read");
	in->eof = n == 0;
	in->end += (size_t)n;
	return 0;
}

/* True if the file seems to begin with UTF-16, with or without a byte order mark. */
static bool is_utf16(const char *s, size_t len)
{
	return len >= 2 && (!memcmp(s, "\377\376", 2) || !memcmp(s, "\376\377", 2) ||
			    !s[0] != !s[1]);
}

static int check_start(struct mr_input *in, struct mr_err *err)
{
	int rc = 0;

	in->started = true;
	while (!rc && !in->eof && in->end < 3)
		rc = fill(in, MR_INPUT_LINE_MAX, err);
	if (rc)
		return rc;
	if (is_utf16(in->buf, in->end)) {
		mr_err_usage(err, -EBADMSG, in->name, "the text is UTF-16, not UTF-8");
		mr_err_hint(err, "convert it: iconv -f UTF-16 -t UTF-8");
		return -EBADMSG;
	}
	if (in->end >= 3 && !memcmp(in->buf, "\357\273\277", 3))
		in->at = 3;
	return 0;
}

int mr_input_line(struct mr_input *in, char **line, struct mr_err *err)
{
	char *newline = NULL;
	size_t seen = 0, len;
	int rc = in->started ? 0 : check_start(in, err);

	in->line++;
	while (!rc) {
		newline = in->end > in->at + seen ?
			memchr(in->buf + in->at + seen, '\n', in->end - in->at - seen) : NULL;
		if (newline || in->eof)
			break;
		seen = in->end - in->at;
		rc = fill(in, MR_INPUT_LINE_MAX, err);
	}
	if (rc)
		return rc;
	if (!newline && in->at == in->end)
		return 0;
	*line = in->buf + in->at;
	len = newline ? (size_t)(newline - *line) : in->end - in->at;
	in->at += len + (newline != NULL);
	if (len > MR_INPUT_LINE_MAX)
		return mr_err_usage(err, -EMSGSIZE, in->name, "line %lu is longer than 1 MiB",
				    in->line);
	if (memchr(*line, '\0', len))
		return mr_err_usage(err, -EBADMSG, in->name,
				    "line %lu has a NUL byte: this is not a text file", in->line);
	if (len && (*line)[len - 1] == '\r')
		len--;
	(*line)[len] = '\0';	/* the newline, or the spare byte behind the end */
	return 1;
}

int mr_input_peek(struct mr_input *in, int *byte, struct mr_err *err)
{
	int rc = in->started ? 0 : check_start(in, err);

	if (!rc && in->at == in->end && !in->eof)
		rc = fill(in, MR_INPUT_LINE_MAX, err);
	*byte = in->at < in->end ? (unsigned char)in->buf[in->at] : -1;
	return rc;
}

int mr_input_rest(struct mr_input *in, const char **text, size_t *len, struct mr_err *err)
{
	int rc = in->started ? 0 : check_start(in, err);

	while (!rc && !in->eof)
		rc = fill(in, SIZE_MAX, err);
	*text = in->buf + in->at;
	*len = in->end - in->at;
	in->at = in->end;
	return rc;
}

void mr_input_close(struct mr_input *in)
{
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	free(in->buf);
	*in = (struct mr_input){ .fd = -1 };
}
