/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses lines of the kernel's log about pages that may have been retired. */
#ifndef MR_LIB_WATCH_KERNLOG_H
#define MR_LIB_WATCH_KERNLOG_H

#include <stdbool.h>
#include <stdint.h>

enum mr_watch_cause {
	MR_CAUSE_UNKNOWN,
	MR_CAUSE_CEC,			/* the kernel's collector of corrected errors */
	MR_CAUSE_MACHINE_CHECK,
	MR_CAUSE_FIRMWARE,		/* ACPI's generic hardware error source */
	MR_CAUSE_MEMRAS,		/* this watch, by its policy */
};

/* "unknown", "cec", "machine-check", "firmware", "memras": as on the retired list */
const char *mr_watch_cause_name(enum mr_watch_cause cause);

struct mr_kernlog {
	uint64_t pfn;
	bool claims;			/* the line says that the page is retired, or about to be */
	bool blames;			/* the line shows .cause */
	enum mr_watch_cause cause;
	const char *why;		/* result in the kernel's words, within the line; or NULL */
};

/*
 * Parses @line, of a kernel with pages of 1 << @page_shift bytes. False if it names no page. See
 * mm/memory-failure.c, drivers/ras/cec.c, drivers/firmware/efi/cper.c,
 * arch/x86/kernel/cpu/mce/core.c.
 */
bool mr_kernlog_parse(const char *line, unsigned int page_shift, struct mr_kernlog *log);

#endif
