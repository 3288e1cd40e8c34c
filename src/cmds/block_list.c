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
#include "lib/inspect/blockers.h"
#include "lib/inspect/poison.h"
#include "lib/target/blocksel.h"
#include "report/begin.h"
#include "report/fields.h"
#include "util/cleanup.h"
#include "util/num.h"

struct row {
	const char *range;	/* "0x0-0x7ffffff", bytes inclusive */
	uint64_t start, size;	/* bytes */
	const char *state;
	bool removable;
	const char *block;	/* "32", or "32-39" when merged */
	int32_t node;
	const char *const *zones;
	uint64_t poisoned;	/* pages; UINT64_MAX: not to be told to this caller */
	struct mr_blockers found;
	struct mr_records blockers;
};

#define BLOCK_FIELDS                                                                              \
	MR_FIELD(MR_FIELD_STRING, struct row, range, "range", "RANGE",                            \
		 "first and last byte address"),                                                  \
	MR_FIELD(MR_FIELD_PFN, struct row, start, "start", NULL, "physical address, bytes"),      \
	MR_FIELD(MR_FIELD_BYTES, struct row, size, "size", "SIZE", "bytes", .right = true),       \
	MR_FIELD(MR_FIELD_STRING, struct row, state, "state", "STATE", "online or offline"),      \
	MR_FIELD(MR_FIELD_BOOL, struct row, removable, "removable", "REMOVABLE",                  \
		 "what the kernel's attribute says"),                                             \
	MR_FIELD(MR_FIELD_STRING, struct row, block, "block", "BLOCK", "block, or range of them", \
		 .right = true),                                                                  \
	MR_FIELD(MR_FIELD_S32, struct row, node, "node", "NODE", "NUMA node", .nullable = true,   \
		 .right = true),                                                                  \
	MR_FIELD(MR_FIELD_STRINGS, struct row, zones, "zones", "ZONES",                           \
		 "zone it is in, or could go to", .join = '/'),                                   \
	MR_FIELD(MR_FIELD_U64, struct row, poisoned, "poisoned", "POISONED",                      \
		 "poisoned pages", .nullable = true, .right = true)

static const struct mr_field list_fields[] = { BLOCK_FIELDS, { 0 } };

static const struct mr_field show_fields[] = {
	BLOCK_FIELDS,
	MR_FIELD(MR_FIELD_RECORDS, struct row, blockers, "blockers", NULL,
		 "what keeps it from going offline", .sub = mr_blocker_fields),
	{ 0 },
};

struct list_args {
	bool bytes, all, merge, no_headings, pairs, raw, all_columns;
	const char *columns, *split, *summary;
};

static const char *const summary_choices[] = { "never", "always", "only", NULL };

/* What keeps neighbours apart when they are grouped; lsmem's words. */
#define SPLIT_STATE	(1U << 0)
#define SPLIT_REMOVABLE	(1U << 1)
#define SPLIT_NODE	(1U << 2)
#define SPLIT_ZONES	(1U << 3)
#define SPLIT_ALL	(SPLIT_STATE | SPLIT_REMOVABLE | SPLIT_NODE | SPLIT_ZONES)
#define SPLIT_EACH	(1U << 4)	/* no grouping at all */

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

struct rows {
	struct row *list;
	size_t nr;
	char (*text)[2][48];	/* range and block of each */
};

static bool alike(const struct mr_block *a, const struct mr_block *b, unsigned int split)
{
	if (a->id + 1 != b->id || (split & SPLIT_EACH))
		return false;
	if (((split & SPLIT_STATE) && a->state != b->state) ||
	    ((split & SPLIT_REMOVABLE) && a->removable != b->removable) ||
	    ((split & SPLIT_NODE) && a->node != b->node))
		return false;
	return !(split & SPLIT_ZONES) || !memcmp(a->zones, b->zones, sizeof(a->zones));
}

