/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Atomic replacement of a file: a reader sees the old or the new content. */
#ifndef MR_UTIL_REPLACE_H
#define MR_UTIL_REPLACE_H

#include <stdio.h>
#include <sys/types.h>

/*
 * Calls @write, which returns 0 or -errno, to write NAME.new in the directory @dir, syncs
 * that file and renames it to @name. Returns 0 or -errno; on error the old file stays.
 * The caller syncs the directory to make the rename durable.
 */
int mr_replace_file(int dir, const char *name, mode_t mode,
		    int (*write)(FILE *f, const void *data), const void *data);

#endif
