// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/fields.h"

#include <stdio.h>
#include <stdlib.h>

#include "backend/hugepool.h"
#include "cli/table.h"
#include "lib/range/holds.h"

const struct mr_field mr_owner_fields[] = {
	MR_FIELD(MR_FIELD_PFN, struct mr_owner, pfn, NULL, "PFN", "page frame number"),
	MR_FIELD(MR_FIELD_S32, struct mr_owner, pid, "pid", "PID", "process", .right = true),
	{ .name = "comm", .head = "COMM", .type = MR_FIELD_CHARS,
	  .offset = offsetof(struct mr_owner, comm), .help = "its name" },
	MR_FIELD(MR_FIELD_PFN, struct mr_owner, vaddr, "vaddr", "VADDR", "virtual address"),
	{ .name = "mapping", .head = "MAPPING", .type = MR_FIELD_CHARS,
	  .offset = offsetof(struct mr_owner, mapping), .help = "what is mapped there" },
	{ 0 },
};

const struct mr_field mr_pool_fields[] = {
	MR_FIELD(MR_FIELD_BYTES, struct mr_hugepool, size, "size", "SIZE", "bytes of a hugepage",
		 .right = true),
	MR_FIELD(MR_FIELD_S32, struct mr_hugepool, node, "node", "NODE", "NUMA node",
		 .nullable = true, .right = true),
	MR_FIELD(MR_FIELD_U64, struct mr_hugepool, total, "total", "TOTAL", "hugepages",
		 .right = true),
	MR_FIELD(MR_FIELD_U64, struct mr_hugepool, free, "free", "FREE", "hugepages",
		 .right = true),
	MR_FIELD(MR_FIELD_U64, struct mr_hugepool, surplus, "surplus", "SURPLUS", "hugepages",
		 .right = true),
	MR_FIELD(MR_FIELD_U64, struct mr_hugepool, reserved, "reserved", "RESERVED",
		 "hugepages promised to mappings, known for the whole machine alone",
		 .nullable = true, .optional = true, .right = true),
	{ 0 },
};

const struct mr_field mr_quarantine_fields[] = {
	MR_FIELD(MR_FIELD_PFN, struct mr_quarantine, pfn, "pfn", "PFN", "the first page"),
	MR_FIELD(MR_FIELD_PFN, struct mr_quarantine, phys, "phys", "PHYS",
		 "physical address, bytes", .optional = true),
	MR_FIELD(MR_FIELD_U64, struct mr_quarantine, pages, "pages", "PAGES", "how many",
		 .right = true),
	MR_FIELD(MR_FIELD_U64, struct mr_quarantine, held, "held", "HELD",
		 "how many of them are held now", .right = true),
	MR_FIELD(MR_FIELD_S32, struct mr_quarantine, node, "node", "NODE", "NUMA node",
		 .nullable = true, .right = true),
	MR_FIELD(MR_FIELD_WORD, struct mr_quarantine, state, "state", "STATE",
		 "held, away (its block is offline) or lost (others have it)",
		 .words = mr_hold_state_names),
	MR_FIELD(MR_FIELD_CHARS, struct mr_quarantine, since, "since", "SINCE", "UTC"),
	{ 0 },
};

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
	MR_FIELD(MR_FIELD_CHARS, struct blocker_row, who, NULL, "MAPPED BY", "the processes that map them"),
	MR_FIELD(MR_FIELD_STRING, struct blocker_row, b.cgroup, "cgroup", "CGROUP",
		 "memory cgroup of the first page"),
	MR_FIELD(MR_FIELD_RECORDS, struct blocker_row, owners, "owners", NULL, "the processes that map them",
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
