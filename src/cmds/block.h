/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands below "block". */
#ifndef MR_CMDS_BLOCK_H
#define MR_CMDS_BLOCK_H

#include "cli/cmd.h"

extern const struct mr_cmd mr_cmd_block_list;
extern const struct mr_cmd mr_cmd_block_show;
extern const struct mr_cmd mr_cmd_block_offline;
extern const struct mr_cmd mr_cmd_block_online;

#endif
