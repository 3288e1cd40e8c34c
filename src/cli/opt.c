// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "cli/opt.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/num.h"

const char *const mr_color_choices[] = { "auto", "always", "never", NULL };

const struct mr_opt mr_global_opts[] = {
	MR_FLAG("json", 'J', struct mr_globals, json, "print JSON instead of a table"),
	MR_FLAG("dry-run", 'n', struct mr_globals, dry_run, "say what would be done, and stop"),
	MR_DIR("sysroot", 0, struct mr_globals, sysroot,
	       "read a captured machine below DIR; nothing can act on it"),
	MR_DIR("state-dir", 0, struct mr_globals, state_dir,
	       "keep the list of retired pages in DIR instead of /var/lib/memras"),
	MR_FLAG("no-module", 0, struct mr_globals, no_module, "do without memras.ko"),
	MR_FLAG("quiet", 'q', struct mr_globals, quiet, "leave out hints, remarks and the report of what was done"),
	MR_FLAG("verbose", 'v', struct mr_globals, verbose, "say each step"),
	MR_CHOICE("color", 0, struct mr_globals, color, "WHEN", mr_color_choices,
		  "color output: auto, always or never"),
	MR_FLAG("version", 'V', struct mr_globals, version, "print the version"),
	MR_FLAG("help", 'h', struct mr_globals, help, "print this help"),
	{ 0 },
};

/* Hidden: prints the declarations of all commands as JSON. */
static const struct mr_opt hidden_opts[] = {
	MR_FLAG("introspect", 0, struct mr_globals, introspect, NULL),
	{ 0 },
};

#define OPTS_MAX 48

/* An option, and the struct that holds its value. */
struct slot {
	const struct mr_opt *opt;
	char *base;
	bool seen;
};

struct slots {
	struct slot slot[OPTS_MAX];
	int nr;
};

static void slots_add(struct slots *s, const struct mr_opt *opts, void *base)
{
	for (; opts && opts->type != MR_OPT_END; opts++)
		if (s->nr < OPTS_MAX)
			s->slot[s->nr++] = (struct slot){ opts, base, false };
}

static int choice_error(const struct mr_opt *o, const char *value, struct mr_err *err)
{
	char list[128] = "";

	for (int i = 0; o->choices[i]; i++) {
		size_t len = strlen(list);

		snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "", o->choices[i]);
	}
	return mr_err_usage(err, -EINVAL, value, "not one of --%s's values: %s", o->name, list);
}

static int store(const struct slot *slot, const char *value, struct mr_err *err)
{
	const struct mr_opt *o = slot->opt;
	void *field = slot->base + o->offset;
	int rc = 0;

	switch (o->type) {
	case MR_OPT_FLAG:
		*(bool *)field = true;
		break;
	case MR_OPT_CHOICE:
		for (int i = 0; o->choices[i]; i++) {
			if (!strcmp(value, o->choices[i])) {
				*(const char **)field = value;
				return 0;
			}
		}
		return choice_error(o, value, err);
	case MR_OPT_STRING:
	case MR_OPT_FILE:
	case MR_OPT_DIR:
		if (!*value)
			return mr_err_usage(err, -EINVAL, "", "--%s needs a value, not an empty word",
					    o->name);
		*(const char **)field = value;
		break;
	case MR_OPT_NUMBER:
		rc = mr_num_parse(value, field);
		if (rc)
			return mr_err_usage(err, -EINVAL, value, "--%s needs a number%s", o->name,
					    rc == -ERANGE ? " below 2^64" : "");
		break;
	case MR_OPT_DURATION:
		rc = mr_duration_parse(value, field);
		if (rc)
			return mr_err_usage(err, -EINVAL, value,
					    "--%s needs a time such as 500ms, 10s or 2m%s", o->name,
					    rc == -ERANGE ? "; this one is too long" : "");
		break;
	case MR_OPT_END:
		break;
	}
	return 0;
}

static int unknown_option(const struct slots *s, const char *word, struct mr_err *err)
{
	const char *names[OPTS_MAX];
	mr_autofree char *bare = strndup(word + strspn(word, "-"),
					 strcspn(word + strspn(word, "-"), "="));
	int n;

	mr_err_usage(err, -EINVAL, word, "no such option");
	for (int i = 0; i < s->nr; i++)
		names[i] = s->slot[i].opt->name;
	n = bare ? mr_nearest(bare, names, (size_t)s->nr) : -1;
	if (n >= 0 && s->slot[n].opt->help)
		mr_err_hint(err, "did you mean --%s?", names[n]);
	return -EINVAL;
}

/*
 * Parses the options in @argv and leaves optind at the first word that is not an option.
 * getopt_long(3) does the parsing; abbreviations, which it would accept, are refused.
 */
