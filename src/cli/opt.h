/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From argv to a command and its filled-in arguments. */
#ifndef MR_CLI_OPT_H
#define MR_CLI_OPT_H

#include "cli/run.h"
#include "util/err.h"

struct mr_parsed {
	const struct mr_cmd *cmd;	/* NULL: no command was named */
	char name[48];			/* its full name, "block offline" */
	struct mr_globals globals;
	enum mr_json json;		/* also of words that are wrong */
	bool no_command;		/* the words end before a command is named */
	void *args;			/* cmd->args_size bytes; free() it */
	int nr;				/* operands */
	char **operands;		/* inside argv */
};

/*
 * Parses @argv against the commands @cmds (NULL-terminated). Options may stand
 * anywhere, those of the command behind its name; "--" ends them. Neither
 * options nor commands can be abbreviated. On a wrong word: -EINVAL with @err
 * naming it, and out->cmd and out->globals as far as they were understood;
 * out->json is right all the same.
 */
int mr_opt_parse(const struct mr_cmd *const *cmds, int argc, char **argv, struct mr_parsed *out,
		 struct mr_err *err);

#endif
