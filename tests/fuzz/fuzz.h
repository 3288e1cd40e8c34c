/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the fuzzers. A broken promise ends by abort(). */
#ifndef MR_TESTS_FUZZ_H
#define MR_TESTS_FUZZ_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/err.h"
#include "util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(what)                                                                             \
	do {                                                                                      \
		if (!(what)) {                                                                    \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);        \
			abort();                                                                  \
		}                                                                                 \
	} while (0)

/* Returns the directory $FUZZ_FOLDER, which the caller of the fuzzer creates and removes. */
static inline const char *fuzz_folder(void)
{
	const char *folder = getenv("FUZZ_FOLDER");

	PROMISE(folder);
	return folder;
}

/* Writes a file of these bytes in the directory; its subdirectories exist. */
static inline const char *fuzz_file(const char *name, const uint8_t *data, size_t size)
{
	static char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", fuzz_folder(), name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	PROMISE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
	return path;
}

/* An error has a code, a reason, and texts that fit a line, whatever the input. */
static inline void fuzz_check_error(int rc, const struct mr_err *err)
{
	char *line;

	PROMISE(rc <= 0);
	if (!rc)
		return;
	PROMISE(err->code == rc && err->reason[0]);
	line = mr_text_line(err->object);
	PROMISE(line && !strpbrk(line, "\n\033"));
	free(line);
}

#endif
