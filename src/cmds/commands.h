/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every command, one per file of this folder. */
#ifndef MR_CMDS_COMMANDS_H
#define MR_CMDS_COMMANDS_H

#include "cli/cmd.h"

extern const struct mr_cmd mr_cmd_status;
extern const struct mr_cmd mr_cmd_offline;
extern const struct mr_cmd mr_cmd_unpoison;
extern const struct mr_cmd mr_cmd_inspect;
extern const struct mr_cmd mr_cmd_block;
extern const struct mr_cmd mr_cmd_hugepage;
extern const struct mr_cmd mr_cmd_quarantine;
extern const struct mr_cmd mr_cmd_retired;
extern const struct mr_cmd mr_cmd_map;
extern const struct mr_cmd mr_cmd_module;
extern const struct mr_cmd mr_cmd_doctor;

#endif
