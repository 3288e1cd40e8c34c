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
 * Prints @nr records (each @size bytes, from @list on) to stdout.
 * -EINVAL with @err naming a heading in layout->columns that there is none of.
 */
int mr_table_print(const struct mr_field *fields, const struct mr_records *records,
		   const struct mr_layout *layout, struct mr_err *err);

#endif
