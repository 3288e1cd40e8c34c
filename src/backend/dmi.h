/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's DMI tables (SMBIOS), which root only may read. */
#ifndef MR_BACKEND_DMI_H
#define MR_BACKEND_DMI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/machine.h"

#define MR_DMI_MEMORY_ARRAY	16
#define MR_DMI_MEMORY_DEVICE	17

struct mr_dmi {
	unsigned char type;
	const unsigned char *formatted;	/* from the header of 4 bytes on */
	size_t len;			/* bytes of that */
	const char *strings, *end;	/* one behind the other, each with its NUL */
};

/* Other than 0 ends the walk, and is what it returns. */
typedef int (*mr_dmi_fn)(const struct mr_dmi *s, void *data);

/*
 * Calls @fn for each structure of /sys/firmware/dmi/tables/DMI, in their order.
 * 0, what @fn returned, or -errno when the tables cannot be read: -ENOENT on a
 * machine without, -EACCES for who may not.
 */
int mr_dmi_each(const struct mr_machine *m, mr_dmi_fn fn, void *data);

/* String @nr (from 1 on) of a structure; "" when it has none such. */
const char *mr_dmi_string(const struct mr_dmi *s, unsigned int nr);

/*
 * The bytes of a memory device (SMBIOS 7.18.5), 0 when they are not known. False for an
 * empty slot.
 */
bool mr_dmi_device_size(const struct mr_dmi *s, uint64_t *size);

/*
 * Whether the firmware says that the memory has error correction (a memory
 * array, SMBIOS 7.17): 1, 0, or -errno as mr_dmi_each(); -ENODATA when no array
 * tells.
 */
int mr_dmi_memory_ecc(const struct mr_machine *m);

#endif
