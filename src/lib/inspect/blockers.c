// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/inspect/blockers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/device.h"
#include "backend/kpage.h"
#include "lib/inspect/cgroup.h"
#include "lib/inspect/kind.h"
#include "util/cleanup.h"

#define BATCH 1024	/* at most MEMRAS_DESCRIBE_MAX */
#define OWNERS_MS 5000	/* limit, so that the search for owners does not delay the answer */

struct obstacle {
	const char *reason;	/* NULL if it is no blocker */
	bool lasting;
};

static struct obstacle by_kind(uint32_t kind)
{
	switch (kind) {
	case MEMRAS_KIND_SLAB:
		return (struct obstacle){ "kernel objects (slab) cannot be moved", true };
	case MEMRAS_KIND_PGTABLE:
		return (struct obstacle){ "a page table cannot be moved", true };
	case MEMRAS_KIND_RESERVED:
		return (struct obstacle){ "boot memory, firmware or kernel image", true };
	case MEMRAS_KIND_GIGANTIC:
		return (struct obstacle){ "a gigantic hugepage cannot be replaced", true };
	case MEMRAS_KIND_OFFLINE:
		return (struct obstacle){ "a driver or balloon owns it (PageOffline)", false };
	case MEMRAS_KIND_MEMMAP:
		return (struct obstacle){
			"the memmap of this block (memmap_on_memory), offline only with it", false };
	case MEMRAS_KIND_DEVICE:
		return (struct obstacle){ "device memory", true };
	case MEMRAS_KIND_UNKNOWN:
		/* Also pages on per-cpu lists. */
		return (struct obstacle){ "allocated by the kernel or a driver", false };
	default:
		return (struct obstacle){ NULL, false };
	}
}

bool mr_blocker_lasting(uint32_t kind)
{
	return by_kind(kind).lasting;
}

static struct obstacle by_description(const struct memras_page *p)
{
	struct obstacle o;

	if (p->error || (p->flags & (MEMRAS_PAGE_HWPOISON | MEMRAS_PAGE_HELD)))
		return (struct obstacle){ NULL, false };
	if (p->kind == MEMRAS_KIND_UNKNOWN && p->refcount == 0)
		return (struct obstacle){ NULL, false };	/* free, on a per-cpu list */
	o = by_kind(p->kind);
	if (!o.reason && (p->flags & MEMRAS_PAGE_DMA_PINNED))
		o = (struct obstacle){ "pinned for a device (pin_user_pages)", false };
	else if (!o.reason && p->extra_refs > 0)
		o = (struct obstacle){ "pinned: something holds a reference to it", false };
	return o;
}

const char *mr_blocker_reason(const struct memras_page *page)
{
	return by_description(page).reason;
}

static int add(struct mr_blockers *b, uint64_t pfn, uint64_t nr, uint32_t kind,
	       const struct obstacle *o)
{
	struct mr_blocker *last = b->nr ? &b->list[b->nr - 1] : NULL;

	b->pages += nr;
	b->lasting |= o->lasting;
	if (last && last->pfn + last->pages == pfn && last->kind == kind &&
	    last->reason == o->reason) {
		last->pages += nr;
		return 0;
	}
	if (b->nr == MR_BLOCKERS_MAX)
		return 0;
	if (!b->list) {
		b->list = calloc(MR_BLOCKERS_MAX, sizeof(*b->list));
		if (!b->list)
			return -ENOMEM;
	}
	b->list[b->nr++] = (struct mr_blocker){
		.pfn = pfn, .pages = nr, .kind = kind, .kind_name = mr_kind_name(kind),
		.reason = o->reason, .lasting = o->lasting,
	};
	return 0;
}

/* True if the kind alone makes it a blocker; for other kinds the references decide. */
static bool kind_tells(uint32_t kind)
{
	return kind != MEMRAS_KIND_UNKNOWN && by_kind(kind).reason;
}

/* A search, and the pages to describe in one call, ascending. */
struct batch {
	const struct mr_machine *m;
	struct mr_blockers *out;
	struct memras_page *pages;
	uint32_t nr;
};

