// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/inspect/poison.h"

#include <stdlib.h>

#include "backend/block.h"
#include "backend/device.h"
#include "backend/kpage.h"
#include "util/cleanup.h"
#include "util/grow.h"

/* For ranges of this many pages it pays to read /proc/meminfo first. */
#define WORTH_ASKING 4096

bool mr_poison_counted(const struct mr_machine *m)
{
	uint64_t bytes;

	return mr_machine_meminfo(m, "HardwareCorrupted", &bytes) || bytes;
}

typedef int (*found_fn)(uint64_t pfn, uint64_t nr, void *data);

struct poison_scan {
	found_fn fn;
	void *data;
};

static int found_by_module(const struct memras_run *run, void *data)
{
	const struct poison_scan *s = data;

	return s->fn(run->pfn, run->nr, s->data);
}

/* A poisoned hugepage counts once, as its head: see mr_kpage_is_huge_tail(). */
static int found_by_flags(uint64_t pfn, uint64_t flags, void *data)
{
	const struct poison_scan *s = data;

	return (flags & MR_KPF(KPF_HWPOISON)) && !mr_kpage_is_huge_tail(flags) ?
	       s->fn(pfn, 1, s->data) : 0;
}

static int scan_by_flags(const struct mr_machine *m, uint64_t pfn, uint64_t nr, found_fn fn,
			 void *data)
{
	return mr_kpage_walk(m, pfn, nr, found_by_flags, &(struct poison_scan){ fn, data });
}

static int scan(const struct mr_machine *m, uint64_t pfn, uint64_t nr, found_fn fn, void *data)
{
	if (m->device < 0)
		return scan_by_flags(m, pfn, nr, fn, data);
	return mr_device_scan(m, pfn, nr, 0, MEMRAS_SCAN_POISONED, found_by_module,
			      &(struct poison_scan){ fn, data });
}

struct collector {
	const struct mr_machine *m;
	const struct mr_block *block;
	struct mr_poisoned *list;
	size_t nr, room;
};

static int collect(uint64_t pfn, uint64_t nr, void *data)
{
	struct collector *c = data;

	for (; nr; nr--, pfn++) {
		if (mr_make_room(c->list, c->nr, c->room))
			return -ENOMEM;
		c->list[c->nr++] = (struct mr_poisoned){
			.pfn = pfn, .phys = mr_pfn_phys(c->m, pfn),
			.node = c->block ? c->block->node : -1,
			.block = c->block ? c->block->id : UINT64_MAX,
		};
	}
	return 0;
}

int mr_poison_find(const struct mr_machine *m, struct mr_poisoned **list, size_t *nr,
		   struct mr_err *err)
{
	struct collector c = { .m = m };
	struct mr_err ignored = { 0 };
	struct mr_blocks blocks;
	int rc = 0;

	if (m->device < 0) {
		rc = mr_kpage_need(m, err);
		if (rc)
			return rc;
	}
	*list = NULL;
	*nr = 0;
	if (!mr_poison_counted(m))
		return 0;
	if (mr_block_list(m, &blocks, &ignored)) {
		/* Without blocks, scan up to the last PFN. */
		rc = scan_by_flags(m, 0, UINT64_MAX >> m->page_shift, collect, &c);
	} else {
		for (size_t i = 0; !rc && i < blocks.nr; i++) {
			c.block = &blocks.list[i];
			if (c.block->state == MR_BLOCK_ONLINE)
				rc = scan(m, c.block->start >> m->page_shift, mr_block_pages(m),
					  collect, &c);
		}
		mr_blocks_free(&blocks);
	}
	if (rc) {
		free(c.list);
		return mr_err_set(err, rc, "", "the pages cannot be scanned");
	}
	*list = c.list;
	*nr = c.nr;
	return 0;
}

struct lister {
	uint64_t *list;
	size_t nr, room;
};

static int add_pfns(uint64_t pfn, uint64_t nr, void *data)
{
	struct lister *l = data;
	for (; nr; nr--) {
		if (mr_make_room(l->list, l->nr, l->room))
			return -ENOMEM;
		l->list[l->nr++] = pfn++;
	}
	return 0;
}

int mr_poison_list(const struct mr_machine *m, uint64_t pfn, uint64_t nr, uint64_t **list,
		   size_t *count)
{
	struct lister l = { 0 };
	int rc;

	*list = NULL;
	*count = 0;
	if (nr >= WORTH_ASKING && !mr_poison_counted(m))
		return 0;
	if (m->device < 0 && m->kpageflags < 0)
		return m->kpageflags;
	rc = scan(m, pfn, nr, add_pfns, &l);
	if (rc) {
		free(l.list);
		return rc;
	}
	*list = l.list;
	*count = l.nr;
	return 0;
}

static int count(uint64_t pfn, uint64_t nr, void *data)
{
	(void)pfn;
	*(int64_t *)data += (int64_t)nr;
	return 0;
}

int64_t mr_poison_count(const struct mr_machine *m, uint64_t pfn, uint64_t nr)
{
	int64_t found = 0;
	int rc;

	if (nr >= WORTH_ASKING && !mr_poison_counted(m))
		return 0;
	if (m->device < 0 && m->kpageflags < 0)
		return m->kpageflags;
	rc = scan(m, pfn, nr, count, &found);
	return rc ? rc : found;
}
