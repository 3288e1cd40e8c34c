/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the machine is a virtual one. */
#ifndef MR_BACKEND_GUEST_H
#define MR_BACKEND_GUEST_H

#include "backend/machine.h"

/*
 * Returns true if the machine is known to be virtual. x86 has a flag of the CPU for it
 * (arch/x86/kernel/cpu/proc.c: "hypervisor", CPUID 1, ECX bit 31). Elsewhere relies on the
 * device tree ("/hypervisor", Documentation/devicetree/bindings/arm/xen.txt, and the "fw-cfg"
 * device of QEMU) and on the names that the firmware gives (/sys/class/dmi/id), which every
 * caller may read.
 */
bool mr_machine_is_guest(const struct mr_machine *m);

#endif
