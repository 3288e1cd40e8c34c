/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Users of physical addresses: /proc/iomem. Without CAP_SYS_ADMIN all addresses there
 * read as 0 (kernel/resource.c, r_show()).
 */
#ifndef MR_BACKEND_IOMEM_H
#define MR_BACKEND_IOMEM_H

#include <stddef.h>
#include <stdint.h>

#include "util/root.h"

struct mr_iomem {
	uint64_t start, end;	/* bytes; end is exclusive */
	unsigned int depth;	/* 0: top level */
	char name[64];
};

/* Resources in the order of the file: the outer before those inside it. */
struct mr_iomem_list {
	struct mr_iomem *list;	/* for free() */
	size_t nr;
};

/*
 * Calls @fn for each resource, the outer before those inside it, until it returns other
 * than 0. Returns that, or 0. Hidden or unreadable resources are left out.
 */
int mr_iomem_walk(const struct mr_root *root, int (*fn)(const struct mr_iomem *io, void *data),
		  void *data);

/*
 * Reads the device memory into @devices, for mr_iomem_device(): persistent memory and DAX
 * devices, except what dax_kmem turned into ordinary memory. The list stays empty if the
 * file cannot be read. Returns 0 or -ENOMEM.
 */
int mr_iomem_read_devices(const struct mr_root *root, struct mr_iomem_list *devices);

/*
 * Returns the device memory at physical address @phys, or NULL: the innermost resource,
 * named "namespace0.0" or "dax0.0" once a driver has it.
 */
const struct mr_iomem *mr_iomem_device(const struct mr_iomem_list *devices, uint64_t phys);

#endif
