/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Libraries that few runs need, opened on first use: a program that is linked to them
 * pays for loading and relocating them at every start. Packagers find them in the section
 * .note.dlopen, in the format of the UAPI group's "ELF dlopen metadata" (as systemd
 * does):
 *
 *	#define FUNCTIONS(X) X(kmod_new) X(kmod_unref)
 *	FUNCTIONS(MR_DL_POINTER)
 *	MR_DL_NOTE("kmod", "loading kernel modules", "recommended", "libkmod.so.2");
 *
 *	static const struct mr_dl_symbol symbols[] = { FUNCTIONS(MR_DL_SYMBOL) { 0 } };
 *	...
 *	rc = mr_dl_open("libkmod.so.2", symbols, &err);
 *	if (!rc)
 *		ctx = sym_kmod_new(NULL, NULL);
 */
#ifndef MR_UTIL_DL_H
#define MR_UTIL_DL_H

#include <stdint.h>

#include "util/err.h"

/* Declares a pointer of the type of @function; a header of the library declares the function. */
#define MR_DL_POINTER(function)	static typeof(function) *sym_##function;

struct mr_dl_symbol {
	const char *name;	/* NULL ends a table */
	void *pointer;		/* address of the pointer to set */
};

#define MR_DL_SYMBOL(function)	{ #function, &sym_##function },

/*
 * Opens the library @soname, once in a run, and sets the pointers to the functions in
 * @symbols. Returns 0, or -ELIBACC with @err set if it is not installed or lacks one of
 * them.
 */
int mr_dl_open(const char *soname, const struct mr_dl_symbol *symbols, struct mr_err *err);

#define MR_DL_OWNER	"FDO"
#define MR_DL_NOTE_TYPE	0x407c0c0aU

/*
 * Adds an ELF note that this program opens @soname for @feature. @priority is "required",
 * "recommended" or "suggested". Use it once in a file.
 */
#define MR_DL_NOTE(feature, description, priority, soname)                                        \
	MR_DL_NOTE_JSON("[{\"feature\":\"" feature "\",\"description\":\"" description            \
			"\",\"priority\":\"" priority "\",\"soname\":[\"" soname "\"]}]")

#define MR_DL_NOTE_JSON(json)                                                                     \
	__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct {          \
		uint32_t name_size, json_size, type;                                              \
		char name[sizeof(MR_DL_OWNER)];                                                   \
		char text[(sizeof(json) + 3) & ~3UL];                                             \
	} dl_note = { sizeof(MR_DL_OWNER), sizeof(json), MR_DL_NOTE_TYPE, MR_DL_OWNER, json }

#endif