static int parse_options(struct slots *s, int argc, char **argv, bool stop_at_word,
			 struct mr_err *err)
{
	struct option longs[OPTS_MAX + 1] = { 0 };
	char shorts[2 + 2 * OPTS_MAX + 2] = "";
	size_t n = 0;
	int c, which;

	if (stop_at_word)
		shorts[n++] = '+';
	shorts[n++] = ':';
	for (int i = 0; i < s->nr; i++) {
		const struct mr_opt *o = s->slot[i].opt;
		bool has_value = o->type != MR_OPT_FLAG;

		longs[i].name = o->name;
		longs[i].has_arg = has_value ? required_argument : no_argument;
		longs[i].val = 256 + i;
		if (o->letter) {
			shorts[n++] = o->letter;
			if (has_value)
				shorts[n++] = ':';
		}
	}
	optind = 0;	/* glibc: reinitialize */
	opterr = 0;
	for (;;) {
		int before = optind ? optind : 1;
		int rc;

		c = getopt_long(argc, argv, shorts, longs, NULL);
		if (c == -1)
			return 0;
		which = -1;
		if (c >= 256) {
			const char *word = argv[optind - 1];
			size_t len = strlen(longs[c - 256].name);

			/* "--name value": the name is the word before. */
			if (longs[c - 256].has_arg && optarg == word)
				word = argv[optind - 2];
			if (strncmp(word + 2, longs[c - 256].name, len) ||
			    (word[2 + len] && word[2 + len] != '='))
				return unknown_option(s, word, err);
			which = c - 256;
		} else if (c == '?' || c == ':') {
			const char *word = argv[optind > 1 ? optind - 1 : before];

			if (c == ':' || (optopt >= 256 && c == '?')) {
				const char *why = c == ':' ? "needs a value" : "takes no value";

				return mr_err_usage(err, -EINVAL, word, "%s", why);
			}
			if (optopt && word[1] != '-') {
				char bad[] = { '-', (char)optopt, '\0' };

				return unknown_option(s, bad, err);
			}
			return unknown_option(s, word, err);
		} else {
			for (int i = 0; i < s->nr; i++)
				if (s->slot[i].opt->letter == c)
					which = i;
		}
		rc = store(&s->slot[which], optarg, err);
		if (rc)
			return rc;
		s->slot[which].seen = true;
	}
}

static const struct mr_cmd *find(const struct mr_cmd *const *cmds, const char *word)
{
	for (; *cmds; cmds++)
		if (!strcmp((*cmds)->name, word))
			return *cmds;
	return NULL;
}

static int unknown_command(const struct mr_cmd *const *cmds, const char *word, struct mr_err *err)
{
	const char *names[OPTS_MAX];
	size_t nr = 0;
	int n;

	for (; nr < OPTS_MAX && cmds[nr]; nr++)
		names[nr] = cmds[nr]->name;
	n = mr_nearest(word, names, nr);
	mr_err_usage(err, -EINVAL, word, "no such command");
	if (n >= 0)
		mr_err_hint(err, "did you mean '%s'?", names[n]);
	else
		mr_err_hint(err, "'memras --help' lists the commands");
	return -EINVAL;
}

/* Returns the number of options of the set "a|b|c" that were given. */
static int count_seen(const struct slots *s, const char *set)
{
	int seen = 0;

	while (set && *set) {
		size_t len = strcspn(set, "|");

		for (int i = 0; i < s->nr; i++)
			if (s->slot[i].seen && strlen(s->slot[i].opt->name) == len &&
			    !strncmp(s->slot[i].opt->name, set, len))
				seen++;
		set += len + (set[len] == '|');
	}
	return seen;
}

/* Formats "soft|hard" as "--soft or --hard". */
static const char *set_text(const char *set, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	while (*set) {
		size_t len = strcspn(set, "|");

		n += (size_t)snprintf(buf + n, size - n, "%s--%.*s", n ? " or " : "", (int)len, set);
		set += len + (set[len] == '|');
	}
	return buf;
}

static int check_rules(const struct mr_cmd *cmd, const struct slots *s, struct mr_parsed *out,
		       struct mr_err *err)
{
	char names[96];

	if (count_seen(s, cmd->exclusive) > 1)
		return mr_err_usage(err, -EINVAL, "", "only one of %s can be given",
				    set_text(cmd->exclusive, names, sizeof(names)));
	if (cmd->required && !count_seen(s, cmd->required))
		return mr_err_usage(err, -EINVAL, "", "%s must be given",
				    set_text(cmd->required, names, sizeof(names)));
	if (out->globals.dry_run && !(cmd->flags & MR_CMD_DRYRUN))
		return mr_err_usage(err, -EINVAL, "--dry-run",
				    "this command changes nothing that could be tried");
	if (out->nr < cmd->min_operands) {
		mr_err_usage(err, -EINVAL, "", "%s is missing", cmd->synopsis);
		mr_err_hint(err, "see 'memras %s --help'", out->name);
		return -EINVAL;
	}
	if (cmd->max_operands >= 0 && out->nr > cmd->max_operands)
		return mr_err_usage(err, -EINVAL, out->operands[cmd->max_operands],
				    "one word too many");
	for (int i = 0; i < out->nr; i++)
		if (!out->operands[i][0])
			return mr_err_usage(err, -EINVAL, "", "word %d of %s is empty", i + 1,
					    cmd->synopsis);
	return 0;
}

