// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/target/resolve.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/block.h"
#include "backend/iomem.h"
#include "backend/kpage.h"
#include "backend/pagemap.h"
#include "util/cleanup.h"
#include "util/grow.h"
#include "util/interrupt.h"
#include "util/num.h"

struct resolver {
	const struct mr_machine *m;
	struct mr_blocks blocks;	/* empty without a block interface */
	struct mr_spans *spans;
	struct mr_target target;	/* being looked up */
};

static int push(struct resolver *r, uint64_t pfn, uint64_t nr, uint64_t where)
{
	struct mr_spans *s = r->spans;
	struct mr_span *last = s->nr ? &s->list[s->nr - 1] : NULL;

	s->pages += nr;
	if (last && last->word == r->target.word && last->pfn + last->nr == pfn &&
	    (!where || last->where + (last->nr << r->m->page_shift) == where)) {
		last->nr += nr;
		return 0;
	}
	if (mr_make_room(s->list, s->nr, s->room))
		return -ENOMEM;
	s->list[s->nr++] = (struct mr_span){ pfn, nr, where, r->target.word };
	return 0;
}

static int push_one(uint64_t pfn, uint64_t where, void *data)
{
	return push(data, pfn, 1, where);
}

static const struct mr_block *find_block(const struct resolver *r, uint64_t id)
{
	const struct mr_blocks *b = &r->blocks;
	size_t i = mr_u64_place(b->list, b->nr, sizeof(*b->list), id);

	return i < b->nr && b->list[i].id == id ? &b->list[i] : NULL;
}

/* Returns the end of the device memory that contains @pfn, or 0 if none does. */
static uint64_t device_end(const struct resolver *r, uint64_t pfn)
{
	const struct mr_iomem *device = mr_iomem_device(&r->m->devices, mr_pfn_phys(r->m, pfn));

	return device ? ((device->end - 1) >> r->m->page_shift) + 1 : 0;
}

static bool in_offline_block(const struct resolver *r, uint64_t pfn)
{
	const struct mr_block *b = r->blocks.nr ? find_block(r, pfn / mr_block_pages(r->m)) : NULL;

	return b && b->state == MR_BLOCK_OFFLINE;
}

/*
 * Returns the first PFN of [@pfn, @pfn + @nr) without memory, or UINT64_MAX. Checks the
 * blocks, if there are any, then the flags of each page, if readable, as blocks may have
 * holes. Device memory is in no block and has no flags, but is memory. A signal ends the
 * search.
 */
static uint64_t first_missing(const struct resolver *r, uint64_t pfn, uint64_t nr)
{
	const uint64_t per_block = mr_block_pages(r->m);
	uint64_t flags[512];

	for (uint64_t p = pfn, next; r->blocks.nr && p - pfn < nr; p = next) {
		next = find_block(r, p / per_block) ? (p / per_block + 1) * per_block :
		       device_end(r, p);
		if (!next)
			return p;
	}
	for (uint64_t done = 0; done < nr && !mr_interrupted();) {
		uint64_t want = nr - done < 512 ? nr - done : 512;
		ssize_t n = mr_kpage_flags(r->m, pfn + done, flags, want);

		if (n < 0)
			break;	/* not readable: decided later, page by page */
		for (ssize_t i = 0; i < n; i++) {
			const uint64_t at = pfn + done + (uint64_t)i;

			if (!(flags[i] & MR_KPF(KPF_NOPAGE)))
				continue;
			/*
			 * In an offline block all pages read as KPF_NOPAGE; that is
			 * reported later.
			 */
			if (!in_offline_block(r, at) && !device_end(r, at))
				return at;
		}
		/* /proc/kpageflags ends with ordinary memory. */
		if (n == 0) {
			uint64_t end = device_end(r, pfn + done);

			if (!end)
				return pfn + done;
			n = (ssize_t)(end - (pfn + done));
		}
		done += (uint64_t)n;
	}
	return UINT64_MAX;
}

static int interrupted(const struct resolver *r, struct mr_err *err)
{
	return mr_err_set(err, -EINTR, r->target.word, "interrupted; nothing was changed");
}

static int resolve_frames(struct resolver *r, uint64_t pfn, uint64_t nr, struct mr_err *err)
{
	uint64_t last = UINT64_MAX >> r->m->page_shift;
	uint64_t missing = pfn > last ? pfn : nr - 1 > last - pfn ? last + 1 :
			   first_missing(r, pfn, nr);
	int rc;

	/* Refuse a PFN without a physical address: shifted, it would become another page. */
	if (missing != UINT64_MAX || pfn > last) {
		mr_err_set(err, -ENXIO, r->target.word, "no memory is at page frame 0x%" PRIx64,
			   missing);
		return -ENXIO;
	}
	if (mr_interrupted())
		return interrupted(r, err);
	rc = push(r, pfn, nr, 0);
	return rc ? mr_err_set(err, rc, r->target.word, "no memory for the list of pages") : 0;
}

static int resolve_phys(struct resolver *r, struct mr_err *err)
{
	const struct mr_target *t = &r->target;
	uint64_t first = t->start >> r->m->page_shift;
	uint64_t last = (t->start + (t->len ? t->len - 1 : 0)) >> r->m->page_shift;

	return resolve_frames(r, first, last - first + 1, err);
}

