// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/bootmem.h"

#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>

#include "util/cleanup.h"

bool mr_bootmem_stays(const struct mr_machine *m)
{
	mr_autofree char *line = NULL;
	struct utsname uts;

	/* arch/arm64/kernel/cpuinfo.c: other architectures with memory blocks have no such line. */
	if (!m->root.live)
		return !mr_root_find_line(&m->root, "CPU implementer", &line, "proc/cpuinfo");
	/* The second is the name for 32-bit programs: arch/arm64/include/asm/compat.h */
	return !uname(&uts) && (!strcmp(uts.machine, "aarch64") || !strcmp(uts.machine, "armv8l"));
}

static bool has_memory_device(const struct mr_machine *m, uint64_t id)
{
	/* The link itself: a captured machine lacks its target. */
	mr_autoclose int fd = mr_root_openf(&m->root, O_PATH | O_NOFOLLOW,
					    "sys/devices/system/memory/memory%llu/firmware_node",
					    (unsigned long long)id);

	return fd >= 0;
}

bool mr_bootmem_block(const struct mr_machine *m, uint64_t id)
{
	const uint64_t start = id * m->block_size, end = start + m->block_size;

	for (size_t i = 0; i < m->devices.nr; i++) {
		const struct mr_iomem *io = &m->devices.list[i];

		if (!strcmp(io->name, "System RAM") && io->start < end && io->end > start)
			return !has_memory_device(m, id);
	}
	return false;
}
