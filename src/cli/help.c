// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/record.h"

#define INDENT 28

static void print_option(const struct mr_opt *o)
{
	char left[64];
	int n;

	if (!o->help)
		return;
	if (o->letter)
		n = snprintf(left, sizeof(left), "  -%c, --%s", o->letter, o->name);
	else
		n = snprintf(left, sizeof(left), "      --%s", o->name);
	if (o->arg)
		snprintf(left + n, sizeof(left) - (size_t)n, " %s", o->arg);
	if (strlen(left) + 2 > INDENT)
		printf("%s\n%*s%s\n", left, INDENT, "", o->help);
	else
		printf("%-*s%s\n", INDENT, left, o->help);
}

static void print_options(const char *heading, const struct mr_opt *opts, const struct mr_cmd *cmd)
{
	if (!opts || opts->type == MR_OPT_END)
		return;
	printf("\n%s:\n", heading);
	for (; opts->type != MR_OPT_END; opts++)
		if (strcmp(opts->name, "dry-run") || !cmd || (cmd->flags & MR_CMD_DRYRUN))
			print_option(opts);
}

static void print_commands(const struct mr_cmd *const *cmds, const char *prefix)
{
	for (; *cmds; cmds++) {
		char name[64];

		if ((*cmds)->subs) {
			print_commands((*cmds)->subs, (*cmds)->name);
			continue;
		}
		snprintf(name, sizeof(name), "%s%s%s", prefix ? prefix : "", prefix ? " " : "",
			 (*cmds)->name);
		printf("  %-*s%s\n", INDENT - 2, name, (*cmds)->summary);
	}
}

void mr_help_all(const struct mr_cmd *const *cmds)
{
	puts("Usage: memras [OPTION...] COMMAND [ARGUMENT...]\n"
	     "\n"
	     "Retires failing memory pages, takes memory blocks offline and brings them\n"
	     "back, replaces hugepages in place, and lists poisoned memory. What cannot be\n"
	     "done is reported with the reason.\n"
	     "\n"
	     "Commands:");
	print_commands(cmds, NULL);
	print_options("Options", mr_global_opts, NULL);
	puts("\nFor more, see 'memras COMMAND --help' and memras(8).");
}

void mr_help_glance(const struct mr_cmd *const *cmds, const struct mr_cmd *group)
{
	const char *name = group ? group->name : "";
	const char *blank = group ? " " : "";

	fprintf(stderr, "\nUsage: memras %s%sCOMMAND [ARGUMENT...]\n\n", name, blank);
	for (cmds = group ? group->subs : cmds; *cmds; cmds++)
		fprintf(stderr, "  %-12s%s\n", (*cmds)->name, (*cmds)->summary);
	fprintf(stderr, "\nFor more, see 'memras %s%s--help' and memras%s%s(8).\n", name, blank,
		group ? "-" : "", name);
}

static const char *operand_pointer(enum mr_operand operand)
{
	switch (operand) {
	case MR_OPERAND_TARGET:
		return "A TARGET is a page frame number (107187, 0x1a2b3), a range A-B or A+N,\n"
		       "phys:ADDR[+LEN], pid:PID@VADDR[+LEN], file:PATH[@OFFSET[+LEN]], node:N,\n"
		       "or - for a list on standard input. Sizes take K, M, G, T. See memras(8).";
	case MR_OPERAND_BLOCK:
		return "A SELECTOR is 7, 7-12, memory7, phys:ADDR[+LEN], node:N, size:4G or all.\n"
		       "See memras(8).";
	case MR_OPERAND_FILE:
	case MR_OPERAND_NONE:
		break;
	}
	return NULL;
}

/* Prints the columns that --output accepts. */
static void print_columns(const struct mr_cmd *cmd)
{
	const struct mr_opt *o = cmd->opts;

	while (o && o->type != MR_OPT_END && strcmp(o->name, "output"))
		o++;
	if (!o || o->type == MR_OPT_END || !cmd->members)
		return;
	puts("\nAvailable columns:");
	for (const struct mr_field *f = cmd->members->fields; f->type != MR_FIELD_END; f++)
		if (f->head)
			printf("  %-*s%s\n", INDENT - 2, f->head, f->help);
}

void mr_help_command(const struct mr_cmd *cmd, const char *name)
{
	const char *pointer = operand_pointer(cmd->operand);

	if (cmd->subs) {
		printf("Usage: memras %s COMMAND [ARGUMENT...]\n\nCommands:\n", name);
		print_commands(cmd->subs, name);
		printf("\nFor more, see 'memras %s COMMAND --help' and memras-%s(8).\n", name,
		       cmd->name);
		return;
	}
	printf("Usage: memras %s [OPTION...]%s%s\n\n", name, cmd->synopsis ? " " : "",
	       cmd->synopsis ? cmd->synopsis : "");
	printf("%c%s.\n", cmd->summary[0] - 'a' + 'A', cmd->summary + 1);
	if (cmd->details)
		printf("\n%s\n", cmd->details);
	if (pointer)
		printf("\n%s\n", pointer);
	print_options("Options", cmd->opts, cmd);
	print_options("General options", mr_global_opts, cmd);
	print_columns(cmd);
}