static int describe(struct batch *b)
{
	int rc = b->nr ? mr_device_describe(b->m, b->pages, b->nr) : 0;

	for (uint32_t i = 0; !rc && i < b->nr; i++) {
		struct obstacle o = by_description(&b->pages[i]);

		if (o.reason)
			rc = add(b->out, b->pages[i].pfn, 1, b->pages[i].kind, &o);
	}
	b->nr = 0;
	return rc;
}

static int look_at_run(const struct memras_run *run, void *data)
{
	struct obstacle o = by_kind(run->kind);
	struct batch *b = data;
	int rc = 0;

	if (run->flags & (MEMRAS_PAGE_HWPOISON | MEMRAS_PAGE_HELD))
		return 0;
	if (kind_tells(run->kind)) {
		/* Keeps the list in order. */
		rc = describe(b);
		return rc ? rc : add(b->out, run->pfn, run->nr, run->kind, &o);
	}
	for (uint64_t i = 0; !rc && i < run->nr; i++) {
		b->pages[b->nr++] = (struct memras_page){ .pfn = run->pfn + i };
		if (b->nr == BATCH)
			rc = describe(b);
	}
	return rc;
}

/* These kinds never block an offline: free pages have no references. */
#define KINDS_FREE (MEMRAS_KIND_MASK(MEMRAS_KIND_FREE) | MEMRAS_KIND_MASK(MEMRAS_KIND_HUGETLB_FREE))

static uint64_t kinds_wanted(bool lasting)
{
	uint64_t kinds = 0;

	for (uint32_t kind = 0; kind <= MEMRAS_KIND_MOVABLE; kind++)
		if (!lasting || mr_blocker_lasting(kind))
			kinds |= MEMRAS_KIND_MASK(kind);
	return kinds & ~KINDS_FREE;
}

static int find_by_module(const struct mr_machine *m, uint64_t pfn, uint64_t nr, bool lasting,
			  struct mr_blockers *out)
{
	mr_autofree struct memras_page *pages = calloc(BATCH, sizeof(*pages));
	struct batch batch = { .m = m, .out = out, .pages = pages };
	uint64_t kinds = kinds_wanted(lasting);
	int rc;

	if (!pages)
		return -ENOMEM;
	if (!lasting && mr_device_has(m, MEMRAS_FEAT_MEMMAP))
		kinds |= MEMRAS_KIND_MASK(MEMRAS_KIND_MEMMAP);
	rc = mr_device_scan(m, pfn, nr, kinds, 0, look_at_run, &batch);
	return rc ? rc : describe(&batch);
}

struct by_flags {
	struct mr_blockers *out;
	bool lasting;
};

static int add_by_flags(uint64_t pfn, uint64_t flags, void *data)
{
	const struct by_flags *by = data;
	uint32_t kind = mr_kind_of_flags(flags, 0);
	struct obstacle o = by_kind(kind);

	/*
	 * A page without flags may be on a per-cpu list or allocated by the kernel; only the
	 * module can tell them apart.
	 */
	if (!o.reason || !flags || (flags & MR_KPF(KPF_HWPOISON)) || (by->lasting && !o.lasting))
		return 0;
	return add(by->out, pfn, 1, kind, &o);
}

static int find(const struct mr_machine *m, uint64_t pfn, uint64_t nr, bool lasting,
		struct mr_blockers *out, struct mr_err *err)
{
	int rc;

	if (m->device >= 0)
		rc = find_by_module(m, pfn, nr, lasting, out);
	else
		rc = mr_kpage_walk(m, pfn, nr, add_by_flags, &(struct by_flags){ out, lasting });
	return rc ? mr_err_set(err, rc, "", "the pages of the block cannot be read") : 0;
}

int mr_blockers_find(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
		     struct mr_blockers *out, struct mr_err *err)
{
	return find(m, pfn, nr, false, out, err);
}

int mr_blockers_find_lasting(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
			     struct mr_blockers *out, struct mr_err *err)
{
	return find(m, pfn, nr, true, out, err);
}

int mr_blockers_find_around(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
			    struct mr_blockers *out, struct mr_err *err)
{
	const uint64_t unit = m->info.pageblock_pages, end = pfn + nr;
	const uint64_t from = unit ? pfn - pfn % unit : pfn;
	const uint64_t to = unit ? end + (unit - end % unit) % unit : end;
	int rc = 0;

