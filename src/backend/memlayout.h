/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What physical memory the machine was given: the ranges of it and the DIMMs
 * behind them. It changes when memory is added, taken out or swapped, so it says
 * whether page frame numbers that were written down still mean the same memory. A
 * firmware moves its map a little from boot to boot with the same DIMMs.
 */
#ifndef MR_BACKEND_MEMLAYOUT_H
#define MR_BACKEND_MEMLAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/machine.h"

struct mr_memrange {
	uint64_t start, end;	/* bytes; end is the first behind it */
};

struct mr_dimm {
	char *text;			/* "LOCATOR MAKER SERIAL" */
	uint64_t size;			/* bytes; 0: not known */
};

struct mr_memlayout {
	struct mr_memrange *ranges;	/* of System RAM, in order, neighbours joined */
	size_t nr_ranges;		/* 0: not known */
	struct mr_dimm *dimms;		/* in the firmware's order */
	size_t nr_dimms;		/* 0: not known */
	char boot[40];			/* id of the boot that it was read in; "": not known */
};

/*
 * Reads the firmware's memory map (Documentation/ABI/testing/sysfs-firmware-memmap),
 * else System RAM of /proc/iomem, and the memory devices of the DMI tables
 * (SMBIOS, structure type 17), which root only may read. What cannot be read
 * is left unknown: 0, or -ENOMEM.
 */
int mr_memlayout_read(const struct mr_machine *m, struct mr_memlayout *layout);

/*
 * Reads the ranges that this kernel uses as memory (System RAM of /proc/iomem), which are
 * less than the firmware gave where the command line or a boot loader took some. None where
 * the caller may not read them. 0 or -ENOMEM.
 */
int mr_memlayout_read_ram(const struct mr_machine *m, struct mr_memlayout *layout);

/*
 * The first byte behind all memory: what the firmware gave, and what was plugged in since.
 * 0 in *@end when neither is known. 0 or -ENOMEM.
 */
int mr_memlayout_end(const struct mr_machine *m, uint64_t *end);
void mr_memlayout_free(struct mr_memlayout *layout);

/* Puts the ranges in order and joins neighbours. */
void mr_memlayout_settle(struct mr_memlayout *layout);

/* Adds one; -ENOMEM. */
int mr_memlayout_add_range(struct mr_memlayout *layout, uint64_t start, uint64_t end);
int mr_memlayout_add_dimm(struct mr_memlayout *layout, const char *text, uint64_t size);

/* Whether [@addr, @addr + @len) is all in one of the ranges. */
bool mr_memlayout_has(const struct mr_memlayout *layout, uint64_t addr, uint64_t len);

/*
 * NULL when page frame numbers of @then still mean the same memory: it is the same boot
 * (what changed was hotplugged), the DIMMs have the serial numbers that they had, whatever
 * the map says, or the serial numbers are not known and the maps differ by no more than
 * firmware moves them. Else in words (in @why, of @size bytes) what tells them apart.
 */
const char *mr_memlayout_differs(const struct mr_memlayout *then, const struct mr_memlayout *now,
				 char *why, size_t size);

#endif
