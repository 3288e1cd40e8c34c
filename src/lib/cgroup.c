// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/cgroup.h"

#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <unistd.h>

#include "backend/mounts.h"
#include "util/cleanup.h"

static char *find_folder(const char *top, uint64_t inode)
{
	char *const paths[] = { (char *)top, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	char *found = NULL;
	FTSENT *e;

	while (fts && !found && (e = fts_read(fts))) {
		if (e->fts_info != FTS_D || e->fts_statp->st_ino != inode)
			continue;
		found = strdup(e->fts_pathlen > strlen(top) ? e->fts_path + strlen(top) : "/");
	}
	if (fts)
		fts_close(fts);
	return found;
}

char *mr_cgroup_of_page(const struct mr_machine *m, uint64_t pfn)
{
	mr_autoclose int fd = mr_root_openf(&m->root, O_RDONLY, "proc/kpagecgroup");
	mr_autofree char *top = NULL;
	uint64_t inode = 0;

	if (fd < 0 || !m->root.live ||
	    pread(fd, &inode, sizeof(inode), (off_t)(pfn * sizeof(inode))) != sizeof(inode) || !inode)
		return NULL;
	top = mr_mounts_find(&m->root, "cgroup2", NULL);
	if (!top)
		top = mr_mounts_find(&m->root, "cgroup", "memory");
	return top ? find_folder(top, inode) : NULL;
}