/* The columns in --split; those that say nothing of a block are passed over, as by lsmem. */
static int parse_split(const char *list, unsigned int *split, struct mr_err *err)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} columns[] = {
		{ "STATE", SPLIT_STATE }, { "REMOVABLE", SPLIT_REMOVABLE }, { "NODE", SPLIT_NODE },
		{ "ZONES", SPLIT_ZONES }, { "RANGE", 0 }, { "SIZE", 0 }, { "BLOCK", 0 },
		{ "POISONED", 0 },
	};
	const size_t nr = sizeof(columns) / sizeof(columns[0]);
	char word[16];

	*split = 0;
	if (!strcasecmp(list, "none"))
		return 0;
	for (const char *w = list, *end; *w; w = *end ? end + 1 : end) {
		size_t i = 0;

		end = strchrnul(w, ',');
		snprintf(word, sizeof(word), "%.*s", (int)(end - w), w);
		while (i < nr && strcasecmp(word, columns[i].name))
			i++;
		if (i == nr)
			return mr_err_usage(err, -EINVAL, word, "no such column to split by");
		*split |= columns[i].bit;
	}
	return 0;
}

static int make_rows(const struct mr_machine *m, const struct mr_block *const *blocks, size_t nr,
		     unsigned int split, struct rows *rows)
{
	rows->list = calloc(nr + 1, sizeof(*rows->list));
	rows->text = calloc(nr + 1, sizeof(*rows->text));
	rows->nr = 0;
	if (!rows->list || !rows->text)
		return -ENOMEM;
	for (size_t i = 0; i < nr;) {
		const struct mr_block *first = blocks[i];
		struct row *r = &rows->list[rows->nr];
		char (*text)[48] = rows->text[rows->nr];
		size_t n = 1;
		int64_t poisoned;

		while (i + n < nr && alike(blocks[i + n - 1], blocks[i + n], split))
			n++;
		r->start = first->start;
		r->size = first->size * n;
		r->state = mr_block_state_name(first->state);
		r->removable = first->removable;
		r->node = first->node;
		r->zones = first->zones;
		snprintf(text[0], sizeof(text[0]), "0x%016" PRIx64 "-0x%016" PRIx64, r->start,
			 r->start + r->size - 1);
		if (n > 1)
			snprintf(text[1], sizeof(text[1]), "%" PRIu64 "-%" PRIu64, first->id,
				 first->id + n - 1);
		else
			snprintf(text[1], sizeof(text[1]), "%" PRIu64, first->id);
		r->range = text[0];
		r->block = text[1];
		poisoned = mr_poison_count(m, r->start >> m->page_shift, r->size >> m->page_shift);
		r->poisoned = poisoned < 0 ? UINT64_MAX : (uint64_t)poisoned;
		rows->nr++;
		i += n;
	}
	return 0;
}

