/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory cgroup that a page is charged to. */
#ifndef MR_LIB_CGROUP_H
#define MR_LIB_CGROUP_H

#include "backend/machine.h"

/*
 * The path of the cgroup of @pfn, as "/system.slice/x.service", malloc()ed; NULL
 * when it is charged to none, or that cannot be told. /proc/kpagecgroup has the
 * inode of the cgroup's folder, which is looked for below the mounted hierarchy.
 */
char *mr_cgroup_of_page(const struct mr_machine *m, uint64_t pfn);

#endif
