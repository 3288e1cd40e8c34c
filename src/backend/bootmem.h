/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot memory that never goes offline: on arm64 a notifier refuses the offline of every block
 * with memory that was there at boot (arch/arm64/mm/mmu.c, prevent_bootmem_remove_notifier(),
 * since 5.7).
 */
#ifndef MR_BACKEND_BOOTMEM_H
#define MR_BACKEND_BOOTMEM_H

#include "backend/machine.h"

/* Why the offline of such a block is refused. */
#define MR_BOOTMEM_REASON "boot memory, which never goes offline on arm64"

/* Returns true if the kernel of the machine keeps its boot memory online. */
bool mr_bootmem_stays(const struct mr_machine *m);

/*
 * Returns true if the block @id of such a machine is known to have boot memory. The kernel does
 * not tell, so relies on /proc/iomem: memory that a driver added is "System RAM (DRIVER)" there
 * (mm/memory_hotplug.c, add_memory_driver_managed()), other memory "System RAM". Of the latter
 * only ACPI can add some after boot, and links its blocks to the memory device
 * (drivers/acpi/acpi_memhotplug.c, acpi_bind_memblk()): these are left to the kernel. False for
 * all blocks if the addresses are hidden from the caller.
 */
bool mr_bootmem_block(const struct mr_machine *m, uint64_t id);

#endif
