// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/iomem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

int mr_iomem_walk(const struct mr_root *root, int (*fn)(const struct mr_iomem *io, void *data),
		  void *data)
{
	mr_autofclose FILE *f = NULL;
	mr_autofree char *line = NULL;
	size_t room = 0;
	int rc = 0;

	mr_root_fopen(root, &f, "proc/iomem");
	while (!rc && f && getline(&line, &room, f) >= 0) {
		struct mr_iomem io = { .depth = (unsigned int)strspn(line, " ") / 2 };
		uint64_t last;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " : %63[^\n]", &io.start, &last,
			   io.name) != 3 || !last)
			continue;
		io.end = last + 1;
		rc = fn(&io, data);
	}
	return rc;
}

#define RAM "System RAM"

/* True for names that the firmware (enum e820_type) and the drivers (nvdimm, dax) give. */
static bool of_device(const char *name)
{
	static const char *const names[] = { "Persistent Memory", "namespace", "btt", "dax" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(name, names[i], strlen(names[i])))
			return true;
	return false;
}

static int add_device(const struct mr_iomem *io, void *data)
{
	struct mr_iomem_list *devices = data;
	struct mr_iomem *more;

	if (!of_device(io->name) && strncmp(io->name, RAM, strlen(RAM)))
		return 0;
	more = reallocarray(devices->list, devices->nr + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	devices->list = more;
	more[devices->nr++] = *io;
	return 0;
}

int mr_iomem_read_devices(const struct mr_root *root, struct mr_iomem_list *devices)
{
	return mr_iomem_walk(root, add_device, devices);
}

const struct mr_iomem *mr_iomem_device(const struct mr_iomem_list *devices, uint64_t phys)
{
	/* Search from the end: inner resources come after those that contain them. */
	for (size_t i = devices->nr; i-- > 0;) {
		const struct mr_iomem *io = &devices->list[i];

		if (phys >= io->start && phys < io->end)
			return of_device(io->name) ? io : NULL;
	}
	return NULL;
}
