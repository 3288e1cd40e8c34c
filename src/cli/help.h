/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output of --help and --introspect, made from the declarations. */
#ifndef MR_CLI_HELP_H
#define MR_CLI_HELP_H

#include "cli/cmd.h"

/* Prints the list of commands. */
void mr_help_all(const struct mr_cmd *const *cmds);

/* Prints an overview of commands on stderr, for a command line that names none, or only @group. */
void mr_help_glance(const struct mr_cmd *const *cmds, const struct mr_cmd *group);

/* Prints the help of one command or group; @name is its full name. */
void mr_help_command(const struct mr_cmd *cmd, const char *name);

/* Prints every command, or only @only, with options and operands as JSON. */
void mr_introspect(const struct mr_cmd *const *cmds, const struct mr_cmd *only);

#endif
