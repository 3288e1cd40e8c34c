/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of one command: what was asked for, and where its output goes. */
#ifndef MR_CLI_RUN_H
#define MR_CLI_RUN_H

#include "cli/cmd.h"

struct mr_run {
	const struct mr_cmd *cmd;
	char name[48];			/* "block offline" */
	struct mr_globals globals;
};

#endif
