/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the block commands share. */
#ifndef MR_CMDS_BLOCK_H
#define MR_CMDS_BLOCK_H

#include "cli/cmd.h"
#include "cli/record.h"

/* Of a struct mr_blocker. */
extern const struct mr_field mr_blocker_fields[];

extern const struct mr_cmd mr_cmd_block_list;
extern const struct mr_cmd mr_cmd_block_show;
extern const struct mr_cmd mr_cmd_block_offline;
extern const struct mr_cmd mr_cmd_block_online;

#endif