/* True for "--name" and "--name=VALUE". */
static bool is_long(const char *word, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(word, "--", 2) && !strncmp(word + 2, name, len) &&
	       (!word[2 + len] || word[2 + len] == '=');
}

/* True if @letter is among the short options of @word, before one that takes a value. */
static bool has_letter(const struct slots *s, const char *word, char letter)
{
	if (*word++ != '-')
		return false;
	for (; *word && *word != '-'; word++) {
		if (*word == letter)
			return true;
		for (int i = 0; i < s->nr; i++)
			if (s->slot[i].opt->letter == *word &&
			    s->slot[i].opt->type != MR_OPT_FLAG)
				return false;
	}
	return false;
}

/* Returns the JSON that the words from @argv to @end request, valid or not, up to "--". */
static enum mr_json json_among(const struct slots *s, char *const *argv, char *const *end)
{
	enum mr_json json = MR_JSON_NONE;

	for (; argv < end && strcmp(*argv, "--"); argv++) {
		if (is_long(*argv, "json-lines"))
			return MR_JSON_LINES;
		if (is_long(*argv, "json") || has_letter(s, *argv, 'J'))
			json = MR_JSON_DOCUMENT;
	}
	return json;
}

/* Fills @out, and sets *@rest to the words after the command's name, to which @slots apply. */
static int parse(const struct mr_cmd *const *cmds, int argc, char **argv, struct slots *slots,
		 struct mr_parsed *out, char ***rest, struct mr_err *err)
{
	int rc, skip;

	/* Global options up to the command, then those up to its subcommand. */
	for (;;) {
		*rest = argv + 1;
		rc = parse_options(slots, argc, argv, true, err);
		if (rc)
			return rc;
		skip = optind;
		if (skip >= argc || (out->cmd && !out->cmd->subs))
			break;
		out->cmd = find(out->cmd ? out->cmd->subs : cmds, argv[skip]);
		if (!out->cmd)
			return unknown_command(out->name[0] ? find(cmds, out->name)->subs : cmds,
					       argv[skip], err);
		snprintf(out->name + strlen(out->name), sizeof(out->name) - strlen(out->name),
			 "%s%s", out->name[0] ? " " : "", out->cmd->name);
		/* The command becomes argv[0] of the rest. */
		argc -= skip;
		argv += skip;
		*rest = argv + 1;
		if (!out->cmd->subs)
			break;
	}
	if (!out->cmd || out->cmd->subs) {
		if (out->globals.help || out->globals.version || out->globals.introspect)
			return 0;
		out->no_command = true;
		mr_err_usage(err, -EINVAL, "", "%s is missing",
			     out->cmd ? "the second word" : "a command");
		mr_err_hint(err, "see 'memras %s%s--help'", out->name, out->name[0] ? " " : "");
		return -EINVAL;
	}

	out->args = calloc(1, out->cmd->args_size ? out->cmd->args_size : 1);
	if (!out->args)
		return mr_err_set(err, -ENOMEM, "", "no memory for the arguments");
	if (out->cmd->defaults)
		memcpy(out->args, out->cmd->defaults, out->cmd->args_size);
	slots_add(slots, out->cmd->opts, out->args);
	rc = parse_options(slots, argc, argv, false, err);
	if (rc)
		return rc;
	out->nr = argc - optind;
	out->operands = argv + optind;
	if (out->globals.help || out->globals.version || out->globals.introspect)
		return 0;
	return check_rules(out->cmd, slots, out, err);
}

int mr_opt_parse(const struct mr_cmd *const *cmds, int argc, char **argv, struct mr_parsed *out,
		 struct mr_err *err)
{
	struct slots slots = { 0 };
	char **rest, **end = argv + argc;
	enum mr_json json;
	int rc;

	memset(out, 0, sizeof(*out));
	slots_add(&slots, mr_global_opts, &out->globals);
	slots_add(&slots, hidden_opts, &out->globals);
	rc = parse(cmds, argc, argv, &slots, out, &rest, err);
	out->json = count_seen(&slots, "json-lines") ? MR_JSON_LINES :
		    out->globals.json ? MR_JSON_DOCUMENT : MR_JSON_NONE;
	/* Parsing stops at the first error; the words after it may request JSON. */
	json = rc ? json_among(&slots, rest, end) : MR_JSON_NONE;
	if (json > out->json)
		out->json = json;
	return rc;
}
