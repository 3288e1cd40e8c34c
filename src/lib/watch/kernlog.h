/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a line of the kernel's log says of a page that may have been retired, and why. */
#ifndef MR_LIB_WATCH_KERNLOG_H
#define MR_LIB_WATCH_KERNLOG_H

#include <stdbool.h>
#include <stdint.h>

enum mr_watch_cause {
	MR_CAUSE_UNKNOWN,
	MR_CAUSE_CEC,			/* the kernel's collector of corrected errors */
	MR_CAUSE_MACHINE_CHECK,
	MR_CAUSE_FIRMWARE,		/* ACPI's generic hardware error source */
	MR_CAUSE_MEMRAS,		/* this watch: its policy said so */
};

/* "unknown", "cec", "machine-check", "firmware", "memras": as the retired list has them */
const char *mr_watch_cause_name(enum mr_watch_cause cause);

struct mr_kernlog {
	uint64_t pfn;
	bool claims;			/* the page is said to be retired, or about to be */
	bool blames;			/* .cause is known by this line */
	enum mr_watch_cause cause;
	const char *why;		/* what came of it in the kernel's words, inside the line; or NULL */
};

/*
 * Understands @line, of a kernel with pages of 1 << @page_shift bytes. False when it names
 * no page. mm/memory-failure.c, drivers/ras/cec.c, drivers/firmware/efi/cper.c,
 * arch/x86/kernel/cpu/mce/core.c.
 */
bool mr_kernlog_parse(const char *line, unsigned int page_shift, struct mr_kernlog *log);

#endif
