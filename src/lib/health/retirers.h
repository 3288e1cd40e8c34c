/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who retires pages on this machine by itself: parts of the kernel and daemons, by what they
 * leave in files.
 */
#ifndef MR_LIB_HEALTH_RETIRERS_H
#define MR_LIB_HEALTH_RETIRERS_H

#include <stddef.h>

#include "backend/machine.h"

enum mr_retirer_state {
	MR_RETIRER_ACTIVE,	/* it retires pages */
	MR_RETIRER_OFF,		/* it is there, and told not to */
	MR_RETIRER_ABSENT,	/* it is not there, or does not run */
	MR_RETIRER_UNKNOWN,	/* nothing tells */
};

#define MR_RETIRERS 6
#define MR_RETIRER_TEXT 200

struct mr_retirer {
	const char *name;		/* "cec", "ghes", "fmpm", "rasdaemon", "mcelog", "memras-watch" */
	enum mr_retirer_state state;
	char does[MR_RETIRER_TEXT];	/* what, and when */
	const char *shares[MR_RETIRERS];	/* who acts on the same errors, too; NULL-terminated */
};

/* "active", "off", "absent", "unknown" */
const char *mr_retirer_state_name(enum mr_retirer_state state);

/* All that are known, in the order above. Reads files only. */
void mr_retirers_find(const struct mr_machine *m, struct mr_retirer list[MR_RETIRERS]);

#endif
