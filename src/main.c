// SPDX-License-Identifier: GPL-2.0-or-later
/* memras: options and dispatch, and the only place that the process ends. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/help.h"
#include "cli/msg.h"
#include "cli/opt.h"
#include "cmds/commands.h"

static const struct mr_cmd *const commands[] = {
	&mr_cmd_status,
	&mr_cmd_offline,
	&mr_cmd_unpoison,
	&mr_cmd_inspect,
	&mr_cmd_block,
	&mr_cmd_hugepage,
	&mr_cmd_quarantine,
	&mr_cmd_retired,
	&mr_cmd_map,
	&mr_cmd_module,
	&mr_cmd_doctor,
	NULL,
};

/* What was asked for instead of a run. */
static bool told_about_itself(const struct mr_parsed *p)
{
	if (p->globals.introspect)
		mr_introspect(commands);
	else if (p->globals.version)
		puts("memras " MEMRAS_VERSION);
	else if (p->globals.help && p->cmd)
		mr_help_command(p->cmd, p->name);
	else if (p->globals.help)
		mr_help_all(commands);
	else
		return false;
	return true;
}

/* A full disk behind stdout must not look like success. */
static int close_output(int code)
{
	int bad = ferror(stdout);

	if (fclose(stdout) || bad) {
		fputs("memras: the output could not be written\n", stderr);
		return code == MR_EXIT_OK ? MR_EXIT_FAILED : code;
	}
	return code;
}

/* An option that was refused may stand before --json; the answer is JSON all the same. */
static bool wants_json(int argc, char *const *argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct mr_parsed parsed;
	struct mr_err err = { 0 };
	struct mr_run run = { 0 };
	bool json;
	int code;

	/* A file size limit is an error of the write that meets it, not a death. */
	signal(SIGXFSZ, SIG_IGN);
	/* Before the words are parsed: that moves them about. */
	json = wants_json(argc, argv);
	code = mr_opt_parse(commands, argc, argv, &parsed, &err);
	run.cmd = parsed.cmd;
	run.globals = parsed.globals;
	memcpy(run.name, parsed.name, sizeof(run.name));
	if (code) {
		mr_msg_error(&run, &err);
		if (run.globals.json || json)
			mr_doc_print_error(&run, &err);
		code = mr_exit_of_error(&err);
	} else if (told_about_itself(&parsed)) {
		code = MR_EXIT_OK;
	} else {
		code = parsed.cmd->run(&run, parsed.args, parsed.nr, parsed.operands);
	}
	free(parsed.args);
	return close_output(code);
}
