/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory may be poisoned before nothing more is retired by itself. It is in
 * /run/memras/budget from the moment that a watch sets it, in bytes.
 */
#ifndef MR_LIB_BUDGET_H
#define MR_LIB_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/machine.h"

#define MR_BUDGET_NONE UINT64_MAX

/* The budget of @m in bytes, or MR_BUDGET_NONE. */
uint64_t mr_budget_read(const struct mr_machine *m);

/* Sets it, or with MR_BUDGET_NONE takes it away. 0 or -errno. */
int mr_budget_set(const struct mr_machine *m, uint64_t budget);

/*
 * Whether @pages more may be poisoned within @budget bytes. *@poisoned is what is now, as the
 * kernel counts (HardwareCorrupted). One that does not count has room.
 */
bool mr_budget_allows(const struct mr_machine *m, uint64_t budget, uint64_t pages,
		      uint64_t *poisoned);

#endif
