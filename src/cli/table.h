/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as a table, by libsmartcols. */
#ifndef MR_CLI_TABLE_H
#define MR_CLI_TABLE_H

#include <libsmartcols/libsmartcols.h>

#include "cli/record.h"
#include "util/err.h"

/* How a table is laid out; the same words as lsmem's and lsblk's. */
struct mr_layout {
	const char *columns;	/* headings by comma, in order; NULL: those not optional */
	bool all;		/* the optional columns too */
	bool bytes;		/* sizes as plain numbers */
	bool raw;		/* no alignment */
	bool pairs;		/* KEY="value" */
	bool no_headings;
};

/*
 * A table that is filled record by record, which need not be kept. -EINVAL with
 * @err naming a heading in layout->columns that there is none of; @layout NULL
 * is all that is not optional, aligned.
 */
struct mr_table;
int mr_table_open(const struct mr_field *fields, const struct mr_layout *layout,
		  struct mr_table **table, struct mr_err *err);

/* Whether the table has the column @head: what it does not show need not be found out. */
bool mr_table_shows(const struct mr_table *table, const char *head);

/* -ENOMEM with @err set, after which mr_table_close() is still due. */
int mr_table_add(struct mr_table *table, const void *record, struct mr_err *err);

/* Prints what was added to stdout. */
void mr_table_print_all(const struct mr_table *table);
void mr_table_close(struct mr_table *table);

/*
 * Prints @nr records (each @size bytes, from @list on) to stdout.
 * -EINVAL with @err naming a heading in layout->columns that there is none of.
 */
int mr_table_print(const struct mr_field *fields, const struct mr_records *records,
		   const struct mr_layout *layout, struct mr_err *err);

#endif
