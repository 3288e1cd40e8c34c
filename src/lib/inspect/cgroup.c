// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/inspect/cgroup.h"

#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/kpage.h"
#include "backend/mounts.h"
#include "util/cleanup.h"
#include "util/grow.h"
#include "util/num.h"

struct mr_cgroup {
	uint64_t inode;		/* of the cgroup directory; first, as the sort key */
	char *path;
};

void mr_cgroups_open(struct mr_cgroups *c, const struct mr_machine *m)
{
	*c = (struct mr_cgroups){ .m = m, .fd = -ENOENT };
	/* On a captured machine these directories do not exist. */
	if (m->root.live)
		c->fd = mr_root_openf(&m->root, O_RDONLY, "proc/kpagecgroup");
}

void mr_cgroups_close(struct mr_cgroups *c)
{
	if (c->fd >= 0)
		close(c->fd);
	for (size_t i = 0; i < c->nr; i++)
		free(c->list[i].path);
	free(c->list);
	*c = (struct mr_cgroups){ .fd = -ENOENT };
}

/* Adds a cgroup; leaves it out if there is no memory. */
static void add(struct mr_cgroups *c, uint64_t inode, const char *path)
{
	if (mr_make_room(c->list, c->nr, c->room))
		return;
	c->list[c->nr] = (struct mr_cgroup){ inode, strdup(*path ? path : "/") };
	if (c->list[c->nr].path)
		c->nr++;
}

static void walk(struct mr_cgroups *c)
{
	mr_autofree char *top = mr_mounts_find(&c->m->root, "cgroup2", NULL);
	char *tops[] = { NULL, NULL };
	FTS *fts;
	FTSENT *e;

	c->walked = true;
	if (!top)
		top = mr_mounts_find(&c->m->root, "cgroup", "memory");
	if (!top)
		return;
	tops[0] = top;
	fts = fts_open(tops, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	while (fts && (e = fts_read(fts)))
		if (e->fts_info == FTS_D)
			add(c, e->fts_statp->st_ino, e->fts_path + strlen(top));
	if (fts)
		fts_close(fts);
	if (c->nr)
		qsort(c->list, c->nr, sizeof(*c->list), mr_u64_order);
}

static const char *path_of(struct mr_cgroups *c, uint64_t inode)
{
	const struct mr_cgroup *found;

	if (!inode)
		return NULL;
	if (!c->walked)
		walk(c);
	found = c->nr ? bsearch(&inode, c->list, c->nr, sizeof(*c->list), mr_u64_order) : NULL;
	return found ? found->path : NULL;
}

void mr_cgroups_find(struct mr_cgroups *c, const uint64_t *pfns, size_t nr, const char **paths)
{
	mr_autofree uint64_t *inodes = c->fd >= 0 ? calloc(nr + 1, sizeof(*inodes)) : NULL;
	uint64_t last = 0;
	const char *path = NULL;

	memset(paths, 0, nr * sizeof(*paths));
	if (!inodes || mr_kpage_gather(c->fd, pfns, nr, 0, inodes))
		return;
	for (size_t i = 0; i < nr; i++) {
		if (inodes[i] != last)
			path = path_of(c, inodes[i]);
		last = inodes[i];
		paths[i] = path;
	}
}

void mr_cgroups_of_pages(const struct mr_machine *m, const uint64_t *pfns, size_t nr,
			 char **paths)
{
	mr_autofree const char **found = calloc(nr + 1, sizeof(*found));
	struct mr_cgroups c;

	memset(paths, 0, nr * sizeof(*paths));
	if (!found)
		return;
	mr_cgroups_open(&c, m);
	mr_cgroups_find(&c, pfns, nr, found);
	for (size_t i = 0; i < nr; i++)
		paths[i] = found[i] ? strdup(found[i]) : NULL;
	mr_cgroups_close(&c);
}
