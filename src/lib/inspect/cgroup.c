// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/inspect/cgroup.h"

#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/mounts.h"
#include "util/cleanup.h"
#include "util/num.h"

struct charge {
	uint64_t inode;		/* of the folder; first, as it is what is compared */
	size_t page;		/* which of the pages */
};

/* Those that are charged to anything, by inode. */
static size_t read_charges(const struct mr_machine *m, const uint64_t *pfns, size_t nr,
			   struct charge *charges)
{
	mr_autoclose int fd = mr_root_openf(&m->root, O_RDONLY, "proc/kpagecgroup");
	size_t n = 0;

	for (size_t i = 0; fd >= 0 && i < nr; i++) {
		uint64_t inode;

		if (pread(fd, &inode, sizeof(inode), (off_t)(pfns[i] * sizeof(inode))) ==
		    sizeof(inode) && inode)
			charges[n++] = (struct charge){ inode, i };
	}
	if (n)
		qsort(charges, n, sizeof(*charges), mr_u64_order);
	return n;
}

static void find_folders(const char *top, const struct charge *charges, size_t nr, char **paths)
{
	char *const tops[] = { (char *)top, NULL };
	FTS *fts = fts_open(tops, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	size_t left = nr;
	FTSENT *e;

	while (fts && left && (e = fts_read(fts))) {
		uint64_t inode = e->fts_info == FTS_D ? e->fts_statp->st_ino : 0;
		const struct charge *c = inode ? bsearch(&inode, charges, nr, sizeof(*c), mr_u64_order) :
						 NULL;

		while (c && c > charges && c[-1].inode == inode)
			c--;
		for (; c && c < charges + nr && c->inode == inode; c++, left--)
			paths[c->page] = strdup(e->fts_pathlen > strlen(top) ?
						e->fts_path + strlen(top) : "/");
	}
	if (fts)
		fts_close(fts);
}

void mr_cgroups_of_pages(const struct mr_machine *m, const uint64_t *pfns, size_t nr,
			 char **paths)
{
	mr_autofree struct charge *charges = calloc(nr + 1, sizeof(*charges));
	mr_autofree char *top = NULL;
	size_t n = 0;

	memset(paths, 0, nr * sizeof(*paths));
	if (charges && m->root.live)
		n = read_charges(m, pfns, nr, charges);
	if (!n)
		return;
	top = mr_mounts_find(&m->root, "cgroup2", NULL);
	if (!top)
		top = mr_mounts_find(&m->root, "cgroup", "memory");
	if (top)
		find_folders(top, charges, n, paths);
}
