/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of one command: what was asked for, and where its output goes. */
#ifndef MR_CLI_RUN_H
#define MR_CLI_RUN_H

#include "cli/cmd.h"

/* What JSON was asked for. */
enum mr_json {
	MR_JSON_NONE = 0,
	MR_JSON_DOCUMENT,	/* --json: one document */
	MR_JSON_LINES,		/* --json-lines: a document a line */
};

struct mr_run {
	const struct mr_cmd *cmd;
	char name[48];			/* "block offline" */
	struct mr_globals globals;
	enum mr_json json;		/* how an error of the whole run is printed */
};

#endif
