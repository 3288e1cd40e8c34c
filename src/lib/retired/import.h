/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Imports pages to retire from the files of other tools:
 *
 *	plain		numbers separated by blank, comma or newline, decimal or (after 0x)
 *			hexadecimal, A-B, A..B and A+N; "#" begins a comment
 *	badram		badram=ADDR,MASK,... of memtest86+, GRUB_BADRAM="ADDR,MASK,..."
 *	memmap		memmap=SIZE$ADDR,... in a kernel command line
 *	log		lines of the kernel (EDAC, memory failure, soft offline, CEC), of
 *			mcelog and of PassMark's MemTest86
 *	bcdedit		badmemorylist of Windows
 *	rasdaemon	its SQLite database, /var/lib/rasdaemon/ras-mc_event.db
 *	json		an exported retired list
 */
#ifndef MR_LIB_RETIRED_IMPORT_H
#define MR_LIB_RETIRED_IMPORT_H

#include "lib/retired/list.h"
#include "lib/retired/source.h"

/* The most pages of a list: 64 GiB of 4 KiB pages. */
#define MR_IMPORT_MAX_PAGES (1ULL << 24)

/*
 * Reads @file ("-": standard input) into @in, an empty list with a page size. All entries
 * are pending. All or nothing: if lines are malformed, passes each to import->bad and
 * returns -EINVAL; else -errno as mr_input_line().
 */
int mr_import_read(struct mr_retlist *in, const char *file, const struct mr_import *import,
		   struct mr_err *err);

/*
 * Parses "2026-11-21" or "2026-11-21 04:41[:46]", also with T, Z or +HHMM; UTC by
 * default. -EINVAL also if the year in UTC has not four digits.
 */
int mr_time_scan(const char *text, int64_t *time);

/*
 * Adds a page with @cause to @in; drops duplicates now and then to bound the memory used.
 * -ERANGE above MR_IMPORT_MAX_PAGES, -ENOMEM.
 */
int mr_import_add(struct mr_retlist *in, uint64_t pfn, mr_text_id cause, mr_text_id label,
		  int64_t time);

/* True if a DIMM's label names one: "unknown memory" does not. */
bool mr_label_known(const char *label);

/* Reads rasdaemon's database, for mr_import_read(). */
int mr_rasdb_read(struct mr_retlist *in, const char *file, const struct mr_import *import,
		  struct mr_err *err);

#endif
