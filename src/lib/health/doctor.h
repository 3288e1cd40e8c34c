/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What memras can do on this machine, capability by capability, found out
 * without doing any of it: nothing is loaded, mounted or written. Where it
 * cannot, the reason is the one that the command itself would give.
 */
#ifndef MR_LIB_HEALTH_DOCTOR_H
#define MR_LIB_HEALTH_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/device.h"
#include "backend/machine.h"
#include "backend/modules.h"
#include "backend/trust.h"

enum mr_verdict {
	MR_VERDICT_OK,		/* it works, or nothing stands in its way */
	MR_VERDICT_OFF,		/* a setting turns it off */
	MR_VERDICT_MISSING,	/* this kernel or installation is without it */
	MR_VERDICT_DENIED,	/* a policy, or the caller's rights */
	MR_VERDICT_NONE,	/* this machine has no such thing to speak of */
	MR_VERDICT_UNKNOWN,	/* it cannot be told from here */
};

/* "ok", "off", "missing", "denied", "n/a", "unknown" */
const char *mr_verdict_name(enum mr_verdict verdict);

#define MR_DOCTOR_CAPABILITIES	11
#define MR_DOCTOR_TEXT		160

struct mr_capability {
	const char *name;		/* "soft-offline" */
	enum mr_verdict verdict;
	char detail[MR_DOCTOR_TEXT];	/* OK: how; else "" */
	struct mr_err err;		/* not OK: why, and the hint says how to get it */
};

struct mr_doctor {
	struct mr_capability list[MR_DOCTOR_CAPABILITIES];
	size_t nr;
	bool module_known;		/* what follows of the module is */
	struct mr_module_state module;
	int8_t loadable;		/* 1, 0, or -1: only loading it tells */
	uint64_t features;		/* of the module, loaded or not: MEMRAS_FEAT_* */
	struct mr_trust trust;
	char release[80];		/* uname -r, or the captured one */
};

/*
 * Examines @m; @no_module: what would be so without memras.ko. May open the
 * device. What could not even be asked is in the verdicts.
 */
void mr_doctor_examine(struct mr_machine *m, bool no_module, struct mr_doctor *doctor);

/*
 * The error that the whole amounts to, or NULL when all that this machine allows
 * works: first one that sudo does not help against (the machine is to blame),
 * else one that it may (the caller's rights, and what cannot be told).
 */
const struct mr_err *mr_doctor_worst(const struct mr_doctor *doctor);

#endif
