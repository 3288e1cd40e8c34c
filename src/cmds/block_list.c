// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/table.h"
#include "cmds/block.h"
#include "cmds/commands.h"
#include "report/begin.h"
#include "report/blockrows.h"
#include "util/cleanup.h"
#include "util/num.h"

static const struct mr_field list_fields[] = { MR_BLOCK_FIELDS, { 0 } };

struct list_args {
	bool bytes, all, merge, no_headings, pairs, raw, all_columns;
	const char *columns, *split, *summary;
};

static const char *const summary_choices[] = { "never", "always", "only", NULL };

static const struct mr_opt list_opts[] = {
	MR_FLAG("all", 'a', struct list_args, all, "list each block by itself: the default"),
	MR_FLAG("bytes", 'b', struct list_args, bytes, "print sizes in bytes"),
	MR_FLAG("merge", 'm', struct list_args, merge, "group neighbours that are alike, as lsmem"),
	MR_STRING("split", 'S', struct list_args, split, "LIST",
		  "group neighbours that are alike in these columns, or none"),
	MR_FLAG("noheadings", 'n', struct list_args, no_headings, "print no headings"),
	MR_STRING("output", 'o', struct list_args, columns, "LIST", "print these columns"),
	MR_FLAG("output-all", 0, struct list_args, all_columns, "print every column"),
	MR_FLAG("pairs", 'P', struct list_args, pairs, "print KEY=\"value\" pairs"),
	MR_FLAG("raw", 'r', struct list_args, raw, "print without alignment"),
	MR_CHOICE("summary", 0, struct list_args, summary, "WHEN", summary_choices,
		  "print sums below the list: never (the default), always, or only them"),
	{ 0 },
};

static const struct list_args list_defaults = { .summary = "never" };

/* For each column: the difference that splits rows, and the attribute to read. */
static const struct {
	const char *name;
	unsigned int split, want;
} columns[] = {
	{ "STATE", MR_SPLIT_STATE, MR_BLOCK_WANT_STATE },
	{ "REMOVABLE", MR_SPLIT_REMOVABLE, MR_BLOCK_WANT_REMOVABLE },
	{ "NODE", MR_SPLIT_NODE, MR_BLOCK_WANT_NODE },
	{ "ZONES", MR_SPLIT_ZONES, MR_BLOCK_WANT_ZONES },
	{ "PERMANENT", MR_SPLIT_PERMANENT, MR_BLOCK_WANT_PERMANENT },
	{ "RANGE", 0, 0 }, { "SIZE", 0, 0 }, { "BLOCK", 0, 0 }, { "POISONED", 0, 0 },
};

#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* Parses the columns of --split; those without an effect are ignored, as in lsmem. */
static int parse_split(const char *list, unsigned int *split, struct mr_err *err)
{
	char word[16];

	*split = 0;
	if (!strcasecmp(list, "none"))
		return 0;
	for (const char *w = list, *end; *w; w = *end ? end + 1 : end) {
		size_t i = 0;

		end = strchrnul(w, ',');
		snprintf(word, sizeof(word), "%.*s", (int)(end - w), w);
		while (i < NR_COLUMNS && strcasecmp(word, columns[i].name))
			i++;
		if (i == NR_COLUMNS)
			return mr_err_usage(err, -EINVAL, word, "no such column to split by");
		*split |= columns[i].split;
	}
	return 0;
}

struct sums {
	uint64_t block_size, online, offline;	/* bytes */
};

static const struct mr_field sums_fields[] = {
	MR_FIELD(MR_FIELD_BYTES, struct sums, block_size, "block_size", NULL, "bytes of a block"),
	MR_FIELD(MR_FIELD_BYTES, struct sums, online, "online", NULL, "bytes"),
	MR_FIELD(MR_FIELD_BYTES, struct sums, offline, "offline", NULL, "bytes"),
	{ 0 },
};

static struct sums sum_up(const struct mr_machine *m, const struct mr_block *const *blocks,
			  size_t nr)
{
	struct sums s = { .block_size = m->block_size };

	for (size_t i = 0; i < nr; i++)
		*(blocks[i]->state == MR_BLOCK_ONLINE ? &s.online : &s.offline) += blocks[i]->size;
	return s;
}

/* Prints the sums exactly as lsmem does. */
static void print_sums(const struct sums *s, bool bytes)
{
	const struct {
		const char *what;
		uint64_t value;
	} lines[] = {
		{ "Memory block size:", s->block_size },
		{ "Total online memory:", s->online },
		{ "Total offline memory:", s->offline },
	};
	char text[MR_SIZE_TEXT];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (bytes)
			printf("%-23s %15" PRIu64 "\n", lines[i].what, lines[i].value);
		else
			printf("%-23s %5s\n", lines[i].what, mr_size_text(lines[i].value, text));
	}
}

/* What the output needs: attributes of blocks, and whether poisoned pages. */
struct wish {
	unsigned int want, split;
	bool poison;
};

