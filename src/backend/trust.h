/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits on what the kernel loads: module signatures, lockdown, Secure Boot
 * (kernel_lockdown.7, Documentation/admin-guide/module-signing.rst).
 */
#ifndef MR_BACKEND_TRUST_H
#define MR_BACKEND_TRUST_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"
#include "util/root.h"

enum mr_lockdown {
	MR_LOCKDOWN_UNKNOWN,		/* the kernel has it, but securityfs is not mounted */
	MR_LOCKDOWN_ABSENT,		/* the kernel has no lockdown */
	MR_LOCKDOWN_NONE,
	MR_LOCKDOWN_INTEGRITY,
	MR_LOCKDOWN_CONFIDENTIALITY,
};

struct mr_trust {
	enum mr_lockdown lockdown;
	int8_t signatures;		/* 1: enforced, 0: not, -1: the kernel checks none */
	int8_t secure_boot;		/* 1: on, 0: off, -1: unknown */
	bool modules_disabled;		/* kernel.modules_disabled is set, until the next boot */
};

/* Reads the state below @root; all of it is world-readable. */
void mr_trust_read(const struct mr_root *root, struct mr_trust *trust);

/* Returns "none", "integrity" or "confidentiality"; NULL if absent or unknown. */
const char *mr_lockdown_name(enum mr_lockdown lockdown);

/* Hints at how a module that the kernel refuses gets a signature that it takes. */
void mr_trust_hint(struct mr_err *err, const struct mr_trust *trust, bool is_signed);

/* Reports that lockdown is unknown (MR_LOCKDOWN_UNKNOWN), with a hint. Returns -ENODATA. */
int mr_lockdown_untold(struct mr_err *err, const char *object);

#endif
