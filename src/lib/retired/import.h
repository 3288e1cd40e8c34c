/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages to retire, as other tools write them down:
 *
 *	plain		numbers by blank, comma or newline, decimal or (after 0x)
 *			hexadecimal, A-B, A..B and A+N; "#" begins a comment
 *	badram		badram=ADDR,MASK,... of memtest86+, GRUB_BADRAM="ADDR,MASK,..."
 *	memmap		memmap=SIZE$ADDR,... in a line of the kernel's command line
 *	log		lines of the kernel (EDAC, memory failure, soft offline, CEC), of
 *			mcelog and of PassMark's MemTest86
 *	bcdedit		badmemorylist of Windows
 *	rasdaemon	its SQLite database, /var/lib/rasdaemon/ras-mc_event.db
 *	json		a retired list of our own
 */
#ifndef MR_LIB_RETIRED_IMPORT_H
#define MR_LIB_RETIRED_IMPORT_H

#include "lib/retired/list.h"
#include "lib/retired/source.h"

/* A list may not name more pages than this: 64 GiB of 4 KiB pages. */
#define MR_IMPORT_MAX_PAGES (1ULL << 24)

/*
 * Reads @file ("-": standard input) into @in, an empty list with a page size.
 * All entries are pending. All or nothing: with a malformed line -EINVAL, and every such
 * line was passed to import->bad; -errno of reading, as mr_input_line().
 */
int mr_import_read(struct mr_retlist *in, const char *file, const struct mr_import *import,
		   struct mr_err *err);

/*
 * "2026-11-21", "2026-11-21 04:41[:46]", with T, Z or +HHMM too; else UTC. -EINVAL,
 * also for what is no year of four digits in UTC.
 */
int mr_time_scan(const char *text, int64_t *time);

/*
 * Adds a page of @cause to @in, and keeps memory bounded by how many pages are
 * different. -ERANGE past MR_IMPORT_MAX_PAGES, -ENOMEM.
 */
int mr_import_add(struct mr_retlist *in, uint64_t pfn, mr_text_id cause, mr_text_id label,
		  int64_t time);

/* Whether a DIMM's label names one: "unknown memory" does not. */
bool mr_label_known(const char *label);

/* The rasdaemon part, to be called by mr_import_read(). */
int mr_rasdb_read(struct mr_retlist *in, const char *file, const struct mr_import *import,
		  struct mr_err *err);

#endif
