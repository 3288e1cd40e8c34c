// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmds/block.h"

#include "cmds/commands.h"
#include "lib/blockers.h"

const struct mr_field mr_blocker_fields[] = {
	MR_FIELD(MR_FIELD_PFN, struct mr_blocker, pfn, "pfn", "PFN", "first page"),
	MR_FIELD(MR_FIELD_U64, struct mr_blocker, pages, "pages", "PAGES", "how many",
		 .right = true),
	MR_FIELD(MR_FIELD_STRING, struct mr_blocker, kind_name, "kind", "KIND", "what they are"),
	MR_FIELD(MR_FIELD_STRING, struct mr_blocker, reason, "reason", "REASON",
		 "why they are in the way"),
	{ 0 },
};

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
