/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A progress line on the terminal. */
#ifndef MR_REPORT_PROGRESS_H
#define MR_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct mr_run;

struct mr_progress_line {
	bool on;		/* stderr is a terminal, and no --quiet */
	bool shown;
	uint64_t start_us, last_us;
};

void mr_progress_start(struct mr_progress_line *line, const struct mr_run *run);

/*
 * Shows "@what: @done of @total, N MiB/s, waiting for @waiting_for", at most ten times a
 * second; @unit is the bytes of one item, 0 for no rate, and @waiting_for "" for none.
 */
void mr_progress_show(struct mr_progress_line *line, const char *what, uint64_t done,
		      uint64_t total, uint64_t unit, const char *waiting_for);

/* Clears the line. */
void mr_progress_end(struct mr_progress_line *line);

#endif
