// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "util/dl.h"

#include <dlfcn.h>
#include <string.h>

static int missing(const char *soname, const char *why, struct mr_err *err)
{
	/* dlerror() begins with the name of the library, which the message has already. */
	size_t n = strlen(soname);

	if (why && !strncmp(why, soname, n) && !strncmp(why + n, ": ", 2))
		why += n + 2;
	mr_err_machine(err, -ELIBACC, soname, "the library cannot be loaded: %s",
		       why ? why : "unknown error");
	mr_err_hint(err, "install the package that has it");
	return -ELIBACC;
}

int mr_dl_open(const char *soname, const struct mr_dl_symbol *symbols, struct mr_err *err)
{
	void *library = dlopen(soname, RTLD_NOW | RTLD_NODELETE);

	if (!library)
		return missing(soname, dlerror(), err);
	for (; symbols->name; symbols++) {
		void *function = dlsym(library, symbols->name);

		if (!function) {
			missing(soname, dlerror(), err);
			dlclose(library);
			return -ELIBACC;
		}
		memcpy(symbols->pointer, &function, sizeof(function));
	}
	/* RTLD_NODELETE keeps the library loaded. */
	dlclose(library);
	return 0;
}
