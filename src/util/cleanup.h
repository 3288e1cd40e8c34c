/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resources that are released when their variable goes out of scope. */
#ifndef MR_UTIL_CLEANUP_H
#define MR_UTIL_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void mr_cleanup_freep(void *p)
{
	free(*(void **)p);
}

static inline void mr_cleanup_closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void mr_cleanup_fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void mr_cleanup_closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define mr_autofree	__attribute__((cleanup(mr_cleanup_freep)))
#define mr_autoclose	__attribute__((cleanup(mr_cleanup_closep)))
#define mr_autofclose	__attribute__((cleanup(mr_cleanup_fclosep)))
#define mr_autoclosedir	__attribute__((cleanup(mr_cleanup_closedirp)))

#endif
