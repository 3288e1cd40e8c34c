/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file replaced as a whole: who reads it sees the old one or the new one. */
#ifndef MR_UTIL_REPLACE_H
#define MR_UTIL_REPLACE_H

#include <stdio.h>
#include <sys/types.h>

/*
 * Writes what @write prints, which returns 0 or -errno, to the file @name in the folder
 * @dir, by way of NAME.new and rename(2), synced before. 0 or -errno; then the old
 * file stays. That the new name lasts, the caller syncs the folder for.
 */
int mr_replace_file(int dir, const char *name, mode_t mode,
		    int (*write)(FILE *f, const void *data), const void *data);

#endif
