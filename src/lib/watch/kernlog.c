// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/watch/kernlog.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char *mr_watch_cause_name(enum mr_watch_cause cause)
{
	static const char *const names[] = {
		[MR_CAUSE_UNKNOWN] = "unknown",
		[MR_CAUSE_CEC] = "cec",
		[MR_CAUSE_MACHINE_CHECK] = "machine-check",
		[MR_CAUSE_FIRMWARE] = "firmware",
		[MR_CAUSE_MEMRAS] = "memras",
	};

	return names[cause];
}

/* Texts before the hexadecimal number of a page or address; their case depends on the kernel. */
static const struct {
	const char *text;
	bool address, claims, blames, why;
	enum mr_watch_cause cause;
	const char *also;	/* another text that the line must have, or NULL */
} marks[] = {
	{ .text = "Soft-offlining pfn: ", .claims = true, .blames = true, .cause = MR_CAUSE_CEC },
	{ .text = "Memory failure: ", .claims = true, .why = true, .also = ": recovery action for " },
	/* Logged on failure, also for requests of programs: a reason, not a claim. */
	{ .text = "soft offline: ", .why = true },
	{ .text = "Memory failure: ", .why = true },
	{ .text = " physical_address: ", .address = true, .blames = true,
	  .cause = MR_CAUSE_FIRMWARE, .also = "[Hardware Error]" },
	{ .text = " ADDR ", .address = true, .blames = true, .cause = MR_CAUSE_MACHINE_CHECK,
	  .also = "[Hardware Error]" },
};

bool mr_kernlog_parse(const char *line, unsigned int page_shift, struct mr_kernlog *log)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		const char *p = strcasestr(line, marks[i].text);
		char *end;

		if (!p || (marks[i].also && !strstr(line, marks[i].also)))
			continue;
		p += strlen(marks[i].text);
		errno = 0;
		*log = (struct mr_kernlog){
			.pfn = strtoull(p, &end, 16), .claims = marks[i].claims,
			.blames = marks[i].blames, .cause = marks[i].cause,
		};
		if (end == p || errno || *p == '-' || *p == '+' || *p == ' ')
			return false;
		if (marks[i].address)
			log->pfn >>= page_shift;
		if (marks[i].why && !strncmp(end, ": ", 2))
			log->why = end + 2;
		return true;
	}
	return false;
}
