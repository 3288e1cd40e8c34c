// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmds/block.h"

#include "cmds/commands.h"

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
