// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/edac.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/num.h"

#define EDAC "sys/devices/system/edac/mc"

static struct mr_edac *add(struct mr_edac **list, size_t *nr)
{
	struct mr_edac *more = reallocarray(*list, *nr + 1, sizeof(*more));

	if (!more)
		return NULL;
	*list = more;
	more[*nr] = (struct mr_edac){ .size = UINT64_MAX };
	return &more[(*nr)++];
}

/* Lists the numbers N of the entries @prefixN below @path, in order. */
static size_t numbers(const struct mr_machine *m, const char *path, const char *prefix,
		      uint64_t *found, size_t room)
{
	mr_autoclosedir DIR *dir = NULL;
	struct dirent *d;
	size_t n = 0;

	if (mr_root_opendir(&m->root, &dir, "%s", path))
		return 0;
	while (n < room && (d = readdir(dir))) {
		size_t at = n;
		uint64_t v;

		if (strncmp(d->d_name, prefix, strlen(prefix)) ||
		    mr_num_parse(d->d_name + strlen(prefix), &v))
			continue;
		for (; at && found[at - 1] > v; at--)
			found[at] = found[at - 1];
		found[at] = v;
		n++;
	}
	return n;
}

static uint64_t mib_bytes(uint64_t mib)
{
	return mib < UINT64_MAX >> 20 ? mib << 20 : UINT64_MAX;
}

static int read_dimm(const struct mr_machine *m, uint64_t mc, const char *kind, uint64_t dimm,
		     struct mr_edac **list, size_t *nr)
{
	struct mr_edac *e = add(list, nr);
	char path[80];
	uint64_t mib;

	if (!e)
		return -ENOMEM;
	snprintf(path, sizeof(path), EDAC "/mc%" PRIu64 "/%s%" PRIu64, mc, kind, dimm);
	snprintf(e->controller, sizeof(e->controller), "mc%" PRIu64, mc);
	snprintf(e->dimm, sizeof(e->dimm), "%s%" PRIu64, kind, dimm);
	if (mr_root_read(&m->root, e->label, sizeof(e->label), "%s/dimm_label", path) < 0)
		e->label[0] = '\0';
	if (mr_root_read(&m->root, e->location, sizeof(e->location), "%s/dimm_location", path) < 0)
		e->location[0] = '\0';
	/* The kernel leaves a blank at the end. */
	for (size_t n = strlen(e->location); n && e->location[n - 1] == ' '; n--)
		e->location[n - 1] = '\0';
	if (!mr_root_read_u64(&m->root, 10, &mib, "%s/size", path))
		e->size = mib_bytes(mib);
	mr_root_read_u64(&m->root, 10, &e->ce, "%s/dimm_ce_count", path);
	mr_root_read_u64(&m->root, 10, &e->ue, "%s/dimm_ue_count", path);
	return 0;
}

/* Kernels before 3.6, and captures of them, have no DIMMs: errors are counted per csrow. */
static int read_csrow(const struct mr_machine *m, uint64_t mc, uint64_t row,
		      struct mr_edac **list, size_t *nr)
{
	struct mr_edac *e = add(list, nr);
	char path[80];
	uint64_t mib;

	if (!e)
		return -ENOMEM;
	snprintf(path, sizeof(path), EDAC "/mc%" PRIu64 "/csrow%" PRIu64, mc, row);
	snprintf(e->controller, sizeof(e->controller), "mc%" PRIu64, mc);
	snprintf(e->dimm, sizeof(e->dimm), "csrow%" PRIu64, row);
	if (mr_root_read(&m->root, e->label, sizeof(e->label), "%s/ch0_dimm_label", path) < 0)
		e->label[0] = '\0';
	if (!mr_root_read_u64(&m->root, 10, &mib, "%s/size_mb", path))
		e->size = mib_bytes(mib);
	mr_root_read_u64(&m->root, 10, &e->ce, "%s/ce_count", path);
	mr_root_read_u64(&m->root, 10, &e->ue, "%s/ue_count", path);
	return 0;
}

static int read_controller(const struct mr_machine *m, uint64_t mc, struct mr_edac **list,
			   size_t *nr)
{
	static const char *const kinds[] = { "dimm", "rank" };
	uint64_t found[256];
	size_t dimms = 0;
	struct mr_edac *e;
	char path[64];

	snprintf(path, sizeof(path), EDAC "/mc%" PRIu64, mc);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		size_t n = numbers(m, path, kinds[k], found, sizeof(found) / sizeof(found[0]));

		for (size_t i = 0; i < n; i++)
			if (read_dimm(m, mc, kinds[k], found[i], list, nr))
				return -ENOMEM;
		dimms += n;
	}
	if (!dimms) {
		size_t n = numbers(m, path, "csrow", found, sizeof(found) / sizeof(found[0]));

		for (size_t i = 0; i < n; i++)
			if (read_csrow(m, mc, found[i], list, nr))
				return -ENOMEM;
	}
	e = add(list, nr);
	if (!e)
		return -ENOMEM;
	snprintf(e->controller, sizeof(e->controller), "mc%" PRIu64, mc);
	mr_root_read_u64(&m->root, 10, &e->ce, "%s/ce_noinfo_count", path);
	mr_root_read_u64(&m->root, 10, &e->ue, "%s/ue_noinfo_count", path);
	return 0;
}

int mr_edac_list(const struct mr_machine *m, struct mr_edac **list, size_t *nr)
{
	uint64_t found[64];
	size_t n = numbers(m, EDAC, "mc", found, sizeof(found) / sizeof(found[0]));

	*list = NULL;
	*nr = 0;
	for (size_t i = 0; i < n; i++) {
		if (!read_controller(m, found[i], list, nr))
			continue;
		free(*list);
		*list = NULL;
		*nr = 0;
		return -ENOMEM;
	}
	return 0;
}

void mr_edac_only_label(const struct mr_machine *m, char label[MR_EDAC_TEXT])
{
	struct mr_edac *list;
	size_t nr, dimms = 0;

	label[0] = '\0';
	if (mr_edac_list(m, &list, &nr))
		return;
	for (size_t i = 0; i < nr; i++) {
		if (!list[i].dimm[0])
			continue;
		if (!dimms++)
			memcpy(label, list[i].label, MR_EDAC_TEXT);
	}
	if (dimms != 1)
		label[0] = '\0';
	free(list);
}
