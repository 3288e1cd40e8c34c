/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's DMI tables (SMBIOS), readable by root only. */
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
	const unsigned char *formatted;	/* begins with the header of 4 bytes */
	size_t len;			/* bytes of the formatted part */
	const char *strings, *end;	/* one after another, each with its NUL */
};

/* Called for each structure; a value other than 0 ends the walk and is returned. */
typedef int (*mr_dmi_fn)(const struct mr_dmi *s, void *data);

/*
 * Calls @fn for each structure of /sys/firmware/dmi/tables/DMI, in order. Returns 0, the
 * value of @fn, or -errno if the tables cannot be read: -ENOENT if the machine has none,
 * -EACCES if the caller lacks the permission.
 */
int mr_dmi_each(const struct mr_machine *m, mr_dmi_fn fn, void *data);

/* Returns string @nr (from 1) of a structure; "" if it has no such string. */
const char *mr_dmi_string(const struct mr_dmi *s, unsigned int nr);

/*
 * Returns the size of a memory device (SMBIOS 7.18.5) in bytes, 0 if unknown, in *@size.
 * False for an empty slot.
 */
bool mr_dmi_device_size(const struct mr_dmi *s, uint64_t *size);

/*
 * Returns 1 if the firmware reports error correction for the memory (a memory array,
 * SMBIOS 7.17), 0 if it reports none, or -errno as mr_dmi_each(); -ENODATA if no array
 * has the value.
 */
int mr_dmi_memory_ecc(const struct mr_machine *m);

#endif