static struct wish make_wish(const struct list_args *args, const struct mr_table *table,
			     unsigned int split, int nr, char **words)
{
	struct wish w = { .split = split };

	if (!table)
		w.want = MR_BLOCK_WANT_ALL;
	for (size_t i = 0; table && i < NR_COLUMNS; i++)
		if (mr_table_shows(table, columns[i].name) || (split & columns[i].split))
			w.want |= columns[i].want;
	for (int i = 0; i < nr; i++)
		if (!strncmp(words[i], "node:", 5))
			w.want |= MR_BLOCK_WANT_NODE;
	if (strcmp(args->summary, "never"))
		w.want |= MR_BLOCK_WANT_STATE;
	w.poison = !table || mr_table_shows(table, "POISONED");
	return w;
}

/* Adds each row to the table, or to the document if there is no table. */
static int tell_rows(const struct mr_machine *m, const struct mr_block *const *blocks, size_t nr,
		     const struct wish *wish, struct mr_table *table, struct mr_doc_list *doc,
		     struct mr_err *err)
{
	struct mr_poison_counts counts = { 0 };
	int rc = 0;

	if (wish->poison)
		mr_poison_counts_read(m, blocks, nr, &counts);
	for (size_t i = 0; !rc && i < nr;) {
		struct mr_block_text text = { 0 };
		struct mr_block_row row;

		mr_block_row_make(m, blocks, nr, wish->split, &counts, &i, &row, &text);
		if (table)
			rc = mr_table_add(table, &row, err);
		else if (doc)
			mr_doc_add_record(doc, &row);
	}
	free(counts.list);
	return rc;
}

static int print_list(struct mr_run *run, const struct list_args *args,
		      const struct mr_machine *m, const struct mr_block *const *blocks, size_t nr,
		      const struct wish *wish, struct mr_table *table, struct mr_err *err)
{
	bool summary = strcmp(args->summary, "never"), only = !strcmp(args->summary, "only");
	struct sums sums = sum_up(m, blocks, nr);
	struct mr_doc_list doc;
	json_object *more = NULL;
	int rc = 0;

	if (!table) {
		mr_doc_begin_list(&doc, run, "blocks", list_fields);
		tell_rows(m, blocks, nr, wish, NULL, &doc, err);
		if (summary) {
			more = json_object_new_object();
			json_object_object_add(more, "summary", mr_record_json(sums_fields, &sums));
		}
		mr_doc_end_list(&doc, more);
		return 0;
	}
	if (!only)
		rc = tell_rows(m, blocks, nr, wish, table, NULL, err);
	if (!rc && !only)
		mr_table_print_all(table);
	if (!rc && summary) {
		if (!only)
			putchar('\n');
		print_sums(&sums, args->bytes);
	}
	return rc;
}

/* Opens the table, which checks the columns before anything is read. */
static int open_table(const struct mr_run *run, const struct list_args *args,
		      struct mr_table **table, struct mr_err *err)
{
	const struct mr_layout layout = {
		.columns = args->columns, .all = args->all_columns, .bytes = args->bytes,
		.raw = args->raw, .pairs = args->pairs, .no_headings = args->no_headings,
	};

	*table = NULL;
	return run->json ? 0 : mr_table_open(list_fields, &layout, table, err);
}

static int list_run(struct mr_run *run, const void *pargs, int nr, char **words)
{
	const struct list_args *args = pargs;
	mr_autofree const struct mr_block **chosen = NULL;
	unsigned int split = args->merge ? MR_SPLIT_ALL : MR_SPLIT_EACH;
	struct mr_table *table = NULL;
	struct mr_err err = { 0 };
	struct mr_blocks blocks;
	struct mr_machine m;
	size_t nr_chosen;
	struct wish wish;
	int rc = 0;

	if (args->split)
		rc = parse_split(args->split, &split, &err);
	if (!rc)
		rc = open_table(run, args, &table, &err);
	if (rc)
		return mr_end_error(run, &err);
	wish = make_wish(args, table, split, nr, words);
	rc = mr_block_rows_choose(run, &m, wish.want, nr, words, &blocks, &chosen, &nr_chosen, &err);
	if (!rc) {
		rc = print_list(run, args, &m, chosen, nr_chosen, &wish, table, &err);
		mr_blocks_free(&blocks);
		mr_machine_close(&m);
	}
	mr_table_close(table);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

static const struct mr_member list_members[] = {
	{ "blocks", list_fields },
	{ "summary", sums_fields },
	{ 0 },
};

const struct mr_cmd mr_cmd_block_list = {
	.name = "list",
	.synopsis = "[SELECTOR...]",
	.operand = MR_OPERAND_BLOCK,
	.max_operands = -1,
	.summary = "list memory blocks",
	.opts = list_opts,
	.exclusive = "all|merge|split",
	.defaults = &list_defaults,
	.args_size = sizeof(struct list_args),
	.members = list_members,
	.run = list_run,
};
