// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/hugepool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/num.h"

int mr_hugepool_need(const struct mr_machine *m, struct mr_err *err)
{
	if (mr_root_exists(&m->root, "sys/kernel/mm/hugepages"))
		return 0;
	mr_err_machine(err, -EOPNOTSUPP, "",
		       "this kernel has no hugetlb pages (CONFIG_HUGETLBFS)");
	mr_err_hint(err, "boot a kernel built with it");
	return -EOPNOTSUPP;
}

/* Formats the path of the pool's directory, relative to the root. */
static void pool_dir(char *buf, size_t size, uint64_t bytes, int32_t node)
{
	if (node < 0)
		snprintf(buf, size, "sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB",
			 bytes >> 10);
	else
		snprintf(buf, size,
			 "sys/devices/system/node/node%" PRId32 "/hugepages/hugepages-%" PRIu64 "kB",
			 node, bytes >> 10);
}

int mr_hugepool_read(const struct mr_machine *m, uint64_t size, int32_t node,
		     struct mr_hugepool *pool)
{
	struct mr_hugepool p = { .size = size, .node = node, .reserved = UINT64_MAX };
	char dir[128];
	int rc;

	pool_dir(dir, sizeof(dir), size, node);
	rc = mr_root_read_u64(&m->root, 10, &p.total, "%s/nr_hugepages", dir);
	if (!rc)
		rc = mr_root_read_u64(&m->root, 10, &p.free, "%s/free_hugepages", dir);
	if (!rc)
		rc = mr_root_read_u64(&m->root, 10, &p.surplus, "%s/surplus_hugepages", dir);
	if (!rc && node < 0)
		rc = mr_root_read_u64(&m->root, 10, &p.reserved, "%s/resv_hugepages", dir);
	if (!rc)
		*pool = p;
	return rc;
}

static int by_size_and_node(const void *pa, const void *pb)
{
	const struct mr_hugepool *a = pa, *b = pb;

	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return a->node - b->node;
}

static int add(const struct mr_machine *m, struct mr_hugepool **pools, size_t *nr, uint64_t size,
	       int32_t node)
{
	struct mr_hugepool *more = reallocarray(*pools, *nr + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	*pools = more;
	/* A node without memory has no such directory. */
	if (!mr_hugepool_read(m, size, node, &more[*nr]))
		(*nr)++;
	return 0;
}

int mr_hugepool_list(const struct mr_machine *m, struct mr_hugepool **pools, size_t *nr)
{
	mr_autoclosedir DIR *dir = NULL;
	struct dirent *d;
	int rc;

	*pools = NULL;
	*nr = 0;
	rc = mr_root_opendir(&m->root, &dir, "sys/kernel/mm/hugepages");
	while (!rc && (d = readdir(dir))) {
		mr_autoclosedir DIR *nodes = NULL;
		struct dirent *n;
		const char *end;
		uint64_t kib;

		if (strncmp(d->d_name, "hugepages-", 10) ||
		    mr_num_scan(d->d_name + 10, &end, &kib) || strcmp(end, "kB"))
			continue;
		if (mr_root_opendir(&m->root, &nodes, "sys/devices/system/node")) {
			rc = add(m, pools, nr, kib << 10, -1);
			continue;
		}
		while (!rc && (n = readdir(nodes))) {
			uint64_t node;

			if (!strncmp(n->d_name, "node", 4) &&
			    !mr_num_parse(n->d_name + 4, &node) && node <= INT32_MAX)
				rc = add(m, pools, nr, kib << 10, (int32_t)node);
		}
	}
	if (rc) {
		free(*pools);
		*pools = NULL;
		*nr = 0;
		return rc;
	}
	if (*nr)
		qsort(*pools, *nr, sizeof(**pools), by_size_and_node);
	return 0;
}

int mr_hugepool_totals(const struct mr_machine *m, struct mr_hugepool **totals, size_t *nr)
{
	struct mr_hugepool *pools;
	size_t count;
	int rc;

	*nr = 0;
	*totals = NULL;
	rc = mr_hugepool_list(m, &pools, &count);
	if (rc)
		return rc;
	/* The list is sorted by size: read the first of each size again for the whole system. */
	for (size_t i = 0; i < count; i++) {
		struct mr_hugepool all;

		if ((*nr && pools[*nr - 1].size == pools[i].size) ||
		    mr_hugepool_read(m, pools[i].size, -1, &all))
			continue;
		pools[(*nr)++] = all;
	}
	*totals = pools;
	return 0;
}

int mr_hugepool_resize(const struct mr_machine *m, uint64_t size, int32_t node, uint64_t wanted,
		       uint64_t *got)
{
	char dir[128], text[24];
	int rc;

	pool_dir(dir, sizeof(dir), size, node);
	snprintf(text, sizeof(text), "%" PRIu64, wanted);
	rc = mr_root_write(&m->root, text, "%s/nr_hugepages", dir);
	if (!rc)
		rc = mr_root_read_u64(&m->root, 10, got, "%s/nr_hugepages", dir);
	return rc;
}
