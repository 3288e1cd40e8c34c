/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All commands, one per file of this directory. */
#ifndef MR_CMDS_COMMANDS_H
#define MR_CMDS_COMMANDS_H

#include "cli/cmd.h"

/* In the order of the help. */
#define MR_COMMANDS(X) \
	X(status) \
	X(offline) \
	X(unpoison) \
	X(inspect) \
	X(block) \
	X(hugepage) \
	X(quarantine) \
	X(retired) \
	X(watch) \
	X(map) \
	X(module) \
	X(doctor)

#define MR_COMMAND_DECLARED(name) extern const struct mr_cmd mr_cmd_##name;
MR_COMMANDS(MR_COMMAND_DECLARED)

#endif
