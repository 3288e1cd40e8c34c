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
	int refcount;		/* of a loaded one; -1 if unknown */
	char path[256];		/* of the file, "" if there is none */
	char version[64];	/* as the file has it, or "" */
	char vermagic[128];	/* the kernel that it was built for, or "" */
	char signer[96];	/* the signer of the file, or "" */
	char features[160];	/* as the file has them, separated by commas (modinfo -F feature) */
};

/* Reads the state of the module @name ("memras"). Returns 0, or -errno with @err set. */
int mr_modules_state(const char *name, struct mr_module_state *state, struct mr_err *err);

/*
 * Loads @name and its dependencies, as modprobe(8) does; a name with a "/" is the path of
 * a file. Success if already loaded. On failure @err says why: not installed for this
 * kernel (-ENOENT), built for another kernel (-ENOEXEC, -EINVAL), refused for its
 * signature (-EKEYREJECTED, -ENOKEY), by lockdown or kernel.modules_disabled (-EPERM), or
 * it needs a symbol that this kernel lacks (-ENOENT).
 */
int mr_modules_load(const char *name, struct mr_err *err);

/*
 * Checks whether the kernel would load @name, without loading it: returns 0, or the error
 * of mr_modules_load(). Compares what the kernel compares with loaded modules: vermagic,
 * symbol versions, the signature's key. -ENODATA: the file is signed, and only loading it
 * would show whether the kernel trusts the key. Causes that concern everyone come before
 * the caller's own lack of permission (-EPERM, blamed on that).
 */
int mr_modules_check(const char *name, struct mr_err *err);

/* Unloads it. -EBUSY if it is in use. Success if not loaded. */
int mr_modules_unload(const char *name, struct mr_err *err);

#endif
