// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/memlayout.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/dmi.h"
#include "backend/iomem.h"
#include "util/cleanup.h"
#include "util/num.h"

#define MEMMAP "sys/firmware/memmap"

int mr_memlayout_add_range(struct mr_memlayout *l, uint64_t start, uint64_t end)
{
	struct mr_memrange *more = reallocarray(l->ranges, l->nr_ranges + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	l->ranges = more;
	more[l->nr_ranges++] = (struct mr_memrange){ start, end };
	return 0;
}

int mr_memlayout_add_dimm(struct mr_memlayout *l, const char *text)
{
	char **more = reallocarray(l->dimms, l->nr_dimms + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	l->dimms = more;
	more[l->nr_dimms] = strdup(text);
	if (!more[l->nr_dimms])
		return -ENOMEM;
	l->nr_dimms++;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct mr_memrange *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

void mr_memlayout_settle(struct mr_memlayout *l)
{
	size_t n = 0;

	if (!l->nr_ranges)
		return;
	qsort(l->ranges, l->nr_ranges, sizeof(*l->ranges), by_start);
	for (size_t i = 1; i < l->nr_ranges; i++) {
		if (l->ranges[i].start > l->ranges[n].end)
			l->ranges[++n] = l->ranges[i];
		else if (l->ranges[i].end > l->ranges[n].end)
			l->ranges[n].end = l->ranges[i].end;
	}
	l->nr_ranges = n + 1;
}

static int read_memmap(const struct mr_machine *m, struct mr_memlayout *l)
{
	mr_autoclosedir DIR *dir = NULL;
	struct dirent *d;
	int rc = 0;

	if (mr_root_opendir(&m->root, &dir, MEMMAP))
		return 0;
	while (!rc && (d = readdir(dir))) {
		uint64_t entry, start, end;
		char type[64];

		if (mr_num_parse(d->d_name, &entry) ||
		    mr_root_read(&m->root, type, sizeof(type), MEMMAP "/%" PRIu64 "/type",
				 entry) < 0 ||
		    strcmp(type, "System RAM") ||
		    mr_root_read_u64(&m->root, 16, &start, MEMMAP "/%" PRIu64 "/start", entry) ||
		    mr_root_read_u64(&m->root, 16, &end, MEMMAP "/%" PRIu64 "/end", entry))
			continue;
		rc = mr_memlayout_add_range(l, start, end + 1);
	}
	return rc;
}

static int add_ram(const struct mr_iomem *io, void *layout)
{
	if (io->depth || strncmp(io->name, "System RAM", strlen("System RAM")))
		return 0;
	return mr_memlayout_add_range(layout, io->start, io->end);
}

/* One memory device (SMBIOS 7.18): an empty slot has size 0. */
static int add_device(const struct mr_dmi *d, void *data)
{
	const unsigned char *p = d->formatted;
	mr_autofree char *text = NULL;

	if (d->type != MR_DMI_MEMORY_DEVICE || d->len < 0x19 || !(p[0x0c] | p[0x0d]))
		return 0;
	if (asprintf(&text, "%s %s %s", mr_dmi_string(d, p[0x10]), mr_dmi_string(d, p[0x17]),
		     mr_dmi_string(d, p[0x18])) < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return mr_memlayout_add_dimm(data, text);
}

int mr_memlayout_read(const struct mr_machine *m, struct mr_memlayout *l)
{
	int rc;

	*l = (struct mr_memlayout){ 0 };
	rc = read_memmap(m, l);
	if (!rc && !l->nr_ranges)
		rc = mr_iomem_walk(&m->root, add_ram, l);
	/* Who may not read them does without. */
	if (!rc && mr_dmi_each(m, add_device, l) == -ENOMEM)
		rc = -ENOMEM;
	if (rc) {
		mr_memlayout_free(l);
		return rc;
	}
	mr_memlayout_settle(l);
	if (mr_root_read(&m->root, l->boot, sizeof(l->boot), "proc/sys/kernel/random/boot_id") < 0)
		l->boot[0] = '\0';
	return 0;
}

void mr_memlayout_free(struct mr_memlayout *l)
{
	for (size_t i = 0; i < l->nr_dimms; i++)
		free(l->dimms[i]);
	free(l->dimms);
	free(l->ranges);
	*l = (struct mr_memlayout){ 0 };
}

bool mr_memlayout_has(const struct mr_memlayout *l, uint64_t addr, uint64_t len)
{
	for (size_t i = 0; i < l->nr_ranges; i++)
		if (addr >= l->ranges[i].start && addr < l->ranges[i].end &&
		    len <= l->ranges[i].end - addr)
			return true;
	return false;
}

const char *mr_memlayout_differs(const struct mr_memlayout *then, const struct mr_memlayout *now,
				 char *why, size_t size)
{
	const size_t nr = then->nr_ranges > now->nr_ranges ? then->nr_ranges : now->nr_ranges;
	const struct mr_memrange none = { 0 };

	if (then->boot[0] && !strcmp(then->boot, now->boot))
		return NULL;
	if (!then->nr_ranges || !now->nr_ranges) {
		snprintf(why, size, "the memory layout %s not known",
			 then->nr_ranges ? "of this machine is" : "that it was made on is");
		return why;
	}
	for (size_t i = 0; i < nr; i++) {
		struct mr_memrange a = i < then->nr_ranges ? then->ranges[i] : none;
		struct mr_memrange b = i < now->nr_ranges ? now->ranges[i] : none;

		if (a.start == b.start && a.end == b.end)
			continue;
		snprintf(why, size, "memory was at 0x%" PRIx64 "-0x%" PRIx64
			 " and is now at 0x%" PRIx64 "-0x%" PRIx64,
			 a.start, a.end ? a.end - 1 : 0, b.start, b.end ? b.end - 1 : 0);
		return why;
	}
	if (!then->nr_dimms || !now->nr_dimms)
		return NULL;
	if (then->nr_dimms != now->nr_dimms) {
		snprintf(why, size, "there were %zu DIMMs and are now %zu", then->nr_dimms,
			 now->nr_dimms);
		return why;
	}
	for (size_t i = 0; i < now->nr_dimms; i++)
		if (strcmp(then->dimms[i], now->dimms[i])) {
			snprintf(why, size, "a DIMM was '%.80s' and is now '%.80s'", then->dimms[i],
				 now->dimms[i]);
			return why;
		}
	return NULL;
}
