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

int mr_memlayout_add_dimm(struct mr_memlayout *l, const char *text, uint64_t size)
{
	struct mr_dimm *more = reallocarray(l->dimms, l->nr_dimms + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	l->dimms = more;
	more[l->nr_dimms] = (struct mr_dimm){ strdup(text), size };
	if (!more[l->nr_dimms].text)
		return -ENOMEM;
	l->nr_dimms++;
	return 0;
}

void mr_memlayout_settle(struct mr_memlayout *l)
{
	size_t n = 0;

	if (!l->nr_ranges)
		return;
	qsort(l->ranges, l->nr_ranges, sizeof(*l->ranges), mr_u64_order);
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

/* Adds one memory device; skips an empty slot. */
static int add_device(const struct mr_dmi *d, void *data)
{
	const unsigned char *p = d->formatted;
	mr_autofree char *text = NULL;
	const char *serial;
	uint64_t size;
	size_t len;

	if (d->type != MR_DMI_MEMORY_DEVICE || d->len < 0x19 || !mr_dmi_device_size(d, &size))
		return 0;
	serial = mr_dmi_string(d, p[0x18]);
	for (len = strlen(serial); len && serial[len - 1] == ' ';)
		len--;
	if (asprintf(&text, "%s %s %.*s", mr_dmi_string(d, p[0x10]), mr_dmi_string(d, p[0x17]),
		     (int)len, serial) < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return mr_memlayout_add_dimm(data, text, size);
}

int mr_memlayout_read_ram(const struct mr_machine *m, struct mr_memlayout *l)
{
	int rc;

	*l = (struct mr_memlayout){ 0 };
	rc = mr_iomem_walk(&m->root, add_ram, l);
	if (rc)
		mr_memlayout_free(l);
	else
		mr_memlayout_settle(l);
	return rc;
}

int mr_memlayout_read(const struct mr_machine *m, struct mr_memlayout *l)
{
	int rc;

	*l = (struct mr_memlayout){ 0 };
	rc = read_memmap(m, l);
	if (!rc && !l->nr_ranges)
		rc = mr_iomem_walk(&m->root, add_ram, l);
	/* Without permission to read the DMI tables, there are no DIMMs. */
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

static void see_end(const struct mr_memlayout *l, uint64_t *end)
{
	if (l->nr_ranges && l->ranges[l->nr_ranges - 1].end > *end)
		*end = l->ranges[l->nr_ranges - 1].end;
}

int mr_memlayout_end(const struct mr_machine *m, uint64_t *end)
{
	struct mr_memlayout given = { 0 }, ram = { 0 };
	int rc = read_memmap(m, &given);

	*end = 0;
	if (!rc)
		rc = mr_memlayout_read_ram(m, &ram);
	if (!rc) {
		mr_memlayout_settle(&given);
		see_end(&given, end);
		see_end(&ram, end);
	}
	mr_memlayout_free(&given);
	mr_memlayout_free(&ram);
	return rc;
}

void mr_memlayout_free(struct mr_memlayout *l)
{
	for (size_t i = 0; i < l->nr_dimms; i++)
		free(l->dimms[i].text);
	free(l->dimms);
	free(l->ranges);
	*l = (struct mr_memlayout){ 0 };
}

bool mr_memlayout_has(const struct mr_memlayout *l, uint64_t addr, uint64_t len)
{
	size_t first = 0, behind = l->nr_ranges;

	/* Find the first range that ends after @addr. */
	while (first < behind) {
		size_t middle = first + (behind - first) / 2;

		if (l->ranges[middle].end <= addr)
			first = middle + 1;
		else
			behind = middle;
	}
	return first < l->nr_ranges && addr >= l->ranges[first].start &&
	       len <= l->ranges[first].end - addr;
}

/* False for what firmware writes if there is no serial number. */
static bool is_serial(const char *serial)
{
	static const char *const none[] = {
		"specified", "unknown", "filled", "o.e.m.", "empty", "none", "n/a", "sernum",
		"serial", "default", "dimm",
	};
	const size_t len = strlen(serial);

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (strcasestr(serial, none[i]))
			return false;
	/* Nor are 00000000 and FFFFFFFF serial numbers. */
	return len >= 4 && strspn(serial, (const char[]){ serial[0], '\0' }) != len;
}

/* Returns the serial number of "LOCATOR MAKER SERIAL"; "" if there is none. */
static const char *serial_of(const struct mr_dimm *dimm)
{
	const char *blank = strrchr(dimm->text, ' ');

	return blank && is_serial(blank + 1) ? blank + 1 : "";
}

/*
 * Compares the DIMMs: 1 if their serial numbers show that they are the same, 0 if that is
 * unknown, -1, with the difference in @why, if they were replaced or moved.
 */
static int same_dimms(const struct mr_memlayout *then, const struct mr_memlayout *now, char *why,
		      size_t size)
{
	int same = 1;

	if (!then->nr_dimms || !now->nr_dimms)
		return 0;
	if (then->nr_dimms != now->nr_dimms) {
		snprintf(why, size, "there were %zu DIMMs and are now %zu", then->nr_dimms,
			 now->nr_dimms);
		return -1;
	}
	for (size_t i = 0; i < now->nr_dimms; i++) {
		const struct mr_dimm *a = &then->dimms[i], *b = &now->dimms[i];
		const char *old = serial_of(a), *new = serial_of(b);
		bool resized = a->size && b->size && a->size != b->size;

		if (resized || (*old && *new && strcmp(old, new))) {
			snprintf(why, size, "a DIMM was '%.80s' of %" PRIu64 " MiB and is now "
				 "'%.80s' of %" PRIu64 " MiB", a->text, a->size >> 20, b->text,
				 b->size >> 20);
			return -1;
		}
		if (!*old || !*new)
			same = 0;
	}
	return same;
}

bool mr_memlayout_dimms_differ(const struct mr_memlayout *then, const struct mr_memlayout *now,
			       char *why, size_t size)
{
	return same_dimms(then, now, why, size) < 0;
}

/* Returns the bytes of @a that are in no range of @b; both are sorted. */
static uint64_t bytes_missing(const struct mr_memlayout *a, const struct mr_memlayout *b)
{
	uint64_t missing = 0;
	size_t j = 0;

	for (size_t i = 0; i < a->nr_ranges; i++) {
		uint64_t at = a->ranges[i].start;
		const uint64_t end = a->ranges[i].end;

		while (at < end) {
			while (j < b->nr_ranges && b->ranges[j].end <= at)
				j++;
			if (j == b->nr_ranges || b->ranges[j].start >= end) {
				missing += end - at;
				break;
			}
			if (b->ranges[j].start > at)
				missing += b->ranges[j].start - at;
			at = b->ranges[j].end;
		}
	}
	return missing;
}

static uint64_t bytes_of(const struct mr_memlayout *l)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < l->nr_ranges; i++)
		bytes += l->ranges[i].end - l->ranges[i].start;
	return bytes;
}

/*
 * Firmware moves its map by some pages between boots, and by some MiB with an update; a
 * boot loader, the kernel's command line and kexec take pieces out of it.
 */
#define DRIFT_MOST	(1ULL << 30)
#define DRIFT_SHARE	16

const char *mr_memlayout_differs(const struct mr_memlayout *then, const struct mr_memlayout *now,
				 char *why, size_t size)
{
	uint64_t differ, most;
	int same;

	if (then->boot[0] && !strcmp(then->boot, now->boot))
		return NULL;
	same = same_dimms(then, now, why, size);
	if (same)
		return same > 0 ? NULL : why;
	if (!then->nr_ranges || !now->nr_ranges) {
		snprintf(why, size, "the memory layout %s not known",
			 then->nr_ranges ? "of this machine is" : "that it was made on is");
		return why;
	}
	differ = bytes_missing(then, now) + bytes_missing(now, then);
	most = bytes_of(then) / DRIFT_SHARE;
	if (differ <= (most < DRIFT_MOST ? most : DRIFT_MOST))
		return NULL;
	snprintf(why, size, "%" PRIu64 " MiB of memory are at other addresses than its %" PRIu64
		 " MiB were", differ >> 20, bytes_of(then) >> 20);
	return why;
}
