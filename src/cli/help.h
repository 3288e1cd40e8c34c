/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --help and --introspect print, from the declarations. */
#ifndef MR_CLI_HELP_H
#define MR_CLI_HELP_H

#include "cli/cmd.h"

/* The list of commands. */
void mr_help_all(const struct mr_cmd *const *cmds);

/* The commands at a glance, on stderr: for a line that names none, or only @group. */
void mr_help_glance(const struct mr_cmd *const *cmds, const struct mr_cmd *group);

/* One command, or one group of them; @name is its full name. */
void mr_help_command(const struct mr_cmd *cmd, const char *name);

/* Every command, or @only that one, with options and operands as JSON. */
void mr_introspect(const struct mr_cmd *const *cmds, const struct mr_cmd *only);

#endif
