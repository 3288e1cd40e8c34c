/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command, declared once: parsing, --help, usage errors, completions, the check of the
 * man pages and --introspect all come from these tables.
 */
#ifndef MR_CLI_CMD_H
#define MR_CLI_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mr_field;
struct mr_run;

enum mr_opt_type {
	MR_OPT_END = 0,
	MR_OPT_FLAG,		/* bool */
	MR_OPT_STRING,		/* const char *, as given */
	MR_OPT_CHOICE,		/* const char *, one of .choices */
	MR_OPT_NUMBER,		/* uint64_t */
	MR_OPT_DURATION,	/* uint64_t, milliseconds; see mr_duration_parse() */
	MR_OPT_FILE,		/* const char *, completed as a file */
	MR_OPT_DIR,		/* const char *, completed as a directory */
};

struct mr_opt {
	const char *name;		/* without the dashes */
	char letter;			/* 0: no short form */
	enum mr_opt_type type;
	size_t offset;			/* of the field in the arguments' struct */
	const char *arg;		/* name of the argument in the help */
	const char *const *choices;	/* NULL-terminated, for MR_OPT_CHOICE */
	const char *help;		/* one line, no capital, no full stop */
};

#define MR_OPT_(kind, ctype, n, c, st, f, a, ch, h)                                               \
	{                                                                                         \
		.name = n, .letter = c, .type = kind,                                             \
		.offset = offsetof(st, f) + 0 * sizeof((ctype *)0 == &((st *)0)->f),              \
		.arg = a, .choices = ch, .help = h                                                \
	}
#define MR_FLAG(n, c, st, f, h) MR_OPT_(MR_OPT_FLAG, bool, n, c, st, f, NULL, NULL, h)
#define MR_STRING(n, c, st, f, a, h) MR_OPT_(MR_OPT_STRING, const char *, n, c, st, f, a, NULL, h)
#define MR_CHOICE(n, c, st, f, a, ch, h)                                                          \
	MR_OPT_(MR_OPT_CHOICE, const char *, n, c, st, f, a, ch, h)
#define MR_NUMBER(n, c, st, f, a, h) MR_OPT_(MR_OPT_NUMBER, uint64_t, n, c, st, f, a, NULL, h)
#define MR_DURATION(n, c, st, f, h)                                                               \
	MR_OPT_(MR_OPT_DURATION, uint64_t, n, c, st, f, "TIME", NULL, h)
#define MR_FILE(n, c, st, f, h) MR_OPT_(MR_OPT_FILE, const char *, n, c, st, f, "FILE", NULL, h)
#define MR_DIR(n, c, st, f, h) MR_OPT_(MR_OPT_DIR, const char *, n, c, st, f, "DIR", NULL, h)

/* The kind of a command's operands, for completion and the help. */
enum mr_operand {
	MR_OPERAND_NONE = 0,
	MR_OPERAND_TARGET,	/* page targets, src/lib/target/target.h */
	MR_OPERAND_BLOCK,	/* block selectors, src/lib/target/blocksel.h */
	MR_OPERAND_FILE,
};

/* enum mr_cmd.flags, checked in one place before .run is called */
#define MR_CMD_DRYRUN	(1U << 0)	/* has --dry-run */
#define MR_CMD_ACTS	(1U << 1)	/* changes the machine: refused under --sysroot */

/* A part of a command's JSON that a field table describes: one record, or a list of them. */
struct mr_member {
	const char *name;		/* NULL: members of the document itself */
	const struct mr_field *fields;
};

struct mr_cmd {
	const char *name;
	const char *synopsis;		/* operands, as written in the usage line */
	enum mr_operand operand;
	const char *const *words;	/* allowed in place of operands; or NULL */
	int min_operands;
	int max_operands;		/* -1: unlimited */
	const char *summary;		/* one line, no capital, no full stop */
	const char *details;		/* paragraphs for --help, or NULL */
	const struct mr_opt *opts;	/* ends with { 0 }, or NULL */
	const char *exclusive;		/* "soft|hard": at most one of these */
	const char *required;		/* "soft|hard": at least one of these */
	const struct mr_member *members; /* ends with { 0 }, or NULL */
	const void *defaults;		/* args_size bytes, or NULL for zeros */
	size_t args_size;		/* of the arguments' struct */
	unsigned int flags;		/* MR_CMD_* */
	const struct mr_cmd *const *subs; /* NULL-terminated: this is a group of commands */
	/* Runs the command; returns an exit code (cli/exit.h). */
	int (*run)(struct mr_run *run, const void *args, int nr, char **operands);
};

/* Options of every command. */
struct mr_globals {
	bool json;
	bool dry_run;
	const char *sysroot;
	const char *state_dir;
	bool no_module;
	bool quiet;
	bool verbose;
	const char *color;
	bool version;
	bool help;
	bool introspect;
};

extern const struct mr_opt mr_global_opts[];
extern const char *const mr_color_choices[];

#endif
