/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the block commands share. */
#ifndef MR_CMDS_BLOCK_H
#define MR_CMDS_BLOCK_H

#include "cli/cmd.h"
#include "cli/record.h"
#include "lib/inspect/blockers.h"

/* Of what mr_blocker_rows() makes. */
extern const struct mr_field mr_blocker_fields[];

/*
 * What is in the way, as records for a table or JSON. The list is to be free()d,
 * and is good as long as @blockers is; short of memory, it is empty.
 */
struct mr_records mr_blocker_rows(const struct mr_blockers *blockers);

/* Prints them under a headline, if there are any. */
int mr_blocker_print(const char *block, const struct mr_records *rows, struct mr_err *err);

extern const struct mr_cmd mr_cmd_block_list;
extern const struct mr_cmd mr_cmd_block_show;
extern const struct mr_cmd mr_cmd_block_offline;
extern const struct mr_cmd mr_cmd_block_online;

#endif