static void free_rows(struct rows *rows)
{
	for (size_t i = 0; rows->list && i < rows->nr; i++) {
		free((void *)rows->list[i].blockers.list);
		mr_blockers_free(&rows->list[i].found);
	}
	free(rows->list);
	free(rows->text);
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

/* To the blank as lsmem prints them. */
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

static int print_rows(struct mr_run *run, const struct mr_field *fields, const struct rows *rows,
		      const struct sums *sums, const struct mr_layout *layout, struct mr_err *err)
{
	struct mr_records records = { rows->list, rows->nr, sizeof(*rows->list), false };

	if (run->globals.json) {
		json_object *doc = mr_doc_new(run);

		json_object_object_add(doc, "blocks", mr_records_json(fields, &records));
		if (sums)
			json_object_object_add(doc, "summary", mr_record_json(sums_fields, sums));
		mr_doc_print(doc);
		return 0;
	}
	return mr_table_print(fields, &records, layout, err);
}

/* Opens the machine and chooses blocks by words: all that list and show share. */
static int choose(struct mr_run *run, struct mr_machine *m, int nr, char **words,
		  struct mr_blocks *blocks, const struct mr_block ***chosen, size_t *nr_chosen,
		  struct mr_err *err)
{
	int rc = mr_begin(run, m, MR_NEED_BLOCKS | MR_WANT_MODULE, err);

	if (rc)
		return rc;
	rc = mr_block_list(m, blocks, err);
	if (!rc) {
		rc = mr_blocksel_choose(blocks, nr, words, MR_BLOCKSEL_LIST, chosen, nr_chosen, err);
		if (rc)
			mr_blocks_free(blocks);
	}
	if (rc)
		mr_machine_close(m);
	return rc;
}

static int print_list(struct mr_run *run, const struct list_args *args, const struct rows *rows,
		      const struct sums *sums, const struct mr_layout *layout, struct mr_err *err)
{
	bool summary = strcmp(args->summary, "never"), only = !strcmp(args->summary, "only");
	int rc = 0;

	if (run->globals.json)
		return print_rows(run, list_fields, rows, summary ? sums : NULL, layout, err);
	if (!only)
		rc = print_rows(run, list_fields, rows, NULL, layout, err);
	if (!rc && summary) {
		if (!only)
			putchar('\n');
		print_sums(sums, args->bytes);
	}
	return rc;
}

static int list_run(struct mr_run *run, const void *pargs, int nr, char **words)
{
	const struct list_args *args = pargs;
	struct mr_layout layout = {
		.columns = args->columns, .all = args->all_columns, .bytes = args->bytes,
		.raw = args->raw, .pairs = args->pairs, .no_headings = args->no_headings,
	};
	mr_autofree const struct mr_block **chosen = NULL;
	struct mr_blocks blocks;
	struct rows rows = { 0 };
	struct mr_err err = { 0 };
	unsigned int split = args->merge ? SPLIT_ALL : SPLIT_EACH;
	struct sums sums = { 0 };
	struct mr_machine m;
	size_t nr_chosen;
	int rc;

	if (args->split && parse_split(args->split, &split, &err))
		return mr_end_error(run, &err);
	rc = choose(run, &m, nr, words, &blocks, &chosen, &nr_chosen, &err);
	if (rc)
		return mr_end_error(run, &err);
	sums = sum_up(&m, chosen, nr_chosen);
	rc = make_rows(&m, chosen, nr_chosen, split, &rows);
	if (rc)
		mr_err_set(&err, rc, "", "no memory for the list");
	else
		rc = print_list(run, args, &rows, &sums, &layout, &err);
	free_rows(&rows);
	mr_blocks_free(&blocks);
	mr_machine_close(&m);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

/* Looks for what would be in the way in each block that is online. */
static int find_blockers(const struct mr_machine *m, struct rows *rows, struct mr_err *err)
{
	mr_autofree struct mr_blockers **found = calloc(rows->nr + 1, sizeof(*found));

	if (!found)
		return mr_err_set(err, -ENOMEM, "", "no memory for the list");
	for (size_t i = 0; i < rows->nr; i++) {
		struct row *r = &rows->list[i];
		int rc;

		found[i] = &r->found;
		if (strcmp(r->state, mr_block_state_name(MR_BLOCK_ONLINE)))
			continue;
		rc = mr_blockers_find(m, r->start >> m->page_shift, r->size >> m->page_shift,
				      &r->found, err);
		if (rc)
			return rc;
	}
	mr_blockers_find_owners(m, found, rows->nr);
	for (size_t i = 0; i < rows->nr; i++)
		rows->list[i].blockers = mr_blocker_rows(&rows->list[i].found);
	return 0;
}

static int show_run(struct mr_run *run, const void *args, int nr, char **words)
{
	mr_autofree const struct mr_block **chosen = NULL;
	struct mr_blocks blocks;
	struct rows rows = { 0 };
	struct mr_err err = { 0 };
	struct mr_machine m;
	size_t nr_chosen;
	int rc;

	(void)args;
	rc = choose(run, &m, nr, words, &blocks, &chosen, &nr_chosen, &err);
	if (rc)
		return mr_end_error(run, &err);
	rc = make_rows(&m, chosen, nr_chosen, SPLIT_EACH, &rows);
	if (rc)
		mr_err_set(&err, rc, "", "no memory for the list");
	else
		rc = find_blockers(&m, &rows, &err);
	if (!rc)
		rc = print_rows(run, show_fields, &rows, NULL, NULL, &err);
	for (size_t i = 0; !rc && !run->globals.json && i < rows.nr; i++)
		rc = mr_blocker_print(rows.list[i].block, &rows.list[i].blockers, &err);
	free_rows(&rows);
	mr_blocks_free(&blocks);
	mr_machine_close(&m);
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

static const struct mr_member show_members[] = {
	{ "blocks", show_fields },
	{ 0 },
};

const struct mr_cmd mr_cmd_block_show = {
	.name = "show",
	.synopsis = "SELECTOR...",
	.operand = MR_OPERAND_BLOCK,
	.min_operands = 1,
	.max_operands = -1,
	.summary = "tell what is in memory blocks and what keeps them from going offline",
	.members = show_members,
	.run = show_run,
};
