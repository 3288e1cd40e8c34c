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
};

/* What is so of the module @name ("memras"). Returns 0 or -errno with @err set. */
int mr_modules_state(const char *name, struct mr_module_state *state, struct mr_err *err);

/*
 * Loads @name with what it depends on, from where modprobe(8) finds it; a name
 * with a "/" is the path of a file. Already loaded is success. On failure @err
 * says what stands in the way: not installed for this kernel (-ENOENT), built
 * for another one (-ENOEXEC), refused for its signature (-EKEYREJECTED,
 * -ENOKEY) or by lockdown (-EPERM), a symbol that this kernel lacks.
 */
int mr_modules_load(const char *name, struct mr_err *err);

/* Unloads it. -EBUSY when something holds it. Not loaded is success. */
int mr_modules_unload(const char *name, struct mr_err *err);

#endif
