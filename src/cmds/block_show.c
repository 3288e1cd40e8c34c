// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "backend/bootmem.h"
#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cli/table.h"
#include "cmds/block.h"
#include "report/begin.h"
#include "report/blockrows.h"
#include "report/fields.h"
#include "util/cleanup.h"

static const struct mr_field show_fields[] = {
	MR_BLOCK_FIELDS,
	MR_FIELD(MR_FIELD_RECORDS, struct mr_block_row, blockers, "blockers", NULL,
		 "what keeps it from going offline", .sub = mr_blocker_fields),
	{ 0 },
};

struct rows {
	struct mr_block_row *list;
	size_t nr;
	struct mr_block_text *text;
};

static int make_rows(const struct mr_machine *m, const struct mr_block *const *blocks, size_t nr,
		     struct rows *rows)
{
	struct mr_poison_counts counts;

	rows->list = calloc(nr + 1, sizeof(*rows->list));
	rows->text = calloc(nr + 1, sizeof(*rows->text));
	rows->nr = 0;
	if (!rows->list || !rows->text)
		return -ENOMEM;
	mr_poison_counts_read(m, blocks, nr, &counts);
	for (size_t i = 0; i < nr; rows->nr++)
		mr_block_row_make(m, blocks, nr, MR_SPLIT_EACH, &counts, &i,
				  &rows->list[rows->nr], &rows->text[rows->nr]);
	free(counts.list);
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

/* Finds the blockers of each online block. */
static int find_blockers(const struct mr_machine *m, struct rows *rows, struct mr_err *err)
{
	mr_autofree struct mr_blockers **found = calloc(rows->nr + 1, sizeof(*found));

	if (!found)
		return mr_err_set(err, -ENOMEM, "", "no memory for the list");
	for (size_t i = 0; i < rows->nr; i++) {
		struct mr_block_row *r = &rows->list[i];
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

static int print_rows(struct mr_run *run, const struct rows *rows, struct mr_err *err)
{
	struct mr_records records = { rows->list, rows->nr, sizeof(*rows->list), false };

	if (run->json) {
		json_object *doc = mr_doc_new(run);

		json_object_object_add(doc, "blocks", mr_records_json(show_fields, &records));
		mr_doc_print(doc);
		return 0;
	}
	return mr_table_print(show_fields, &records, NULL, err);
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
	rc = mr_block_rows_choose(run, &m, MR_BLOCK_WANT_ALL, nr, words, &blocks, &chosen,
				  &nr_chosen, &err);
	if (rc)
		return mr_end_error(run, &err);
	rc = make_rows(&m, chosen, nr_chosen, &rows);
	if (rc)
		mr_err_set(&err, rc, "", "no memory for the list");
	else
		rc = find_blockers(&m, &rows, &err);
	if (!rc)
		rc = print_rows(run, &rows, &err);
	for (size_t i = 0; !rc && !run->json && i < rows.nr; i++)
		rc = mr_blocker_print(rows.list[i].block, &rows.list[i].blockers, &err);
	for (size_t i = 0; !rc && !run->json && i < rows.nr; i++)
		if (rows.list[i].permanent)
			mr_msg_note(run, "memory%s: " MR_BOOTMEM_REASON, rows.list[i].block);
	free_rows(&rows);
	mr_blocks_free(&blocks);
	mr_machine_close(&m);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

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
	.summary = "show the pages that prevent memory blocks from going offline",
	.members = show_members,
	.run = show_run,
};
