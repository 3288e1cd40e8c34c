/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages on stderr. A message is always one line of printable text (util/text.h). */
#ifndef MR_CLI_MSG_H
#define MR_CLI_MSG_H

#include <stdbool.h>

#include "util/err.h"

struct mr_run;

/* True if output to @fd is colored: by --color, NO_COLOR, and whether it is a terminal. */
bool mr_msg_colored(const struct mr_run *run, int fd);

/* Prints "memras: offline: 0x1a2b3: reason: Device or resource busy", then the hint. */
void mr_msg_error(const struct mr_run *run, const struct mr_err *err);

/* Prints a note, unless --quiet. */
__attribute__((format(printf, 2, 3)))
void mr_msg_note(const struct mr_run *run, const char *fmt, ...);

/* Prints a note with --verbose only. */
__attribute__((format(printf, 2, 3)))
void mr_msg_verbose(const struct mr_run *run, const char *fmt, ...);

/* Prints a line of data on stdout, escaped as a message is. */
__attribute__((format(printf, 1, 2)))
void mr_msg_line(const char *fmt, ...);

#endif
