/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory cgroups that pages are charged to. */
#ifndef MR_LIB_INSPECT_CGROUP_H
#define MR_LIB_INSPECT_CGROUP_H

#include <stddef.h>

#include "backend/machine.h"

/*
 * Sets @paths[i] to the path of the cgroup of @pfns[i], as
 * "/system.slice/x.service", malloc()ed; NULL when it is charged to none, or that
 * cannot be told. /proc/kpagecgroup has the inodes of the cgroups' folders, which
 * are looked for below the mounted hierarchy in one walk for all @nr pages.
 */
void mr_cgroups_of_pages(const struct mr_machine *m, const uint64_t *pfns, size_t nr,
			 char **paths);

#endif
