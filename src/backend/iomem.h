/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has which physical addresses: /proc/iomem. Root alone is told; to others
 * every address there is 0 (kernel/resource.c, r_show()).
 */
#ifndef MR_BACKEND_IOMEM_H
#define MR_BACKEND_IOMEM_H

#include <stdint.h>

#include "backend/machine.h"

struct mr_iomem {
	uint64_t start, end;	/* bytes; end is the first behind it */
	unsigned int depth;	/* 0: in no other */
	char name[64];
};

/*
 * Calls @fn for each resource, the outer before those inside it, until it does
 * not return 0. Returns that, or 0; resources that are hidden or cannot be read
 * are left out.
 */
int mr_iomem_walk(const struct mr_machine *m, int (*fn)(const struct mr_iomem *io, void *data),
		  void *data);

/*
 * Reads what is memory of a device's into @m, for mr_iomem_device(): persistent
 * memory and DAX devices, less what dax_kmem made ordinary memory of. Nothing,
 * where it cannot be read. -ENOMEM.
 */
int mr_iomem_read_devices(struct mr_machine *m);

/*
 * The device memory at physical address @phys, or NULL: the innermost resource,
 * which is called "namespace0.0" or "dax0.0" once a driver has it.
 */
const struct mr_iomem *mr_iomem_device(const struct mr_machine *m, uint64_t phys);

#endif