static int resolve_node(struct resolver *r, struct mr_err *err)
{
	const uint64_t per_block = mr_block_pages(r->m);
	uint64_t before = r->spans->pages;

	for (size_t i = 0; i < r->blocks.nr; i++) {
		const struct mr_block *b = &r->blocks.list[i];

		if (b->node < 0 || (uint64_t)b->node != r->target.start ||
		    b->state != MR_BLOCK_ONLINE)
			continue;
		if (push(r, b->id * per_block, per_block, 0))
			return mr_err_set(err, -ENOMEM, r->target.word,
					  "no memory for the list of pages");
	}
	if (r->spans->pages == before)
		return mr_err_set(err, -ENOENT, r->target.word,
				  "no such node, or none of its memory is online");
	return 0;
}

/* Explains the errors of a walk of a process or file. */
static int explain_walk(int rc, const struct mr_target *t, struct mr_err *err)
{
	switch (rc) {
	case -ESRCH:
		return mr_err_set(err, rc, t->word, "no such process");
	case -ENOENT:
		return mr_err_set(err, rc, t->word, "no such file");
	case -ENODEV:
		/* Blame the argument, not the machine. */
		return mr_err_usage(err, rc, t->word, "not a regular file");
	case -EFAULT:
		if (t->type == MR_TARGET_FILE)
			return mr_err_set(err, rc, t->word, "the file ends before that");
		return mr_err_set(err, rc, t->word, "the process cannot have memory there");
	case -EPERM:
	case -EACCES:
		mr_err_set(err, rc, t->word, "reading page frame numbers requires CAP_SYS_ADMIN");
		mr_err_hint(err, "run it with sudo");
		return rc;
	default:
		return mr_err_set(err, rc, t->word, "its pages cannot be found");
	}
}

static int resolve_walk(struct resolver *r, struct mr_err *err)
{
	const struct mr_target *t = &r->target;
	uint64_t before = r->spans->pages, absent;
	int rc;

	if (!r->m->root.live)
		return mr_err_usage(err, -EINVAL, t->word,
				    "a captured machine has no processes and files");
	if (t->type == MR_TARGET_PID) {
		rc = mr_pagemap_process(r->m, t->pid, t->start, t->len, push_one, r, &absent);
	} else {
		mr_autofree char *path = mr_target_path(t->word);

		if (!path)
			return mr_err_set(err, -ENOMEM, t->word, "no memory for the path");
		rc = mr_pagemap_file(r->m, path, t->start, t->len, push_one, r, &absent);
	}
	if (rc == -EINTR)
		return interrupted(r, err);
	if (rc)
		return explain_walk(rc, t, err);
	r->spans->absent += absent;
	if (r->spans->pages == before) {
		mr_err_set(err, -ENOENT, t->word, "none of it is in memory");
		mr_err_hint(err, t->type == MR_TARGET_PID ?
			    "not mapped, never touched, or swapped out" :
			    "read the file first to bring it into the page cache");
		return -ENOENT;
	}
	return 0;
}

int mr_resolve(const struct mr_machine *m, const struct mr_targets *targets,
	       struct mr_spans *spans, struct mr_err *err)
{
	struct resolver r = { .m = m, .spans = spans };
	struct mr_err ignored = { 0 };
	int rc = 0;

	*spans = (struct mr_spans){ 0 };
	mr_block_list(m, &r.blocks, &ignored);
	while (!rc && mr_targets_next(targets, &r.target)) {
		switch (r.target.type) {
		case MR_TARGET_PFN:
			rc = resolve_frames(&r, r.target.start, r.target.len, err);
			break;
		case MR_TARGET_PHYS:
			rc = resolve_phys(&r, err);
			break;
		case MR_TARGET_NODE:
			rc = resolve_node(&r, err);
			break;
		case MR_TARGET_PID:
		case MR_TARGET_FILE:
			rc = resolve_walk(&r, err);
			break;
		}
	}
	mr_blocks_free(&r.blocks);
	if (rc)
		mr_spans_free(spans);
	return rc;
}

int mr_resolve_all(const struct mr_machine *m, struct mr_spans *spans, struct mr_err *err)
{
	struct resolver r = { .m = m, .spans = spans };
	struct mr_err ignored = { 0 };
	int rc = 0;

	*spans = (struct mr_spans){ 0 };
	/* Without blocks: up to the end of /proc/kpageflags. */
	if (mr_block_list(m, &r.blocks, &ignored))
		rc = push(&r, 0, UINT64_MAX >> m->page_shift, 0);
	for (size_t i = 0; !rc && i < r.blocks.nr; i++)
		if (r.blocks.list[i].state == MR_BLOCK_ONLINE)
			rc = push(&r, r.blocks.list[i].start >> m->page_shift, mr_block_pages(m), 0);
	mr_blocks_free(&r.blocks);
	return rc ? mr_err_set(err, rc, "", "no memory for the list of blocks") : 0;
}

void mr_spans_free(struct mr_spans *spans)
{
	free(spans->list);
	*spans = (struct mr_spans){ 0 };
}

void mr_spots_begin(struct mr_spots *spots, const struct mr_machine *m,
		    const struct mr_spans *spans)
{
	*spots = (struct mr_spots){ .spans = spans, .page_shift = m->page_shift };
}

bool mr_spots_next(struct mr_spots *s, struct mr_spot *spot)
{
	const struct mr_span *span;

	while (s->span < s->spans->nr && s->page == s->spans->list[s->span].nr) {
		s->span++;
		s->page = 0;
	}
	if (s->span == s->spans->nr)
		return false;
	span = &s->spans->list[s->span];
	*spot = (struct mr_spot){ span->pfn + s->page, span->where + (s->page << s->page_shift),
				  span->word };
	s->page++;
	return true;
}
