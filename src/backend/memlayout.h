/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The physical memory of the machine: its ranges and its DIMMs. It changes when memory is
 * added, removed or swapped, and so shows whether recorded PFNs still mean the same
 * memory. Firmware moves its map a little between boots with the same DIMMs.
 */
#ifndef MR_BACKEND_MEMLAYOUT_H
#define MR_BACKEND_MEMLAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/machine.h"

struct mr_memrange {
	uint64_t start, end;	/* bytes; end is exclusive */
};

struct mr_dimm {
	char *text;			/* "LOCATOR MAKER SERIAL" */
	uint64_t size;			/* bytes; 0 if unknown */
};

struct mr_memlayout {
	struct mr_memrange *ranges;	/* of System RAM, sorted, neighbours joined */
	size_t nr_ranges;		/* 0 if unknown */
	struct mr_dimm *dimms;		/* in the firmware's order */
	size_t nr_dimms;		/* 0 if unknown */
	char boot[40];			/* id of the boot in which it was read; "" if unknown */
};

/*
 * Reads the firmware's memory map (Documentation/ABI/testing/sysfs-firmware-memmap), or
 * else System RAM of /proc/iomem, and the memory devices of the DMI tables (SMBIOS,
 * structure type 17), which only root may read. Unreadable parts stay unknown. Returns 0
 * or -ENOMEM.
 */
int mr_memlayout_read(const struct mr_machine *m, struct mr_memlayout *layout);

/*
 * Reads the ranges that this kernel uses as memory (System RAM of /proc/iomem): less than
 * the firmware's map if the command line or a boot loader took some. There are none if
 * the caller may not read them. Returns 0 or -ENOMEM.
 */
int mr_memlayout_read_ram(const struct mr_machine *m, struct mr_memlayout *layout);

/*
 * Returns the end of all memory in *@end, exclusive: of the firmware's map and of memory
 * that was hotplugged since; 0 if both are unknown. 0 or -ENOMEM.
 */
int mr_memlayout_end(const struct mr_machine *m, uint64_t *end);
void mr_memlayout_free(struct mr_memlayout *layout);

/* Sorts the ranges and joins neighbours. */
void mr_memlayout_settle(struct mr_memlayout *layout);

/* Add one. Return 0 or -ENOMEM. */
int mr_memlayout_add_range(struct mr_memlayout *layout, uint64_t start, uint64_t end);
int mr_memlayout_add_dimm(struct mr_memlayout *layout, const char *text, uint64_t size);

/* True if one of the ranges contains [@addr, @addr + @len). */
bool mr_memlayout_has(const struct mr_memlayout *layout, uint64_t addr, uint64_t len);

/*
 * Returns NULL if PFNs of @then still mean the same memory: it is the same boot (any
 * change is hotplug), the DIMMs have the same serial numbers, whatever the maps say, or
 * serial numbers are unknown and the maps differ by no more than firmware moves them.
 * Else returns the difference in words (in @why, of @size bytes).
 */
const char *mr_memlayout_differs(const struct mr_memlayout *then, const struct mr_memlayout *now,
				 char *why, size_t size);

/*
 * True, with the difference in @why, if the DIMMs were replaced or moved, by their number, sizes
 * and serial numbers. Those that are unknown are no difference.
 */
bool mr_memlayout_dimms_differ(const struct mr_memlayout *then, const struct mr_memlayout *now,
			       char *why, size_t size);

#endif
