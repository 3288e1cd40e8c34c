/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds out what memras can do on this machine, capability by capability, without doing
 * it: nothing is loaded, mounted or written. If a capability is missing, the reason is
 * the one that the command itself would give.
 */
#ifndef MR_LIB_HEALTH_DOCTOR_H
#define MR_LIB_HEALTH_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/device.h"
#include "backend/machine.h"
#include "backend/modules.h"
#include "backend/trust.h"
#include "lib/health/retirers.h"

enum mr_verdict {
	MR_VERDICT_OK,		/* it works, or nothing prevents it */
	MR_VERDICT_OFF,		/* a setting turns it off */
	MR_VERDICT_MISSING,	/* this kernel or installation lacks it */
	MR_VERDICT_DENIED,	/* by a policy, or for lack of permission */
	MR_VERDICT_NONE,	/* does not apply to this machine */
	MR_VERDICT_UNKNOWN,	/* cannot be determined */
};

/* "ok", "off", "missing", "denied", "n/a", "unknown" */
const char *mr_verdict_name(enum mr_verdict verdict);

#define MR_DOCTOR_CAPABILITIES	11
#define MR_DOCTOR_TEXT		160

struct mr_capability {
	const char *name;		/* "soft-offline" */
	enum mr_verdict verdict;
	char detail[MR_DOCTOR_TEXT];	/* if OK: how; else "" */
	struct mr_err err;		/* if not OK: why, with a hint how to get it */
};

struct mr_doctor {
	struct mr_capability list[MR_DOCTOR_CAPABILITIES];
	size_t nr;
	bool module_known;		/* the members about the module are valid */
	struct mr_module_state module;
	int8_t loadable;		/* 1, 0, or -1: only loading it would show */
	uint64_t features;		/* of the module, loaded or not: MEMRAS_FEAT_* */
	struct mr_trust trust;
	struct mr_retirer retirers[MR_RETIRERS];
	char release[80];		/* uname -r, or the captured one */
};

/*
 * Examines @m; with @no_module as if there was no memras.ko. May open the device.
 * Failures to examine are among the verdicts.
 */
void mr_doctor_examine(struct mr_machine *m, bool no_module, struct mr_doctor *doctor);

/*
 * Returns the error for the exit code, or NULL if everything that applies to this machine
 * works: first one that sudo does not help against (the machine is to blame), else one
 * that it may (missing permission, or an unknown state).
 */
const struct mr_err *mr_doctor_worst(const struct mr_doctor *doctor);

#endif
