/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of one command: its options and its kind of output. */
#ifndef MR_CLI_RUN_H
#define MR_CLI_RUN_H

#include "cli/cmd.h"

/* The requested JSON output. */
enum mr_json {
	MR_JSON_NONE = 0,
	MR_JSON_DOCUMENT,	/* --json: one document */
	MR_JSON_LINES,		/* --json-lines: one document per line */
};

struct mr_run {
	const struct mr_cmd *cmd;
	char name[48];			/* "block offline" */
	struct mr_globals globals;
	enum mr_json json;		/* also decides how an error of the whole run is printed */
};

#endif
