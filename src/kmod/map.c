// SPDX-License-Identifier: GPL-2.0
/*
 * Held pages mapped to who holds them, so that they can be tested at the speed
 * of memory: the offset of the mapping is their physical address.
 *
 * What is mapped has no reference of the mapping's (VM_PFNMAP), and cannot be
 * pinned through it. So whoever is about to drop or free held pages takes them
 * out of every mapping first. Both that and the faults that put them in are
 * under memras_mutex, and a fault looks at the extents: a page that is not held
 * any more is not mapped again, and touching it is SIGBUS.
 *
 * mmap_lock comes before memras_mutex here, which is the order that
 * memras_kmod.h demands: nothing under the mutex takes mmap_lock.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/sched/mm.h>
#include <linux/security.h>

#include "compat/map.h"
#include "memras_kmod.h"

/* Descriptors that something was mapped by; under memras_mutex */
static LIST_HEAD(memras_mappers);

static bool map_allowed(const struct memras_owner *owner, unsigned long pfn)
{
	struct memras_extent *ext = memras_extent_first(pfn);

	if (!ext || ext->start > pfn)
		return false;
	if (ext->state & ~MEMRAS_EXT_KEPT)
		return false;
	/* reading it would be a machine check */
	if (PageHWPoison(pfn_to_page(pfn)))
		return false;
	return ext->state & MEMRAS_EXT_KEPT || ext->owner == owner;
}

static vm_fault_t memras_map_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct memras_owner *owner = vma->vm_private_data;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	unsigned int noio;

	/* on a fatal signal; to try again would be without end for a fault of the kernel's */
	if (mutex_lock_killable(&memras_mutex))
		return VM_FAULT_SIGBUS;
	noio = memalloc_noio_save();
	if (map_allowed(owner, vmf->pgoff))
		ret = vmf_insert_pfn(vma, vmf->address & PAGE_MASK, vmf->pgoff);
	memalloc_noio_restore(noio);
	mutex_unlock(&memras_mutex);
	return ret;
}

static const struct vm_operations_struct memras_vm_ops = {
	.fault	= memras_map_fault,
};

int memras_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct memras_owner *owner = file->private_data;
	int ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	/* what was on the pages before is still there to be read, as by /dev/mem */
	ret = security_locked_down(LOCKDOWN_DEV_MEM);
	if (ret)
		return ret;
	/* a private mapping would copy, and code is not what this is for */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	/* the kernel takes VM_SHARED away where the descriptor cannot be written by */
	if (!(vma->vm_flags & VM_SHARED))
		return -EACCES;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	if (!MEMRAS_CAN_MAP)
		return -EOPNOTSUPP;

	if (mutex_lock_killable(&memras_mutex))
		return -EINTR;
	if (!owner->mapping) {
		owner->mapping = file->f_mapping;
		list_add(&owner->mappers, &memras_mappers);
	}
	mutex_unlock(&memras_mutex);

	/* nor may mprotect() make it so */
	memras_vma_flags_clear(vma, VM_MAYEXEC);
	memras_vma_flags_set(vma, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY);
	vma->vm_private_data = owner;
	vma->vm_ops = &memras_vm_ops;
	return 0;
}

/**
 * memras_map_zap - take pages out of every mapping
 * @start: the first page
 * @nr: how many
 *
 * With memras_mutex held from here until the pages' extent is dropped or
 * forgotten, no fault puts them back.
 */
void memras_map_zap(unsigned long start, unsigned long nr)
{
	struct memras_owner *owner;

	lockdep_assert_held(&memras_mutex);

	list_for_each_entry(owner, &memras_mappers, mappers)
		unmap_mapping_range(owner->mapping, (loff_t)start << PAGE_SHIFT,
				    (loff_t)nr << PAGE_SHIFT, 1);
}

/* The descriptor is gone, and with it every mapping, each of which holds it. */
void memras_map_close(struct memras_owner *owner)
{
	mutex_lock(&memras_mutex);
	if (owner->mapping)
		list_del(&owner->mappers);
	mutex_unlock(&memras_mutex);
}
