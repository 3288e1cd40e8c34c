/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Field tables that several commands share. */
#ifndef MR_REPORT_FIELDS_H
#define MR_REPORT_FIELDS_H

#include "cli/record.h"
#include "lib/inspect/blockers.h"

/* For struct mr_owner. */
extern const struct mr_field mr_owner_fields[];

/* For struct mr_hugepool. */
extern const struct mr_field mr_pool_fields[];

/* For struct mr_quarantine. */
extern const struct mr_field mr_quarantine_fields[];

/* For the records of mr_blocker_rows(). */
extern const struct mr_field mr_blocker_fields[];

/*
 * Returns @blockers as records for a table or JSON. The list is to be free()d, and valid
 * as long as @blockers is; empty if there is no memory.
 */
struct mr_records mr_blocker_rows(const struct mr_blockers *blockers);

/* Prints them under a heading, if there are any. */
int mr_blocker_print(const char *block, const struct mr_records *rows, struct mr_err *err);

#endif
