// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/run.h"
#include "util/clock.h"
#include "util/text.h"

#define SHOW_EVERY_US 100000

void mr_progress_start(struct mr_progress_line *line, const struct mr_run *run)
{
	*line = (struct mr_progress_line){
		.on = isatty(STDERR_FILENO) && !run->globals.quiet,
		.start_us = mr_clock_us(),
	};
}

void mr_progress_show(struct mr_progress_line *line, const char *what, uint64_t done,
		      uint64_t total, uint64_t unit, const char *waiting_for)
{
	uint64_t now = mr_clock_us();
	uint64_t spent = now - line->start_us;

	if (!line->on || now - line->last_us < SHOW_EVERY_US)
		return;
	line->last_us = now;
	line->shown = true;
	fputs("\r\033[K", stderr);
	mr_text_print(stderr, what, MR_TEXT_LINE);
	fprintf(stderr, ": %" PRIu64 " of %" PRIu64, done, total);
	if (unit && spent)
		fprintf(stderr, ", %" PRIu64 " MiB/s", done * unit * 1000000 / spent >> 20);
	if (*waiting_for) {
		fputs(", waiting for ", stderr);
		mr_text_print(stderr, waiting_for, MR_TEXT_LINE);
	}
}

void mr_progress_end(struct mr_progress_line *line)
{
	if (line->shown)
		fputs("\r\033[K", stderr);
	line->shown = false;
}
