/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the parts of the kernel and the daemons that retire pages by themselves, by files
 * and processes.
 */
#ifndef MR_LIB_HEALTH_RETIRERS_H
#define MR_LIB_HEALTH_RETIRERS_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/machine.h"

enum mr_retirer_state {
	MR_RETIRER_ACTIVE,	/* retires pages */
	MR_RETIRER_OFF,		/* present, and configured to retire none */
	MR_RETIRER_ABSENT,	/* not present, or not running */
	MR_RETIRER_UNKNOWN,
};

#define MR_RETIRERS 6
#define MR_RETIRER_TEXT 200

struct mr_retirer {
	const char *name;		/* "cec", "ghes", ..., "memras-watch" */
	enum mr_retirer_state state;
	char does[MR_RETIRER_TEXT];	/* what it does, and when */
	const char *shares[MR_RETIRERS]; /* others that act on the same errors, NULL-terminated */
};

/* "active", "off", "absent", "unknown" */
const char *mr_retirer_state_name(enum mr_retirer_state state);

/* Fills @list with all known retirers, in the order of their names above. Only reads. */
void mr_retirers_find(const struct mr_machine *m, struct mr_retirer list[MR_RETIRERS]);

/* True if memras watch runs, whether it retires pages or only verifies those of others. */
bool mr_retirers_watched(const struct mr_retirer list[MR_RETIRERS]);

#endif
