// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/inspect/owners.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/iomem.h"
#include "backend/pagemap.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/grow.h"
#include "util/interrupt.h"
#include "util/num.h"

/* Walk mappings in steps of this many bytes, to check the time in between. */
#define STEP (1ULL << 30)
#define STRETCHES 64

struct search {
	const struct mr_machine *m;
	uint64_t *pfns;			/* ascending */
	size_t nr;
	bool scans;			/* the kernel has PAGEMAP_SCAN */
	bool device;			/* some are device memory, which older smaps count as 0 */
	uint64_t deadline;
	struct mr_owners *out;
	size_t room;
	struct mr_owner now;		/* the process and mapping being walked */
};

static int by_owner(const void *pa, const void *pb)
{
	const struct mr_owner *a = pa, *b = pb;

	if (a->pfn != b->pfn)
		return a->pfn > b->pfn ? 1 : -1;
	if (a->pid != b->pid)
		return a->pid > b->pid ? 1 : -1;
	return a->vaddr > b->vaddr ? 1 : a->vaddr < b->vaddr ? -1 : 0;
}

static int look(uint64_t pfn, uint64_t vaddr, void *data)
{
	struct search *s = data;

	if (pfn < s->pfns[0] || pfn > s->pfns[s->nr - 1] ||
	    !bsearch(&pfn, s->pfns, s->nr, sizeof(pfn), mr_u64_order))
		return 0;
	if (mr_make_room(s->out->list, s->out->nr, s->room))
		return -ENOMEM;
	s->now.pfn = pfn;
	s->now.vaddr = vaddr;
	s->out->list[s->out->nr++] = s->now;
	return 0;
}

static bool out_of_time(const struct search *s)
{
	return mr_interrupted() || mr_clock_us() >= s->deadline;
}

static int walk_present(struct search *s, int pagemap, uint64_t start, uint64_t end)
{
	uint64_t absent = 0;
	int rc = 0;

	for (uint64_t at = start; !rc && at < end; at += STEP) {
		if (out_of_time(s))
			return -ETIME;
		rc = mr_pagemap_walk(s->m, pagemap, at, end - at < STEP ? end - at : STEP, look, s,
				     &absent);
	}
	return rc;
}

static int walk_mapping(struct search *s, int pagemap, uint64_t start, uint64_t end)
{
	struct mr_stretch found[STRETCHES];

	while (s->scans && start < end) {
		size_t nr = STRETCHES;
		int rc = mr_pagemap_present(pagemap, start, end, found, &nr, &start);

		for (size_t i = 0; !rc && i < nr; i++)
			rc = walk_present(s, pagemap, found[i].start, found[i].end);
		if (!rc && out_of_time(s))
			rc = -ETIME;
		if (rc)
			return rc;
	}
	return start < end ? walk_present(s, pagemap, start, end) : 0;
}

/* Parses a line like "7f00-7f10 r--p 0 0:0 0   /name"; false if it does not begin a mapping. */
static bool begins_mapping(struct search *s, const char *line, uint64_t *start, uint64_t *end)
{
	uint64_t from, to;
	int path = 0;

	/* The A of "Anonymous:" is a hex number too: keep the values of whole lines only. */
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s%n", &from, &to, &path) != 2 ||
	    !path)
		return false;
	*start = from;
	*end = to;
	path += (int)strspn(line + path, " ");
	snprintf(s->now.mapping, sizeof(s->now.mapping), "%s", line + path);
	return true;
}

/* Searches with PAGEMAP_SCAN, which skips absent pages by itself. */
static int search_maps(struct search *s, int pagemap, FILE *maps)
{
	mr_autofree char *line = NULL;
	size_t room = 0;
	int rc = 0;

	while (!rc && getline(&line, &room, maps) >= 0) {
		uint64_t start, end;

		line[strcspn(line, "\n")] = '\0';
		/* "[vsyscall]" is in the kernel's half. */
		if (begins_mapping(s, line, &start, &end) && !(start >> 63))
			rc = walk_mapping(s, pagemap, start, end);
	}
	return rc;
}

/*
 * Searches without PAGEMAP_SCAN: smaps tells which mappings have pages in memory and are worth
 * a walk. The "VmFlags" line ends each mapping.
 */
static int search_smaps(struct search *s, int pagemap, FILE *smaps)
{
	uint64_t start = 0, end = 0, in_memory = 0, kb;
	mr_autofree char *line = NULL;
	size_t room = 0;
	int rc = 0;

	while (!rc && getline(&line, &room, smaps) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		if (begins_mapping(s, line, &start, &end))
			in_memory = 0;
		else if (sscanf(line, "Rss: %" SCNu64 " kB", &kb) == 1 ||
			 sscanf(line, "Shared_Hugetlb: %" SCNu64 " kB", &kb) == 1 ||
			 sscanf(line, "Private_Hugetlb: %" SCNu64 " kB", &kb) == 1)
			in_memory += kb;
		else if (!strncmp(line, "VmFlags:", 8) &&
			 (in_memory || (s->device && s->now.mapping[0] == '/')))
			rc = walk_mapping(s, pagemap, start, end);
	}
	return rc;
}

