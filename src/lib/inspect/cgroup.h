/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory cgroups that pages are charged to. */
#ifndef MR_LIB_INSPECT_CGROUP_H
#define MR_LIB_INSPECT_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/machine.h"

struct mr_cgroup;

/*
 * /proc/kpagecgroup has the inodes of the cgroups' folders, which are looked for below
 * the mounted hierarchy in one walk, when the first page is charged to any.
 */
struct mr_cgroups {
	const struct mr_machine *m;
	int fd;				/* of /proc/kpagecgroup, or -errno */
	bool walked;
	struct mr_cgroup *list;		/* by inode */
	size_t nr, room;
};

void mr_cgroups_open(struct mr_cgroups *cgroups, const struct mr_machine *m);
void mr_cgroups_close(struct mr_cgroups *cgroups);

/*
 * Sets @paths[i] to the path of the cgroup of @pfns[i], as "/system.slice/x.service",
 * which lasts as long as @cgroups; NULL when it is charged to none, or that cannot be
 * told.
 */
void mr_cgroups_find(struct mr_cgroups *cgroups, const uint64_t *pfns, size_t nr,
		     const char **paths);

/* The same for one call: malloc()ed paths. */
void mr_cgroups_of_pages(const struct mr_machine *m, const uint64_t *pfns, size_t nr,
			 char **paths);

#endif
