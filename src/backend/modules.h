/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel modules, by libkmod. */
#ifndef MR_BACKEND_MODULES_H
#define MR_BACKEND_MODULES_H

#include <stdbool.h>

#include "util/err.h"

struct mr_module_state {
	bool supported;		/* the kernel has loadable modules at all */
	bool installed;		/* there is a file for the running kernel */
	bool loaded;
	int refcount;		/* of a loaded one; -1: not told */
	char path[256];		/* of the file, "" when there is none */
	char version[64];	/* that the file says it is, or "" */
	char vermagic[128];	/* the kernel that it was built for, or "" */
	char signer[96];	/* who signed the file, or "" */
	char features[160];	/* that the file says it has, by commas (modinfo -F feature) */
};

/* What is so of the module @name ("memras"). Returns 0 or -errno with @err set. */
int mr_modules_state(const char *name, struct mr_module_state *state, struct mr_err *err);

/*
 * Loads @name with what it depends on, from where modprobe(8) finds it; a name
 * with a "/" is the path of a file. Already loaded is success. On failure @err
 * says what stands in the way: not installed for this kernel (-ENOENT), built
 * for another one (-ENOEXEC, -EINVAL), refused for its signature (-EKEYREJECTED,
 * -ENOKEY), by lockdown or kernel.modules_disabled (-EPERM), a symbol that this
 * kernel lacks.
 */
int mr_modules_load(const char *name, struct mr_err *err);

/*
 * Whether the kernel would take @name, without trying: 0, or what mr_modules_load()
 * would return and say. What the kernel compares is compared with modules that it
 * has taken already: vermagic, versions of symbols, the key of a signature. -ENODATA:
 * the file is signed, and whether by a key that the kernel trusts only loading it
 * tells. What is in everyone's way comes before what is in the caller's (-EPERM,
 * with the blame on that).
 */
int mr_modules_check(const char *name, struct mr_err *err);

/* Unloads it. -EBUSY when something holds it. Not loaded is success. */
int mr_modules_unload(const char *name, struct mr_err *err);

#endif
