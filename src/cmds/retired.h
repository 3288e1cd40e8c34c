/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands below "retired". */
#ifndef MR_CMDS_RETIRED_H
#define MR_CMDS_RETIRED_H

#include "cli/cmd.h"

extern const struct mr_cmd mr_cmd_retired_list;
extern const struct mr_cmd mr_cmd_retired_restore;
extern const struct mr_cmd mr_cmd_retired_forget;
extern const struct mr_cmd mr_cmd_retired_import;
extern const struct mr_cmd mr_cmd_retired_export;

#endif
