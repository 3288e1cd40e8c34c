// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/block/blockstate.h"

#include <stdlib.h>

const char *const mr_block_poison_names[] = {
	[MR_BLOCK_POISON_REMEMBERED] = "remembered",
	[MR_BLOCK_POISON_NOT_REMEMBERED] = "not-remembered",
	[MR_BLOCK_POISON_RETIRED] = "retired",
	[MR_BLOCK_POISON_LOST] = "lost",
	[MR_BLOCK_POISON_KEPT_OFFLINE] = "kept-offline",
};

int mr_block_result_add_poison(struct mr_block_result *r, const struct mr_machine *m,
			       uint64_t pfn, enum mr_block_poison_state state)
{
	struct mr_block_poison *list = reallocarray(r->poison, r->nr_poison + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	r->poison = list;
	r->poison[r->nr_poison++] = (struct mr_block_poison){ .pfn = pfn, .state = state,
							      .phys = mr_pfn_phys(m, pfn) };
	return 0;
}

void mr_block_result_see_quarantine(struct mr_block_result *r, const struct mr_machine *m,
				    const struct mr_block *b)
{
	struct mr_err ignored = { 0 };

	mr_quarantine_list(m, b->start >> m->page_shift, b->size >> m->page_shift,
			   &r->quarantine, &r->nr_quarantine, &ignored);
}

void mr_block_result_free(struct mr_block_result *result)
{
	mr_blockers_free(&result->blockers);
	free(result->poison);
	free(result->quarantine);
	result->poison = NULL;
	result->nr_poison = 0;
	result->quarantine = NULL;
	result->nr_quarantine = 0;
}