static int search_process(struct search *s, uint64_t pid)
{
	mr_autoclose int pagemap = mr_root_openf(&s->m->root, O_RDONLY, "proc/%" PRIu64 "/pagemap",
						 pid);
	mr_autofclose FILE *f = NULL;
	int maps = mr_root_fopen(&s->m->root, &f, "proc/%" PRIu64 "/%s", pid,
				 s->scans ? "maps" : "smaps");
	int rc;

	/* The process has ended, or is a kernel thread. */
	if (pagemap == -ENOENT || pagemap == -ESRCH || maps == -ENOENT || maps == -ESRCH)
		return 0;
	if (pagemap < 0 || !f)
		return -EACCES;
	s->now.pid = (int32_t)pid;
	if (mr_root_read(&s->m->root, s->now.comm, sizeof(s->now.comm), "proc/%" PRIu64 "/comm",
			 pid) < 0)
		s->now.comm[0] = '\0';
	rc = s->scans ? search_maps(s, pagemap, f) : search_smaps(s, pagemap, f);
	/* A process that ends during the walk has no owners to report. */
	return rc == -EFAULT || rc == -ESRCH ? 0 : rc;
}

/* Tests on its own memory whether the kernel has PAGEMAP_SCAN. */
static bool can_scan(const struct mr_machine *m)
{
	mr_autoclose int pagemap = mr_root_openf(&m->root, O_RDONLY, "proc/self/pagemap");
	struct mr_stretch found;
	uint64_t next;
	size_t nr = 1;

	return m->root.live && pagemap >= 0 &&
	       !mr_pagemap_present(pagemap, 0, mr_page_size(m), &found, &nr, &next);
}

int mr_owners_find(const struct mr_machine *m, const uint64_t *pfns, size_t nr,
		   uint64_t timeout_ms, mr_owners_progress_fn progress, void *data,
		   struct mr_owners *owners, struct mr_err *err)
{
	mr_autofree uint64_t *sorted = nr ? malloc(nr * sizeof(*sorted)) : NULL;
	mr_autofree uint64_t *pids = NULL;
	mr_autoclosedir DIR *dir = NULL;
	struct search s = {
		.m = m, .nr = nr, .out = owners,
		.deadline = timeout_ms < UINT64_MAX / 2000 ? mr_clock_us() + timeout_ms * 1000 :
							     UINT64_MAX,
	};
	size_t count = 0, room = 0;
	struct dirent *d;
	int rc;

	*owners = (struct mr_owners){ .complete = true };
	if (!nr)
		return 0;
	rc = mr_root_opendir(&m->root, &dir, "proc");
	if (rc)
		return mr_err_set(err, rc, "/proc", "the processes cannot be listed");
	while ((d = readdir(dir))) {
		uint64_t pid;

		if (mr_num_parse(d->d_name, &pid))
			continue;
		if (mr_make_room(pids, count, room))
			return mr_err_set(err, -ENOMEM, "", "no memory for the processes");
		pids[count++] = pid;
	}
	if (!sorted)
		return mr_err_set(err, -ENOMEM, "", "no memory for the search");
	memcpy(sorted, pfns, nr * sizeof(*sorted));
	qsort(sorted, nr, sizeof(*sorted), mr_u64_order);
	s.pfns = sorted;
	s.scans = can_scan(m);
	for (size_t i = 0; !s.device && i < nr; i++)
		s.device = mr_iomem_device(&m->devices, mr_pfn_phys(m, pfns[i])) != NULL;

	for (size_t i = 0; i < count; i++) {
		if (out_of_time(&s) || (progress && !progress(i, count, data))) {
			owners->complete = false;
			break;
		}
		rc = search_process(&s, pids[i]);
		if (rc == -EPERM || rc == -ENOMEM) {
			mr_owners_free(owners);
			return mr_err_set(err, rc, "", rc == -EPERM ?
					  "reading page frame numbers requires CAP_SYS_ADMIN" :
					  "no memory for the owners");
		}
		if (rc)
			owners->complete = false;
	}
	if (owners->nr)
		qsort(owners->list, owners->nr, sizeof(*owners->list), by_owner);
	return 0;
}

/* Returns the index of the first entry for @pfn or a later page. */
static size_t first_from(const struct mr_owners *owners, uint64_t pfn)
{
	return mr_u64_place(owners->list, owners->nr, sizeof(*owners->list), pfn);
}

const struct mr_owner *mr_owners_of(const struct mr_owners *owners, uint64_t pfn, uint64_t pages,
				    size_t *nr)
{
	size_t first = first_from(owners, pfn), last;

	last = pfn + pages < pfn ? owners->nr : first_from(owners, pfn + pages);
	*nr = last - first;
	return *nr ? &owners->list[first] : NULL;
}

void mr_owners_text(const struct mr_owner *list, size_t nr, char *buf, size_t size)
{
	const size_t most = 3;
	size_t told = 0, n = 0;

	*buf = 0;
	for (size_t i = 0; i < nr && n < size; i++) {
		bool seen = false;

		for (size_t k = 0; k < i && !seen; k++)
			seen = list[k].pid == list[i].pid;
		if (seen)
			continue;
		if (told == most) {
			snprintf(buf + n, size - n, " and others");
			return;
		}
		n += (size_t)snprintf(buf + n, size - n, "%s%s (pid %d)", told++ ? ", " : "",
				      list[i].comm, list[i].pid);
	}
}

void mr_owners_free(struct mr_owners *owners)
{
	free(owners->list);
	*owners = (struct mr_owners){ 0 };
}
