/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is said to a person, on stderr. Whatever bytes a message is made of, it
 * is one line of printable text (util/text.h).
 */
#ifndef MR_CLI_MSG_H
#define MR_CLI_MSG_H

#include <stdbool.h>

#include "util/err.h"

struct mr_run;

/* Whether what is written to @fd has colors: --color, NO_COLOR, and whether it is a terminal. */
bool mr_msg_colored(const struct mr_run *run, int fd);

/* "memras: offline: 0x1a2b3: reason: Device or resource busy", then the hint. */
void mr_msg_error(const struct mr_run *run, const struct mr_err *err);

/* A remark, unless --quiet. */
__attribute__((format(printf, 2, 3)))
void mr_msg_note(const struct mr_run *run, const char *fmt, ...);

/* A remark with --verbose only. */
__attribute__((format(printf, 2, 3)))
void mr_msg_verbose(const struct mr_run *run, const char *fmt, ...);

/* A line of data on stdout, printable like a message. */
__attribute__((format(printf, 1, 2)))
void mr_msg_line(const char *fmt, ...);

#endif
