/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory cgroups that pages are charged to. */
#ifndef MR_LIB_INSPECT_CGROUP_H
#define MR_LIB_INSPECT_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/machine.h"

struct mr_cgroup;

/*
 * /proc/kpagecgroup has the inode numbers of cgroup directories. The first page charged to a
 * cgroup triggers one walk of the mounted hierarchy to find them.
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
 * Sets @paths[i] to the cgroup path of @pfns[i], such as "/system.slice/x.service"; valid as
 * long as @cgroups. NULL if the page is not charged to a cgroup, or if it is unknown.
 */
void mr_cgroups_find(struct mr_cgroups *cgroups, const uint64_t *pfns, size_t nr,
		     const char **paths);

/* The same for a single call; the paths are to be freed by free(). */
void mr_cgroups_of_pages(const struct mr_machine *m, const uint64_t *pfns, size_t nr,
			 char **paths);

#endif
