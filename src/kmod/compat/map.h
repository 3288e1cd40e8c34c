/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mapping pages to a process.
 */
#ifndef _MEMRAS_COMPAT_MAP_H
#define _MEMRAS_COMPAT_MAP_H

#include <linux/mm.h>
#include <linux/version.h>

/* "mm: replace vma->vm_flags direct modifications with modifier calls" (6.3) */
static inline void memras_vma_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	vma->vm_flags |= flags;
#else
	vm_flags_set(vma, flags);
#endif
}

static inline void memras_vma_flags_clear(struct vm_area_struct *vma, unsigned long flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	vma->vm_flags &= ~flags;
#else
	vm_flags_clear(vma, flags);
#endif
}

#endif /* _MEMRAS_COMPAT_MAP_H */
