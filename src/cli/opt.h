/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses argv into a command and its arguments. */
#ifndef MR_CLI_OPT_H
#define MR_CLI_OPT_H

#include "cli/run.h"
#include "util/err.h"

struct mr_parsed {
	const struct mr_cmd *cmd;	/* NULL if no command was named */
	char name[48];			/* its full name, "block offline" */
	struct mr_globals globals;
	enum mr_json json;		/* also set if the command line is wrong */
	bool no_command;		/* the command line ends before a command is named */
	void *args;			/* cmd->args_size bytes; free() it */
	int nr;				/* operands */
	char **operands;		/* inside argv */
};

/*
 * Parses @argv for the commands @cmds (NULL-terminated). Options may be anywhere after
 * the command that they belong to; "--" ends them. Neither options nor commands can be
 * abbreviated. On an error: -EINVAL with @err naming the word; out->cmd and out->globals
 * have what was parsed before it, and out->json is complete.
 */
int mr_opt_parse(const struct mr_cmd *const *cmds, int argc, char **argv, struct mr_parsed *out,
		 struct mr_err *err);

#endif
