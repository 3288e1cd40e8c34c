// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/opt.h"

#include <stdlib.h>

#include "check.h"

struct args {
	bool soft, hard;
	uint64_t timeout_ms, retries;
	const char *via, *from;
};

static const char *const vias[] = { "auto", "sysfs", NULL };

static const struct mr_opt opts[] = {
	MR_FLAG("soft", 's', struct args, soft, "x"),
	MR_FLAG("hard", 0, struct args, hard, "x"),
	MR_DURATION("timeout", 't', struct args, timeout_ms, "x"),
	MR_NUMBER("retries", 'r', struct args, retries, "N", "x"),
	MR_CHOICE("via", 0, struct args, via, "WAY", vias, "x"),
	MR_FILE("from", 0, struct args, from, "x"),
	{ 0 },
};
static const struct args defaults = { .timeout_ms = 7 };

static const struct mr_cmd act = {
	.name = "act", .synopsis = "WORD...", .max_operands = 2, .summary = "x", .opts = opts,
	.exclusive = "soft|hard", .required = "soft|hard", .defaults = &defaults,
	.args_size = sizeof(struct args), .flags = MR_CMD_DRYRUN,
};
static const struct mr_cmd list = { .name = "list", .summary = "x", .max_operands = 0 };
static const struct mr_cmd show = {
	.name = "show", .synopsis = "WORD", .summary = "x", .min_operands = 1, .max_operands = 1,
};
static const struct mr_cmd *const subs[] = { &list, &show, NULL };
static const struct mr_cmd group = { .name = "group", .summary = "x", .subs = subs };
static const struct mr_cmd *const cmds[] = { &act, &group, NULL };

static struct mr_parsed parsed;
static struct mr_err err;

/* Parses the words of @line, separated by blanks; "''" is an empty word. */
static int parse(const char *line)
{
	static char copy[256], *argv[24];
	char *save = NULL;
	int argc = 1;

	free(parsed.args);
	mr_err_clear(&err);
	snprintf(copy, sizeof(copy), "%s", line);
	argv[0] = (char *)"memras";
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(w, "''") ? w : (char *)"";
	argv[argc] = NULL;
	return mr_opt_parse(cmds, argc, argv, &parsed, &err);
}

static void bad(const char *line, const char *object, const char *says, const char *hint)
{
	CHECK_INT(parse(line), -EINVAL);
	CHECK_INT(err.blame, MR_BLAME_USAGE);
	CHECK_STR(err.object, object);
	CHECK_HAS(err.reason, says);
	CHECK_HAS(err.hint, hint);
}

static void good_lines(void)
{
	const struct args *a;

	CHECK_INT(parse("act --soft 1 2"), 0);
	a = parsed.args;
	CHECK(a->soft && !a->hard && a->timeout_ms == 7);
	CHECK_INT(parsed.nr, 2);
	CHECK_STR(parsed.operands[0], "1");
	CHECK_STR(parsed.operands[1], "2");
	CHECK_STR(parsed.name, "act");

	CHECK_INT(parse("--json act 1 -s --timeout 500ms 2 -r 3 --via=sysfs --dry-run"), 0);
	a = parsed.args;
	CHECK(parsed.globals.json && parsed.globals.dry_run && a->soft);
	CHECK(a->timeout_ms == 500 && a->retries == 3);
	CHECK_STR(a->via, "sysfs");
	CHECK_INT(parsed.nr, 2);

	CHECK_INT(parse("act --soft -- --hard -"), 0);
	CHECK_INT(parsed.nr, 2);
	CHECK_STR(parsed.operands[0], "--hard");
	CHECK_STR(parsed.operands[1], "-");

	CHECK_INT(parse("group --json list"), 0);
	CHECK_STR(parsed.name, "group list");
	CHECK(parsed.cmd == &list && parsed.globals.json);
	CHECK_INT(parse("group show x -v"), 0);
	CHECK_STR(parsed.operands[0], "x");
	CHECK(parsed.globals.verbose);

	/* --help works whatever else is wrong. */
	CHECK_INT(parse("--help"), 0);
	CHECK(!parsed.cmd && parsed.globals.help);
	CHECK_INT(parse("act --help"), 0);
	CHECK(parsed.cmd == &act);
	CHECK_INT(parse("group --help"), 0);
	CHECK(parsed.cmd == &group);
	CHECK_INT(parse("--version"), 0);
}

static void bad_lines(void)
{
	bad("", "", "a command is missing", "--help");
	bad("atc", "atc", "no such command", "'act'");
	bad("zzzzz", "zzzzz", "no such command", "--help");
	bad("ac", "ac", "no such command", "'act'");
	bad("group", "", "the second word is missing", "group --help");
	bad("group lisst", "lisst", "no such command", "'list'");
	bad("act --softt 1", "--softt", "no such option", "--soft");
	bad("act --sof 1", "--sof", "no such option", "--soft");
	bad("act --time=3 --soft", "--time=3", "no such option", "--timeout");
	bad("act -x 1", "-x", "no such option", "");
	bad("act --soft --timeout", "--timeout", "needs a value", "");
	bad("act -s -t", "-t", "needs a value", "");
	bad("act --soft=1 1", "--soft=1", "takes no value", "");
	bad("act --soft --timeout 5parsecs", "5parsecs", "--timeout needs a time", "");
	bad("act --soft --retries -1", "-1", "--retries needs a number", "");
	bad("act --soft --via boat", "boat", "auto, sysfs", "");
	bad("act --soft --from ''", "", "--from needs a value", "");
	bad("act --soft --hard 1", "", "only one of --soft or --hard", "");
	bad("act 1", "", "--soft or --hard must be given", "");
	bad("act --soft 1 2 3", "3", "one word too many", "");
	bad("act --soft ''", "", "word 1 of WORD... is empty", "");
	bad("group show", "", "WORD is missing", "group show --help");
	bad("group list --dry-run", "--dry-run", "changes nothing", "");
	bad("group list --soft", "--soft", "no such option", "");
	bad("--color=blue group list", "blue", "auto, always, never", "");
}

/* Requested JSON is printed for a wrong command line as well. */
static void json_lines(void)
{
	static const struct {
		const char *line;
		enum mr_json json;
	} lines[] = {
		{ "act --soft 1", MR_JSON_NONE },
		{ "act --soft -J 1", MR_JSON_DOCUMENT },
		{ "act -sJ 1", MR_JSON_DOCUMENT },
		{ "act --bogus -J 1", MR_JSON_DOCUMENT },
		{ "act -zJ 1", MR_JSON_DOCUMENT },
		{ "act -ztJ 1", MR_JSON_NONE },
		{ "act --bogus -- -J", MR_JSON_NONE },
		{ "-J atc", MR_JSON_DOCUMENT },
		{ "atc --json", MR_JSON_DOCUMENT },
		{ "atc --jsonish", MR_JSON_NONE },
		{ "act --bogus --json-lines --json", MR_JSON_LINES },
		{ "group -J", MR_JSON_DOCUMENT },
		{ "-- act --bogus -J", MR_JSON_DOCUMENT },
		{ "--json=1 act", MR_JSON_DOCUMENT },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		parse(lines[i].line);
		CHECK_INT(parsed.json, lines[i].json);
	}
}

int main(void)
{
	json_lines();
	good_lines();
	bad_lines();
	free(parsed.args);
	return CHECK_RESULT;
}
