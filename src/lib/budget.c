// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/budget.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "backend/rundir.h"
#include "util/cleanup.h"
#include "util/replace.h"

#define NAME "budget"

uint64_t mr_budget_read(const struct mr_machine *m)
{
	uint64_t budget;

	if (mr_root_read_u64(&m->root, 10, &budget, "run/memras/" NAME))
		return MR_BUDGET_NONE;
	return budget;
}

static int print(FILE *f, const void *budget)
{
	return fprintf(f, "%" PRIu64 "\n", *(const uint64_t *)budget) < 0 ? -EIO : 0;
}

int mr_budget_set(const struct mr_machine *m, uint64_t budget)
{
	mr_autoclose int dir = mr_rundir_open(m, budget != MR_BUDGET_NONE);

	if (budget != MR_BUDGET_NONE)
		return dir < 0 ? dir : mr_replace_file(dir, NAME, 0644, print, &budget);
	if (dir >= 0 && unlinkat(dir, NAME, 0) && errno != ENOENT)
		return -errno;
	return dir == -ENOENT || dir >= 0 ? 0 : dir;
}

bool mr_budget_allows(const struct mr_machine *m, uint64_t budget, uint64_t pages,
		      uint64_t *poisoned)
{
	*poisoned = 0;
	if (budget == MR_BUDGET_NONE ||
	    mr_machine_meminfo(m, "HardwareCorrupted", poisoned))
		return true;
	return *poisoned <= budget && pages <= (budget - *poisoned) >> m->page_shift;
}
