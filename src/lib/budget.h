/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The limit of poisoned memory up to which memras watch retires pages. It is stored in
 * /run/memras/budget, in bytes, for the other commands.
 */
#ifndef MR_LIB_BUDGET_H
#define MR_LIB_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/machine.h"

#define MR_BUDGET_NONE UINT64_MAX

/* Returns the budget of @m in bytes, or MR_BUDGET_NONE. */
uint64_t mr_budget_read(const struct mr_machine *m);

/* Stores the budget, or removes it with MR_BUDGET_NONE. Returns 0 or -errno. */
int mr_budget_set(const struct mr_machine *m, uint64_t budget);

/*
 * True if @pages more may be poisoned within @budget bytes, or if the kernel does not count
 * poisoned memory. Sets *@poisoned to HardwareCorrupted, in bytes.
 */
bool mr_budget_allows(const struct mr_machine *m, uint64_t budget, uint64_t pages,
		      uint64_t *poisoned);

#endif
