// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmds/block.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/table.h"
#include "cmds/commands.h"
#include "cmds/owners.h"

struct blocker_row {
	struct mr_blocker b;
	struct mr_records owners;
	char who[128];
};

const struct mr_field mr_blocker_fields[] = {
	MR_FIELD(MR_FIELD_PFN, struct blocker_row, b.pfn, "pfn", "PFN", "first page"),
	MR_FIELD(MR_FIELD_U64, struct blocker_row, b.pages, "pages", "PAGES", "how many",
		 .right = true),
	MR_FIELD(MR_FIELD_STRING, struct blocker_row, b.kind_name, "kind", "KIND",
		 "what they are"),
	MR_FIELD(MR_FIELD_STRING, struct blocker_row, b.reason, "reason", "REASON",
		 "why they are in the way"),
	MR_FIELD(MR_FIELD_CHARS, struct blocker_row, who, NULL, "MAPPED BY", "who maps them"),
	MR_FIELD(MR_FIELD_STRING, struct blocker_row, b.cgroup, "cgroup", "CGROUP",
		 "memory cgroup of the first page"),
	MR_FIELD(MR_FIELD_RECORDS, struct blocker_row, owners, "owners", NULL, "who maps them",
		 .sub = mr_owner_fields),
	{ 0 },
};

struct mr_records mr_blocker_rows(const struct mr_blockers *blockers)
{
	struct blocker_row *rows = calloc(blockers->nr, sizeof(*rows));
	size_t nr = rows ? blockers->nr : 0;

	for (size_t i = 0; i < nr; i++) {
		const struct mr_blocker *b = &blockers->list[i];

		rows[i].b = *b;
		rows[i].owners = (struct mr_records){ b->owners, b->nr_owners, sizeof(*b->owners),
						      false };
		mr_owners_text(b->owners, b->nr_owners, rows[i].who, sizeof(rows[i].who));
	}
	return (struct mr_records){ rows, nr, sizeof(*rows), false };
}

int mr_blocker_print(const char *block, const struct mr_records *rows, struct mr_err *err)
{
	if (!rows->nr)
		return 0;
	printf("\nIn the way of memory%s going offline:\n", block);
	return mr_table_print(mr_blocker_fields, rows, NULL, err);
}

static const struct mr_cmd *const subs[] = {
	&mr_cmd_block_list,
	&mr_cmd_block_show,
	&mr_cmd_block_offline,
	&mr_cmd_block_online,
	NULL,
};

const struct mr_cmd mr_cmd_block = {
	.name = "block",
	.summary = "list memory blocks, take them offline and bring them back",
	.subs = subs,
};
