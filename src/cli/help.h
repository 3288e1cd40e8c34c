/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --help and --introspect print, from the declarations. */
#ifndef MR_CLI_HELP_H
#define MR_CLI_HELP_H

#include "cli/cmd.h"

/* The list of commands. */
void mr_help_all(const struct mr_cmd *const *cmds);

/* One command, or one group of them; @name is its full name. */
void mr_help_command(const struct mr_cmd *cmd, const char *name);

/* Every command, option and operand as JSON, for completions and checks. */
void mr_introspect(const struct mr_cmd *const *cmds);

#endif
