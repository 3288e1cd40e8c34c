/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory blocks as rows of a list: one block each, or a run of similar ones. */
#ifndef MR_REPORT_BLOCKROWS_H
#define MR_REPORT_BLOCKROWS_H

#include "backend/block.h"
#include "cli/record.h"
#include "cli/run.h"
#include "lib/inspect/blockers.h"

struct mr_block_row {
	const char *range;	/* "0x0-0x7ffffff", bytes, inclusive */
	uint64_t start, size;	/* bytes */
	const char *state;
	bool removable;
	bool permanent;
	const char *block;	/* "32", or "32-39" when merged */
	int32_t node;
	const char *const *zones;
	uint64_t poisoned;	/* pages; UINT64_MAX if unknown */
	struct mr_blockers found;
	struct mr_records blockers;
};

#define MR_BLOCK_FIELDS                                                                           \
	MR_FIELD(MR_FIELD_STRING, struct mr_block_row, range, "range", "RANGE",                   \
		 "first and last byte address"),                                                  \
	MR_FIELD(MR_FIELD_PFN, struct mr_block_row, start, "start", NULL, "physical address, bytes"), \
	MR_FIELD(MR_FIELD_BYTES, struct mr_block_row, size, "size", "SIZE", "bytes", .right = true, \
		 .width = 5),                                                                     \
	MR_FIELD(MR_FIELD_STRING, struct mr_block_row, state, "state", "STATE", "online or offline", \
		 .right = true),                                                                  \
	MR_FIELD(MR_FIELD_BOOL, struct mr_block_row, removable, "removable", "REMOVABLE",         \
		 "what the kernel's attribute says", .right = true),                              \
	MR_FIELD(MR_FIELD_STRING, struct mr_block_row, block, "block", "BLOCK",                   \
		 "block, or range of them",                                                       \
		 .right = true),                                                                  \
	MR_FIELD(MR_FIELD_S32, struct mr_block_row, node, "node", "NODE", "NUMA node", .nullable = true, \
		 .right = true),                                                                  \
	MR_FIELD(MR_FIELD_STRINGS, struct mr_block_row, zones, "zones", "ZONES",                  \
		 "zone it is in, or could go to", .right = true, .join = '/'),                    \
	MR_FIELD(MR_FIELD_BOOL, struct mr_block_row, permanent, "permanent", "PERMANENT",         \
		 "boot memory that never goes offline, on arm64", .optional = true, .right = true), \
	MR_FIELD(MR_FIELD_U64, struct mr_block_row, poisoned, "poisoned", "POISONED",             \
		 "poisoned pages", .nullable = true, .right = true)

/* Differences that keep neighbours in separate rows, as in lsmem. */
#define MR_SPLIT_STATE	(1U << 0)
#define MR_SPLIT_REMOVABLE	(1U << 1)
#define MR_SPLIT_NODE	(1U << 2)
#define MR_SPLIT_ZONES	(1U << 3)
#define MR_SPLIT_ALL	(MR_SPLIT_STATE | MR_SPLIT_REMOVABLE | MR_SPLIT_NODE | MR_SPLIT_ZONES)
#define MR_SPLIT_EACH	(1U << 4)	/* no grouping at all */
#define MR_SPLIT_PERMANENT	(1U << 5)	/* on request: lsmem does not know it */

/* Poisoned pages, found for all rows by one scan. All zeros: not scanned. */
struct mr_poison_counts {
	bool known;
	uint64_t *list;		/* PFNs, ascending */
	size_t nr, next;
};

/*
 * Finds the poisoned pages of @nr blocks, ascending; skips the scan if HardwareCorrupted
 * in /proc/meminfo is 0. free() the list.
 */
void mr_poison_counts_read(const struct mr_machine *m, const struct mr_block *const *blocks,
			   size_t nr, struct mr_poison_counts *counts);

struct mr_block_text {
	char range[48], block[48];
};

/*
 * Makes one row of the blocks from @blocks[*@i] on that do not differ in @split, and
 * advances *@i past them: rows must be made in order. @text holds strings of the row.
 */
void mr_block_row_make(const struct mr_machine *m, const struct mr_block *const *blocks,
		       size_t nr, unsigned int split, struct mr_poison_counts *counts, size_t *i,
		       struct mr_block_row *row, struct mr_block_text *text);

/*
 * Opens the machine and selects blocks by the @nr @words, with the attributes @want
 * (MR_BLOCK_WANT_*). Returns 0, or -errno with @err set and nothing open.
 */
int mr_block_rows_choose(struct mr_run *run, struct mr_machine *m, unsigned int want, int nr,
			 char **words, struct mr_blocks *blocks,
			 const struct mr_block ***chosen, size_t *nr_chosen, struct mr_err *err);

#endif
