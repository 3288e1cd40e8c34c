// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "util/input.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static char folder[] = "/tmp/memras-input-XXXXXX";
static char path[64];

static void put(const char *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	CHECK(f && fwrite(bytes, 1, len, f) == len);
	if (f)
		fclose(f);
}

/* Reads a file of these bytes: all lines, each followed by "|"; returns the final result. */
static int read_bytes(const char *bytes, size_t len, char *all, size_t size, struct mr_err *err)
{
	struct mr_input in;
	size_t n = 0;
	char *line;
	int rc;

	put(bytes, len);
	mr_err_clear(err);
	rc = mr_input_open(&in, path, err);
	CHECK_INT(rc, 0);
	*all = '\0';
	while ((rc = mr_input_line(&in, &line, err)) == 1)
		n += (size_t)snprintf(all + n, n < size ? size - n : 0, "%s|", line);
	mr_input_close(&in);
	return rc;
}

static void is_read(const char *bytes, size_t len, const char *want)
{
	char all[256];
	struct mr_err err;

	CHECK_INT(read_bytes(bytes, len, all, sizeof(all), &err), 0);
	CHECK_STR(all, want);
}

static void is_refused(const char *bytes, size_t len, int rc, const char *says)
{
	char all[256];
	struct mr_err err;

	CHECK_INT(read_bytes(bytes, len, all, sizeof(all), &err), rc);
	CHECK_INT(err.code, rc);
	CHECK_HAS(err.reason, says);
}
#define READ(text, want) is_read(text, sizeof(text) - 1, want)
#define REFUSED(text, rc, says) is_refused(text, sizeof(text) - 1, rc, says)

static void texts(void)
{
	READ("", "");
	READ("a", "a|");
	READ("a\n", "a|");
	READ("a\r\n\n\nb", "a|||b|");
	READ("\r", "|");
	READ("\357\273\277a\n", "a|");
	READ("\357\273\277", "");
	READ("\303\244 \377\n", "\303\244 \377|");
	REFUSED("a\0b\n", -EBADMSG, "the text is UTF-16");
	REFUSED("ab\0c\n", -EBADMSG, "line 1 has a NUL byte");
	REFUSED("ab\nc\0", -EBADMSG, "line 2 has a NUL byte");
	REFUSED("\377\376a\0", -EBADMSG, "UTF-16");
	REFUSED("\376\377\0a", -EBADMSG, "UTF-16");
	REFUSED("\0a\0b", -EBADMSG, "UTF-16");
}

static void long_lines(void)
{
	const size_t most = MR_INPUT_LINE_MAX;
	char *text = malloc(2 * most);
	struct mr_input in;
	struct mr_err err;
	char *line;

	CHECK(text != NULL);
	if (!text)
		return;
	memset(text, 'a', 2 * most);
	text[most] = '\n';
	put(text, most + 1);
	CHECK_INT(mr_input_open(&in, path, &err), 0);
	CHECK_INT(mr_input_line(&in, &line, &err), 1);
	CHECK_INT(strlen(line), most);
	CHECK_INT(mr_input_line(&in, &line, &err), 0);
	mr_input_close(&in);

	text[most] = 'a';
	text[1] = '\n';
	for (size_t len = most + 3; len <= 2 * most; len += most - 3) {
		put(text, len);
		CHECK_INT(mr_input_open(&in, path, &err), 0);
		CHECK_INT(mr_input_line(&in, &line, &err), 1);
		CHECK_INT(mr_input_line(&in, &line, &err), -EMSGSIZE);
		CHECK_HAS(err.reason, "line 2 is longer than 1 MiB");
		mr_input_close(&in);
	}
	free(text);
}

static void no_files(void)
{
	struct mr_err err = { 0 };
	char name[96];
	int ends[2];

	unlink(path);
	CHECK_INT(mr_input_open_file(path, &err), -ENOENT);
	CHECK_INT(mr_input_open_file(folder, &err), -EISDIR);
	CHECK_HAS(err.reason, "a directory, not a file");
	CHECK_INT(mr_input_open_file("/dev/null", &err), -EINVAL);
	CHECK_HAS(err.reason, "a device");
	/* Without a writer: opening it must not wait. */
	CHECK_INT(mkfifo(path, 0600), 0);
	CHECK_INT(mr_input_open_file(path, &err), -EINVAL);
	CHECK_HAS(err.reason, "a FIFO");
	unlink(path);

	CHECK_INT(pipe(ends), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
	ends[0] = mr_input_open_file(name, &err);
	CHECK(ends[0] >= 0 && !(fcntl(ends[0], F_GETFL) & O_NONBLOCK));
}

static void broken(void)
{
	struct mr_input in = { .name = "x", .fd = open(folder, O_RDONLY) };
	struct mr_err err = { 0 };
	char *line;

	CHECK_INT(mr_input_line(&in, &line, &err), -EISDIR);
	CHECK_HAS(err.reason, "cannot be read");
	mr_input_close(&in);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/text", folder);
	texts();
	long_lines();
	no_files();
	broken();
	unlink(path);
	rmdir(folder);
	return CHECK_RESULT;
}
