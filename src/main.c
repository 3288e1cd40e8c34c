// SPDX-License-Identifier: GPL-2.0-or-later
/* memras: options and dispatch; the only place where the process exits. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/help.h"
#include "cli/msg.h"
#include "cli/opt.h"
#include "cmds/commands.h"

#define COMMAND_ENTRY(name) &mr_cmd_##name,
static const struct mr_cmd *const commands[] = { MR_COMMANDS(COMMAND_ENTRY) NULL };

/* Prints the version as JSON. */
static void print_version_json(const struct mr_run *run)
{
	json_object *doc = mr_doc_new(run);

	json_object_object_add(doc, "version", json_object_new_string(MEMRAS_VERSION));
	mr_doc_print(doc);
}

/* Handles --help, --version and --introspect; true if one was given. */
static bool told_about_itself(const struct mr_parsed *p, const struct mr_run *run)
{
	if (p->globals.introspect || (p->globals.help && p->json))
		mr_introspect(commands, p->cmd);
	else if (p->globals.version && p->json)
		print_version_json(run);
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

/* Report a full disk or a closed pipe behind stdout as a failure. */
static int close_output(int code)
{
	int bad = ferror(stdout);

	errno = 0;
	if (fclose(stdout) || bad) {
		fprintf(stderr, "memras: the output could not be written%s%s\n", errno ? ": " : "",
			errno ? strerror(errno) : "");
		return code == MR_EXIT_OK ? MR_EXIT_FAILED : code;
	}
	return code;
}

/*
 * Undoes what the process may have inherited: a closed standard stream, whose fd the next
 * opened file would get, and ignored signals.
 */
static void settle_process(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			_exit(MR_EXIT_FAILED);
	/* A closed pipe and a file size limit become errors of the write. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	/* If SIGCHLD is ignored, the exit status of children is lost. */
	signal(SIGCHLD, SIG_DFL);
}

static int fail(const struct mr_run *run, const struct mr_err *err, bool no_command)
{
	mr_msg_error(run, err);
	if (run->json)
		mr_doc_print_error(run, err);
	else if (no_command && !run->globals.quiet)
		mr_help_glance(commands, run->cmd);
	return mr_exit_of_error(err);
}

int main(int argc, char **argv)
{
	struct mr_parsed parsed;
	struct mr_err err = { 0 };
	struct mr_run run = { 0 };
	int code;

	settle_process();
	code = mr_opt_parse(commands, argc, argv, &parsed, &err);
	run.cmd = parsed.cmd;
	run.globals = parsed.globals;
	run.json = parsed.json;
	memcpy(run.name, parsed.name, sizeof(run.name));
	if (code)
		code = fail(&run, &err, parsed.no_command);
	else if (told_about_itself(&parsed, &run))
		code = MR_EXIT_OK;
	else
		code = parsed.cmd->run(&run, parsed.args, parsed.nr, parsed.operands);
	free(parsed.args);
	return close_output(code);
}
