/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Field tables of what several commands tell of. */
#ifndef MR_REPORT_FIELDS_H
#define MR_REPORT_FIELDS_H

#include "cli/record.h"
#include "lib/inspect/blockers.h"

/* Of a struct mr_owner. */
extern const struct mr_field mr_owner_fields[];

/* Of a struct mr_hugepool. */
extern const struct mr_field mr_pool_fields[];

/* Of a struct mr_quarantine. */
extern const struct mr_field mr_quarantine_fields[];

/* Of what mr_blocker_rows() makes. */
extern const struct mr_field mr_blocker_fields[];

/*
 * What is in the way, as records for a table or JSON. The list is to be free()d,
 * and is good as long as @blockers is; short of memory, it is empty.
 */
struct mr_records mr_blocker_rows(const struct mr_blockers *blockers);

/* Prints them under a headline, if there are any. */
int mr_blocker_print(const char *block, const struct mr_records *rows, struct mr_err *err);

#endif