	if (from != pfn || to != end)
		rc = mr_blockers_find(m, from, to - from, out, err);
	out->around = out->nr > 0;
	return rc;
}

/* Collects the PFNs of the listed pages, up to @room. */
static size_t listed_pages(const struct mr_blockers *b, uint64_t *pfns, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < b->nr; i++)
		for (uint64_t k = 0; k < b->list[i].pages && n < room; k++)
			pfns[n++] = b->list[i].pfn + k;
	return n;
}

/* Copies to @b the owners of @all that map its pages. */
static void hand_out(struct mr_blockers *b, const struct mr_owners *all)
{
	const struct mr_blocker *last = &b->list[b->nr - 1];
	const uint64_t from = b->list[0].pfn;
	size_t nr;
	const struct mr_owner *own = mr_owners_of(all, from, last->pfn + last->pages - from, &nr);

	if (nr)
		b->owners.list = malloc(nr * sizeof(*own));
	if (!b->owners.list)
		return;
	memcpy(b->owners.list, own, nr * sizeof(*own));
	b->owners.nr = nr;
	for (size_t i = 0; i < b->nr; i++)
		b->list[i].owners = mr_owners_of(&b->owners, b->list[i].pfn, b->list[i].pages,
						 &b->list[i].nr_owners);
}

static void find_owners(const struct mr_machine *m, struct mr_blockers *const *lists, size_t nr)
{
	mr_autofree uint64_t *pfns = calloc(nr, BATCH * sizeof(*pfns));
	struct mr_owners all = { 0 };
	struct mr_err ignored;
	size_t n = 0;

	for (size_t i = 0; pfns && i < nr; i++)
		n += listed_pages(lists[i], pfns + n, BATCH);
	if (!n || mr_owners_find(m, pfns, n, OWNERS_MS, NULL, NULL, &all, &ignored))
		return;
	for (size_t i = 0; i < nr; i++)
		if (lists[i]->nr)
			hand_out(lists[i], &all);
	mr_owners_free(&all);
}

static void find_cgroups(const struct mr_machine *m, struct mr_blockers *const *lists, size_t nr)
{
	mr_autofree uint64_t *pfns = calloc(nr, MR_BLOCKERS_MAX * sizeof(*pfns));
	mr_autofree char **paths = calloc(nr, MR_BLOCKERS_MAX * sizeof(*paths));
	size_t n = 0, at = 0;

	if (!pfns || !paths)
		return;
	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < lists[i]->nr; k++)
			pfns[n++] = lists[i]->list[k].pfn;
	mr_cgroups_of_pages(m, pfns, n, paths);
	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < lists[i]->nr; k++)
			lists[i]->list[k].cgroup = paths[at++];
}

/* Drops the results of an earlier call. */
static void forget_owners(struct mr_blockers *b)
{
	for (size_t i = 0; i < b->nr; i++) {
		free(b->list[i].cgroup);
		b->list[i].cgroup = NULL;
		b->list[i].owners = NULL;
		b->list[i].nr_owners = 0;
	}
	mr_owners_free(&b->owners);
}

void mr_blockers_find_owners(const struct mr_machine *m, struct mr_blockers *const *lists,
			     size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		forget_owners(lists[i]);
	if (nr) {
		find_owners(m, lists, nr);
		find_cgroups(m, lists, nr);
	}
}

int mr_blockers_explain(const struct mr_blockers *b, int rc, const char *object,
			struct mr_err *err)
{
	char who[128];

	mr_owners_text(b->list[0].owners, b->list[0].nr_owners, who, sizeof(who));
	return mr_err_set(err, rc, object, "%" PRIu64 " page%s%s %s in the way, first 0x%" PRIx64
			  ": %s%s%s", b->pages, b->pages == 1 ? "" : "s",
			  b->around ? " elsewhere in its pageblock, which the kernel takes as a whole," :
			  "", b->pages == 1 ? "is" : "are", b->list[0].pfn, b->list[0].reason,
			  *who ? "; mapped by " : "", who);
}

void mr_blockers_free(struct mr_blockers *b)
{
	forget_owners(b);
	free(b->list);
	*b = (struct mr_blockers){ 0 };
}
