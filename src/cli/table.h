/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of records, by libsmartcols. */
#ifndef MR_CLI_TABLE_H
#define MR_CLI_TABLE_H

#include <libsmartcols/libsmartcols.h>

#include "cli/record.h"
#include "util/err.h"

/* The layout of a table; named as the options of lsmem and lsblk. */
struct mr_layout {
	const char *columns;	/* headings, comma-separated; NULL: all not optional */
	bool all;		/* the optional columns as well */
	bool bytes;		/* sizes as plain numbers */
	bool raw;		/* no alignment */
	bool pairs;		/* KEY="value" */
	bool no_headings;
};

/*
 * Opens a table to be filled record by record; records need not be kept. -EINVAL with
 * @err set if layout->columns has an unknown heading. @layout NULL: all columns that are
 * not optional, aligned.
 */
struct mr_table;
int mr_table_open(const struct mr_field *fields, const struct mr_layout *layout,
		  struct mr_table **table, struct mr_err *err);

/* True if the table has the column @head; values of other columns need not be computed. */
bool mr_table_shows(const struct mr_table *table, const char *head);

/* Adds a record. -ENOMEM with @err set; mr_table_close() is needed then as well. */
int mr_table_add(struct mr_table *table, const void *record, struct mr_err *err);

/* Prints the table to stdout. */
void mr_table_print_all(const struct mr_table *table);
void mr_table_close(struct mr_table *table);

/* Prints @records to stdout as a table. Errors as mr_table_open() and mr_table_add(). */
int mr_table_print(const struct mr_field *fields, const struct mr_records *records,
		   const struct mr_layout *layout, struct mr_err *err);

#endif
